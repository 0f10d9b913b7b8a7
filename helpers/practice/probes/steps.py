"""Models, losses and optimizers that keep a diary of what is done to them."""

from dataclasses import dataclass, field

import torch
from torch import nn, optim

from helpers.practice.verdict import wrong


@dataclass
class Diary:
    """What happened, in order: "forward", "loss", "backward", "step", "zero".

    Attributes:
        events: the names above, one for each thing that happened.
        modes: for each forward pass, whether the model was in train mode.
        recorded: for each forward pass, whether autograd recorded it.
        losses: the arguments of each call of the loss, (first, second).
        inputs: the features of each forward pass.
    """

    events: list[str] = field(default_factory=list)
    modes: list[bool] = field(default_factory=list)
    recorded: list[bool] = field(default_factory=list)
    losses: list[tuple] = field(default_factory=list)
    inputs: list[torch.Tensor] = field(default_factory=list)

    def clear(self) -> None:
        """Begin a new page."""
        for pages in vars(self).values():
            pages.clear()

    def has(self, *names: str) -> bool:
        """Whether these happened, in this order, others in between or not."""
        rest = iter(self.events)
        return all(name in rest for name in names)


class DiaryModel(nn.Module):
    """A linear layer of two features that notes each forward pass."""

    def __init__(self, diary: Diary, seed: int = 1):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.diary = diary
        numbers = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.layer.weight.copy_(torch.randn(1, 2, generator=numbers))
            self.layer.bias.copy_(torch.randn(1, generator=numbers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predict [n, 1] from features [n, 2]."""
        yhat = self.layer(x)  # [n, 1]
        self.diary.events.append("forward")
        # layers too: `model.training = True` reaches none of them
        self.diary.modes.append(all(m.training for m in self.modules()))
        self.diary.recorded.append(yhat.requires_grad)
        self.diary.inputs.append(x)
        return yhat


class DiarySGD(optim.SGD):
    """SGD that notes each step and each zero_grad."""

    def __init__(self, parameters, diary: Diary, lr: float = 0.1):
        super().__init__(parameters, lr=lr)
        self.diary = diary

    def step(self, closure=None):
        """Do a step, and note it; a closure runs, and is noted, before."""
        result = super().step(closure)
        self.diary.events.append("step")
        return result

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Note it, and do it."""
        self.diary.events.append("zero")
        super().zero_grad(set_to_none)


def make_diary_loss(diary: Diary):
    """Build a mean squared error that notes its arguments and backward."""

    def loss_fn(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        diary.events.append("loss")
        diary.losses.append((first, second))
        loss = ((first - second) ** 2).mean()
        if loss.requires_grad:
            loss.register_hook(lambda _grad: diary.events.append("backward"))
        return loss

    return loss_fn


@dataclass
class Bench:
    """A model, a loss and an optimizer with one diary, for a step to be tried.

    They do not know each other's names: a step that works on them works on
    its arguments.
    """

    seed: int = 1
    lr: float = 0.1

    def __post_init__(self):
        self.diary = Diary()
        self.model = DiaryModel(self.diary, self.seed)
        self.loss_fn = make_diary_loss(self.diary)
        self.optimizer = DiarySGD(self.model.parameters(), self.diary, self.lr)

    def parameters(self) -> list[torch.Tensor]:
        """Return copies of the parameters."""
        return [p.detach().clone() for p in self.model.parameters()]


def expect_nothing_ran(diary: Diary, look: str = "") -> None:
    """Check that building a step that measures does not ask the model yet.

    Args:
        diary: of the model that was given, right after the step was built.
        look: where the course explains it.
    """
    if diary.events:
        wrong(
            "runs_at_once",
            expected="Building the step does nothing yet.",
            found="The model was asked while the step was built.",
            cause="The prediction stands in the outer function. It belongs "
            "into the inner one, which gets the batch.",
            look=look,
        )


def expect_given_parts(diary: Diary, predicted_from, x, look: str = "") -> None:
    """Check that a step predicts from its features, and uses its loss.

    Args:
        diary: of the model and the loss that were given.
        predicted_from: what the model got.
        x: the features that were passed.
        look: where the course explains it.
    """
    if not torch.equal(predicted_from, x):
        wrong(
            "other_features",
            expected="The model gets `x` as it was passed.",
            found="It got something else.",
            cause="`x` was changed before the prediction, or the labels were "
            "given to the model.",
            look=look,
        )
    if "loss" not in diary.events:
        wrong(
            "other_loss",
            expected="The step uses the `loss_fn` that was given.",
            found="That was never called.",
            cause="The step computes a loss of its own, so that it only fits "
            "one kind of training.",
            look=look,
        )


def make_batches(n_batches: int = 3, n: int = 6, seed: int = 2) -> list[tuple]:
    """Draw batches of features [n, 2] and labels [n, 1]."""
    numbers = torch.Generator().manual_seed(seed)
    return [
        (
            torch.rand(n, 2, generator=numbers),
            torch.rand(n, 1, generator=numbers),
        )
        for _ in range(n_batches)
    ]


def close(a, b, tolerance: float = 1e-5) -> bool:
    """Whether two numbers, tensors or lists of tensors agree."""
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(
            close(p, q, tolerance) for p, q in zip(a, b, strict=True)
        )
    a, b = (torch.as_tensor(value).cpu().double() for value in (a, b))
    same_shape = a.shape == b.shape
    return same_shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)
