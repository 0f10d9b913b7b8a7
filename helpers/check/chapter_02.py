"""Checkers of chapter 02: data sets."""

import itertools
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from helpers.practice.exercise import brief, call, exercise, kind
from helpers.practice.probes import close
from helpers.practice.verdict import wrong

CONTRACT = "chapter 02, the section *CustomDataset*"
INDICES = "chapter 02, the section *Three kinds of index*"
SHARED = "chapter 02, the section *What is shared, what is copied*"
ON_DEMAND = "chapter 02, the section *Reading on demand*"


# ------------------------------------------- what holds for every data set


def _expect_length(data, n: int) -> None:
    try:
        found = len(data)
    except AttributeError as error:
        expect_kept(data, error)
        raise
    except TypeError as error:
        if error.__traceback__.tb_next is not None:  # inside `__len__`
            raise
        wrong(
            "no_length",
            expected=f"`len(data)` is {n}.",
            found=f"{brief(str(error)).rstrip('.')}.",
            cause="`__len__(self)` is missing, is misspelt (two underscores on "
            "each side), takes something other than `self`, or returns "
            "something that is no whole number. Or it was not a data set that "
            "was returned.",
            look=CONTRACT,
        )
    if found != n:
        wrong(
            "wrong_length",
            expected=f"`len(data)` is {n}, as there are {n} points.",
            found=f"It is {found}.",
            cause="The length should be the number of points: that of the "
            "first dimension of the tensors, or of the whole list that was "
            "given.",
            look=CONTRACT,
        )


def expect_kept(data, error: AttributeError) -> None:
    """Say so if a method looked for something that `__init__` did not keep."""
    if error.obj is data:
        wrong(
            "not_kept",
            expected="`__init__` keeps what the other methods need.",
            found=f"The data set has no `{error.name}`.",
            cause=f"`self.{error.name} = ...` in `__init__` keeps it. Without "
            "`self.` the name is gone when `__init__` ends. Or it is spelt in "
            "two ways.",
            look=CONTRACT,
        )


def ask(data, index: int):
    """Return an item, or say that square brackets do not work.

    Args:
        data: a data set of the reader.
        index: of the item.

    Raises:
        Wrong: there is none, or no way to ask for it.
    """
    shown = f"`data[{index}]`"
    try:
        return data[index]
    except AttributeError as error:
        expect_kept(data, error)
        raise
    except NotImplementedError as error:
        if "__getitem__" not in str(error):  # torch has no such operation
            raise
        reason = "The class has no `__getitem__` of its own"
    except IndexError as error:
        if index == 0:  # not the index, but a line of the reader's
            raise
        wrong(
            "no_such_item",
            expected=f"{shown} gives an item: there is such a point.",
            found=f"`IndexError`: {brief(str(error)).rstrip('.')}.",
            cause="The index goes into the tensor or list of points, once. "
            "From 0 to N - 1 it counts from the front, from -1 to -N from the "
            "end. Is it taken twice, shifted, or is a negative one refused?",
            look=INDICES,
        )
    except (TypeError, KeyError) as error:
        if error.__traceback__.tb_next is not None:  # inside `__getitem__`
            raise
        reason = f"`{type(error).__name__}`: {brief(str(error)).rstrip('.')}"
    wrong(
        "no_items",
        expected=f"{shown} gives an item.",
        found=f"{reason}.",
        cause="`__getitem__(self, index)` is missing or misspelt (two "
        "underscores on each side), takes other arguments, or what was "
        "returned is no data set.",
        look=CONTRACT,
    )


def _expect_item(item, shapes: tuple, shown: str = "`data[0]`") -> None:
    """Look at the form of an item: a tuple of two float32 tensors."""
    asked = (
        f"{shown} gives a tuple of two tensors, features of shape "
        f"{shapes[0]} and label of shape {shapes[1]}."
    )
    if item is None:
        wrong(
            "returns_nothing",
            expected=asked,
            found="`None`.",
            cause="`return` is missing at the end of `__getitem__`.",
        )
    if isinstance(item, torch.Tensor):
        wrong(
            "one_tensor",
            expected=asked,
            found=_sentence(item),
            cause="Features and label stay apart: `return features, label`. "
            "The model gets the first, the loss the second.",
        )
    if not isinstance(item, tuple):
        wrong(
            "no_tuple",
            expected=asked,
            found=_sentence(item),
            cause="Text first has to be cut in two, and turned into numbers."
            if isinstance(item, str)
            else "`yield` makes a generator. `return features, label`, without "
            "further brackets, returns a tuple."
            if hasattr(item, "__next__")
            else "`return features, label`, without further brackets, "
            "returns a tuple.",
        )
    if len(item) != 2:
        wrong(
            "wrong_number",
            expected=asked,
            found=f"A tuple of {len(item)}.",
            cause="One tensor holds all features of the point, one its label.",
        )
    for name, part in zip(("features", "label"), item, strict=True):
        if not isinstance(part, torch.Tensor):
            wrong(
                "no_tensor",
                expected=asked,
                found=f"As {name}, {kind(part)}.",
                cause="A loader stacks tensors to a batch. "
                "`torch.tensor([...])` makes one of numbers.",
            )
    _expect_shapes(item, shapes, asked)
    for name, part in zip(("Features", "Label"), item, strict=True):
        if part.dtype != torch.float32:
            wrong(
                "dtype",
                expected="32-bit numbers, `torch.float32`, as the model has.",
                found=f"{name} of `{part.dtype}`.",
                cause="NumPy computes in 64 bits, and a tensor made from an "
                "array, or from whole numbers, keeps their kind. Say "
                "`dtype=torch.float32`.",
                look=SHARED,
            )
        if part.device.type != "cpu":
            wrong(
                "device",
                expected="Items on the CPU.",
                found=f"{name} on `{part.device.type}`.",
                cause="The data stay on the CPU. The training moves the batch "
                "it needs.",
            )


def _expect_shapes(item, shapes: tuple, asked: str) -> None:
    found = tuple(list(part.shape) for part in item)
    if found != shapes and found[::-1] == shapes:
        wrong(
            "swapped",
            expected=asked,
            found="The label first, then the features.",
            cause="The order is `(features, label)`, everywhere.",
        )
    if found[0] != shapes[0]:
        wrong(
            "features_shape",
            expected=asked,
            found=f"Features of shape {found[0]}.",
            cause=_cause_of_shape(found[0], shapes[0]),
        )
    if found[1] != shapes[1]:
        wrong(
            "label_shape",
            expected=asked,
            found=f"Label of shape {found[1]}.",
            cause=_cause_of_shape(found[1], shapes[1]),
        )


def _cause_of_shape(found: list[int], asked: list[int]) -> str:
    if not found:
        return (
            "A shape of [] is a single number without a dimension. Of a "
            "tensor [N, 1], `x[index]` is a row of shape [1]; of a flattened "
            "or squeezed one it is a number. To make a tensor of shape [1] of "
            "a number, put it into square brackets: `torch.tensor([number])`."
        )
    if len(found) > len(asked):
        return (
            "There is a dimension too many. `torch.stack` adds one where "
            "`torch.cat` joins; a slice, a list as index, or square brackets "
            "too many add one, too. Or the index was not used."
        )
    return (
        "The features of one point lie side by side in one tensor. Is one "
        "missing, or one too many? (A slice such as `x[-1:0]` is empty.)"
    )


def _sentence(thing) -> str:
    text = kind(thing)
    return f"{text[:1].upper()}{text[1:]}."


def _check_contract(data, n: int, shapes: tuple) -> None:
    """Look at what lists do, too: the end, a loop, and a loader."""
    for index in (n, n + 1, -n - 1):
        _expect_index_error(data, index, n)
    items = list(itertools.islice(iter(data), n + 3))
    if len(items) != n:
        number = f"more than {n}" if len(items) > n else f"{len(items)}"
        wrong(
            "wrong_loop",
            expected=f"A `for` loop over the data set gets {n} items.",
            found=f"It gets {number}.",
            cause="`__iter__` is not needed: with `__getitem__` alone, Python "
            "asks for 0, 1, 2 and so on, until there is an `IndexError`.",
        )
    batch = next(iter(DataLoader(data, batch_size=n)))
    wanted = [[n, *shape] for shape in shapes]
    found = [list(getattr(part, "shape", [])) for part in batch]
    if found != wanted:
        wrong(
            "no_batch",
            expected="PyTorch's loader stacks the items to a batch of shapes "
            f"{wanted[0]} and {wanted[1]}.",
            found=f"Shapes {brief(found)}.",
            cause="A loader asks for the items one by one. Does the data set "
            "answer to something else as well, such as `__getitems__`?",
        )


def _expect_index_error(data, index: int, n: int) -> None:
    try:
        data[index]
    except IndexError:
        return
    except Exception as error:
        found = f"It raises `{type(error).__name__}`."
    else:
        found = "It gives an item."
    wrong(
        "no_index_error",
        expected=f"`data[{index}]` raises an `IndexError`: {n} points have "
        f"the numbers 0 to {n - 1}, or -1 to -{n} from the end.",
        found=found,
        cause="Loops end by that error. Tensors and lists raise it by "
        "themselves, if the index reaches them as it is: no `%`, no `min`, no "
        "slice, no `try` around it.",
        look=INDICES,
    )


def _show(item) -> str:
    """Show an item in numbers, for a message."""
    parts = (
        ", ".join(f"{number:g}" for number in part.flatten().tolist())
        for part in item
    )
    return " and ".join(f"[{part}]" for part in parts)


def _matches(item, features: list, label: list) -> bool:
    """Whether an item holds these numbers."""
    return (
        isinstance(item, tuple)
        and len(item) == 2
        and all(isinstance(part, torch.Tensor) for part in item)
        and close(item[0], features)
        and close(item[1], label)
    )


def _expect_two(first, item_before, look: str = "") -> None:
    """Compare the first data set with itself, after a second was built."""
    again = ask(first, 0)
    if _matches(again, item_before[0].tolist(), item_before[1].tolist()):
        return
    wrong(
        "shared",
        expected="A second data set leaves the first as it was.",
        found="After the second was built, item 0 of the first is another.",
        cause="What a data set keeps stands in the class or in a global name, "
        "one for all. `self.x = ...` in `__init__` gives each its own.",
        look=look,
    )


# --------------------------------------------------------- features made late

X = [3.0, -4.0, 0.5, -1.5, 10.0]
Y = [71.0, 72.0, 73.0, 74.0, 75.0]
POLYNOMIAL = ([2], [1])


@exercise(
    "02.1",
    "Features made on request",
    minutes=6,
    level="easy",
    look=CONTRACT,
)
def polynomial(PolynomialDataset):
    """Check ``PolynomialDataset(x_tensor, y_tensor)``.

    Item i is ([x_i, x_i ** 2], [y_i]), computed when it is asked for.
    """
    x, y = _columns(X, Y)
    data = call(
        PolynomialDataset, x, y, shown="PolynomialDataset(x_tensor, y_tensor)"
    )
    _expect_unchanged(x, y, "While the data set was built")
    _expect_length(data, len(X))
    first = ask(data, 0)
    _expect_unchanged(x, y, "When item 0 was asked for")
    _expect_item(first, POLYNOMIAL)
    for index in (*range(len(X)), -len(X), -1, -2):
        _compare_polynomial(ask(data, index), index)
    if not _matches(first, [3.0, 9.0], [71.0]):
        wrong(
            "same_memory",
            expected="Item 0 stays as it is when others are asked for.",
            found="It changed.",
            cause="All items write into one and the same tensor. Make a new "
            "one in each call of `__getitem__`.",
            look=SHARED,
        )
    _check_contract(data, len(X), POLYNOMIAL)
    _expect_unchanged(x, y, "When items were asked for")
    _check_on_request(data, x, y)
    one = PolynomialDataset(*_columns(X, Y))
    before = ask(one, 0)
    other = PolynomialDataset(*_columns([7.0, 8.0], [1.0, 2.0]))
    _expect_two(one, before)
    _expect_length(other, 2)
    if not _matches(ask(other, 1), [8.0, 64.0], [2.0]):
        _wrong_values(ask(other, 1), "`data[1]`", 8.0, 2.0)
    return (
        "Each square is made when its point is asked for, and nothing but the "
        "two tensors is kept."
    )


def _columns(x: list, y: list):
    return torch.tensor(x).reshape(-1, 1), torch.tensor(y).reshape(-1, 1)


def _expect_unchanged(x, y, when: str) -> None:
    if close(x, _columns(X, Y)[0]) and close(y, _columns(X, Y)[1]):
        return
    wrong(
        "in_place",
        expected="The tensors that the data set was built from stay as they "
        "are.",
        found=f"{when}, numbers in them changed.",
        cause="`x[index]` is no copy: it looks into the tensor. `**=`, `*=`, "
        "`pow_` and the like write through it into the data. `x ** 2` makes a "
        "new tensor.",
        look=SHARED,
    )


def _compare_polynomial(item, index: int) -> None:
    x, y = X[index], Y[index]
    if _matches(item, [x, x**2], [y]):
        return
    shown = f"`data[{index}]`"
    _expect_item(item, POLYNOMIAL, shown)
    features, label = (part.tolist() for part in item)
    asked = f"{shown} gives [{x:g}, {x**2:g}] and [{y:g}]."
    if close(features, [x**2, x]):
        wrong(
            "columns_swapped",
            expected=asked,
            found=f"{_show(item)}: the square comes first.",
            cause="First the feature itself, then its square.",
        )
    if close(features, [y, y**2]) or close(label, [x]):
        wrong(
            "mixed_up",
            expected=asked,
            found=f"{_show(item)}.",
            cause="Features and label changed places: the features are made "
            "of `x_tensor`, the label is that of `y_tensor`.",
        )
    if close(features, [x, 2 * x]):
        wrong(
            "doubled",
            expected=asked,
            found=f"{_show(item)}: the double, not the square.",
            cause="`x ** 2` is the square, `x * 2` the double.",
        )
    if features[0] in X and label[0] in Y and features[0] != x:
        wrong(
            "other_point",
            expected=asked,
            found=f"{_show(item)}: these are numbers of another point.",
            cause="The index was shifted, turned round or replaced on its way "
            "to the tensors. Pass it on as it comes, negative ones too.",
            look=INDICES,
        )
    _wrong_values(item, shown, x, y)


def _wrong_values(item, shown: str, x: float, y: float) -> None:
    _expect_item(item, POLYNOMIAL, shown)
    wrong(
        "other_values",
        expected=f"{shown} gives [{x:g}, {x**2:g}] and [{y:g}].",
        found=f"{_show(item)}.",
        cause="The features are the point's `x` and `x ** 2`, the label is its "
        "`y`, as it is.",
    )


def _check_on_request(data, x, y) -> None:
    """Change the tensors; the items have to follow."""
    x[1], y[1] = 6.0, 60.0
    item = ask(data, 1)
    if _matches(item, [6.0, 36.0], [60.0]):
        return
    _expect_item(item, POLYNOMIAL, "`data[1]`")
    wrong(
        "in_advance",
        expected="After row 1 of the tensors was changed to 6 and 60, "
        "`data[1]` gives [6, 36] and [60].",
        found=f"{_show(item)}.",
        cause="The features, or a copy of the tensors, were made before they "
        "were asked for, and kept. `__init__` only keeps the tensors it is "
        "given; `__getitem__` computes.",
    )


# ----------------------------------------------------- arrays, and their copy

PAIR = ([1], [1])
KINDS = (np.float64, np.float32, np.int64)


@exercise(
    "02.2",
    "A copy of its own",
    minutes=6,
    level="medium",
    look=SHARED,
)
def own_copy(make_dataset):
    """Check ``make_dataset(x, y)``: arrays [N, 1] to a data set of float32.

    What happens to the arrays later must not reach the data set.
    """
    for dtype in KINDS:
        _check_copy(make_dataset, dtype)
    _check_lengths(make_dataset)
    x, y = _arrays(np.float64)
    first = make_dataset(x, y)
    before = ask(first, 0)
    second = make_dataset(x[:2] + 100, y[:2] + 100)
    _expect_two(first, before)
    _expect_length(second, 2)
    _compare_copy(ask(second, 1), 102.0, 172.0, "`data[1]`")
    return (
        "Whatever kind of number the arrays hold, the data set has its own. "
        "`dtype=` alone copies only where it has to convert."
    )


def _arrays(dtype) -> tuple[np.ndarray, np.ndarray]:
    x = np.array([[1], [2], [3], [4], [5]], dtype=dtype)
    return x, x + np.array(70, dtype=dtype)


def _check_copy(make_dataset, dtype) -> None:
    """Build from arrays of one kind, change the arrays, and compare."""
    x, y = _arrays(dtype)
    data = call(make_dataset, x, y, shown="make_dataset(x, y)")
    _expect_dataset(data)
    _expect_length(data, 5)
    _expect_item(ask(data, 0), PAIR)
    for index in (*range(5), -1, -5):
        number = float(index % 5 + 1)
        shown = f"`data[{index}]`"
        _compare_copy(ask(data, index), number, number + 70, shown)
    _check_contract(data, 5, PAIR)
    before = _arrays(dtype)
    if not (np.array_equal(x, before[0]) and np.array_equal(y, before[1])):
        wrong(
            "in_place",
            expected="The arrays stay as they are.",
            found="Numbers in them changed.",
            cause="Something wrote into the arrays, or into a tensor that "
            "shares their memory.",
        )
    x[1], y[2] = 99, 98
    name = np.dtype(dtype).name
    for index, what in ((1, "features"), (2, "label")):
        if _matches(ask(data, index), [index + 1.0], [index + 71.0]):
            continue
        wrong(
            "shares_memory",
            expected="An array that is changed later does not reach the data "
            "set.",
            found=f"With arrays of `{name}`, the {what} of item {index} "
            "changed with the array.",
            cause="`from_numpy` shares the memory of the array. `as_tensor`, "
            "`torch.Tensor` and `.float()` do so too when there is nothing to "
            "convert, as with 32-bit floats. `torch.tensor(array, dtype=...)` "
            "always copies, and so does `.clone()`.",
        )


def _expect_dataset(data) -> None:
    if data is None:
        wrong(
            "builder_returns_nothing",
            expected="`make_dataset(x, y)` returns a data set.",
            found="It returns `None`.",
            cause="`return` is missing at the end.",
        )
    both = (torch.Tensor, np.ndarray)
    if isinstance(data, both):
        wrong(
            "one_tensor",
            expected="`make_dataset(x, y)` returns a data set, whose items "
            "are tuples of features and label.",
            found=_sentence(data),
            cause="Two tensors are needed, and something that gives a row of "
            "both by number: `TensorDataset`, or a class of your own.",
            look="chapter 02, the section *TensorDataset*",
        )
    if (
        isinstance(data, (tuple, list))
        and len(data) == 2
        and all(isinstance(part, both) and len(part) == 5 for part in data)
    ):
        wrong(
            "two_columns",
            expected="`data[1]` is point number 1.",
            found="Two columns: `data[1]` is all labels.",
            cause="Two tensors are not a data set yet. `TensorDataset`, or a "
            "class of your own, gives a row of both by number.",
            look="chapter 02, the section *TensorDataset*",
        )


def _compare_copy(item, x: float, y: float, shown: str) -> None:
    if _matches(item, [x], [y]):
        return
    _expect_item(item, PAIR, shown)
    asked = f"{shown} gives [{x:g}] and [{y:g}]."
    if _matches(item, [y], [x]):
        wrong(
            "swapped",
            expected=asked,
            found=f"{_show(item)}: the label first, then the features.",
            cause="The order is `(features, label)`, everywhere.",
        )
    wrong(
        "other_values",
        expected=asked,
        found=f"{_show(item)}.",
        cause="The numbers should come out as they went in, and in the same "
        "order.",
    )


def _check_lengths(make_dataset) -> None:
    x, y = _arrays(np.float64)
    for n_features, n_labels in ((5, 4), (3, 5)):
        try:
            make_dataset(x[:n_features], y[:n_labels])
        except Exception:  # whichever: it refused
            continue
        wrong(
            "lengths_unchecked",
            expected=f"{n_features} features and {n_labels} labels are refused "
            "with an error.",
            found="No error was raised.",
            cause="Each point needs one of both. `TensorDataset` compares the "
            "lengths; a class of your own has to, and `raise ValueError(...)` "
            "refuses. (To print or to return something lets the caller go "
            "on.) Without that, a loop ends early and nobody notices.",
            look="chapter 02, the section *A label short*",
        )


# ------------------------------------------------------------ a file a point

POINTS = ((0.25, 31.5), (-3.0, 12.0), (40.0, -7.25), (8.5, 0.125))
NAMES = ("point_c.txt", "point_d.txt", "point_a.txt", "point_b.txt")


@exercise(
    "02.3",
    "A file for each point",
    minutes=10,
    level="medium",
    look=ON_DEMAND,
)
def files(FileDataset):
    """Check ``FileDataset(paths)``, which reads a file when it is asked to."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = [Path(folder) / name for name in NAMES]
        for path, point in zip(paths[:3], POINTS, strict=False):
            _write(path, *point)
        data = _build_before_files(FileDataset, paths)
        _expect_length(data, 4)
        _write(paths[3], *POINTS[3])
        _expect_item(_read(data, 0), PAIR)
        _check_late(data, paths)
        for index in (*range(4), -1, -4):
            _compare_file(_read(data, index), index)
        _check_contract(data, 4, PAIR)
        _check_one_file(data, paths)
        _check_two(FileDataset, paths)
    return "It keeps four paths, and reads a file when its point is wanted."


def _write(path: Path, x: float, y: float) -> None:
    """Write a point into a new file, which takes the place of the old."""
    new = path.with_suffix(".new")
    new.write_text(f"{x},{y}\n", encoding="utf-8")
    try:
        os.replace(new, path)
    except PermissionError:  # Windows, where an open file cannot be replaced
        wrong(
            "kept_open",
            expected="A file is open only while it is read.",
            found="It was still open afterwards.",
            cause="`with open(path) as file:` closes the file at the end.",
        )


def _build_before_files(FileDataset, paths: list[Path]):
    try:
        return call(FileDataset, list(paths), shown="FileDataset(paths)")
    except OSError as error:
        wrong(
            "reads_at_once",
            expected="Building the data set opens no file: the last one was "
            "not written yet.",
            found=f"`{type(error).__name__}`, while it was built.",
            cause="`__init__` looks at the files. It should only keep the "
            "paths; `__getitem__` opens the one file it needs.",
        )


def _read(data, index: int):
    try:
        return ask(data, index)
    except OSError as error:  # its message names a path, which varies
        wrong(
            "cannot_read",
            expected=f"`data[{index}]` reads its file.",
            found=f"`{type(error).__name__}`: the file could not be opened.",
            cause="`paths[index]` is the whole path. Open it as it is, "
            "without adding a folder or an ending.",
        )


def _check_late(data, paths: list[Path]) -> None:
    """Change a file before it is asked for, and once more afterwards."""
    _write(paths[1], 17.0, 18.0)
    if _matches(_read(data, 1), [-3.0], [12.0]):
        wrong(
            "reads_too_early",
            expected="The file of item 1 was changed before it was asked for: "
            "[17] and [18].",
            found="[-3] and [12], what stood there when the data set was "
            "built.",
            cause="The numbers were read in `__init__`, or with another item, "
            "and kept. Only the paths should be.",
        )
    _write(paths[1], *POINTS[1])
    if _matches(_read(data, 1), [17.0], [18.0]):
        wrong(
            "keeps_what_it_read",
            expected="A file that was changed is read anew: [-3] and [12].",
            found="[17] and [18], what it held the first time.",
            cause="What was read, or the open file, is kept for the next "
            "time. In this way the memory fills with all points, one by one.",
        )


def _compare_file(item, index: int) -> None:
    x, y = POINTS[index]
    if _matches(item, [x], [y]):
        return
    shown = f"`data[{index}]`"
    _expect_item(item, PAIR, shown)
    asked = f"{shown} gives [{x:g}] and [{y:g}], the numbers of its file."
    if _matches(item, [y], [x]):
        wrong(
            "swapped",
            expected=asked,
            found=f"{_show(item)}: the label first.",
            cause="The feature stands before the comma, the label behind it.",
        )
    values = tuple(part.item() for part in item)
    if values in POINTS:
        wrong(
            "other_file",
            expected=asked,
            found=f"{_show(item)}, the numbers of another file.",
            cause="The paths were sorted or turned round, or the index was "
            "shifted. Item `index` lies in `paths[index]`.",
        )
    if values == (int(x), int(y)):
        wrong(
            "cut_off",
            expected=asked,
            found=f"{_show(item)}, without the decimals.",
            cause="`int` cuts them off. `float` reads them.",
        )
    wrong(
        "other_values",
        expected=asked,
        found=f"{_show(item)}.",
        cause="The file holds two numbers with a comma between them: "
        "`text.split(',')` gives both, `float` makes numbers of them. They "
        "are to be used as they are, not rounded.",
    )


def _check_one_file(data, paths: list[Path]) -> None:
    """Damage another file; item 0 must not mind."""
    paths[3].write_text("damaged", encoding="utf-8")
    paths[2].unlink()
    try:
        item = data[0]
    except Exception as error:
        wrong(
            "reads_all_each_time",
            expected="`data[0]` opens one file. Here others were damaged or "
            "removed.",
            found=f"`{type(error).__name__}`.",
            cause="All files are read to give one item. Take `paths[index]` "
            "first, then read.",
        )
    _compare_file(item, 0)
    _write(paths[2], *POINTS[2])
    _write(paths[3], *POINTS[3])


def _check_two(FileDataset, paths: list[Path]) -> None:
    one = FileDataset(list(paths))
    before = _read(one, 0)
    other = FileDataset(list(paths[1:3]))
    _expect_two(one, before)
    _expect_length(one, 4)
    _expect_length(other, 2)
    _compare_file(_read(other, 0), 1)
