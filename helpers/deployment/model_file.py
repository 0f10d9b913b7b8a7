"""Take a trained model out of the course: export it, load it back.

An exported file holds the model as a program, its parameters, the scaling of
its inputs, and their names, units and ranges. Whoever loads it needs torch,
and neither the class of the model nor the notebook it was trained in.

Load only what you made yourselves: ``torch.export.load`` can run code of a
hostile file.

Source: https://docs.pytorch.org/docs/stable/export.html
"""

import contextlib
import copy
import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from helpers.deployment.model_file_checks import seal, unseal
from helpers.deployment.prediction import (
    About,
    Exported,
    Feature,
    Output,
    Scaled,
    predict,
)
from helpers.errors import CourseError, ModelFileError
from helpers.files import as_path, read_whole, write_whole
from helpers.paths import display_path

__all__ = [
    "Exported",
    "Feature",
    "Scaled",
    "export_model",
    "export_program",
    "load_exported",
    "predict",
]

FORMAT = 2
N_PROBES = 5  # rows that the program and the model have to answer alike
COULD_NOT = "The model could not be exported to"
ADVICE = "Give a name such as runs/NAME/model.pt2."
# what torch notes of the machine that exports: paths and lines of its code
TRACES = (
    "stack_trace",
    "nn_module_stack",
    "source_fn_stack",
    "torch_fn",
    "from_node",
)


# ---------------------------------------------------------------- writing


def export_model(
    path: Any,
    model: nn.Module,
    features: Feature | Sequence[Feature],
    output: str | Sequence[str] = "y",
    output_unit: str | Sequence[str] = "no unit",
    *,
    class_names: Sequence[str] = (),
) -> None:
    """Write a model, its scaling and its units as one file.

    The model itself stays as it is, its mode and its device included. The
    program in the file is in eval mode, on the CPU, and takes any number of
    rows.

    Args:
        path: the file, ending in ``.pt2``; written whole or not at all.
        model: takes [N, n_features], or [N, *shape] if its one feature has a
            shape; returns [N, n_outputs].
        features: what it takes, in the order of its columns.
        output: the name of what it returns, or a list with a name per column.
        output_unit: the unit of that, or a list with a unit per column.
        class_names: for a classifier, which returns logits: its classes in
            their order. It then has one output, the class.

    Raises:
        ModelFileError: the model cannot be exported, a name or a range makes
            no sense, or the disk refuses. An older file at ``path`` is then
            untouched.
    """
    path = as_path(path, ModelFileError, ADVICE)
    about = _describe(features, output, output_unit, class_names)
    scaled = _scaled_copy(model, about, path)
    readings = _probes(about)
    expected = _answers_of(scaled, readings, about, path)
    content = _to_bytes(scaled, about, path)
    # what is written is what was read back, and answers as the model does
    found = _read(content, about, path).predict(readings)
    if not torch.equal(found, expected):
        raise ModelFileError(
            "The exported program and the model give different answers, and "
            f"{display_path(path)} was not written. Does its forward draw "
            "random numbers, or branch on the values it gets?"
        )
    write_whole(path, content, error=ModelFileError)


def export_program(
    model: nn.Module, row_shape: tuple[int, ...]
) -> torch.export.ExportedProgram:
    """Turn a model in eval mode into a program for any number of rows.

    Args:
        model: takes [N, *row_shape], on the CPU.
        row_shape: such as (n_features,).
    """
    # Two rows: with an example of one row torch would take one for granted.
    example = torch.zeros(2, *row_shape)
    rows = torch.export.Dim("rows", min=1)
    with _quiet():
        return torch.export.export(
            model, (example,), dynamic_shapes=({0: rows},)
        )


def _describe(features, output, output_unit, class_names) -> About:
    if isinstance(features, Feature):
        features = [features]
    names = [output] if isinstance(output, str) else list(output)
    units = output_unit
    if isinstance(units, str):
        units = [units] * len(names)
    if len(units) != len(names):
        raise ModelFileError(
            f"There are {len(names)} outputs and {len(units)} units: each "
            "output needs its own, in the same order."
        )
    outputs = map(Output, names, units)
    about = About(tuple(features), tuple(outputs), tuple(class_names))
    if fault := about.fault():
        raise ModelFileError(f"The model cannot be exported: {fault}.")
    return about


def _scaled_copy(model: nn.Module, about: About, path: Any) -> Scaled:
    """Return a copy on the CPU, in eval mode, with its scaling in front."""
    with _one_sentence(f"{COULD_NOT} {display_path(path)}"):
        # Copying refuses tensors that a graph made; weight_norm keeps one.
        made = {
            id(value): value.detach().clone()
            for module in model.modules()
            for value in vars(module).values()
            if isinstance(value, torch.Tensor) and not value.is_leaf
        }
        copied = copy.deepcopy(model, made).cpu()
    offset: Any = [feature.offset for feature in about.features]
    scale: Any = [feature.scale for feature in about.features]
    if about.features[0].shape:  # one number for all of an image
        offset, scale = offset[0], scale[0]
    return Scaled(copied, offset, scale).eval()


def _answers_of(
    scaled: Scaled, readings: torch.Tensor, about: About, path: Any
) -> torch.Tensor:
    """Return what the model itself returns, or say what is wrong with it."""
    _check_parameters(scaled.named_parameters(), "The model")
    with (
        _one_sentence(
            f"The model fails on {N_PROBES} rows of shape "
            f"{list(about.row_shape())}, and {display_path(path)} was not "
            "written"
        ),
        torch.inference_mode(),
    ):
        answers = scaled(readings)
    _check_answers(answers, about, "The model")
    return answers


def _to_bytes(scaled: Scaled, about: About, path: Any) -> bytes:
    """Export, without the traces of the machine, and seal."""
    with _one_sentence(f"{COULD_NOT} {display_path(path)}"):
        program = export_program(scaled, about.row_shape())
        for node in program.graph.nodes:
            for key in TRACES:
                node.meta.pop(key, None)
        buffer = io.BytesIO()
        with _quiet():
            torch.export.save(program, buffer)
        return seal(buffer.getvalue(), _to_json(about))


def _to_json(about: About) -> dict[str, Any]:
    features = []
    for feature in about.features:
        values = asdict(feature)
        # the scaling is a step of the program
        del values["offset"], values["scale"]
        if not feature.shape:
            del values["shape"]
        features.append(values)
    classes = {"class_names": about.class_names} if about.class_names else {}
    return {
        "format": FORMAT,
        "torch": _torch_version(),
        "features": features,
        "outputs": [asdict(output) for output in about.outputs],
        **classes,
    }


# ---------------------------------------------------------------- reading


def load_exported(path: Any) -> Exported:
    """Load what `export_model` wrote; no class of a model is needed.

    Load only what you made yourselves: torch can run code of a hostile file.

    Raises:
        ModelFileError: the file is missing, damaged, foreign or of another
            version.
    """
    path = as_path(path, ModelFileError, ADVICE)
    content = read_whole(
        path, ModelFileError, "Write it with export_model, or check the name."
    )
    about = _from_json(unseal(content, path), path)
    exported = _read(content, about, path)
    with _one_sentence(f"{display_path(path)} holds a model that fails here"):
        answers = exported.predict(_probes(about))
    _check_answers(answers, about, f"The model in {display_path(path)}")
    return exported


def _from_json(content: dict[str, Any], path: Any) -> About:
    found = content.get("format")
    if found not in (1, FORMAT):
        raise ModelFileError(
            f"{display_path(path)} has the format {str(found)[:40]}, and this "
            f"version of the course reads {FORMAT}. Export the model again."
        )
    try:
        features = [
            Feature(
                *(given[key] for key in ("name", "unit", "lowest", "highest")),
                shape=tuple(given.get("shape", ())),
            )
            for given in content["features"]
        ]
        outputs = [content["output"]] if found == 1 else content["outputs"]
        about = About(
            tuple(features),
            tuple(Output(given["name"], given["unit"]) for given in outputs),
            tuple(content.get("class_names", ())),
        )
        fault = about.fault()
    except (KeyError, TypeError, AttributeError):
        fault = "names, units or ranges are missing"
    else:
        if not fault:
            return about
    raise ModelFileError(
        f"{display_path(path)} cannot be used as a model: {fault}."
    )


def _read(content: bytes, about: About, path: Any) -> Exported:
    """Let torch read a file that was checked."""
    with _one_sentence(
        f"{display_path(path)} holds a program that does not run with torch "
        f"{_torch_version()}; export the model again"
    ):
        with _quiet():
            program = torch.export.load(io.BytesIO(content))
        _check_parameters(program.named_parameters(), display_path(path))
        return Exported(program.module(), about)


# ----------------------------------------------------------------- checking


def _probes(about: About) -> torch.Tensor:
    """Return rows from the lowest to the highest reading of each feature."""
    ends = torch.tensor(
        [
            [f.lowest for f in about.features],
            [f.highest for f in about.features],
        ],
        dtype=torch.float64,
    )
    parts = torch.linspace(0, 1, N_PROBES, dtype=torch.float64)[:, None]
    rows = torch.lerp(ends[0], ends[1], parts).float()
    rows[0], rows[-1] = ends[0], ends[1]
    shape = about.row_shape()
    if about.features[0].shape:
        rows = rows.reshape(-1, *[1] * len(shape))
    return rows.expand(N_PROBES, *shape).contiguous()


def _check_parameters(
    named: Iterable[tuple[str, torch.Tensor]], owner: str
) -> None:
    for name, parameter in named:
        # a mask may hold -inf: that is a buffer, and none of this
        if not torch.isfinite(parameter).all():
            raise ModelFileError(
                f"{owner} holds nan or inf in {name}. Training had diverged: "
                "export an older checkpoint."
            )


def _check_answers(answers: Any, about: About, owner: str) -> None:
    """Check that there is one row per row, and a column per name."""
    shapes = [(N_PROBES, width) for width in about.widths()]
    if not isinstance(answers, torch.Tensor) or answers.shape not in shapes:
        found = type(answers).__name__
        if isinstance(answers, torch.Tensor):
            found = str(list(answers.shape))
        raise ModelFileError(
            f"{owner} returns {found} for {N_PROBES} rows and should return "
            f"{list(shapes[0])}: one column per output, or one logit per "
            "class. Name what it returns with output=[...], or its classes "
            "with class_names=[...]."
        )
    if not torch.isfinite(answers).all():
        raise ModelFileError(
            f"{owner} returns nan or inf for readings from the lowest to the "
            "highest. Is a range too wide, or a part of the model not finite?"
        )
    if about.class_names and _are_probabilities(answers):
        raise ModelFileError(
            f"{owner} returns probabilities and should return logits: leave "
            "out its softmax. Answers to clients have one anyway."
        )


def _are_probabilities(answers: torch.Tensor) -> bool:
    sums = answers.double().sum(dim=1)
    is_one = torch.allclose(sums, torch.ones_like(sums), atol=1e-3)
    return bool((answers >= 0).all()) and is_one and answers.shape[1] > 1


@contextlib.contextmanager
def _one_sentence(what: str) -> Iterator[None]:
    """Turn what torch raises in a block into one sentence of ours."""
    try:
        yield
    except CourseError:
        raise
    except Exception as error:  # torch raises a dozen kinds
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if "data-dependent" in reason:
            reason = f"its forward branches on the values it gets ({reason})"
        raise ModelFileError(f"{what}: {reason}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch from printing pages of what our error says in a sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _torch_version() -> str:
    return torch.__version__.partition("+")[0]
