"""Run a reader's code with a time limit, and leave everything as it was.

A checker calls code it knows nothing about. That code may loop for ever, end
the program, draw random numbers, or train the model of the page in place of
the one it was given. So it runs in a thread that can be given up, and what it
can reach is noted before and put back after.
"""

import contextlib
import ctypes
import dis
import functools
import io
import sys
import sysconfig
import threading
import time
import types
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from helpers.practice.process_state import same_random, same_settings

MAX_OBJECTS = 20_000  # looked at before a check; more would take too long
MAX_BYTES = 2**28  # copied before a check
# Code from these packages is not the reader's, and is not looked into.
NOT_THE_READERS = {
    *sys.stdlib_module_names,
    *("torch", "numpy", "matplotlib", "tensorboard", "IPython", "ipykernel"),
    *(
        "ipywidgets",
        "traitlets",
        "httpx",
        "fastapi",
        "helpers",
        "tqdm",
        "_pytest",
    ),
}


class TimeUp(SystemExit):
    """Raised in code that took too long.

    A SystemExit, as a thread that ends with one does so without a word.
    """


def run_with_limit(work: Callable, seconds: float):
    """Call a function in a thread of its own, and give up after a while.

    Args:
        work: takes nothing.
        seconds: how long it may take.

    Returns:
        what it returned.

    Raises:
        TimeUp: it took longer. Everything that it raised is raised here too.
    """
    box = {}

    def target() -> None:
        try:
            box["value"] = work()
        except BaseException as error:
            box["error"] = error

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    try:
        _wait(thread, seconds)
    finally:
        if thread.is_alive():  # too slow, or the reader pressed Ctrl-C
            _stop(thread)
    if "value" in box:
        return box["value"]
    raise box.get("error", TimeUp()) from None


def _wait(thread: threading.Thread, seconds: float) -> None:
    end = time.monotonic() + seconds
    # short waits: on Windows a long one cannot be interrupted
    while thread.is_alive() and time.monotonic() < end:
        thread.join(0.05)


def _stop(thread: threading.Thread) -> None:
    """Raise TimeUp inside a thread, again and again if it is caught there."""
    number = ctypes.c_ulong(thread.ident or 0)
    for _ in range(40):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            number, ctypes.py_object(TimeUp)
        )
        thread.join(0.025)
        if not thread.is_alive():
            return


@contextlib.contextmanager
def same_world(*roots):
    """Run a block, then put back what it may have changed.

    Random states, torch's defaults, the working directory, and whatever can
    be reached from ``roots``: models, optimizers, tensors, lists, the names of
    the page that a function uses. Warnings and printed text are kept from the
    page.

    Yields:
        a `World`, which knows after the block what was printed and changed.
    """
    reached = Reached(roots)
    world = World(reached)
    with contextlib.ExitStack() as stack:
        stack.enter_context(same_random())
        stack.enter_context(same_settings())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(contextlib.redirect_stdout(world.output))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        try:
            yield world
        finally:
            world.changed = reached.put_back()


class World:
    """What a block of `same_world` did."""

    def __init__(self, reached: "Reached"):
        self.output = io.StringIO()
        self.reached = reached
        self.changed: list[str] = []


class Reached:
    """All that can be reached from some objects, as it was at the start.

    Nothing is copied that cannot be put back in place: an object stays the
    same object, only its contents return.
    """

    def __init__(self, roots):
        self.seen: dict[int, object] = {}
        self.read: list[str] = []  # data of the page, by its names
        self.n_bytes = 0
        self.notes: list[tuple[str, Callable[[], bool]]] = []
        todo = deque((root, "") for root in roots)
        while todo and len(self.seen) < MAX_OBJECTS:
            thing, name = todo.popleft()
            if id(thing) in self.seen or isinstance(thing, _ATOMS):
                continue
            self.seen[id(thing)] = thing
            with contextlib.suppress(Exception):  # a strange object stays out
                todo.extend(self._note(thing, name))

    def put_back(self) -> list[str]:
        """Put everything back; return the names of what had changed."""
        changed = []
        # backwards: a dictionary first gets its objects back, then they theirs
        for name, restore in self.notes:
            with contextlib.suppress(Exception):
                if restore() and name and name not in changed:
                    changed.append(name)
        return changed

    def _note(self, thing, name: str) -> Sequence[tuple[object, str]]:
        """Note how to put one thing back; return what it leads to."""
        if isinstance(thing, torch.Tensor):
            return self._note_tensor(thing, name)
        if isinstance(thing, np.ndarray):
            return self._note_array(thing, name)
        if isinstance(thing, (torch.Generator, np.random.RandomState)):
            self.notes.append((name, _restore_generator(thing)))
            return []
        if isinstance(thing, types.FunctionType):
            return self._note_function(thing, name)
        if isinstance(thing, types.MethodType):
            return [(thing.__self__, name), (thing.__func__, "")]
        if isinstance(thing, functools.partial):
            parts = [thing.func, *thing.args, *thing.keywords.values()]
            return [(part, name) for part in parts]
        if isinstance(thing, type):
            return self._note_class(thing)
        if isinstance(thing, (tuple, frozenset)):
            return [(part, name) for part in thing]
        return self._note_container(thing, name)

    def _note_tensor(self, tensor, name):
        size = tensor.numel() * tensor.element_size()
        if self.n_bytes + size > MAX_BYTES:
            return []
        self.n_bytes += size
        before = tensor.detach().clone()
        grad, needs = (
            tensor.grad if tensor.is_leaf else None,
            tensor.requires_grad,
        )

        def restore() -> bool:
            same = tensor.shape == before.shape and torch.equal(
                tensor.detach(), before
            )
            if not same:
                tensor.data = before
            if tensor.is_leaf:
                tensor.requires_grad_(needs)
                same = same and tensor.grad is grad
                tensor.grad = grad
            return not same

        self.notes.append((name, restore))
        return [] if grad is None else [(grad, name)]

    def _note_array(self, array, name):
        if self.n_bytes + array.nbytes > MAX_BYTES or not array.flags.writeable:
            return []
        self.n_bytes += array.nbytes
        before = array.copy()

        def restore() -> bool:
            if np.array_equal(array, before, equal_nan=array.dtype.kind == "f"):
                return False
            array[...] = before
            return True

        self.notes.append((name, restore))
        return []

    def _note_function(self, function, name):
        if _is_library(function.__module__):
            return []
        leads = [(value, name) for value in function.__defaults__ or ()]
        leads += [(v, name) for v in (function.__kwdefaults__ or {}).values()]
        for cell in function.__closure__ or ():
            with contextlib.suppress(ValueError):  # an empty cell
                leads.append((cell.cell_contents, name))
                self.notes.append(("", _restore_cell(cell)))
        space = function.__globals__
        for word in globals_read(function.__code__):
            if isinstance(space.get(word), _DATA) and word not in self.read:
                self.read.append(word)
        for word in names_used(function.__code__):
            self.notes.append((word, _restore_global(space, word)))
            if word in space:
                leads.append((space[word], word))
        return leads

    def _note_class(self, kind):
        if _is_library(kind.__module__):
            return []
        before = dict(vars(kind))

        def restore() -> bool:
            for key in set(vars(kind)) - set(before):
                delattr(kind, key)
            for key, value in before.items():
                if vars(kind).get(key) is not value:
                    setattr(kind, key, value)
            return False

        self.notes.append(("", restore))
        return [(value, "") for value in before.values()]

    def _note_container(self, thing, name):
        leads = []
        if isinstance(thing, dict):
            self.notes.append((name, _restore_dict(thing)))
            leads += [(value, name) for value in thing.values()]
        elif isinstance(thing, (list, set, deque)):
            self.notes.append((name, _restore_items(thing)))
            leads += [(value, name) for value in thing]
        own = getattr(thing, "__dict__", None)
        if isinstance(own, dict) and not isinstance(thing, types.ModuleType):
            leads.append((own, name))
            leads.append((type(thing), ""))
        if isinstance(thing, staticmethod | classmethod | property):
            leads += [
                (getattr(thing, n, None), "") for n in ("__func__", "fget")
            ]
        return leads


_ATOMS = (
    *(int, float, complex, bool, str, bytes, type(None), type(...), range),
    *(types.ModuleType, types.BuiltinFunctionType, types.CodeType),
    *(torch.dtype, torch.device, torch.Size, threading.Thread, io.IOBase),
)
# What pages give names to, and exercises pass as arguments.
_DATA = (
    *(torch.Tensor, np.ndarray, torch.nn.Module, torch.optim.Optimizer),
    *(DataLoader, Dataset, Sampler, torch.Generator, PurePath),
)


def is_readers_file(filename: str) -> bool:
    """Whether a file holds code of the reader: a cell, or a file of theirs."""
    if filename.startswith("<") and "ipython" not in filename:
        return filename.startswith("<string")  # tests compile from strings
    parts = set(filename.replace("\\", "/").split("/"))
    ours = str(Path(__file__).parents[1])
    library = {"site-packages", "dist-packages"} & parts
    return not (library or filename.startswith((ours, _STDLIB)))


_STDLIB = sysconfig.get_path("stdlib")


def _is_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] in NOT_THE_READERS


def names_used(code: types.CodeType) -> set[str]:
    """Return the global names in a function and in those defined inside."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_used(constant)
    return names


def globals_read(code: types.CodeType) -> list[str]:
    """Return the global names whose values a function reads, in order."""
    names = [
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    ]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names += globals_read(constant)
    return names


def _restore_generator(generator) -> Callable[[], bool]:
    is_torch = isinstance(generator, torch.Generator)
    before = generator.get_state()

    def restore() -> bool:
        if is_torch and torch.equal(generator.get_state(), before):
            return False
        generator.set_state(before)
        return False  # to draw from it is no fault

    return restore


def _restore_cell(cell) -> Callable[[], bool]:
    before = cell.cell_contents

    def restore() -> bool:
        if cell.cell_contents is not before:
            cell.cell_contents = before
        return False

    return restore


def _restore_global(space: dict, word: str) -> Callable[[], bool]:
    missing = object()
    before = space.get(word, missing)

    def restore() -> bool:
        now = space.get(word, missing)
        if now is before:
            return False
        if before is missing:
            del space[word]
        else:
            space[word] = before
        return True

    return restore


def _restore_dict(thing: dict) -> Callable[[], bool]:
    before = dict(thing)

    def restore() -> bool:
        same = thing.keys() == before.keys() and all(
            thing[key] is value for key, value in before.items()
        )
        if not same:
            thing.clear()
            thing.update(before)
        return not same

    return restore


def _restore_items(thing: list | set | deque) -> Callable[[], bool]:
    before = list(thing)

    def restore() -> bool:
        now = list(thing)
        if len(now) == len(before) and all(
            a is b for a, b in zip(now, before, strict=True)
        ):
            return False
        thing.clear()
        (thing.update if isinstance(thing, set) else thing.extend)(before)
        return True

    return restore
