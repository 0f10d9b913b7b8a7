"""Challenge 1, the loop over epochs."""

import copy

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice.exercises import call, exercise, kind
from helpers.practice.probes.loaders import check_batches_are_moved
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

RAGGED = "chapter 05, the section *The ragged batch*"
LOOP = "chapter 05, the difference between training v3 and v4"

# Batches are told apart by their size.
TRAIN_SIZES, VAL_SIZES = (5, 5, 2), (4, 3)


@exercise("C1.6", "The loop", minutes=12, level="medium", look=LOOP)
def loop(train):
    """Check ``train(device, train_step_fn, val_step_fn, ..., after_epoch)``."""
    course = _Course()
    returned = call(
        train,
        *course.arguments,
        after_epoch=course.after_epoch,
        shown="train(device, train_step_fn, val_step_fn, train_loader, "
        "val_loader, n_epochs, after_epoch)",
    )
    kept = copy.deepcopy(returned)
    _check_course(course)
    _check_losses(returned, course)
    _check_after_epoch(course)
    without = _Course(n_epochs=2)
    shown = "train(device, train_step_fn, val_step_fn, train_loader, "
    shown += "val_loader, n_epochs)"
    again = call(train, *without.arguments, shown=shown)
    n_batches = len(TRAIN_SIZES + VAL_SIZES)
    if len(without.seen) > 2 * n_batches:
        wrong(
            "epochs_fixed",
            expected="With `n_epochs` = 2, two epochs.",
            found=f"{len(without.seen)} batches came, enough for "
            f"{len(without.seen) / n_batches:g} epochs.",
            cause="The number of epochs is written down. Use the argument.",
        )
    if [list(part) for part in again] != [part[:2] for part in kept]:
        wrong(
            "other_without",
            expected="A second call, with two epochs and without "
            "`after_epoch`, returns the same losses, two of each.",
            found="Other losses.",
            cause="The loop does its work only if `after_epoch` is given, or "
            "the two lists stand outside of the function and keep the losses "
            "of the call before.",
        )
    check_batches_are_moved(
        lambda device, loader, step_fn: train(
            device, step_fn, step_fn, loader, loader, 1
        )
    )
    return "It trains, validates without gradients, and tells `after_epoch`."


class _Course:
    """What a loop is given, and a note of what it did."""

    def __init__(self, n_epochs: int = 3):
        self.seen: list[tuple[str, int, bool]] = []
        self.told: list[tuple] = []
        self.arguments = (
            torch.device("cpu"),
            lambda x, y: self._step("train", x, y),
            lambda x, y: self._step("val", x, y),
            _loader_of(TRAIN_SIZES),
            _loader_of(VAL_SIZES),
            n_epochs,
        )

    def _step(self, name: str, x, y) -> float:
        self.seen.append((name, len(x), torch.is_grad_enabled()))
        return self.loss_of(len(self.seen) - 1)

    @staticmethod
    def loss_of(number: int) -> float:
        """The made-up loss of a call: each differs from all others."""
        return 1 / (1 + number)

    def after_epoch(self, *told, **named) -> None:
        names = ("epoch", "loss", "val_loss")
        told += tuple(named[name] for name in names if name in named)
        self.told.append((len(self.seen), *told))


def _loader_of(sizes) -> DataLoader:
    """A loader with batches of these sizes: all full but for the last."""
    n = sum(sizes)
    rows = TensorDataset(torch.zeros(n, 2), torch.zeros(n, 1))
    return DataLoader(rows, batch_size=sizes[0])


def _check_course(course: _Course) -> None:
    seen = course.seen
    if not seen:
        wrong(
            "no_step",
            expected="The loop calls the two step functions.",
            found="Neither was called.",
            cause="`mini_batch` does not call its `step_fn` (task C1.5), or "
            "the loop runs over nothing.",
        )
    if any(size not in VAL_SIZES for name, size, _ in seen if name == "val"):
        wrong(
            "validates_on_training",
            expected="The validation step gets the batches of `val_loader`.",
            found="It got a batch of `train_loader`.",
            cause="The loaders changed places, or one is used for both.",
        )
    if any(s not in TRAIN_SIZES for name, s, _ in seen if name == "train"):
        wrong(
            "trains_on_validation",
            expected="The training step gets the batches of `train_loader`.",
            found="It got a batch of `val_loader`.",
            cause="The loaders changed places, or the training step is used "
            "for validation too. The model must never learn from those rides.",
        )
    _check_gradients(seen)
    _check_order(seen)


def _check_gradients(seen) -> None:
    if any(recording for name, _, recording in seen if name == "val"):
        wrong(
            "gradients_on",
            expected="Validation runs without gradients.",
            found="Recording was on when the validation step was called.",
            cause="`with torch.no_grad():` around the validation is missing.",
        )
    if not all(recording for name, _, recording in seen if name == "train"):
        wrong(
            "gradients_off",
            expected="Training runs with gradients.",
            found="Recording was off when the training step was called.",
            cause="The `no_grad` block is too large, or gradients were "
            "switched off for validation and never on again.",
        )


def _check_order(seen) -> None:
    names = [name for name, *_ in seen]
    n_train, n_val = len(TRAIN_SIZES), len(VAL_SIZES)
    one = ["train"] * n_train + ["val"] * n_val
    if names == one * 3:
        return
    if "val" not in names:
        wrong(
            "no_validation",
            expected="Every epoch ends with a validation.",
            found="The validation step was never called.",
            cause="The second call of `mini_batch` is missing.",
        )
    if names == (one[n_train:] + one[:n_train]) * 3:
        wrong(
            "validated_first",
            expected="In every epoch first training, then validation.",
            found="First validation, then training.",
            cause="The two lines changed places. The validation loss then "
            "speaks of the model of the epoch before.",
        )
    if names == ["train"] * 3 * n_train + ["val"] * n_val:
        wrong(
            "validated_once",
            expected="A validation in every epoch.",
            found="One, after all epochs.",
            cause="The validation stands outside of the loop over epochs.",
        )
    wrong(
        "other_course",
        expected=f"In each of 3 epochs {n_train} training batches, then "
        f"{n_val} validation batches.",
        found=f"{names.count('train')} training and {names.count('val')} "
        "validation batches in all, in another order.",
        cause="The number of epochs differs from `n_epochs`, a loader is run "
        "over twice or only in part, or `return` stands inside the loop.",
    )


def _means(course: _Course, weighted: bool) -> tuple[list, list]:
    """The losses that a right loop returns."""
    sizes = TRAIN_SIZES + VAL_SIZES
    result = ([], [])
    for epoch in range(3):
        first = epoch * len(sizes)
        for part, places in enumerate((range(3), range(3, 5))):
            weights = [sizes[i] if weighted else 1 for i in places]
            losses = [course.loss_of(first + i) for i in places]
            result[part].append(float(np.average(losses, weights=weights)))
    return result


def _check_losses(returned, course: _Course) -> None:
    if returned is None:
        wrong(
            "returns_nothing",
            expected="Two lists: `losses, val_losses`.",
            found="`None`.",
            cause="`return losses, val_losses` is missing at the end.",
        )
    pair = isinstance(returned, (tuple, list)) and len(returned) == 2
    if not pair or not all(isinstance(part, list) for part in returned):
        wrong(
            "no_two_lists",
            expected="Two lists: `losses, val_losses`.",
            found=f"{kind(returned)[:1].upper()}{kind(returned)[1:]}"
            + (f" of {' and '.join(map(kind, returned))}." if pair else "."),
            cause="One list is returned, or one of pairs, or the last losses, "
            "or arrays. Each of the two holds one number an epoch.",
        )
    losses, val_losses = _means(course, weighted=True)
    if [len(part) for part in returned] != [3, 3]:
        wrong(
            "wrong_length",
            expected="One loss an epoch: 3 and 3.",
            found=f"{len(returned[0])} and {len(returned[1])}.",
            cause="The lists are made anew inside the loop, or hold one entry "
            "a batch, or `append` is forgotten.",
        )
    for value in (*returned[0], *returned[1]):
        if isinstance(value, (int, float, np.number, torch.Tensor)):
            continue
        wrong(
            "no_numbers",
            expected="One number an epoch in each list.",
            found=f"There is {kind(value)} in them.",
            cause="`mini_batch` (task C1.5) returns no number, or something "
            "else was appended.",
        )
    if close(returned[0], val_losses) and close(returned[1], losses):
        wrong(
            "swapped",
            expected="`losses, val_losses`, in this order.",
            found="`val_losses, losses`.",
            cause="The two changed places.",
        )
    if close(list(returned), list(_means(course, weighted=False))):
        wrong(
            "plain_mean",
            expected="Means over all rides.",
            found="Plain means of the batch losses.",
            cause="The loop is right, `mini_batch` of task C1.5 is not yet.",
            look=RAGGED,
        )
    if not close(list(returned), [losses, val_losses]):
        wrong(
            "other_losses",
            expected="The losses that `mini_batch` returned: first "
            f"{losses[0]:.4f} and {val_losses[0]:.4f}.",
            found=f"{float(returned[0][0]):.4f} and "
            f"{float(returned[1][0]):.4f}.",
            cause="They were changed on the way into the lists, or "
            "`mini_batch` (task C1.5) gives another mean.",
        )


def _check_after_epoch(course: _Course) -> None:
    losses, val_losses = _means(course, weighted=True)
    right = list(zip(range(3), losses, val_losses, strict=True))
    told = [entry[1:] for entry in course.told]
    seen = [entry[0] for entry in course.told]
    if not told:
        wrong(
            "never_told",
            expected="`after_epoch(epoch, loss, val_loss)` after each epoch.",
            found="It was never called.",
            cause="The call is missing.",
        )
    if len(told) != 3:
        wrong(
            "told_once",
            expected="`after_epoch` is called 3 times, once an epoch.",
            found="Once." if len(told) == 1 else f"{len(told)} times.",
            cause="The call stands behind the loop over epochs, or inside "
            "that over batches.",
        )
    if _are_numbers(told) and [entry[0] for entry in told] == [1, 2, 3]:
        wrong(
            "counted_from_1",
            expected="Epochs 0, 1 and 2.",
            found="1, 2 and 3.",
            cause="The epoch is counted from 0, as `range` does.",
        )
    if not _are_numbers(told) or not close(told, right):
        wrong(
            "told_other",
            expected="`after_epoch(epoch, loss, val_loss)`, such as `(0, "
            f"{losses[0]:.4f}, {val_losses[0]:.4f})`.",
            found=_shown(told[0]),
            cause="Other arguments, another order, whole lists, or the three "
            "in one tuple.",
        )
    _check_when(seen)


def _check_when(seen: list[int]) -> None:
    """Look at how many batches had come when `after_epoch` was called."""
    n = len(TRAIN_SIZES + VAL_SIZES)
    if seen == [n, 2 * n, 3 * n]:
        return
    wrong(
        "told_late",
        expected="`after_epoch` is called at the end of each epoch, before "
        "the next begins.",
        found="It was called 3 times, all of them after the last epoch."
        if set(seen) == {3 * n}
        else "It was called at other times.",
        cause="The calls stand behind the loop over epochs. A checkpoint of "
        "every epoch could not be written that way.",
    )


def _are_numbers(told) -> bool:
    numbers = (int, float, np.number)
    return all(
        len(entry) == 3 and all(isinstance(value, numbers) for value in entry)
        for entry in told
    )


def _shown(entry) -> str:
    if _are_numbers([entry]):
        return f"`({', '.join(f'{value:.4g}' for value in entry)})`."
    kinds = ", ".join(map(kind, entry)) or "nothing"
    return f"In the brackets stood {kinds}."
