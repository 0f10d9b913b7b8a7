"""Which layers get the batch, and whether they can read it.

Here belong the hooks on layers, and what is wrong when a batch of images comes
to them in another form than they take. Shapes that torch refuses itself are
for `helpers.pipeline.explanations`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from helpers.pipeline.seen import Seen

WEIGHTED = (nn.Linear, nn.Bilinear, nn.RNNBase, _ConvNd)
NORMALISING = (
    *(_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
    nn.LocalResponseNorm,
)
# Measured with whole numbers from 0 to HIGH in place of 0 to 1, three seeds
# each, on the digits and on 28 x 28 pictures drawn from ten patterns: a CNN
# with SGD falls from 98 % to a guess or to nan (from 16 on), a logistic
# classifier with SGD keeps its accuracy and has 100 to 10,000 times the loss,
# a CNN with Adam gains from 16 and loses a point at 255; with a normalising
# layer first or second nothing changes. 16, the highest of the digits, is left
# alone.
LOWEST_TOP, HIGHEST_TOP = 30, 255
FEW_ROWS = 8  # are enough to know pixels by
FEATURES_OF_AN_IMAGE = 64  # that lie in one row


class Layers:
    """Follows a batch into a model.

    Args:
        seen: gets ``unbatched``, a convolution that takes the batch for one
            image, and ``gets_pixels``, set when the first layer with weights
            is given unscaled ones.
        tell: called when a convolution is found, before it computes.
    """

    def __init__(self, seen: Seen, tell: Callable[[Seen], None]):
        self.seen = seen
        self.tell = tell
        self.n_called = 0

    def follow(self, model: nn.Module) -> Iterator[Any]:
        """Hook into those layers that tell, and yield the handles."""
        x, y = self.seen.x, self.seen.y
        if not isinstance(x, torch.Tensor) or x.is_meta:
            return
        n_axes = x.ndim - 1
        is_few = n_axes in (1, 2, 3) and isinstance(y, torch.Tensor) and y.ndim
        may_be_unbatched = is_few and len(y) == len(x) > 1
        are_pixels = is_image_like(x) and are_unscaled(x)
        are_pixels = (
            self.seen.is_training and is_image_like(x) and are_unscaled(x)
        )
        if not may_be_unbatched and not are_pixels:
            return
        for module in model.modules():
            if may_be_unbatched and _n_axes(module) == n_axes:
                yield module.register_forward_pre_hook(self.before_convolution)
            if are_pixels and isinstance(module, WEIGHTED + NORMALISING):
                yield module.register_forward_pre_hook(self.before_layer)

    def before_convolution(self, module: nn.Module, inputs: tuple) -> None:
        """Note a convolution that gets all images where it takes one."""
        if inputs and getattr(inputs[0], "shape", None) == self.seen.x.shape:
            self.seen.unbatched = module
            self.tell(self.seen)

    def before_layer(self, module: nn.Module, inputs: tuple) -> None:
        """Note what the first layer gets; a norm first or next mends it."""
        self.n_called += 1
        if self.n_called > 2:
            return
        if isinstance(module, NORMALISING):
            self.seen.gets_pixels = False
            self.n_called = 2
        elif self.n_called == 1:
            values = inputs[0] if inputs else None
            is_tensor = isinstance(values, torch.Tensor)
            self.seen.gets_pixels = is_tensor and are_unscaled(values)


def _n_axes(module: nn.Module) -> int | None:
    """Return how many axes an image has for a convolution; else None."""
    return len(module.kernel_size) if isinstance(module, _ConvNd) else None


def is_image_like(x: torch.Tensor) -> bool:
    """Tell whether a batch may hold images, in rows or with their axes."""
    if x.dtype is not torch.uint8 and not x.is_floating_point():
        return False
    return x.ndim > 2 or (x.ndim == 2 and x.shape[1] >= FEATURES_OF_AN_IMAGE)


def are_unscaled(values: torch.Tensor) -> bool:
    """Tell whether values are whole numbers up to 255, and not small ones."""
    values = values.detach()[:FEW_ROWS]
    if not values.numel() or not values.is_floating_point():
        return bool(values.numel()) and int(values.max()) > LOWEST_TOP
    low, high = (float(value) for value in values.aminmax())
    if not (low >= 0 and LOWEST_TOP < high <= HIGHEST_TOP):
        return False
    return bool((values == values.round()).all())


# ------------------------------------------------------------------- judges


def images_without_channels(seen: Seen) -> str | None:
    """Name a batch without a channel axis, read as one image."""
    conv = seen.unbatched
    if conv is None:
        return None
    n, *size = seen.x.shape
    wanted = ", ".join(map(str, ["n", "n_channels", *size]))
    return (
        f"The features have shape {list(seen.x.shape)}, without an axis of "
        f"channels, so that nn.{type(conv).__name__} takes the whole batch for "
        f"one image of {n} channels, but a first convolution takes [{wanted}]. "
        "x.unsqueeze(1) adds the axis."
    )


def unscaled_pixels(seen: Seen) -> str | None:
    """Doubt pixels that go into the first layer as they are."""
    if not seen.gets_pixels:
        return None
    high = int(seen.x.max())
    return (
        f"The features are whole numbers up to {high}, as unscaled pixels are, "
        "and reach the first layer like that. Weights and learning rates are "
        "made for values of about 1, and with others the loss often explodes "
        "or stands still. Divide first: x / 255."
    )
