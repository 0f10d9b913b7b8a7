"""What the checkers of datasets share; their words are in ``common.toml``."""

import itertools

import torch
from torch.utils.data import DataLoader

from helpers.practice import Seen, Signs, agree, judge, wrong

PAIR = ([1], [1])  # the shapes of features and label, of a point on a line
ITEM = {
    "returns_nothing": lambda s: s.item is None,
    "one_tensor": lambda s: isinstance(s.item, torch.Tensor),
    "no_tuple.text": lambda s: isinstance(s.item, str),
    "no_tuple.generator": lambda s: hasattr(s.item, "__next__"),
    "no_tuple": lambda s: not isinstance(s.item, tuple),
    "wrong_number": lambda s: s.n != 2,
}
SHAPES = {
    "swapped": lambda s: s.found != s.shapes and s.found[::-1] == s.shapes,
    "features_shape.number": lambda s: [] == s.found[0] != s.shapes[0],
    "features_shape.deeper": lambda s: len(s.found[0]) > len(s.shapes[0]),
    "features_shape": lambda s: s.found[0] != s.shapes[0],
    "label_shape.number": lambda s: [] == s.found[1] != s.shapes[1],
    "label_shape.deeper": lambda s: len(s.found[1]) > len(s.shapes[1]),
    "label_shape": lambda s: s.found[1] != s.shapes[1],
}
LENGTH = {"wrong_length": lambda s: s.found != s.n}
LOOP = {
    "wrong_loop": lambda s: s.found < s.n,
    "wrong_loop.longer": lambda s: s.found > s.n,
}
NUMBERS = {
    "dtype": lambda s: s.part.dtype != torch.float32,
    "device": lambda s: s.part.device.type != "cpu",
}


def _is_inside(error: Exception) -> bool:
    """Whether the reader's method raised it, not Python in calling it."""
    trace = error.__traceback__
    return trace is not None and trace.tb_next is not None


def length_of(data) -> int:
    """Return the length of a dataset, or say that it has none."""
    try:
        return len(data)
    except AttributeError as error:
        expect_kept(data, error)
        raise
    except TypeError as error:
        if _is_inside(error):
            raise
        wrong("no_length", error=str(error))


def expect_length(data, n: int) -> None:
    """Judge the length of a dataset."""
    judge(LENGTH, Seen(n=n, found=length_of(data)))


def expect_kept(data, error: AttributeError) -> None:
    """Judge whether a method misses something that `__init__` never kept."""
    if error.obj is data:
        wrong("not_kept", name=error.name)


def item_of(data, index: int):
    """Return an item of a dataset, or say why there is none."""
    shown = f"data[{index}]"
    try:
        return data[index]
    except AttributeError as error:
        expect_kept(data, error)
        raise
    except NotImplementedError as error:
        if "__getitem__" not in str(error):  # torch has no such operation
            raise
        wrong("no_items.inherited", shown=shown)
    except IndexError as error:
        if index == 0:  # not the index, but a line of the reader's
            raise
        wrong("no_such_item", shown=shown, error=str(error) or "no message")
    except (TypeError, KeyError) as error:
        if _is_inside(error):
            raise
        name = type(error).__name__
        wrong("no_items", shown=shown, name=name, error=str(error))


def expect_item(
    item, shapes: tuple, shown: str = "data[0]", signs: Signs = ITEM
) -> None:
    """Judge the form of an item: two float32 tensors of these shapes.

    Args:
        item: what the dataset gave.
        shapes: of features and label, as lists.
        shown: how the item was taken, as a reader would write it.
        signs: what an item may be that is not a pair.
    """
    asked = {"shown": shown, "features": shapes[0], "label": shapes[1]}
    n = len(item) if isinstance(item, tuple) else None
    judge(signs, Seen(item=item, n=n), **asked)
    for name, part in zip(("features", "label"), item, strict=True):
        if not isinstance(part, torch.Tensor):
            wrong("no_tensor", name=name, part=part, **asked)
    one, two = found = tuple(list(part.shape) for part in item)
    judge(SHAPES, Seen(found=found, shapes=shapes, one=one, two=two), **asked)
    for name, part in zip(("features", "label"), item, strict=True):
        judge(NUMBERS, Seen(name=name, part=part))


def check_contract(data, n: int, shapes: tuple) -> None:
    """Look at what lists do, too: the end, a loop, and a loader."""
    for index in (n, n + 1, -n - 1):
        _expect_index_error(data, index, n)
    items = list(itertools.islice(iter(data), n + 3))
    judge(LOOP, Seen(n=n, found=len(items)))
    batch = next(iter(DataLoader(data, batch_size=n)))
    wanted = [[n, *shape] for shape in shapes]
    found = [list(getattr(part, "shape", [])) for part in batch]
    judge({"no_batch": lambda _: found != wanted}, wanted=wanted, found=found)


def _expect_index_error(data, index: int, n: int) -> None:
    seen = Seen(index=index, n=n, last=n - 1)
    try:
        data[index]
    except IndexError:
        return
    except Exception as error:
        wrong("no_index_error.other", seen, error=type(error).__name__)
    wrong("no_index_error", seen)


def matches(item, features: list, label: list) -> bool:
    """Whether an item holds these numbers."""
    if not isinstance(item, tuple) or len(item) != 2:
        return False
    are_tensors = all(isinstance(part, torch.Tensor) for part in item)
    return are_tensors and agree(item, (features, label))


def expect_two(first, item_before) -> None:
    """Compare the first dataset with itself, after a second was built."""
    if not matches(item_of(first, 0), *(p.tolist() for p in item_before)):
        wrong("shared")
