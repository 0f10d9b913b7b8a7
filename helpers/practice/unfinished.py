"""Tell an answer that was not begun from one that is wrong."""

import ast
import dis
import functools
import inspect
import textwrap
import types

from helpers.practice.sandbox import NOT_THE_READERS, names_used


def is_unfinished(answer) -> bool:
    """Whether nothing was written yet: ``...``, None, or an empty body.

    A function counts as empty if it does nothing at all (``...``, ``pass``, a
    docstring, ``raise NotImplementedError``), if it only returns such a
    function, or if ``...`` stands where a value should. A class counts as
    empty if all that it defines is.
    """
    if answer is None or answer is ... or answer is NotImplemented:
        return True
    if isinstance(answer, str):
        return answer.strip() in ("", "...")
    if isinstance(answer, (list, tuple, set)):
        return any(part is ... for part in answer)
    if isinstance(answer, dict):
        return any(part is ... for part in answer.values())
    if isinstance(answer, functools.partial):
        parts = [answer.func, *answer.args, *answer.keywords.values()]
        return any(part is ... for part in parts) or is_unfinished(answer.func)
    function = _function_of(answer)
    if function is not None:
        tree = _tree_of(function)
        return _does_nothing(function) if tree is None else _is_empty(tree)
    if isinstance(answer, type) and not _is_installed(answer):
        parts = _methods(answer)
        inherited = any(not _is_installed(base) for base in answer.__bases__)
        return all(map(is_unfinished, parts.values())) and not inherited
    return False


def unfinished_parts(answer) -> list[str]:
    """Return the methods of a class that are still empty."""
    if not isinstance(answer, type) or _is_installed(answer):
        return []
    return [
        name for name, part in _methods(answer).items() if is_unfinished(part)
    ]


def unfinished_helpers(answer) -> list[str]:
    """Return the empty functions of the page that an answer uses by name."""
    found, todo, seen = [], [answer], set()
    while todo:
        one = todo.pop()
        if isinstance(one, functools.partial):
            one = one.func
        if isinstance(one, type) and not _is_installed(one):
            todo.extend(_methods(one).values())
        function = _function_of(one)
        if function is None or id(function) in seen:
            continue
        seen.add(id(function))
        if (function.__module__ or "").partition(".")[0] in NOT_THE_READERS:
            continue
        for name in sorted(names_used(function.__code__)):
            used = function.__globals__.get(name)
            if isinstance(used, (types.FunctionType, type)):
                if _is_stub(used) and name not in found:
                    found.append(name)
                todo.append(used)
    return found


def _is_stub(used) -> bool:
    """Whether it is the reader's own, and nothing was written in it yet."""
    if (used.__module__ or "").partition(".")[0] in NOT_THE_READERS:
        return False
    if isinstance(used, type) and not _methods(used):
        return False  # an error or a record of its own, which needs none
    return is_unfinished(used)


def _is_installed(kind: type) -> bool:
    root = kind.__module__.partition(".")[0]
    return root in ("builtins", "torch", "helpers", "abc", "typing")


def _methods(kind: type) -> dict:
    return {
        name: getattr(part, "__func__", part)
        for name, part in vars(kind).items()
        if isinstance(getattr(part, "__func__", part), types.FunctionType)
    }


def _function_of(answer):
    if isinstance(answer, types.MethodType):
        answer = answer.__func__
    return answer if isinstance(answer, types.FunctionType) else None


def _tree_of(function) -> ast.FunctionDef | None:
    """Return the syntax tree of a function, if its source can be had."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError, IndexError, ValueError):
        return None
    same = getattr(tree, "name", None) == function.__name__
    return tree if isinstance(tree, ast.FunctionDef) and same else None


def _is_empty(function: ast.FunctionDef) -> bool:
    inner = {
        part.name: part
        for part in function.body
        if isinstance(part, ast.FunctionDef)
    }
    rest = [part for part in function.body if not _says_nothing(part)]
    if not rest:
        return True
    if any(_gap(part) for part in ast.walk(function)):
        return True
    if not inner or not all(map(_is_empty, inner.values())):
        return False
    # what is left only hands out functions that are empty
    return all(
        isinstance(part, ast.FunctionDef)
        or (
            isinstance(part, ast.Return)
            and isinstance(part.value, ast.Name)
            and part.value.id in inner
        )
        for part in rest
    )


def _says_nothing(part: ast.stmt) -> bool:
    if isinstance(part, ast.Pass):
        return True
    if isinstance(part, ast.Raise):
        return "NotImplemented" in ast.unparse(part)
    if isinstance(part, ast.Return):
        return part.value is None or _is_nothing(part.value)
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)


def _is_nothing(value: ast.expr) -> bool:
    """Whether a value is None, ``...``, or several of them."""
    if isinstance(value, (ast.Tuple, ast.List)):
        return bool(value.elts) and all(map(_is_nothing, value.elts))
    return isinstance(value, ast.Constant) and value.value in (None, ...)


def _gap(part: ast.AST) -> bool:
    """Whether ``...`` stands in the place of a value, or of a whole block."""
    if isinstance(part, (ast.For, ast.While, ast.With, ast.If)):
        inside = part.body[0]
        return (
            len(part.body) == 1
            and isinstance(inside, ast.Expr)
            and isinstance(inside.value, ast.Constant)
            and inside.value.value is ...
        )
    if isinstance(part, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return)):
        return isinstance(part.value, ast.Constant) and part.value.value is ...
    if isinstance(part, ast.Call):
        return any(
            isinstance(value, ast.Constant) and value.value is ...
            for value in (*part.args, *(word.value for word in part.keywords))
        )
    return False


# What a function does that only returns a constant, in Python 3.11 to 3.13.
_RETURNS_A_CONSTANT = {
    *("RESUME", "NOP", "COPY_FREE_VARS"),
    *("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"),
}


def _does_nothing(function: types.FunctionType) -> bool:
    """Judge a function without source by its instructions."""
    steps = list(dis.get_instructions(function))
    returned = [s.argval for s in steps if s.opname.endswith("_CONST")]
    return (
        {step.opname for step in steps} <= _RETURNS_A_CONSTANT
        and bool(returned)
        and (returned[-1] is None or returned[-1] is ...)
    )
