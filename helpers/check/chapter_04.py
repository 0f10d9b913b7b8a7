"""Checkers of chapter 04: the inner loop, its step function, the split."""

import math
import operator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from helpers.check.chapter_01 import cause_of_no_function
from helpers.practice.exercise import brief, call, code, exercise, kind
from helpers.practice.probe_loaders import (
    NotedStep,
    check_batches_are_moved,
    check_recording,
    check_step_is_used,
    make_loader,
    numbered_dataset,
    passes_of,
    same_batches,
)
from helpers.practice.probes import Bench, close, make_batches
from helpers.practice.verdict import wrong

STEP = "chapter 04, the section *The step function decides*"
LOOP = "chapter 04, the section *What does the inner loop need?*"
SPLIT = "chapter 04, the section *Let PyTorch do the split*"


def expect_step(step, shown: str) -> None:
    """Say what is wrong if a builder returned something that is no function.

    Args:
        step: what it returned.
        shown: the call of the builder, as a reader would write it.
    """
    if step is None:
        wrong(
            "builder_returns_nothing",
            expected=f"{code(shown)} returns a step function.",
            found="It returns `None`.",
            cause="The inner function is never handed out. The last line of "
            "the outer function should return it, by its name.",
        )
    if not callable(step):
        wrong(
            "called_too_soon",
            expected=f"{code(shown)} returns a step function.",
            # a number of it would have more digits than all machines agree on
            found="It returns a number."
            if isinstance(step, float)
            else f"It returns {kind(step)}.",
            cause=cause_of_no_function(step),
        )


def expect_float(value, shown: str, what: str) -> None:
    """Say what is wrong if something is no Python number.

    Args:
        value: what was returned.
        shown: the call that returned it, as a reader would write it.
        what: what the number should be, in words: "the loss".
    """
    expected = f"{code(shown)} returns {what} as a number, a Python float."
    if value is None:
        wrong(
            "returns_nothing",
            expected=expected,
            found="It returns `None`.",
            cause="The result is computed and not handed out: `return` is "
            "missing, or something is printed in its place.",
        )
    if isinstance(value, torch.Tensor):
        wrong(
            "returns_tensor",
            expected=expected,
            found=f"It returns {kind(value)}.",
            cause="`.item()` is missing, which makes a number of a tensor with "
            "a single value.",
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong(
            "no_number",
            expected=expected,
            found=f"It returns {kind(value)}.",
            cause=_cause_of_no_number(value),
        )


def _cause_of_no_number(value) -> str:
    if callable(value):
        return "The brackets behind `.item` are missing: `.item()`."
    if isinstance(value, np.generic):
        return (
            "NumPy has numbers of its own kind. `.item()` or `float(...)` "
            "makes a Python number of one."
        )
    return (
        "More than the number is returned, or in another form, such as a "
        "list, a tuple or an array. A pair comes from `max(dim=...)`, too."
    )


def which_value(value: float, diagnoses: dict, otherwise: str) -> tuple:
    """Find the mistake that leads to a number.

    Args:
        value: the wrong number.
        diagnoses: name -> (numbers, cause): what each mistake leads to.
        otherwise: the cause where none of them fits.

    Returns:
        the name of the diagnosis, "other_value" if none fits, and its cause.
    """
    for diagnosis, (values, cause) in diagnoses.items():
        if any(math.isclose(value, float(v), abs_tol=1e-4) for v in values):
            return diagnosis, cause
    return "other_value", otherwise


# ------------------------------------------------------------- largest error


@exercise(
    "04.1",
    "A step that finds the largest error",
    minutes=5,
    level="easy",
    look=STEP,
)
def largest_error(make_largest_error_fn):
    """Check ``make_largest_error_fn(model)``, which builds a step function.

    The step takes features [n, 2] and labels [n, 1], and returns the largest
    absolute error as a float.
    """
    make = "make_largest_error_fn(model)"
    bench = Bench()
    step = call(make_largest_error_fn, bench.model, shown=make)
    expect_step(step, make)
    if bench.diary.events:
        wrong(
            "runs_at_once",
            expected="Building the step does nothing yet.",
            found="The model was asked while the step was built.",
            cause="The prediction stands in the outer function. It belongs "
            "into the inner one, which gets the batch.",
        )
    for errors in (
        [1.0, 2.0, -1.25, 0.5, -3.25, -1.75],
        [2.0, -1.0, 0.25, 0.5],
        [-0.5, -0.25],
        [1.0, 0.25, -1.25],
        [0.75],
    ):
        _check_errors(bench, step, torch.tensor(errors).reshape(-1, 1))
    _check_two_steps(make_largest_error_fn)
    return "It only measures, so `mini_batch` with it changes nothing."


def _batch_with(bench: Bench, errors) -> tuple:
    """Draw a batch on which the model of a bench makes these errors, [n, 1]."""
    x = make_batches(1, n=len(errors))[0][0]  # [n, 2]
    with torch.no_grad():
        return x, bench.model.layer(x) - errors


def _check_errors(bench: Bench, step, errors) -> None:
    x, y = _batch_with(bench, errors)
    before = bench.parameters()
    for parameter in bench.model.parameters():  # as a training step leaves it
        parameter.grad = torch.ones_like(parameter)
    bench.diary.clear()
    value = call(step, x, y, shown="step_fn(x_batch, y_batch)")
    if "forward" not in bench.diary.events:
        wrong(
            "other_model",
            expected="The step predicts with the model that was given.",
            found="That model was never asked.",
            cause="The inner function uses another model, or none. Use the "
            "argument of the outer function.",
        )
    expect_float(value, "step_fn(x_batch, y_batch)", "the largest error")
    _check_nothing_learned(bench, before)
    same_features = torch.equal(bench.diary.inputs[0], x)
    _compare_error(value, errors, same_features)


def _check_nothing_learned(bench: Bench, before) -> None:
    grads = [p.grad for p in bench.model.parameters()]
    flags = [p.requires_grad for p in bench.model.parameters()]
    if not torch.is_grad_enabled() or not all(flags):
        wrong(
            "left_off",
            expected="After the call a training step can learn as before.",
            found="Recording is off, or the parameters no longer need "
            "gradients.",
            cause="Something was switched off and not on again.",
        )
    if not close(bench.parameters(), before):
        wrong(
            "updates",
            expected="The parameters are the same after the call.",
            found="They have moved.",
            cause="The step trains. Here nothing but the prediction and the "
            "labels are needed.",
        )
    if any(grad is None or not (grad == 1).all() for grad in grads):
        wrong(
            "changes_gradients",
            expected="The gradients in the parameters stay as they are.",
            found="They are others after the call.",
            cause="`backward` or `zero_grad` ran. Gradients belong to the "
            "training step. A step that only measures does not need them.",
        )


def _compare_error(value: float, errors, same_features: bool) -> None:
    size = errors.abs()
    right = size.max().item()
    if math.isclose(value, right, abs_tol=1e-4):
        return
    if not same_features:
        wrong(
            "other_features",
            expected="The model gets the features of the batch, as they are.",
            found="It got something else.",
            cause="The labels were given to the model, or the features were "
            "changed before.",
        )
    listed = ", ".join(f"{error:g}" for error in errors.ravel().tolist())
    expected = f"{right:g}, as the errors of this batch are {listed}."
    diagnoses = {
        "signed": (
            [errors.max(), -errors.min()],
            "The largest of the signed errors. An error of -3 is larger than "
            "one of 2: take the absolute values first, then the largest.",
        ),
        "mean": (
            [size.mean(), errors.mean().abs(), (errors**2).mean()],
            "A mean over the batch. Asked for is the worst single point.",
        ),
        "sum": ([size.sum()], "A sum over the batch, in place of `max`."),
        "squared": (
            [size.max() ** 2],
            "The errors are squared. Asked for is the absolute value, in the "
            "unit of the labels.",
        ),
        "smallest": (
            [size.min(), errors.min()],
            "`min` in place of `max`, or the signed error.",
        ),
        "position": (
            [size.argmax()],
            "`argmax` says where the largest value is, and so does the second "
            "result of `max(dim=0)`. `max()` says what it is.",
        ),
    }
    diagnoses["rounded"] = (
        [int(right), round(right, 1), round(right)],
        "The number was rounded. Return it as it is.",
    )
    diagnosis, cause = which_value(
        value,
        diagnoses,
        "Another formula, labels of another shape than the predictions (then "
        "every label meets every prediction), or a number that was kept from "
        "the batch before.",
    )
    wrong(diagnosis, expected=expected, found=f"{value:.4f}.", cause=cause)


def _check_two_steps(make) -> None:
    one, two = Bench(seed=1), Bench(seed=5)
    step, _other = make(one.model), make(two.model)
    errors = torch.tensor([[1.0], [-2.0]])
    value = step(*_batch_with(one, errors))
    if not two.diary.events and math.isclose(value, 2.0, abs_tol=1e-4):
        return
    wrong(
        "shared",
        expected="A step holds the model it was built with.",
        found="After a second step was built, the first asked the second's "
        "model.",
        cause="The model is kept in a global name. The argument of the outer "
        "function is enough.",
    )


# --------------------------------------------------------------- few batches

FEW = "few_batches(device, data_loader, step_fn, n_batches)"
LOSSES = [3.0, 1.0, 8.5, 2.0, 7.0, 4.5, 0.5]


@exercise("04.2", "Only a few batches", minutes=8, level="medium", look=LOOP)
def few_batches(function):
    """Check ``few_batches(device, data_loader, step_fn, n_batches)``.

    It runs the step function on the first batches only, draws no others, and
    returns the plain mean of their losses.
    """
    for n_rows, n_batches in ((12, 3), (12, 4), (12, 1), (12, 6), (12, 3)):
        _check_run(function, n_rows, n_batches)
    for n_rows, n_batches in ((5, 7), (6, 4)):  # the loader is shorter
        _check_run(function, n_rows, n_batches)
    check_batches_are_moved(
        lambda device, loader, step: function(device, loader, step, 2)
    )
    return "As many batches as needed, not one more, and their mean."


def _check_run(answer, n_rows: int, n_batches: int) -> None:
    loader, step = make_loader(n_rows, 2), NotedStep(LOSSES)
    try:
        mean = call(
            answer, torch.device("cpu"), loader, step, n_batches, shown=FEW
        )
    except (StopIteration, RuntimeError) as error:
        if n_batches <= len(loader) or "StopIteration" not in repr(error):
            raise
        wrong(
            "short_loader",
            expected=f"A loader of {len(loader)} batches, asked for "
            f"{n_batches}, gives the mean of its {len(loader)}.",
            found="A `StopIteration`: `next` was called after the last batch.",
            cause="The loader may be shorter than `n_batches`. A `for` loop "
            "over it ends by itself when there are no more batches.",
        )
    batches = list(make_loader(n_rows, 2))
    _check_seen(step.seen, batches, n_batches, loader)
    _check_drawn(loader, n_batches)
    check_recording(step)
    expect_float(mean, FEW, "the mean")
    n = min(n_batches, len(batches))
    sizes = [len(x_batch) for x_batch, _ in batches[:n]]
    _compare_mean(mean, n_batches, sizes)


def _check_seen(seen, batches, n_batches: int, loader) -> None:
    """Look at the batches that the step got."""
    n = min(n_batches, len(batches))
    if same_batches(seen, batches[:n]):
        return
    expected = (
        f"With `n_batches` = {n_batches} and a loader of {len(batches)} "
        f"batches, the step runs on the first {n}."
    )
    check_step_is_used(seen, batches, loader)
    ran = f"It ran {len(seen)} times" if len(seen) != 1 else "It ran once"
    if len(seen) > 1 and same_batches(seen, [batches[0]] * len(seen)):
        wrong(
            "first_batch_again",
            expected=expected,
            found=f"{ran}, each time on the first batch.",
            cause="`iter(data_loader)` begins a new pass, and in a loop it "
            "does so in each round. Call it once, before the loop, or let "
            "`for` do it.",
        )
    again = [batches[k % len(batches)] for k in range(len(seen))]
    if len(seen) > len(batches) and same_batches(seen, again):
        wrong(
            "begins_again",
            expected=expected,
            found=f"{ran}: after the last batch the first came again.",
            cause="A loop around the loop begins a new pass when the loader "
            "is through. At its end, return what there is.",
        )
    if not same_batches(seen, batches[: len(seen)]):
        wrong(
            "other_batches",
            expected=expected,
            found=f"{ran}, on other batches, in another order, or on batches "
            "that were changed.",
            cause="The first batches as the loader gives them are enough. "
            "Moving them to the device changes nothing else.",
        )
    _diagnose_count(len(seen), n, len(batches), expected, ran)


def _diagnose_count(found: int, n: int, n_all: int, expected, ran) -> None:
    if found == n_all:
        wrong(
            "whole_loader",
            expected=expected,
            found=f"{ran}, on all there are.",
            cause="Nothing ends the loop, or what should end it does not "
            "look at `n_batches`. `break` leaves a loop.",
        )
    if found == 1:
        wrong(
            "only_one",
            expected=expected,
            found=f"{ran}.",
            cause="`return` or `break` stands in the loop where it runs in "
            "the first round already. Is it indented too far?",
        )
    wrong(
        {1: "one_too_many", -1: "one_too_few"}.get(found - n, "other_number"),
        expected=expected,
        found=f"{ran}.",
        cause="The count is off. A counter that begins at 0, as that of "
        "`enumerate`, is `n_batches - 1` at the last batch.",
    )


def _check_drawn(loader, n_batches: int) -> None:
    n = min(n_batches, len(loader))
    if loader.drawn <= n:
        return
    expected = (
        f"The loader is asked for {n} batches, no more: making one may take "
        "long."
    )
    if loader.passes > 1:
        wrong(
            "two_passes",
            expected=expected,
            found=f"It was asked for {loader.drawn}, in {loader.passes} "
            "passes.",
            cause="Each `iter(data_loader)`, each `list(data_loader)` and each "
            "`for` begins a new pass. Look at a batch inside the one loop.",
        )
    if loader.drawn == n + 1:
        wrong(
            "draws_one_more",
            expected=expected,
            found="It was asked for one more, which nobody used.",
            cause="The loop ends only after it has taken another batch. Look "
            "at the count at the end of the round, not at the start of the "
            "next. (`zip` asks its arguments from left to right.)",
        )
    wrong(
        "draws_all",
        expected=expected,
        found=f"It was asked for {loader.drawn}.",
        cause="`list(data_loader)` takes every batch there is, and so does a "
        "loop that only skips what it does not use.",
    )


def _compare_mean(mean: float, n_batches: int, sizes: list[int]) -> None:
    n = len(sizes)
    losses = LOSSES[:n]
    right = sum(losses) / n
    if math.isclose(mean, right, abs_tol=1e-6):
        return
    n_rows = sum(sizes)
    pairs = list(zip(losses, sizes, strict=True))
    diagnoses = {
        "divides_by_n_batches": (
            [sum(losses) / n_batches] if n < n_batches else [],
            f"Only {n} batches came, and the sum was divided by {n_batches}. "
            "Divide by the number that came.",
        ),
        "last_loss": (
            [losses[-1]],
            "The loss of the last batch alone. The others are to be added.",
        ),
        "sum": ([sum(losses)], "The sum. It is still to be divided."),
        "weighted_mean": (
            [sum(loss * size for loss, size in pairs) / n_rows],
            "Each batch counts as often as it has points. For a loss over all "
            "points that is right (chapter 05). Here each batch counts once, "
            "as in `mini_batch`.",
        ),
        "divides_by_points": (
            [sum(losses) / n_rows],
            "The sum was divided by the number of points. Here it is the "
            "number of batches.",
        ),
    }
    shown = ", ".join(f"{loss:g}" for loss in losses)
    diagnosis, cause = which_value(
        mean,
        diagnoses,
        "The mean is the sum of the batch losses, divided by how many there "
        "were. Do both begin at 0, in each call?",
    )
    wrong(
        diagnosis,
        expected=f"Losses of {shown} have the mean {right:.4f}.",
        found=f"{mean:.4f}.",
        cause=cause,
    )


# --------------------------------------------------------------- two loaders

BATCH_SIZE, SEED = 16, 13


@exercise(
    "04.3",
    "Two loaders from any data set",
    minutes=8,
    level="medium",
    look=SPLIT,
)
def split_loaders(make_loaders):
    """Check ``make_loaders(dataset)``, which returns two loaders.

    80 % of the rows are for training and shuffled, the rest for validation
    and not; batches of 16; `random_split` under an own generator, seed 13.
    """
    check_loaders(make_loaders)
    check_any_dataset(make_loaders)
    return "A split that can be repeated, and only the training is shuffled."


def check_loaders(
    make_loaders,
    *,
    n_features: int = 1,
    batch_size: int = BATCH_SIZE,
    fraction: float = 0.8,
    seed: int | None = SEED,
    shown: str = "make_loaders(dataset)",
) -> None:
    """Look at a function that splits a data set and returns two loaders.

    Args:
        make_loaders: takes a data set, returns train_loader, val_loader.
        n_features: how many features the data sets to try it on have.
        batch_size: how many rows a batch should have.
        fraction: how much should be for training.
        seed: of the split by `random_split`; None if it may be any.
        shown: the call as a reader would write it.

    Raises:
        Wrong: see the cases below.
    """
    splits = {}
    for n_rows in (100, 50, 83):
        dataset = numbered_dataset(n_rows, n_features)
        loaders = _call_on(make_loaders, dataset, shown)
        parts = [_rows_of(loader, dataset) for loader in loaders]
        _check_parts(parts, loaders, n_rows, fraction)
        _check_sizes(loaders, batch_size)
        splits[n_rows] = [sorted(rows) for rows in parts]
        _check_random(splits[n_rows], n_rows)
        again = make_loaders(dataset)
        _check_same_split(splits[n_rows], [_rows_of(a) for a in again])
    for n_rows in (100, 50):
        _check_seed(splits[n_rows], n_rows, seed)
    _check_shuffling(*make_loaders(numbered_dataset(100, n_features)))


class _Rows(Dataset):
    """A data set with a length and items, and nothing else."""

    def __init__(self, n_rows: int):
        self._rows = numbered_dataset(n_rows, 1)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, index):
        try:
            return self._rows[operator.index(index)]
        except TypeError:
            raise TypeError("_Rows gives one row at a time") from None


def check_any_dataset(make_loaders) -> None:
    """Look whether a split also works for what is no `TensorDataset`."""
    try:
        parts = [_rows_of(loader) for loader in make_loaders(_Rows(40))]
    except (AttributeError, TypeError) as error:
        if "_Rows" not in str(error):
            raise
        wrong(
            "one_kind_only",
            expected="Any data set can be split: it has a length and items.",
            found=f"{brief(str(error))}.",
            cause="The function takes the data set apart, as if it were a "
            "`TensorDataset`. `random_split` asks for rows only.",
        )
    if sorted(parts[0] + parts[1]) != list(range(40)) or len(parts[0]) != 32:
        wrong(
            "other_data",
            expected="A data set of 40 rows gives 32 and 8 of them.",
            found=f"It gives {len(parts[0])} and {len(parts[1])}.",
            cause="The split depends on the kind of the data set.",
        )


def _call_on(make_loaders, dataset, shown: str):
    torch.manual_seed(2024)  # as on a page where something was drawn before
    before = torch.get_rng_state()
    n_rows = len(dataset)
    try:
        loaders = call(make_loaders, dataset, shown=shown)
    except ValueError as error:
        if "um of input lengths" not in str(error):
            raise
        wrong(
            "hard_coded" if n_rows == 50 else "lengths_do_not_add_up",
            expected=f"Two parts of a data set of {n_rows} rows.",
            found="`random_split` refuses: the lengths do not add up to "
            f"{n_rows}.",
            cause="Both lengths were rounded down, and a row was left over, or "
            "the fractions do not make 1 together. Give two fractions, or "
            "compute one length and subtract."
            if n_rows != 50
            else "The lengths are written down as numbers, and fit one data "
            "set only. Give fractions, or compute them from `len(dataset)`.",
        )
    is_same = torch.equal(torch.get_rng_state(), before)
    _expect_two_loaders(loaders, shown)
    if not is_same:
        wrong(
            "global_seed",
            expected="The call leaves torch's global random numbers alone.",
            found="It seeded them, or drew from them.",
            cause="`torch.manual_seed` sets the random numbers of the whole "
            "page, and a split without a generator draws from them. Give "
            "`random_split` a generator of its own: "
            "`torch.Generator().manual_seed(...)`.",
        )
    return loaders


def _expect_two_loaders(loaders, shown: str) -> None:
    expected = f"{code(shown)} returns two `DataLoader`s, in a tuple."
    if loaders is None:
        wrong(
            "returns_nothing",
            expected=expected,
            found="It returns `None`.",
            cause="`return train_loader, val_loader` is missing.",
        )
    if not isinstance(loaders, (tuple, list)) or len(loaders) != 2:
        n = f" of {len(loaders)}" if isinstance(loaders, (tuple, list)) else ""
        wrong(
            "no_pair",
            expected=expected,
            found=f"It returns {kind(loaders)}{n}.",
            cause="Return both, and nothing else: "
            "`return train_loader, val_loader`.",
        )
    for loader in loaders:
        if isinstance(loader, DataLoader):
            continue
        is_data = isinstance(loader, Dataset)
        wrong(
            "no_loaders",
            expected=expected,
            found=f"One of them is {kind(loader)}.",
            cause="The parts of the split were returned. Each still needs a "
            "`DataLoader` around it."
            if is_data
            else "`list` or `iter` around a loader makes something that is "
            "shuffled once, or gives its batches once. Return the loader.",
        )


def _rows_of(loader, dataset=None) -> list[int]:
    """Return the row numbers of one pass, in order; check the rows if asked."""
    batches = list(passes_of(loader))
    if dataset is not None:
        _check_contents(batches, dataset)
    return [int(n) for x_batch, _ in batches for n in x_batch[:, 0].tolist()]


def _check_contents(batches, dataset) -> None:
    features, labels = dataset.tensors
    for batch in batches:
        pair = isinstance(batch, (tuple, list)) and len(batch) == 2
        right = pair and all(isinstance(p, torch.Tensor) for p in batch)
        if right:
            x_batch, y_batch = batch
            right = x_batch.ndim == 2 and x_batch.shape[1] == features.shape[1]
        if right:
            numbers = x_batch[:, 0].long()
            right = numbers.min() >= 0 and numbers.max() < len(dataset)
        if not (
            right
            and torch.equal(x_batch, features[numbers])
            and torch.equal(y_batch, labels[numbers])
        ):
            wrong(
                "other_data",
                expected="The loaders give the rows of the data set that was "
                "passed, each with its own label, as they are.",
                found="They give something else.",
                cause="The function uses a data set of the page in place of "
                "its argument, or it changes what is in it.",
            )


def _check_parts(parts, loaders, n_rows: int, fraction: float) -> None:
    """Look at who got how many rows, and whether each row came once."""
    train, val = parts
    sizes = f"{len(train)} and {len(val)}"
    twice = sorted(set(train) & set(val))
    if twice:
        whole = len(twice) == n_rows
        wrong(
            "whole_data_twice" if whole else "overlap",
            expected="No row is in both parts.",
            found="Every row is in both."
            if whole
            else "Some rows are in both.",
            cause="The loaders were given `dataset`, not the parts."
            if whole
            else "The parts were drawn one by one, each from the whole. One "
            "call of `random_split` returns both.",
        )
    _check_nothing_dropped(parts, loaders, n_rows)
    wanted = fraction * n_rows
    if abs(len(train) - wanted) < 1:
        return
    expected = f"Of {n_rows} rows, {wanted:g} for training."
    if abs(len(val) - wanted) < 1:
        wrong(
            "order_swapped",
            expected=f"{expected} The training loader comes first.",
            found=f"{sizes}: the larger part came second.",
            cause="The two loaders were returned in the other order, or the "
            "parts of `random_split` got each other's names.",
        )
    if len(train) - wanted == 1 and float(wanted).is_integer():
        wrong(
            "fraction_off",
            expected=expected,
            found=f"{sizes}.",
            cause="`1 - 0.8` is a hair less than 0.2, as computers have no "
            "exact 0.8. `random_split` rounds down what belongs to it, and a "
            "row goes to the other part. Write `0.2`, or give whole numbers.",
        )
    wrong(
        "sizes",
        expected=expected,
        found=f"{sizes}.",
        cause="The lengths or fractions are others, or they were written down "
        "for one data set only.",
    )


def _check_nothing_dropped(parts, loaders, n_rows: int) -> None:
    rows = [row for part in parts for row in part]
    if sorted(rows) == list(range(n_rows)):
        return
    for part, loader, name in zip(
        parts, loaders, ("training", "validation"), strict=True
    ):
        if len(part) < len(loader.dataset):
            wrong(
                "drop_last",
                expected="In each pass every row of a part comes once.",
                found=f"The {name} loader gives {len(part)} of its "
                f"{len(loader.dataset)} rows.",
                cause="`drop_last=True` leaves out the last batch where it is "
                "not full.",
            )
    wrong(
        "rows_missing",
        expected=f"Together the loaders give all {n_rows} rows, each once.",
        found=f"They give {len(rows)}, {len(set(rows))} of them different.",
        cause="A part was cut, or a row was drawn more than once. One call of "
        "`random_split` deals out every row once.",
    )


def _check_sizes(loaders, batch_size: int) -> None:
    for loader, name in zip(loaders, ("training", "validation"), strict=True):
        sizes = [len(x_batch) for x_batch, _ in loader]
        n = sum(sizes)
        whole, rest = divmod(n, batch_size)
        if sizes == [batch_size] * whole + [rest] * bool(rest):
            continue
        wrong(
            "batch_size",
            expected=f"Batches of {batch_size}, the last one smaller where "
            f"{n} rows do not fill it.",
            found=f"The {name} loader gives batches of {_listed(sizes)}.",
            cause=f"`batch_size={batch_size}` is missing in one of the two "
            "loaders, or is another number.",
        )


def _listed(sizes: list[int]) -> str:
    more = ", ..." if len(sizes) > 6 else ""
    return ", ".join(map(str, sizes[:6])) + more


def _check_random(parts, n_rows: int) -> None:
    train, val = parts
    n_train, n_val = len(train), len(val)
    rows = list(range(n_rows))
    if train in (rows[:n_train], rows[n_val:]):
        wrong(
            "not_random",
            expected="The validation rows are drawn at random.",
            found=f"They are rows {val[0]} to {val[-1]}, one after another.",
            cause="The data set was cut, not split at random. Where its rows "
            "are in some order, such a part is not like the rest. Use "
            "`random_split`.",
        )


def _check_same_split(before, again) -> None:
    if before == [sorted(rows) for rows in again]:
        return
    wrong(
        "unseeded",
        expected="The same call again gives the same split.",
        found="The second call put other rows into validation.",
        cause="The split has no seed, or its generator was made outside of "
        "the function, where it goes on from where it stopped. Make and seed "
        "it inside.",
    )


def _check_seed(parts, n_rows: int, seed: int | None) -> None:
    if seed is None:
        return
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(n_rows, generator=generator).tolist()
    if parts[0] == sorted(order[: len(parts[0])]):
        return
    wrong(
        "other_seed",
        expected=f"The split that `random_split` makes with the seed {seed}, "
        "training part first.",
        found="Another one, the same in each call.",
        cause="The seed is another number, the generator was used for "
        "something else before the split, or the smaller part was asked for "
        "first.",
    )


def _check_shuffling(train_loader, val_loader) -> None:
    first, second, third = (_rows_of(train_loader) for _ in range(3))
    batches = [sorted(rows[:10]) for rows in (first, second, third)]
    if first == second or second == third or batches[0] == batches[1]:
        wrong(
            "train_not_shuffled",
            expected="The training loader gives its rows in a new order in "
            "each pass.",
            found="Two passes gave the same order.",
            cause="`shuffle=True` is missing. That the split was random does "
            "not help: it is drawn once, the order in each epoch.",
        )
    if _rows_of(val_loader) != _rows_of(val_loader):
        wrong(
            "val_shuffled",
            expected="The validation loader gives its rows in one order.",
            found="Two passes gave two orders.",
            cause="`shuffle=True` stands in both loaders. Nothing is updated "
            "in validation, so the order is of no use there.",
        )
