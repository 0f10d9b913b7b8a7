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
# Measured on the digits and on drawn 28 x 28 images, three seeds each, values
# up to 16 or 255 in place of 1. A CNN with SGD falls from 98 % to a guess or
# nan, most often at 16 already. A logistic classifier keeps its accuracy, and
# its loss of 0.2 becomes 5 and 1,200. A CNN with Adam gains from 16; at 255 its
# loss on the drawn images rises from 0.001 to 0.05. With batch norm first or
# second nothing changes. So 16, the highest value of the digits, is no alarm.
LOWEST_TOP, HIGHEST_TOP = 30, 255
FEW_ROWS = 8  # are enough to know pixels by
# Rows may as well hold counts, of words for instance, which are smaller.
FEATURES_OF_AN_IMAGE, LOWEST_TOP_OF_ROWS = 64, 127


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
        if not isinstance(x, torch.Tensor) or x.layout is not torch.strided:
            return
        n_axes = x.ndim - 1
        is_few = n_axes in (1, 2, 3) and isinstance(y, torch.Tensor) and y.ndim
        may_be_unbatched = is_few and len(y) == len(x) > 1
        are_pixels = self.seen.is_training and may_be_pixels(x)
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


def may_be_pixels(x: torch.Tensor) -> bool:
    """Tell whether a batch looks like images in bytes, as they are stored."""
    if x.dtype is not torch.uint8 and not x.is_floating_point():
        return False
    if x.ndim > 2:
        return are_unscaled(x)
    is_row = x.ndim == 2 and x.shape[1] >= FEATURES_OF_AN_IMAGE
    return is_row and are_unscaled(x, LOWEST_TOP_OF_ROWS)


def are_unscaled(values: torch.Tensor, lowest_top: int = LOWEST_TOP) -> bool:
    """Tell whether values are whole numbers up to 255, and not small ones."""
    values = values.detach()[:FEW_ROWS]
    if not values.numel() or values.is_complex():
        return False
    try:
        low, high = (float(value) for value in values.aminmax())
    except RuntimeError:  # inside vmap, for instance, no value can be read
        return False
    if not (low >= 0 and lowest_top < high <= HIGHEST_TOP):
        return False
    is_whole = not values.is_floating_point()
    return is_whole or bool((values == values.round()).all())


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
