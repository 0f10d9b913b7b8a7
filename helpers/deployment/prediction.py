"""What a deployed model takes and returns, and how it predicts.

A `Feature` is what goes in, an `Output` what comes out, `About` both together,
and `Exported` a model that knows them. Nothing here reads or writes a file.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from helpers.errors import DataError

RESERVED = {"unit", "units", "probabilities"}  # used beside an output's name
MAX_NUMBERS = 1_000_000  # of one feature in one row


@dataclass(frozen=True)
class Feature:
    """A number that a model takes, as the person or sensor measures it.

    The model gets ``(reading - offset) / scale``, which is what it was trained
    on. With a ``shape``, the feature is a block of such numbers: an image of 8
    x 8 grey values has the shape (1, 8, 8). It is then the only feature.
    """

    name: str  # a Python name; best with the unit in it, such as x_percent
    unit: str
    lowest: float  # readings outside lowest to highest are refused
    highest: float
    offset: float = 0.0
    scale: float = 1.0
    shape: tuple[int, ...] = ()

    def range(self) -> str:
        """Say which readings are possible, such as ``0 to 100 percent``."""
        return f"{self.lowest:g} to {self.highest:g} {self.unit}"


@dataclass(frozen=True)
class Output:
    """A number that a model returns, or the class that a classifier finds."""

    name: str
    unit: str = "no unit"


@dataclass(frozen=True)
class About:
    """What a model takes and returns.

    Attributes:
        features: one per column of the input; or one alone with a shape.
        outputs: one per column of the predictions; a classifier has one.
        class_names: the classes in the order of the logits; empty unless the
            model is a classifier. Two classes may share a single logit, which
            then speaks for the second.
    """

    features: tuple[Feature, ...]
    outputs: tuple[Output, ...] = (Output("y"),)
    class_names: tuple[str, ...] = ()

    def row_shape(self) -> tuple[int, ...]:
        """Return the shape of one row of the input."""
        return self.features[0].shape or (len(self.features),)

    def widths(self) -> tuple[int, ...]:
        """Return how many numbers per row the model may return."""
        if len(self.class_names) == 2:
            return (2, 1)
        return (len(self.class_names) or len(self.outputs),)

    def fault(self) -> str | None:
        """Say what is wrong with names, units or ranges, if anything is."""
        try:
            return next(self._faults(), None)
        except (TypeError, ValueError, AttributeError, ArithmeticError):
            return "a name, a unit or a range is of the wrong kind"

    def _faults(self) -> Iterator[str]:
        names = [feature.name for feature in self.features]
        outputs = [output.name for output in self.outputs]
        for name in [*names, *outputs]:
            if not name.isidentifier() or name.startswith("_"):
                yield f"{name[:60]!r} is not a valid name, such as x_percent"
        if not names or len(set(names)) < len(names):
            yield "it needs at least one feature, each with a name of its own"
        if not outputs or len(set(outputs)) < len(outputs):
            yield "it needs at least one output, each with a name of its own"
        if taken := RESERVED.intersection(outputs):
            yield f"an output cannot be called {min(taken)}"
        for feature in self.features:
            yield from _faults_of(feature, is_alone=len(names) == 1)
        units = [thing.unit for thing in (*self.features, *self.outputs)]
        if not all(
            isinstance(word, str) for word in [*units, *self.class_names]
        ):
            yield "its units and class names should be words"
        yield from self._faults_of_classes()

    def _faults_of_classes(self) -> Iterator[str]:
        n_names = len(self.class_names)
        if n_names == 1 or len(set(self.class_names)) < n_names:
            yield "it needs at least two classes, each with a name of its own"
        if n_names and len(self.outputs) != 1:
            yield "a classifier has one output, the class"


def _faults_of(feature: Feature, is_alone: bool) -> Iterator[str]:
    ends = (feature.lowest, feature.highest)
    numbers = (*ends, feature.offset, feature.scale)
    if any(isinstance(number, bool) for number in numbers):
        yield f"{feature.name} needs numbers as its range"
    if not all(map(math.isfinite, ends)) or ends[0] >= ends[1]:
        yield f"{feature.name} needs a lowest and a highest reading"
    if not all(map(math.isfinite, numbers)) or feature.scale == 0:
        yield f"the scale of {feature.name} should be a number other than 0"
    if feature.shape:
        if not is_alone:
            yield f"{feature.name} has a shape, and has to be the only feature"
        sizes = feature.shape
        if len(sizes) > 4 or not all(type(s) is int and s > 0 for s in sizes):
            yield f"the shape of {feature.name} should be 1 to 4 sizes"
        if math.prod(sizes) > MAX_NUMBERS:
            yield f"{feature.name} has more than {MAX_NUMBERS:,} numbers"


# ------------------------------------------------------------------ models


class Scaled(nn.Module):
    """A model and, in front of it, the scaling that its inputs had in training.

    Args:
        model: takes what it was trained on, [N, n_features] or [N, *shape].
        offset, scale: one number per feature; or one number for all.
    """

    offset: torch.Tensor
    scale: torch.Tensor

    def __init__(self, model: nn.Module, offset: Any, scale: Any):
        super().__init__()
        self.model = model
        self.dtype = _dtype_of(model)
        # half precision would round the readings before they are scaled
        exact = torch.promote_types(self.dtype, torch.float32)
        # buffers: they go wherever the module goes, and no optimizer moves them
        self.register_buffer("offset", torch.as_tensor(offset, dtype=exact))
        self.register_buffer("scale", torch.as_tensor(scale, dtype=exact))

    def forward(self, readings: torch.Tensor) -> torch.Tensor:
        """Return what the model makes of readings, in its own dtype."""
        scaled = (readings.to(self.scale.dtype) - self.offset) / self.scale
        return self.model(scaled.to(self.dtype))


def _dtype_of(model: nn.Module) -> torch.dtype:
    """Return the dtype that a model computes in."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.float32


def predict(model: nn.Module, x_new: Any) -> torch.Tensor:
    """Predict with a model: eval mode, its own device, no gradients.

    Args:
        model: left in eval mode.
        x_new: features [N, n_features] or [N, *shape], scaled as in training;
            an array, a tensor or a list of rows.

    Returns:
        what the model returns, such as [N, n_outputs], on the CPU.

    Raises:
        DataError: x_new has fewer than two axes.
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    x_new = torch.as_tensor(x_new, dtype=_dtype_of(model), device=device)
    if x_new.ndim < 2:
        raise DataError(
            f"x_new has shape {list(x_new.shape)} and needs at least two axes: "
            "one row per question, one column per feature. For one feature, "
            ".reshape(-1, 1) makes the column."
        )
    model.eval()
    with torch.inference_mode():
        return model(x_new).cpu()


class Exported:
    """A model that knows what it takes and returns.

    `helpers.deployment.model_file.load_exported` makes one from a file. Any
    function of readings will do as the model, which a test may use.

    Attributes:
        about: features, outputs and class names.
    """

    def __init__(
        self, model: Callable[[torch.Tensor], torch.Tensor], about: About
    ):
        self._model = model
        self.about = about

    @property
    def features(self) -> tuple[Feature, ...]:
        """What the model takes, column by column."""
        return self.about.features

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the model returns, column by column."""
        return self.about.outputs

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of a classifier, in the order of its logits."""
        return self.about.class_names

    def predict(self, readings: Any) -> torch.Tensor:
        """Predict from readings in the units of ``features``.

        Args:
            readings: [N, n_features], or [N, *shape] for a feature with a
                shape; an array, a tensor or nested lists.

        Returns:
            what the model returns, [N, n_outputs] on the CPU; for a
            classifier these are logits.

        Raises:
            DataError: the readings have another shape, or one of them is out
                of range.
        """
        readings = self._checked(readings)
        with torch.inference_mode():
            return self._model(readings)

    def answer(self, readings: Any) -> dict[str, Any]:
        """Predict, and name what was found.

        Returns:
            one output: ``{"y": [1.69, ...], "unit": "m"}``;
            several: ``{"b": [...], "w": [...], "units": {"b": "m", ...}}``;
            a classifier: ``{"y": ["cat", ...], "probabilities": [{"cat": 0.9,
            "dog": 0.1}, ...]}``, the softmax of its logits.

        Raises:
            DataError: see `predict`; or the model returns nan or inf.
        """
        yhat = self.predict(readings)
        if not torch.isfinite(yhat).all():
            raise DataError(
                "For one of these readings the model has no answer."
            )
        if self.class_names:
            return self._classes(probabilities(yhat))
        columns = {
            output.name: column.tolist()
            for output, column in zip(self.outputs, yhat.T, strict=True)
        }
        units = {output.name: output.unit for output in self.outputs}
        if len(units) == 1:
            return {**columns, "unit": self.outputs[0].unit}
        return {**columns, "units": units}

    def _classes(self, rows: torch.Tensor) -> dict[str, Any]:
        """Name the most probable class of each row, and all probabilities."""
        best = [self.class_names[i] for i in rows.argmax(dim=1).tolist()]
        named = [
            dict(zip(self.class_names, row, strict=True))
            for row in rows.tolist()
        ]
        return {self.outputs[0].name: best, "probabilities": named}

    def _checked(self, readings: Any) -> torch.Tensor:
        """Return readings as float32 on the CPU, every one in its range."""
        try:
            readings = torch.as_tensor(readings, dtype=torch.float32).cpu()
        except (TypeError, ValueError, RuntimeError) as error:
            raise DataError(
                "The readings are not numbers in rows of equal length: "
                f"{str(error).splitlines()[0]}."
            ) from error
        shape = self.about.row_shape()
        if readings.ndim == 0 or tuple(readings.shape[1:]) != shape:
            expected = ", ".join(map(str, ("N", *shape)))
            names = ", ".join(feature.name for feature in self.features)
            raise DataError(
                f"The readings have shape {list(readings.shape)} and should "
                f"have [{expected}]: one row per question, with {names}."
            )
        for i, feature in enumerate(self.features):
            column = readings if feature.shape else readings[:, i]
            # nan fails this comparison too
            inside = (column >= feature.lowest) & (column <= feature.highest)
            if not inside.all():
                raise DataError(
                    f"{feature.name} should be {feature.range()}, and one "
                    f"reading is {column[~inside][0].item():g}."
                )
        return readings


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Turn logits into probabilities, computed in 64 bits.

    Args:
        logits: [N, n_classes]; or [N, 1], which speaks for the second of two
            classes.

    Returns:
        [N, n_classes], each row with the sum 1.
    """
    logits = logits.double()
    if logits.shape[1] == 1:  # as the first class always had the logit 0
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    return logits.softmax(dim=1)
