"""Challenge 1, the loop over epochs."""

import copy
import functools

import numpy as np
import torch

from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.describe import describe
from helpers.practice.probes.loaders import check_batches_are_moved, make_loader

TRAIN_SIZES, VAL_SIZES = (5, 5, 2), (4, 3)  # which tell batches apart
TRAINING, VALIDATION = ["train"] * 3, ["val"] * 2  # the steps of an epoch
VALUES = [1 / n + 2 * (n > 5) for n in range(1, 16)]  # which rise once
SHOWN = "train(device, train_step_fn, val_step_fn, train_loader, val_loader, "


def _are_numbers(told) -> bool:
    """Whether `after_epoch` got three numbers each time."""
    numbers = (int, float, np.number)
    return all(
        len(one) == 3 and all(isinstance(value, numbers) for value in one)
        for one in told
    )


def _is_pair(thing) -> bool:
    return isinstance(thing, (tuple, list)) and len(thing) == 2


COURSE = {
    "no_step": lambda s: not s.names,
    "validates_on_training": lambda s: {*s.sizes["val"]} - {*VAL_SIZES},
    "trains_on_validation": lambda s: {*s.sizes["train"]} - {*TRAIN_SIZES},
    "gradients_on": lambda s: any(s.recording["val"]),
    "gradients_off": lambda s: not all(s.recording["train"]),
    "no_validation": lambda s: "val" not in s.names,
    "validated_first": lambda s: s.names == (VALIDATION + TRAINING) * s.n,
    "validated_once": lambda s: s.names == TRAINING * s.n + VALIDATION,
    "other_course": lambda s: s.names != (TRAINING + VALIDATION) * s.n,
    "other_loader": lambda s: not all(s.passes),
    "one_pass": lambda s: s.passes[0] < s.n,
    "left_off": lambda s: not s.recording_after,
}
LISTS = {
    "returns_nothing": lambda s: s.returned is None,
    "no_two_lists": lambda s: not _is_pair(s.returned),
    "no_two_lists.parts": lambda s: (
        not all(isinstance(part, list) for part in s.returned)
    ),
    "wrong_length": lambda s: [*map(len, s.returned)] != [s.n, s.n],
}
NUMBERS = {
    "no_numbers.kind": lambda s: isinstance(
        s.value, (np.generic, torch.Tensor)
    ),
    "no_numbers": lambda s: not isinstance(s.value, (int, float)),
}
LOSSES = {
    "swapped": lambda s: agree(s.returned[::-1], s.right),
    "plain_mean": lambda s: agree(s.returned, s.plain),
    "other_losses": lambda s: not agree(s.returned, s.right),
}
TOLD = {
    "never_told": lambda s: not s.told,
    "told_once": lambda s: len(s.told) != s.n,
    "told_other": lambda s: not _are_numbers(s.told),
    "counted_from_1": lambda s: [one[0] for one in s.told] == [1, 2, 3],
    "told_other.numbers": lambda s: not agree(s.told, s.right_told),
    "told_late": lambda s: s.when != [5, 10, 15],
}
WITHOUT = {
    "epochs_fixed": lambda s: len(s.names) > 5 * s.n,
    "other_without": lambda s: [*map(list, s.returned)] != s.kept,
}


@exercise
def loop(answer):
    """Check ``train(device, train_step_fn, val_step_fn, ..., after_epoch)``."""
    seen = _run(answer, n_epochs=3, told=True)
    judge(COURSE, seen)
    both = seen.returned if _is_pair(seen.returned) else ()
    lengths = [len(part) for part in both if isinstance(part, list)]
    judge(LISTS, seen, lengths=lengths)
    _judge_losses(seen)
    first_told = ", ".join(map(describe, [*seen.told, ()][0])) or "missing"
    judge(TOLD, seen, n_told=len(seen.told), first_told=first_told)
    without = _run(answer, n_epochs=2, told=False)
    without.kept = [part[:2] for part in seen.returned]
    judge(WITHOUT, without, n_steps=len(without.names))
    check_batches_are_moved(
        lambda device, loader, fn: answer(device, fn, fn, loader, loader, 1)
    )


def _judge_losses(seen) -> None:
    for value in (*seen.returned[0], *seen.returned[1]):
        judge(NUMBERS, Seen(value=value))
    seen.returned = copy.deepcopy([*seen.returned])
    seen.plain, seen.right = _losses(weighted=False), _losses(weighted=True)
    found, right = np.transpose(seen.returned), np.transpose(seen.right)
    seen.right_told = [(n, *pair) for n, pair in enumerate(right)]
    seen.first, seen.val_first = right[0]
    there = next((n for n in range(3) if not agree(found[n], right[n])), 0)
    judge(LOSSES, seen, epoch=there, found=found[there], wanted=right[there])


def _run(answer, n_epochs: int, told: bool) -> Seen:
    """Run a loop, with `after_epoch` if told; return a note of what it did."""
    seen = Seen(n=n_epochs, names=[], told=[], when=[])
    seen.sizes, seen.recording = ({"train": [], "val": []} for _ in range(2))
    loaders = [make_loader(sum(n), n[0]) for n in (TRAIN_SIZES, VAL_SIZES)]

    def step(name: str, x_batch, _y_batch) -> float:
        seen.names.append(name)
        seen.sizes[name].append(len(x_batch))
        seen.recording[name].append(torch.is_grad_enabled())
        return VALUES[len(seen.names) % 15 - 1]  # differs from all others

    def after_epoch(*given, **named) -> None:
        names = ("epoch", "loss", "val_loss")
        named_ones = (named[name] for name in names if name in named)
        seen.told.append((*given, *named_ones))
        seen.when.append(len(seen.names))

    steps = (functools.partial(step, name) for name in seen.sizes)
    seen.returned = call(
        answer,
        torch.device("cpu"),
        *steps,
        *loaders,
        n_epochs,
        shown=SHOWN + ("n_epochs, after_epoch)" if told else "n_epochs)"),
        **({"after_epoch": after_epoch} if told else {}),
    )
    seen.passes = [loader.passes for loader in loaders]
    seen.recording_after = torch.is_grad_enabled()
    return seen


def _losses(weighted: bool) -> list[list[float]]:
    """Return the losses of three epochs that a right loop returns."""
    losses = np.array(VALUES).reshape(3, 5)
    sizes = np.array(TRAIN_SIZES + VAL_SIZES if weighted else [1] * 5)
    return [
        np.average(losses[:, part], axis=1, weights=sizes[part]).tolist()
        for part in (slice(3), slice(3, 5))
    ]
