"""What an exported file may hold, checked before torch reads it.

``torch.export.load`` runs code that a hostile file brings along: pickles,
shape expressions that are evaluated as Python, any function of torch as a
step of the program, compiled libraries. So a file is taken apart here, each
part is compared with a short list of what our exports need, and torch gets a
new file made of the parts that passed.

That closes the doors known in this version of torch. It cannot tell whether a
harmless program gives right answers: take files from people you trust.

Source: https://docs.pytorch.org/docs/stable/export/pt2_archive.html
"""

import io
import json
import re
import zipfile

import torch

from helpers.errors import CheckpointError
from helpers.paths import display_path

ABOUT = "about.json"  # units and ranges, beside the program

# The steps a program may have: functions of numbers only, that touch no file.
# fmt: off
OPERATIONS = {
    "add", "addmm", "sub", "mul", "div", "neg", "abs", "exp", "log", "sqrt",
    "pow", "clamp", "mean", "sum", "matmul", "mm", "t", "linear", "conv1d",
    "conv2d", "batch_norm", "layer_norm", "group_norm", "dropout",
    "feature_dropout", "relu", "relu_", "leaky_relu", "elu", "gelu", "silu",
    "sigmoid", "tanh", "softplus", "softmax", "log_softmax", "max_pool2d",
    "avg_pool2d", "adaptive_avg_pool2d", "flatten", "view", "reshape",
    "squeeze", "unsqueeze", "permute", "transpose", "cat",
}
# fmt: on

_STEP = re.compile(r"torch\.ops\.aten\.([a-z]\w*)\.([A-Za-z]\w*)")
_SIZE = re.compile(r"Symbol\('[su]\d+', (positive=True, )?integer=True\)")
_WORD = re.compile(r"[\w.+-]{0,200}", re.ASCII)
_WEIGHT = re.compile(r"(weight|tensor)_\d+")
_CONTAINERS = {"builtins.tuple", "builtins.dict", "null", "[]", None}

_ROOT = "archive/"
_PROGRAM = "models/model.json"
_EXAMPLE = "data/sample_inputs/model.pt"
_LISTS = (
    "data/weights/model_weights_config.json",
    "data/constants/model_constants_config.json",
)
_NEEDED = {"archive_format", "archive_version", _PROGRAM, _EXAMPLE, *_LISTS}
_ALLOWED = {*_NEEDED, "byteorder", ".data/version", ".data/serialization_id"}


class _Refused(Exception):
    """Why a part of a file is not taken."""


def clean(content: bytes, path, *, own=False) -> tuple[bytes, dict]:
    """Check an exported file and rebuild it from the parts that passed.

    Args:
        content: what ``torch.export.save`` wrote.
        path: the name of the file, for messages.
        own: whether it is about to be written here, for messages.

    Returns:
        the rebuilt file, without the traces of the machine that exported it,
        and what ``about.json`` in it says.

    Raises:
        CheckpointError: the content is damaged, foreign, or could run code.
    """
    if not content:
        raise CheckpointError(
            f"{display_path(path)} is empty: a program was stopped while it "
            "wrote. Export the model again."
        )
    if not content.startswith(b"PK\x03\x04"):
        raise CheckpointError(
            f"{display_path(path)} is not an exported model: it does not begin "
            "like a file of torch.export.save. Is it a web page, a text, or a "
            "pointer that git-lfs left in place of the file?"
        )
    parts = _unpack(content, path)
    if any(name.endswith("/data.pkl") for name in parts):
        raise CheckpointError(
            f"{display_path(path)} is a checkpoint, and a checkpoint holds "
            "numbers only. Load it into its model, and export that with "
            "export_model."
        )
    try:
        parts = _checked_parts(parts)
        about = json.loads(parts["extra/" + ABOUT])
    except _Refused as refused:
        what, advice = "opened", "Load only what export_model wrote."
        if own:
            what, advice = "written", "Build the model without it."
        raise CheckpointError(
            f"{display_path(path)} was not {what}: {refused}. {advice}"
        ) from None
    except Exception as error:  # a foreign file raises almost anything
        raise CheckpointError(
            f"{display_path(path)} was not opened: its parts are not those of "
            "an exported model. Load only what export_model wrote."
        ) from error
    return _pack(parts), about


def _unpack(content: bytes, path) -> dict[str, bytes]:
    """Return the parts of the file by name, their checksums compared."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            # a part larger than the whole file is a trap for the memory
            if sum(member.file_size for member in members) > len(content):
                raise ValueError
            # cut short, the end of a zip file inside it passes for its own
            if min(member.header_offset for member in members) != 0:
                raise ValueError
            parts = {m.filename: archive.read(m) for m in members}
            if len(parts) != len(members):
                raise ValueError
            return parts
    except Exception as error:  # a damaged file raises almost anything
        raise CheckpointError(
            f"{display_path(path)} is damaged: its checksums do not agree, or "
            "a part of it is missing. Copy it again, or export the model again."
        ) from error


def _checked_parts(parts: dict[str, bytes]) -> dict[str, bytes]:
    if not all(name.startswith(_ROOT) for name in parts):
        raise _Refused("it was not written by export_model")
    parts = {name.removeprefix(_ROOT): part for name, part in parts.items()}
    about = "extra/" + ABOUT
    if not parts.keys() >= _NEEDED | {about}:
        raise _Refused("it was not written by export_model")
    for name, part in parts.items():
        folder, _, file = name.rpartition("/")
        is_weight = folder in ("data/weights", "data/constants") and bool(
            _WEIGHT.fullmatch(file)
        )
        if name not in _ALLOWED | {about} and not is_weight:
            raise _Refused(f"it holds {name[:60]!r}, which no export needs")
        if is_weight and not part:
            raise _Refused(f"its {file} is empty")
    for name in _LISTS:
        parts[name] = _checked_list(parts[name])
    parts[_PROGRAM] = _checked_program(parts[_PROGRAM])
    parts[_EXAMPLE] = _checked_example(parts[_EXAMPLE])
    return parts


def _checked_list(part: bytes) -> bytes:
    """Check that every tensor is stored as plain numbers, not as a pickle."""
    entries = json.loads(part)
    for entry in entries["config"].values():
        if entry["use_pickle"] is not False:
            raise _Refused("it holds a pickle, which can run any code")
        if not _WEIGHT.fullmatch(entry["path_name"]):
            raise _Refused("a tensor of it lies elsewhere")
    _check_words(entries)
    return json.dumps(entries).encode()


def _checked_program(part: bytes) -> bytes:
    program = json.loads(part)
    # Code that torch would run before each call. `deploying` checks inputs.
    program["guards_code"] = []
    _check_words(program)
    return json.dumps(program).encode()


def _check_words(value, key: str = "") -> None:
    """Check every text in nested lists and dictionaries, by its key."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, "")
            if name == "nodes":
                _check_steps(item)
            _check_words(item, name)
    elif isinstance(value, list):
        for item in value:
            _check_words(item, key)
    elif isinstance(value, str):
        _check_text(value, key)


def _check_steps(nodes: list[dict]) -> None:
    for node in nodes:
        step = _STEP.fullmatch(node["target"])
        if step is None or step[1] not in OPERATIONS:
            raise _Refused(
                f"its program has the step {node['target'][:60]!r}, which is "
                "not among helpers.deployment.model_file_checks.OPERATIONS"
            )
        # names of modules and paths of the machine that exported: no use here
        node["metadata"] = {}


def _check_text(text: str, key: str) -> None:
    if key == "expr_str":  # torch evaluates this one
        good = _SIZE.fullmatch(text)
    elif key in ("in_spec", "out_spec"):
        good = _is_plain_structure(json.loads(text)[1])
    else:
        good = _WORD.fullmatch(text)
    if not good:
        raise _Refused(f"it holds the text {text[:60]!r}, which is no name")


def _is_plain_structure(spec: dict) -> bool:
    return (
        {spec["type"], spec["context"]} <= _CONTAINERS
        and spec.keys() == {"type", "context", "children_spec"}
        and all(_is_plain_structure(child) for child in spec["children_spec"])
    )


def _checked_example(part: bytes) -> bytes:
    """Read the example batch without running code, and write it anew."""
    try:
        example = torch.load(
            io.BytesIO(part), map_location="cpu", weights_only=True
        )
    except Exception:
        raise _Refused("its example batch is no plain tensor") from None
    buffer = io.BytesIO()
    torch.save(example, buffer)
    return buffer.getvalue()


def _pack(parts: dict[str, bytes]) -> bytes:
    """Make a file of the parts that depends on nothing but them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in sorted(parts.items()):
            # a ZipInfo made from a name alone has a fixed date
            archive.writestr(zipfile.ZipInfo(_ROOT + name), part)
    return buffer.getvalue()
