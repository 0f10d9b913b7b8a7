"""Exercise 05.2: a mode for each layer."""

import contextlib
import types

import torch
from torch import nn

from helpers.check.chapter_05.common import EVAL
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

WITH = "chapter 05, the section *What `with` does*"


LEND = "evaluating_layers(model)"


# Which layers are in train mode, by their names; "" is the whole model.
EVERY = ("", "0", "1", "1.0", "1.1", "1.2", "1.2.0", "2")


MIXED = (
    EVERY,
    (),
    tuple(name for name in EVERY if name != "1.0"),  # batch norm kept in eval
    tuple(name for name in EVERY if name != "1"),  # but not what is in it
    ("1.2.0",),  # a single one trains
)


@exercise(
    "05.2", "A mode for each layer", minutes=10, level="medium", look=WITH
)
def evaluating_layers(evaluating_layers):
    """Check ``evaluating_layers(model)``, a context manager.

    It lends the model in eval mode, and gives each layer its own mode back.
    """
    for training in MIXED:
        _check_lending(evaluating_layers, training)
    _check_lending(evaluating_layers, EVERY[:4], changes_mode=True)
    _check_two_lent(evaluating_layers)
    for training in MIXED:
        _check_failing_block(evaluating_layers, training)
    return "Each layer gets its own mode back, whatever happens in the block."


def _make_nested(training) -> nn.Module:
    """Build layers in layers, those in ``training`` in train mode."""
    model = nn.Sequential(
        nn.Linear(2, 4),
        nn.Sequential(
            nn.BatchNorm1d(4), nn.Dropout(), nn.Sequential(nn.Dropout())
        ),
        nn.Linear(4, 1),
    )
    for name, layer in model.named_modules():
        layer.training = name in training
    return model


def _modes(model: nn.Module) -> dict[str, bool]:
    return {name: layer.training for name, layer in model.named_modules()}


def _weights(model: nn.Module) -> list:
    tensors = [t.clone() for t in model.state_dict().values()]
    flags = [float(p.requires_grad) for p in model.parameters()]
    return [*tensors, *flags]


@contextlib.contextmanager
def _entered(answer, model: nn.Module):
    """Enter the reader's context manager, and say so if it is none."""
    manager = call(answer, model, shown=LEND)
    _expect_manager(manager)
    try:
        with manager as lent:
            yield lent
    except (RuntimeError, TypeError) as error:
        text = str(error)
        if "generator didn't" not in text and "not an iterator" not in text:
            raise
        wrong(
            "no_single_yield",
            expected="The function yields once: there the block runs.",
            found="It yields more than once."
            if "stop" in text
            else "It never yields.",
            cause="Before the `yield` comes what happens when the block "
            "begins, after it what happens when the block ends.",
        )


def _expect_manager(manager) -> None:
    has_both = all(
        hasattr(type(manager), name) for name in ("__enter__", "__exit__")
    )
    if has_both:
        return
    expected = f"{code(f'with {LEND}:')} can begin a block."
    if isinstance(manager, types.GeneratorType):
        wrong(
            "no_decorator",
            expected=expected,
            found="The function returns a generator, which `with` does not "
            "take.",
            cause="`@contextmanager` is missing in the line above `def`. It "
            "makes a context manager of a function that yields.",
        )
    wrong(
        "no_context_manager",
        expected=expected,
        found=f"{code(LEND)} gives {kind(manager)}, which `with` does not "
        "take.",
        cause="A context manager has a beginning and an end: a function with "
        "`@contextmanager` that yields in between, or a class with `__enter__` "
        "and `__exit__`.",
    )


def _check_lending(answer, training, changes_mode: bool = False) -> None:
    model = _make_nested(training)
    modes, weights = _modes(model), _weights(model)
    with _entered(answer, model) as lent:
        _check_inside(lent, model)
        if changes_mode:
            model.train()
    _compare_modes(modes, _modes(model))
    if not torch.is_grad_enabled() or not close(weights, _weights(model)):
        wrong(
            "changes_more",
            expected="All but the modes is as it was.",
            found="Recording, weights, or which of them need gradients have "
            "changed.",
            cause="More was switched than the mode. `model.eval()` is enough.",
        )


def _check_inside(lent, model: nn.Module) -> None:
    if lent is None:
        wrong(
            "yields_nothing",
            expected=f"`with {LEND} as lent:` gives the model.",
            found="`lent` is `None`.",
            cause="`yield` alone hands out nothing: `yield model`. In a class, "
            "`__enter__` returns it.",
        )
    if lent is not model:
        wrong(
            "yields_other",
            expected="The block gets the model that was passed, itself.",
            found="It gets a copy, or something else.",
            cause="A copy has weights of its own. The model can be lent as it "
            "is, as long as its modes come back.",
        )
    modes = _modes(model)
    left = [name for name, training in modes.items() if training]
    if left:
        nested = "" not in left
        wrong(
            "nested_left_out" if nested else "not_in_eval_mode",
            expected="Inside the block the model and all its layers are in "
            "eval mode.",
            found=f"{len(left)} of {len(modes)} are in train mode.",
            cause="`model.children()` gives the first level only, and "
            "`model.training = False` the model without its layers. "
            "`model.eval()` reaches all."
            if nested
            else "`model.eval()` is missing before the `yield`. "
            "`torch.no_grad()` is the other switch.",
            look=EVAL,
        )
    if not torch.is_grad_enabled():
        wrong(
            "recording_off",
            expected="The mode changes, and nothing else.",
            found="Inside the block recording is off as well.",
            cause="A `torch.no_grad()` stands around the `yield`. These are "
            "two switches, and the caller may want one of them only.",
        )


def _compare_modes(before: dict, after: dict) -> None:
    if before == after:
        return
    wrong_ones = [name for name in before if before[name] != after[name]]
    found = (
        f"{len(wrong_ones)} of {len(before)} have another one than before, "
        f"such as {_shown(wrong_ones[-1])}."
    )
    expected = "After the block every layer is in its own mode again."
    if not any(after.values()):
        wrong(
            "not_put_back",
            expected=expected,
            found=f"All are in eval mode. {found}",
            cause="Nothing is put back after the `yield`, or the modes were "
            "noted only after `model.eval()`, and all were `False` by then.",
        )
    if set(after.values()) == {before[""]}:
        wrong(
            "one_mode",
            expected=expected,
            found=f"All have the mode that the whole model had. {found}",
            cause="One mode was noted, and `model.train(...)` gave it to all: "
            "note one for each of `model.modules()`, nested ones too. Or "
            "`layer.train(mode)` came for the outer layer after those in it, "
            "and reached them again. Or only one of the two modes is put back.",
        )
    if all(after.values()):
        wrong(
            "always_train",
            expected=expected,
            found=f"All are in train mode. {found}",
            cause="`model.train()` at the end puts all of them into train "
            "mode, wherever they were before.",
        )
    wrong(
        "other_modes",
        expected=expected,
        found=found,
        cause="`layer.train(mode)` changes all layers inside that layer too, "
        "so the order counts: from the outside in, as `model.modules()` goes. "
        "`layer.training = mode` changes one. Or nested layers were not noted: "
        "`model.children()` gives the first level only.",
    )


def _shown(name: str) -> str:
    place = "".join(f"[{part}]" for part in name.split(".") if part)
    return f"`model{place}`"


def _check_two_lent(answer) -> None:
    """Lend two models at once, one block in the other."""
    one, two = _make_nested(MIXED[2]), _make_nested(MIXED[4])
    before = _modes(one), _modes(two)
    with _entered(answer, one), _entered(answer, two):
        pass
    if (_modes(one), _modes(two)) == before:
        return
    wrong(
        "shared",
        expected="Two models can be lent at once, one block in the other.",
        found="One of them did not get its modes back.",
        cause="The modes are noted in a global place, where the second block "
        "overwrote those of the first. A name inside the function is enough.",
    )


class _BlockError(Exception):
    """Raised in a block on purpose."""


def _check_failing_block(answer, training) -> None:
    model = _make_nested(training)
    before = _modes(model)
    came_out = False
    try:
        with _entered(answer, model):
            raise _BlockError("an error inside the block")
    except _BlockError:
        came_out = True
    if not came_out:
        wrong(
            "swallows",
            expected="An error inside the block goes on to the caller.",
            found="It was gone after the block.",
            cause="An `except` without `raise`, a `return` in `finally`, or an "
            "`__exit__` that returns `True` swallows it.",
        )
    if _modes(model) == before:
        return
    wrong(
        "no_finally",
        expected="Every layer gets its mode back, also when the block fails.",
        found="After an error inside the block they did not.",
        cause="The error comes out of the `yield`, so what follows is skipped. "
        "Put the `yield` into `try`, and what has to be done into `finally`.",
    )
