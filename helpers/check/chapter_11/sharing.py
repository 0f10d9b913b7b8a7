"""Exercise 11.2: one memory or two."""

import numpy as np
import torch

from helpers.practice import Seen, call, exercise, judge, judge_value

KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_bool.tensor": lambda s: isinstance(s.result, torch.Tensor),
    "no_bool.method": lambda s: callable(s.result),
    "no_bool.address": lambda s: (
        type(s.result) is int and s.result not in (0, 1)
    ),
    "no_bool.numpy": lambda s: isinstance(s.result, np.bool_),
    "no_bool": lambda s: not isinstance(s.result, bool),
}
KEPT = {
    "changes_tensors": lambda s: any(map(_differs, (s.a, s.b), s.before)),
    "changes_shape": lambda s: (
        [*map(_form, (s.a, s.b))] != [*map(_form, s.before)]
    ),
}
# what an answer says that looks at something else
RULES = {
    "never": lambda a, b: False,
    "always": lambda a, b: True,
    "turned_round": lambda a, b: not _right(a, b),
    "start_only": lambda a, b: a.data_ptr() == b.data_ptr(),
    "overlap_only": lambda a, b: _meet(_places(a), _places(b)),
    "overlap_only.first_to_last": lambda a, b: _meet(_span(a), _span(b)),
    "overlap_only.as_if_dense": lambda a, b: _meet(_dense(a), _dense(b)),
    "dtype_too": lambda a, b: _right(a, b) and a.dtype == b.dtype,
    "same_object": lambda a, b: a is b,
    "same_values": lambda a, b: a.shape == b.shape and torch.equal(a, b),
    "same_shape": lambda a, b: a.shape == b.shape,
    "base_only": lambda a, b: a._base is b or b._base is a,
    "base_only.both": lambda a, b: a._base is b._base,
    "base_only.root": lambda a, b: _root(a) is _root(b),
    "copies_first": lambda a, b: _right(a.contiguous(), b.contiguous()),
    "copies_first.flat": lambda a, b: (
        a.flatten().data_ptr() == b.flatten().data_ptr()
    ),
    "start_and_shape": lambda a, b: (
        a.data_ptr() == b.data_ptr() and a.shape == b.shape
    ),
    "first_element": lambda a, b: (
        a.flatten()[0].item() == b.flatten()[0].item()
    ),
    "storage_values": lambda a, b: (
        [*a.untyped_storage()] == [*b.untyped_storage()]
    ),
}


@exercise
def sharing(answer):
    """Check ``shares_memory(a, b)``: whether both lie in one storage."""
    pairs = _pairs()
    found = []
    for shown, (a, b) in pairs.items():
        seen = Seen(a=a, b=b, shown=shown)
        seen.before = [t.detach().clone() for t in (a, b)]
        seen.result = call(answer, a, b, shown="shares_memory(a, b)")
        judge(KEPT, seen)
        judge(KIND, seen)
        found.append(seen.result)
    right = [_right(a, b) for a, b in pairs.values()]
    seen = Seen(pairs=pairs.values(), **_first_wrong(pairs, found, right))
    suspects = {
        sign: lambda s, rule=rule: [bool(rule(a, b)) for a, b in s.pairs]
        for sign, rule in RULES.items()
    }
    judge_value(suspects, seen, found=found, right=right, otherwise="other")


def _pairs() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Return pairs of tensors, by how a reader would write them."""
    t = torch.arange(6).reshape(2, 3) + 0.5
    zeros = torch.zeros(4)
    weight = torch.nn.Parameter(torch.ones(2, 3))
    array = torch.from_numpy(np.arange(4.0))
    return {
        "`t` and `t.t()`": (t, t.t()),
        "`t[0]` and `t[1]`": (t[0], t[1]),
        "`t` and `t.clone()`": (t, t.clone()),
        "`t` and `t`": (t, t),
        "`t` and `t.reshape(6)`": (t, t.reshape(6)),
        "`t` and `t.view(torch.int32)`": (t, t.view(torch.int32)),
        "`t.t()` and `t.t().reshape(6)`": (t.t(), t.t().reshape(6)),
        "`t.reshape(6)` and `t[:, 2:]`": (t.reshape(6), t[:, 2:]),
        "`t[1]` and `t[1].clone()`": (t[1], t[1].clone()),
        "`torch.zeros(4)` and another": (zeros, torch.zeros(4)),
        "`t[:, 2]` and `t[:, 0]`": (t[:, 2], t[:, 0]),
        "`t` and `t.double()`": (t, t.double()),
        "an array's tensor and a view of it": (array, array[2:]),
        "`weight` and `weight.detach()`": (weight, weight.detach()),
        "`weight` and `weight * 1`": (weight, weight * 1),
        "`row` and `row.expand(3, 4)`": (zeros, zeros.expand(3, 4)),
    }


def _first_wrong(pairs, found: list, right: list) -> dict:
    """Say of which pair the answer is wrong first."""
    for shown, given, due in zip(pairs, found, right, strict=True):
        if given != due:
            return {"pair": shown, "given": given, "due": due}
    return {}


def _right(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _places(t: torch.Tensor) -> set[int]:
    """Return the addresses of all elements."""
    places = {0}
    for length, stride in zip(t.shape, t.stride(), strict=True):
        places = {p + k * stride for p in places for k in range(length)}
    return {t.data_ptr() + p * t.element_size() for p in places}


def _span(t: torch.Tensor) -> range:
    """Return the addresses from the first element to the last."""
    places = _places(t)
    return range(min(places), max(places) + 1)


def _dense(t: torch.Tensor) -> range:
    """Return the addresses of as many elements, as if in one row."""
    return range(t.data_ptr(), t.data_ptr() + t.numel() * t.element_size())


def _meet(one, other) -> bool:
    return not set(one).isdisjoint(other)


def _root(t: torch.Tensor) -> torch.Tensor:
    return t if t._base is None else t._base


def _differs(now: torch.Tensor, before: torch.Tensor) -> bool:
    return now.shape == before.shape and not torch.equal(now, before)


def _form(t: torch.Tensor) -> tuple:
    return list(t.shape), t.dtype
