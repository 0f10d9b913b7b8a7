"""Exercise 14.1: the size of what comes out."""

import itertools

import torch
from torch.nn import functional as F

from helpers.practice import Seen, call, exercise, judge, judge_value

# Size, kernel, padding, stride: one thing at a time first, then all of them.
FITTING = (
    *((8, 3, 0, 1), (28, 5, 0, 1), (8, 3, 1, 1), (9, 4, 2, 1)),
    *((11, 4, 0, 3), (10, 2, 0, 3), (8, 2, 0, 2), (13, 4, 2, 3)),
    *((5, 5, 0, 1), (7, 7, 0, 2), (4, 6, 1, 2), (3, 5, 1, 1), (1, 1, 0, 4)),
)
NOT_FITTING = (
    *((4, 5, 0, 1), (4, 6, 0, 1), (2, 9, 0, 1), (2, 3, 0, 2), (2, 5, 1, 3)),
    *((1, 8, 2, 7), (5, 8, 1, 1)),
)
GRID = itertools.product((4, 7, 12), (1, 3, 4), (0, 1, 3), (1, 2, 5))
RESULT = {
    "returns_nothing": lambda s: s.result is None,
    "returns_tensor": lambda s: isinstance(s.result, torch.Tensor),
    "several": lambda s: isinstance(s.result, (tuple, list)),
    "fraction": lambda s: isinstance(s.result, float) and s.result % 1,
    "float": lambda s: isinstance(s.result, float),
    "no_int.text": lambda s: isinstance(s.result, str),
    "no_int": lambda s: type(s.result) is not int,
}
# What a mistake gives; `room` is what is left when the kernel lies at one end.
SUSPECTS = {
    "padding_once": lambda s: (s.room - s.padding) // s.stride + 1,
    "no_padding": lambda s: (s.room - 2 * s.padding) // s.stride + 1,
    "padding_shrinks": lambda s: (s.room - 4 * s.padding) // s.stride + 1,
    "no_stride": lambda s: s.room + 1,
    "rounds_up": lambda s: -(-s.room // s.stride) + 1,
    "rounds_up.nearest": lambda s: round(s.room / s.stride) + 1,
    "plus_one_first": lambda s: (s.room + 1) // s.stride,
    "kernel_is_stride": lambda s: s.room // s.kernel_size + 1,
    "stride_twice": lambda s: s.room // s.stride**2 + 1,
    "divides_size": lambda s: (
        (s.room + s.kernel_size) // s.stride - s.kernel_size + 1
    ),
    "no_parentheses": lambda s: s.padded - s.kernel_size // s.stride + 1,
    "one_too_many": lambda s: (s.room + 1) // s.stride + 1,
    "plus_kernel": lambda s: (s.room + 2 * s.kernel_size) // s.stride + 1,
    "no_plus_one": lambda s: s.room // s.stride,  # told by the first setting
}
REFUSED = {
    "refuses_padded": lambda s: s.kernel_size > s.size,
    "refuses_edge": lambda s: not s.room,
    "refuses_fitting.remainder": lambda s: s.room % s.stride,
    "refuses_fitting": lambda s: True,
}
NO_ERROR = {
    "other_error.assertion": lambda s: isinstance(s.error, AssertionError),
    "other_error": lambda s: s.error,
    "no_error.returned": lambda s: isinstance(s.result, type | ValueError),
    "no_error.nothing": lambda s: s.result is None,
    "no_error.rounded": lambda s: s.result == 1 and s.stride > 1,
    "no_error": lambda s: True,
}


@exercise
def output_size(answer):
    """Check ``output_size(size, kernel_size, padding=0, stride=1)``."""
    for setting in FITTING:
        _judge_fitting(answer, setting)
    _judge_defaults(answer)
    for setting in NOT_FITTING:
        _judge_not_fitting(answer, setting)
    for setting in GRID:
        seen = _look_at(setting)
        fits = seen.room >= 0
        (_judge_fitting if fits else _judge_not_fitting)(answer, setting)


def _look_at(setting: tuple) -> Seen:
    size, kernel_size, padding, stride = setting
    return Seen(
        size=size,
        kernel_size=kernel_size,
        padding=padding,
        stride=stride,
        padded=size + 2 * padding,
        room=size + 2 * padding - kernel_size,
        shown=f"output_size({', '.join(map(str, setting))})",
    )


def _judge_fitting(answer, setting: tuple, given=None) -> None:
    """Compare a size with that of a convolution of PyTorch.

    Args:
        answer: what the reader wrote.
        setting: size, kernel, padding, stride.
        given: positional and named arguments of the call; None passes all
            four by position.
    """
    seen = _look_at(setting)
    positional, named = given or (setting, {})
    parts = [*map(str, positional), *(f"{n}={v}" for n, v in named.items())]
    seen.shown = f"output_size({', '.join(parts)})"
    try:
        seen.result = call(answer, *positional, shown=seen.shown, **named)
    except ValueError as error:
        judge(REFUSED, seen, message=str(error) or "no message")
    judge(RESULT, seen)
    picture = torch.zeros(1, 1, seen.size)  # one row of pixels is enough
    kernel = torch.zeros(1, 1, seen.kernel_size)
    out = F.conv1d(picture, kernel, padding=seen.padding, stride=seen.stride)
    # two mistakes that agree here differ in an earlier setting
    judge_value(
        SUSPECTS if given is None else {},
        seen,
        found=seen.result,
        right=out.shape[-1],
        otherwise="other_value" if given is None else "defaults",
    )


def _judge_defaults(answer) -> None:
    """Leave arguments out, and pass some by name."""
    _judge_fitting(answer, (8, 3, 0, 1), ((8, 3), {}))
    _judge_fitting(answer, (8, 3, 1, 1), ((8, 3), {"padding": 1}))
    _judge_fitting(answer, (9, 2, 0, 3), ((9, 2), {"stride": 3}))


def _judge_not_fitting(answer, setting: tuple) -> None:
    """Expect a ValueError where no place is left for the kernel."""
    seen = _look_at(setting)
    seen.result = seen.error = None
    try:
        seen.result = call(answer, *setting, shown=seen.shown)
    except ValueError:
        return
    except Exception as error:
        seen.error = error
    judge(NO_ERROR, seen)
