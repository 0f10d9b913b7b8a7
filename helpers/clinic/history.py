"""What a watch saw over the steps of a loop, for pictures."""

from helpers.clinic import looking
from helpers.clinic.seen import Seen


class History:
    """What a watch saw over the steps, for pictures.

    Attributes:
        losses: of the backward passes, evenly thinned to a few thousand.
        stride: how many backward passes lie between two of them.
        steps: the looked-at updates, `helpers.clinic.seen.StepLook`.
        ratios: per parameter, pairs of a step and its update-to-weight ratio.
        gradients: per parameter, pairs of a step and its gradient's norm.
        activations: per layer, tuples of a step, mean, spread and the share
            of zeros.
        baseline: the loss of the best constant answer, if it is known.
    """

    def __init__(self, seen: Seen):
        self.losses = list(seen.losses.numbers())
        self.stride = seen.losses.stride
        self.steps = list(seen.steps)
        self.ratios: dict[str, list[tuple[int, float]]] = {}
        self.gradients: dict[str, list[tuple[int, float]]] = {}
        for look in self.steps:
            for kept, values in (
                (self.ratios, look.ratios),
                (self.gradients, look.gradients),
            ):
                for name, value in values.items():
                    kept.setdefault(name, []).append((look.step, value))
        self.activations: dict[str, list[tuple]] = {}
        for a in seen.activations:
            self.activations.setdefault(a.layer, []).append(
                (a.step, a.mean, a.spread, a.zeros)
            )
        self.baseline = looking.baseline(seen)
