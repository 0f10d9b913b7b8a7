"""Which function of the loop calls which, read from the files of the versions.

Nothing is imported or executed: the syntax trees say what a version calls, so
that the map of the course cannot say anything that its files do not.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT

STAGES = {
    "data_preparation": "prepare_data",
    "model_configuration": "configure_model",
    "model_training": "train",
    "mini_batch": "mini_batch",
}
STEPS = ROOT / "helpers" / "step_functions.py"


@dataclass(frozen=True)
class Version:
    """One file of a stage, as its source shows it.

    Attributes:
        stage: the folder below ``helpers``.
        name: "v3".
        path: of the file.
        adds: what it says of itself, from the first line of its docstring.
        takes: the arguments of its entry point, and the parts of the
            configuration that it uses.
        calls: the functions and classes that it imports and calls, in the
            order of the file.
        origins: the module from which each of them is imported.
    """

    stage: str
    name: str
    path: Path
    adds: str
    takes: tuple[str, ...]
    calls: tuple[str, ...]
    origins: dict[str, str]


def versions(stage: str) -> list[Version]:
    """Return the versions of a stage, in their order."""
    folder = ROOT / "helpers" / stage
    files = sorted(folder.glob("v*.py"), key=lambda path: int(path.stem[1:]))
    return [_read(stage, path) for path in files]


def _read(stage: str, path: Path) -> Version:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    first = (ast.get_docstring(tree) or "").splitlines()[0]
    origins = {
        alias.asname or alias.name: node.module or ""
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    # what decorates a version says what it needs, and is not a call of it
    body = [part for node in tree.body for part in getattr(node, "body", [])]
    called = [name for part in body for name in _called(part)]
    return Version(
        stage=stage,
        name=path.stem,
        path=path,
        adds=re.sub(r"^.*?version \d+: ", "", first).rstrip("."),
        takes=tuple(dict.fromkeys(_taken(tree, STAGES[stage]))),
        calls=tuple(
            dict.fromkeys(n for n in called if n.partition(".")[0] in origins)
        ),
        origins=origins,
    )


def calls_of(model: str, training: str) -> list[tuple[str, str]]:
    """Return who calls whom around a training step, as pairs of names.

    Args:
        model: a version of the model configuration, such as "v3".
        training: a version of the model training whose steps it makes.

    Returns:
        Pairs such as ("train", "mini_batch"), and ("mini_batch",
        "train_step_fn"), as training passes that step to it. A builder leads
        to the step that it returns.

    Raises:
        FileNotFoundError: there is no such version.
    """
    configure = _tree("model_configuration", model)
    train = _tree("model_training", training)
    pairs = [
        ("configure_model", builder) for builder, _ in _built(configure)
    ] + [("train", "mini_batch")]
    pairs += list(_built(configure))
    pairs += [("mini_batch", step) for step in _passed(train)]
    bodies = {node.name: node for node in _functions(ast.parse(_text(STEPS)))}
    for builder, step in _built(configure):
        inner = next(_functions(bodies[builder].body))
        pairs += [(step, name) for name in dict.fromkeys(_called(inner))]
    return pairs


def _tree(stage: str, version: str) -> ast.Module:
    return ast.parse(_text(ROOT / "helpers" / stage / f"{version}.py"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _functions(tree) -> Iterator[ast.FunctionDef]:
    nodes = tree if isinstance(tree, list) else tree.body
    return (node for node in nodes if isinstance(node, ast.FunctionDef))


def _built(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give each builder of a step, and the name its result gets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            builder = ast.unparse(node.value.func)
            if builder.startswith("make_") and builder.endswith("_step_fn"):
                yield builder, ast.unparse(node.targets[0])


def _passed(tree: ast.AST) -> Iterator[str]:
    """Give the steps that training passes to `mini_batch`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) == "mini_batch":
            yield ast.unparse(node.args[-1]).rpartition(".")[2]


def _taken(tree: ast.Module, entry: str) -> Iterator[str]:
    """Give arguments of the entry point, and parts of its configuration."""
    function = next(f for f in _functions(tree) if f.name == entry)
    for argument in (*function.args.args, *function.args.kwonlyargs):
        yield argument.arg
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "configuration"
        ):
            yield ast.unparse(node)


def _called(tree: ast.AST) -> Iterator[str]:
    """Give what is called, in the order of the lines."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda c: (c.lineno, c.col_offset)):
        yield _name(node)


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func)
