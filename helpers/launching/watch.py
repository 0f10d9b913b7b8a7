"""``python -m helpers watch``: a script of somebody, with the watch on.

Here belongs how the model and the optimizer of a script are found: by the
first step of an optimizer, which knows its parameters. What the watch sees and
says stands in `helpers.clinic`.
"""

import argparse
import contextlib
import functools
import gc
import runpy
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer

from helpers.clinic import Watch, watch

HELP = """Run a training script unchanged, and say at its end, or at Ctrl-C,
what a watch over its model and optimizer has seen."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a script with the watch on; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers watch", description=HELP
    )
    parser.add_argument("script", help="a Python file that trains a model")
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        help="what the script itself takes",
    )
    typed = parser.parse_args(arguments)
    script = Path(typed.script)
    if not script.is_file():
        print(f"There is no script {typed.script!r}.", file=sys.stderr)
        return 2
    with _found() as found:
        status = _run(script, typed.arguments)
    sys.stdout.flush()
    print(f"\n{'-' * 20} what the watch saw {'-' * 20}")
    print(_told(found))
    return status


def _run(script: Path, arguments: list[str]) -> int:
    """Run a script as Python itself would, and return its status."""
    before, path = sys.argv, sys.path[:]
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        is_number = isinstance(ended.code, int)
        return int(ended.code or 0) if is_number else int(bool(ended.code))
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.", file=sys.stderr)
        return 130
    except Exception:  # whatever the script did, the report follows
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    finally:
        sys.argv, sys.path[:] = before, path
    return 0


class Found:
    """The watches over a script, one after the other.

    Optimizers that are made before the first update, as in a pair of networks
    that play against each other, are watched together. One that is made later
    begins something new: a further phase, or the next of several runs.

    Attributes:
        watches: those that saw something, and the one at work.
        n_optimizers: how many were made.
        n_lost: of how many no model was found.
    """

    MOST = 20  # watches that are kept

    def __init__(self) -> None:
        self.watches: list[Watch] = []
        self.n_optimizers = self.n_lost = 0
        self._stack = contextlib.ExitStack()

    def meet(self, optimizer: Any) -> None:
        """Watch an optimizer that was just made, and its models."""
        self.n_optimizers += 1
        models = models_of(optimizer)
        if not models:
            self.n_lost += 1
            return
        now = self.watches[-1].seen if self.watches else None
        if now is not None and not any(now.n_updates):
            held = {
                id(p)
                for one in now.optimizers
                for group in one.param_groups
                for p in group["params"]
            }
            groups = optimizer.param_groups
            is_other = not any(
                id(p) in held for g in groups for p in g["params"]
            )
            if is_other:
                known = set(map(id, now.models))
                new = [one for one in models if id(one) not in known]
                self.watches[-1].follow(new, [optimizer])
                return
        if now is not None and _is_anew(now, optimizer):
            return  # as in each step of a loop, which the watch sees
        self.close()
        if now is not None and not now.n_backward:
            self.watches.pop()
        if len(self.watches) >= self.MOST:
            return
        self.watches.append(watch(models, optimizer))
        self._stack.enter_context(self.watches[-1])

    def close(self) -> None:
        """End the watch at work."""
        self._stack.close()


def _is_anew(seen: Any, optimizer: Any) -> bool:
    """Tell whether an optimizer of the same parameters has hardly begun."""
    if not 0 < max(seen.n_updates, default=0) <= 2:
        return False
    held, new = (
        {id(p) for one in ones for g in one.param_groups for p in g["params"]}
        for ones in (seen.optimizers, [optimizer])
    )
    return held == new


@contextlib.contextmanager
def _found() -> Iterator[Found]:
    """Watch every model from the moment that its optimizer is made."""
    found = Found()
    original = Optimizer.__init__

    @functools.wraps(original)
    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        found.meet(self)

    Optimizer.__init__ = __init__
    try:
        yield found
    finally:
        Optimizer.__init__ = original
        found.close()


def models_of(optimizer: Any) -> list[nn.Module]:
    """Return the outermost modules that hold parameters of an optimizer.

    Args:
        optimizer: an optimizer of torch.
    """
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    # some proxies of libraries raise when they are asked for their class
    modules = [one for one in gc.get_objects() if _is_module(one)]
    inner = {
        id(child)
        for one in modules
        for child in one.modules()
        if child is not one
    }
    outer = [
        one
        for one in modules
        if id(one) not in inner and any(id(p) in held for p in one.parameters())
    ]
    return outer


def _is_module(one: Any) -> bool:
    try:
        return issubclass(type(one), nn.Module) and "_modules" in vars(one)
    except (TypeError, ReferenceError):
        return False


def _told(found: Found) -> str:
    """Return all reports, and what was not watched."""
    parts = []
    for i, watched in enumerate(found.watches):
        names = ", ".join(type(m).__name__ for m in watched.seen.models)
        kind = type(watched.seen.optimizers[0]).__name__
        head = f"{names} with {kind}"
        if len(found.watches) > 1:
            head = f"{i + 1}. {head}"
        parts.append(f"{head}\n\n{watched.report()}")
    if found.n_lost:
        parts.append(
            f"Not watched: {found.n_lost} of {found.n_optimizers} optimizers, "
            "as no module was found that holds their parameters."
        )
    if not found.n_optimizers:
        parts.append(
            "No optimizer of torch.optim was made, so there was nothing to "
            "watch. Training in processes that the script starts cannot be "
            "seen."
        )
    return "\n\n".join(parts)
