"""What several checkers of chapter 02 share."""

import itertools

import torch
from torch.utils.data import DataLoader

from helpers.practice.exercises import brief, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

CONTRACT = "chapter 02, the section *CustomDataset*"


INDICES = "chapter 02, the section *Three kinds of index*"


SHARED = "chapter 02, the section *What is shared, what is copied*"


def length_of(data) -> int:
    """Return the length of a data set, or say that it has none."""
    try:
        return len(data)
    except AttributeError as error:
        expect_kept(data, error)
        raise
    except TypeError as error:
        if error.__traceback__.tb_next is not None:  # inside `__len__`
            raise
        wrong(
            "no_length",
            expected="`len(data)` is the number of points.",
            found=f"{brief(str(error)).rstrip('.')}.",
            cause="`__len__(self)` is missing, is misspelt (two underscores on "
            "each side), takes something other than `self`, or returns "
            "something that is no whole number. Or it was not a data set that "
            "was returned.",
            look=CONTRACT,
        )


def expect_length(data, n: int) -> None:
    """Say what is wrong if a data set has another length, or none."""
    found = length_of(data)
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


def expect_item(item, shapes: tuple, shown: str = "`data[0]`") -> None:
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
            found=sentence(item),
            cause="Features and label stay apart: `return features, label`. "
            "The model gets the first, the loss the second.",
        )
    if not isinstance(item, tuple):
        wrong(
            "no_tuple",
            expected=asked,
            found=sentence(item),
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


def sentence(thing) -> str:
    """Say what kind of thing something is, as a sentence."""
    text = kind(thing)
    return f"{text[:1].upper()}{text[1:]}."


def check_contract(data, n: int, shapes: tuple) -> None:
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


def show(item) -> str:
    """Show an item in numbers, for a message."""
    parts = (
        ", ".join(f"{number:g}" for number in part.flatten().tolist())
        for part in item
    )
    return " and ".join(f"[{part}]" for part in parts)


def matches(item, features: list, label: list) -> bool:
    """Whether an item holds these numbers."""
    return (
        isinstance(item, tuple)
        and len(item) == 2
        and all(isinstance(part, torch.Tensor) for part in item)
        and close(item[0], features)
        and close(item[1], label)
    )


def expect_two(first, item_before, look: str = "") -> None:
    """Compare the first data set with itself, after a second was built."""
    again = ask(first, 0)
    if matches(again, item_before[0].tolist(), item_before[1].tolist()):
        return
    wrong(
        "shared",
        expected="A second data set leaves the first as it was.",
        found="After the second was built, item 0 of the first is another.",
        cause="What a data set keeps stands in the class or in a global name, "
        "one for all. `self.x = ...` in `__init__` gives each its own.",
        look=look,
    )


PAIR = ([1], [1])
