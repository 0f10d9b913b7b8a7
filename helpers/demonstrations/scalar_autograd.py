"""An autograd for single numbers (chapter 12).

It records operations while they run and multiplies derivatives on the way
back, as torch does for tensors. Karpathy's micrograd has the same idea:
https://github.com/karpathy/micrograd
"""

import math
from collections.abc import Sequence


class Value:
    """A number that remembers how it was made.

    Attributes:
        data: the number.
        grad: the gradient that `backward` has added up here so far.
        inputs: the values it was computed from; a leaf has none.
        slopes: its derivative for each of them.
    """

    def __init__(
        self,
        data: float,
        inputs: Sequence["Value"] = (),
        slopes: Sequence[float] = (),
    ):
        self.data, self.grad = data, 0.0
        self.inputs, self.slopes = inputs, slopes

    def __add__(self, other: "Value | float") -> "Value":
        other = as_value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: "Value | float") -> "Value":
        other = as_value(other)
        slopes = (other.data, self.data)
        return Value(self.data * other.data, (self, other), slopes)

    def __pow__(self, power: float) -> "Value":
        slope = power * self.data ** (power - 1)
        return Value(self.data**power, (self,), (slope,))

    def exp(self) -> "Value":
        """Return e to this power."""
        result = math.exp(self.data)
        return Value(result, (self,), (result,))

    def tanh(self) -> "Value":
        """Return the hyperbolic tangent."""
        result = math.tanh(self.data)
        return Value(result, (self,), (1 - result**2,))

    def __sub__(self, other: "Value | float") -> "Value":
        return self + -1.0 * as_value(other)

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        """Add to every value before this one its gradient of this one."""
        arrived: dict[Value, float] = {self: 1.0}
        for value in reversed(in_order(self)):
            gradient = arrived[value]
            value.grad += gradient
            for before, slope in zip(value.inputs, value.slopes, strict=True):
                along = gradient * slope  # the chain rule
                arrived[before] = arrived.get(before, 0.0) + along


def as_value(number: Value | float) -> Value:
    """Return a value as it is, and a plain number as a leaf."""
    return number if isinstance(number, Value) else Value(number)


def in_order(root: Value) -> list[Value]:
    """List what a value was computed from, inputs first, the root last."""
    listed: dict[Value, None] = {}

    def visit(value: Value) -> None:
        if value not in listed:
            for before in value.inputs:
                visit(before)
            listed[value] = None

    visit(root)
    return list(listed)
