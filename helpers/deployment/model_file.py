"""Take a trained model out of the course: predict, export, load back.

An exported file holds the model as a program, its parameters, the scaling of
its inputs, and their names, units and ranges. Whoever loads it needs torch,
and neither the class of the model nor the notebook it was trained in.

Source: https://docs.pytorch.org/docs/stable/export.html
"""

import contextlib
import copy
import io
import json
import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from helpers.checkpoints import write_whole
from helpers.deployment import model_file_checks
from helpers.errors import CheckpointError, DataError
from helpers.paths import display_path

FORMAT = 1


@dataclass(frozen=True)
class Feature:
    """One number that a model is asked with, as whoever asks measures it.

    The model gets ``(reading - offset) / scale``: what it was trained on.
    """

    name: str  # a Python name; best with the unit in it, such as x_percent
    unit: str
    lowest: float  # readings outside lowest to highest are refused
    highest: float
    offset: float = 0.0
    scale: float = 1.0


class Scaled(nn.Module):
    """A model behind the scaling that its inputs had in training.

    Args:
        model: takes what it was trained on, [N, n_features].
        offset, scale: one number for each feature.
    """

    def __init__(self, model: nn.Module, offset, scale):
        super().__init__()
        self.model = model
        # buffers: they go wherever the module goes, and no optimizer moves them
        self.register_buffer("offset", torch.as_tensor(offset).float())
        self.register_buffer("scale", torch.as_tensor(scale).float())

    def forward(self, readings: torch.Tensor) -> torch.Tensor:
        """Return predictions [N, 1] for readings [N, n_features]."""
        return self.model((readings - self.offset) / self.scale)


def predict(model: nn.Module, x_new) -> torch.Tensor:
    """Predict with a model: eval mode, its own device, no gradients.

    Args:
        model: left in eval mode.
        x_new: features [N, n_features], scaled as in training; an array, a
            tensor or a list of rows.

    Returns:
        predictions [N, 1], on the CPU.

    Raises:
        DataError: x_new has not two axes.
    """
    device = next(model.parameters()).device
    x_new = torch.as_tensor(x_new, dtype=torch.float32, device=device)
    if x_new.ndim != 2:
        raise DataError(
            f"x_new has shape {list(x_new.shape)}, and needs two axes: one "
            "row a question, one column a feature. For one feature, "
            ".reshape(-1, 1) mends it."
        )
    model.eval()
    with torch.inference_mode():
        return model(x_new).cpu()


# ---------------------------------------------------------------- writing


def export_model(
    path,
    model: nn.Module,
    features: list[Feature],
    output: str = "y",
    output_unit: str = "no unit",
) -> None:
    """Write a model, its scaling and its units as one file.

    The model itself stays as it is, its mode and its device included. The
    program in the file is in eval mode, on the CPU, and takes any number of
    rows.

    Args:
        path: the file, ending in ``.pt2``; written whole or not at all.
        model: takes [N, n_features], returns [N, 1].
        features: what it is asked with, in the order of its columns.
        output: the name of what it answers with.
        output_unit: the unit of that.

    Raises:
        CheckpointError: the model cannot be exported, has a step that is not
            in ``helpers.deployment.model_file_checks.OPERATIONS``, or the disk refuses. An
            older file at ``path`` is then untouched.
    """
    about = {
        "format": FORMAT,
        "torch": torch.__version__.partition("+")[0],
        "features": [
            {k: v for k, v in asdict(f).items() if k not in ("offset", "scale")}
            for f in features
        ],
        "output": {"name": output, "unit": output_unit},
    }
    _check_about(about, path)
    offset = torch.tensor([feature.offset for feature in features])
    scale = torch.tensor([feature.scale for feature in features])
    if not torch.isfinite(offset / scale).all():
        raise CheckpointError("Each scale should be a number other than 0.")
    scaled = Scaled(copy.deepcopy(model).cpu(), offset, scale).eval()
    buffer = io.BytesIO()
    try:
        with _quiet():
            torch.export.save(
                export_program(scaled, len(features)),
                buffer,
                extra_files={model_file_checks.ABOUT: json.dumps(about)},
            )
    except Exception as error:  # torch.export raises a dozen kinds
        raise CheckpointError(
            f"The model could not be exported, and {display_path(path)} was "
            f"not written: {_first_line(error)}"
        ) from error
    # what is written is what was checked, and answers as the model does
    content, _ = model_file_checks.clean(buffer.getvalue(), path, own=True)
    exported = _read(content, about, path)
    readings = _ends(exported.features)
    if not torch.equal(exported.predict(readings), predict(scaled, readings)):
        raise CheckpointError(
            f"The exported program answers otherwise than the model, so that "
            f"{display_path(path)} was not written. Does its forward branch on "
            "the values it gets?"
        )
    write_whole(path, content)


def export_program(model: nn.Module, n_features: int):
    """Turn a model in eval mode into a program for any number of rows.

    Args:
        model: takes [N, n_features], on the CPU.
        n_features: how many columns its input has.

    Returns:
        a torch.export.ExportedProgram.
    """
    # Two rows: with an example of one row torch would take one for granted.
    example = torch.zeros(2, n_features)
    rows = torch.export.Dim("rows", min=1)
    return torch.export.export(model, (example,), dynamic_shapes=({0: rows},))


# ---------------------------------------------------------------- reading


class Exported:
    """A model loaded from an exported file.

    Attributes:
        features: what it is asked with, column by column; offset and scale
            are not among it, they are steps of the program.
        output, output_unit: what it answers with.
    """

    def __init__(self, program, about: dict):
        self._module = program.module()
        self.features = [Feature(**feature) for feature in about["features"]]
        self.output = about["output"]["name"]
        self.output_unit = about["output"]["unit"]

    def predict(self, readings) -> torch.Tensor:
        """Predict from readings [N, n_features], in the units of ``features``.

        Returns:
            predictions [N, 1], on the CPU.

        Raises:
            DataError: another number of columns, or a reading out of range.
        """
        readings = torch.as_tensor(readings, dtype=torch.float32).cpu()
        if readings.ndim != 2 or readings.shape[1] != len(self.features):
            raise DataError(
                f"The readings have shape {list(readings.shape)}, and should "
                f"have [N, {len(self.features)}]: one row a question, with "
                f"{', '.join(feature.name for feature in self.features)}."
            )
        for feature, column in zip(self.features, readings.T, strict=True):
            # nan fails this comparison too
            inside = (column >= feature.lowest) & (column <= feature.highest)
            if not inside.all():
                raise DataError(
                    f"{feature.name} should be {feature.lowest:g} to "
                    f"{feature.highest:g} {feature.unit}, and one reading is "
                    f"{column[~inside][0].item():g}."
                )
        with torch.inference_mode():
            return self._module(readings)  # [N, 1]


def load_exported(path) -> Exported:
    """Load what `export_model` wrote; no class of a model is needed.

    Raises:
        CheckpointError: the file is missing, damaged, foreign, of another
            version, or could run code of its own.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"There is no {display_path(path)}. Write it with export_model, or "
            "check the name."
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{display_path(path)} cannot be read: {error.strerror}."
        ) from error
    content, about = model_file_checks.clean(content, path)
    _check_about(about, path)
    return _read(content, about, path)


def _read(content: bytes, about: dict, path) -> Exported:
    """Let torch read a file that was checked, and ask it once."""
    try:
        with _quiet():
            program = torch.export.load(io.BytesIO(content))
        exported = Exported(program, about)
        answers = exported.predict(_ends(exported.features))
    except Exception as error:  # torch raises almost anything here
        here = torch.__version__.partition("+")[0]
        raise CheckpointError(
            f"{display_path(path)} holds a program that does not run here: it "
            f"was exported with torch {about['torch']}, and this is {here}. "
            "Export the model again."
        ) from error
    if answers.shape != (2, 1):
        raise CheckpointError(
            f"{display_path(path)} answers two rows with shape "
            f"{list(answers.shape)}, and should with [2, 1]. Export a model "
            "that predicts one number a row."
        )
    tensors = program.state_dict.values()
    if not all(torch.isfinite(t).all() for t in [answers, *tensors]):
        raise CheckpointError(
            f"The weights in {display_path(path)} hold nan or inf, or lead to "
            "them. The training had diverged: export an older checkpoint."
        )
    return exported


def _ends(features: list[Feature]) -> torch.Tensor:
    """Return the lowest and the highest readings, [2, n_features]."""
    return torch.tensor(
        [[f.lowest for f in features], [f.highest for f in features]]
    )


def _check_about(about, path) -> None:
    """Check names, units and ranges, of ours or of a file."""
    try:
        wrong = _wrong_about(about)
    except (KeyError, TypeError, AttributeError):
        wrong = "names, units or ranges are missing"
    if wrong:
        raise CheckpointError(
            f"{display_path(path)} is no model to ask: {wrong}."
        )


def _wrong_about(about: dict) -> str | None:
    if about["format"] != FORMAT:
        return (
            f"its format is {about['format']!r}, and this version of the "
            f"course reads {FORMAT}"
        )
    names = [feature["name"] for feature in about["features"]]
    for name in [*names, about["output"]["name"]]:
        if not name.isidentifier() or name.startswith("_"):
            return f"{name!r} is no name for a number"
    if not names or len(set(names)) < len(names):
        return "it needs one feature at least, each with a name of its own"
    for feature in about["features"]:
        lowest, highest = feature["lowest"], feature["highest"]
        ends = (float(lowest), float(highest))
        if not all(map(math.isfinite, ends)) or lowest >= highest:
            return f"{feature['name']} needs a lowest and a highest reading"
        Feature(**feature)
    units = [about["output"]["unit"], *(f["unit"] for f in about["features"])]
    if not all(isinstance(unit, str) for unit in [*units, about["torch"]]):
        return "its units should be words"
    return None


@contextlib.contextmanager
def _quiet():
    """Keep torch from logging pages of what our error says in a sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
