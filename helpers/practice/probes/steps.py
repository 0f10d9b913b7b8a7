"""Models, losses and optimizers that keep a diary of what is done to them.

Their words are in ``words/steps.toml``.
"""

from dataclasses import dataclass, field

import torch
from torch import nn, optim

from helpers.practice.signs import Seen, judge


@dataclass
class Diary:
    """What happened, in order: "forward", "loss", "backward", "step", "zero".

    Attributes:
        events: the names above, one for each thing that happened.
        modes: for each forward pass, whether the model was in train mode.
        recorded: for each forward pass, whether autograd recorded it.
        losses: the arguments of each call of the loss, (first, second).
        inputs: the features of each forward pass.
        gradients: for each step of the optimizer, those that it found.
    """

    events: list[str] = field(default_factory=list)
    modes: list[bool] = field(default_factory=list)
    recorded: list[bool] = field(default_factory=list)
    losses: list[tuple] = field(default_factory=list)
    inputs: list[torch.Tensor] = field(default_factory=list)
    gradients: list[list[torch.Tensor]] = field(default_factory=list)

    def clear(self) -> None:
        """Begin a new page."""
        for pages in vars(self).values():
            pages.clear()

    def copy(self) -> "Diary":
        """Return a diary that keeps what this one holds now."""
        return Diary(**{name: [*pages] for name, pages in vars(self).items()})

    def has(self, *names: str) -> bool:
        """Whether these happened, in this order, others in between or not."""
        rest = iter(self.events)
        return all(name in rest for name in names)


class DiaryModel(nn.Module):
    """A linear layer of two features that notes each forward pass.

    The layers around it change nothing, but have modes of their own, so that
    a mode which only reaches the model, or its first level, shows.
    """

    def __init__(self, diary: Diary, seed: int = 1):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.nested = nn.Sequential(nn.Sequential(nn.Dropout(0.0)))
        self.diary = diary
        numbers = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.layer.weight.copy_(torch.randn(1, 2, generator=numbers))
            self.layer.bias.copy_(torch.randn(1, generator=numbers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predict [n, 1] from features [n, 2]."""
        yhat = self.nested(self.layer(x))  # [n, 1]
        self.diary.events.append("forward")
        # layers too: `model.training = True` reaches none of them
        self.diary.modes.append(all(m.training for m in self.modules()))
        self.diary.recorded.append(yhat.requires_grad)
        self.diary.inputs.append(x)
        return yhat


class DiarySGD(optim.SGD):
    """SGD that notes each step and each zero_grad.

    Its settings are not those of the pages: an update with another optimizer
    than the one that was given ends elsewhere.
    """

    def __init__(self, parameters, diary: Diary):
        super().__init__(parameters, lr=0.2, momentum=0.8)
        self.diary = diary

    def __getstate__(self):
        """Keep the diary in copies, too."""
        return {**super().__getstate__(), "diary": self.diary}

    def step(self, closure=None):
        """Do a step, and note it; a closure runs, and is noted, before."""
        result = super().step(closure)
        given = (p for group in self.param_groups for p in group["params"])
        self.diary.events.append("step")
        self.diary.gradients.append(
            [
                torch.zeros_like(p) if p.grad is None else p.grad.clone()
                for p in given
            ]
        )
        return result

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Note it, and do it."""
        self.diary.events.append("zero")
        super().zero_grad(set_to_none)


def lopsided(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Compute a loss that changes when its arguments are swapped."""
    error = first - second  # [n, 1]
    return torch.where(error > 0, error**2 / 5, error**2 / 2).mean()


def make_diary_loss(diary: Diary):
    """Build a lopsided loss that notes its arguments and backward."""

    def loss_fn(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        diary.events.append("loss")
        diary.losses.append((first, second))
        loss = lopsided(first, second)
        if loss.requires_grad:
            loss.register_hook(lambda _grad: diary.events.append("backward"))
        return loss

    return loss_fn


def graph_is_kept(yhat: torch.Tensor) -> bool:
    """Whether the graph of a prediction can be followed once more.

    Args:
        yhat: a result of a model, recorded, after the step that used it.
    """
    try:
        yhat.sum().backward()
    except RuntimeError:
        return False
    return True


@dataclass
class Bench:
    """A model, a loss and an optimizer with one diary, for a step to be tried.

    They do not know each other's names: a step that works on them works on
    its arguments.
    """

    seed: int = 1

    def __post_init__(self):
        self.diary = Diary()
        self.model = DiaryModel(self.diary, self.seed)
        self.loss_fn = make_diary_loss(self.diary)
        self.optimizer = DiarySGD(self.model.parameters(), self.diary)

    @property
    def parts(self) -> tuple:
        """What a builder of training steps is given."""
        return self.model, self.loss_fn, self.optimizer

    def parameters(self) -> list[torch.Tensor]:
        """Return copies of the parameters."""
        return [p.detach().clone() for p in self.model.parameters()]


class SharedDiary(Diary):
    """One diary for a model and its copies: a copy may predict as well."""

    def __deepcopy__(self, memo):
        return self


class LayeredModel(nn.Module):
    """A model of two features with batch norm, dropout, and a diary.

    One of its parameters needs no gradient, and so it should stay.
    """

    def __init__(self, diary: Diary, seed: int = 1):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1)
        )
        self.diary = diary
        self.layers[0].bias.requires_grad_(False)
        numbers = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for tensor in (*self.parameters(), *self.buffers()):
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(tensor.shape, generator=numbers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predict [n, 1] from features [n, 2]."""
        yhat = self.layers(x)  # [n, 1]
        self.diary.events.append("forward")
        self.diary.modes.append(any(m.training for m in self.modules()))
        self.diary.recorded.append(yhat.requires_grad)
        self.diary.inputs.append(x)
        return yhat


class LayeredBench:
    """A model with layers and a loss, for a step that measures."""

    def __init__(self, seed: int = 1):
        self.diary = SharedDiary()
        self.model = LayeredModel(self.diary, seed)
        self.loss_fn = make_diary_loss(self.diary)

    def right_loss(self, x, y) -> float:
        """Compute what the step should return; leave the model in train mode.

        Args:
            x: features [n, 2].
            y: labels [n, 1].
        """
        self.model.eval()
        with torch.no_grad():
            loss = lopsided(self.model.layers(x), y).item()
        self.model.train()
        return loss

    def train(self, move: float) -> None:
        """Leave what training leaves: moved weights, gradients, train mode."""
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter += move
        for parameter in self.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        self.model.train()


def expect_nothing_ran(diary: Diary) -> None:
    """Judge whether building a step that measures called the model already.

    Args:
        diary: of the model that was given, right after the step was built.

    Raises:
        Wrong: it did.
    """
    judge({"runs_at_once": lambda s: s.diary.events}, Seen(diary=diary))


GIVEN = {
    "other_features": lambda s: not torch.equal(s.predicted_from, s.x),
    "other_loss": lambda s: "loss" not in s.events,
}


def expect_given_parts(diary, predicted_from, x) -> None:
    """Judge whether a step predicts from its features, and uses its loss.

    Args:
        diary: of the model and the loss that were given.
        predicted_from: what the model got.
        x: the features that were passed.

    Raises:
        Wrong: the model got something else, or the loss was never called.
    """
    events = diary.events
    judge(GIVEN, Seen(predicted_from=predicted_from, x=x, events=events))


def make_batches(
    n_batches: int = 3, n: int = 6, seed: int = 2, steepness: float = 1.0
) -> list[tuple]:
    """Draw batches of features [n, 2] and labels [n, 1].

    Args:
        n_batches: how many.
        n: rows in each.
        seed: of the numbers.
        steepness: what the labels are multiplied by; 10 makes gradients that
            show whether they were clipped.
    """
    numbers = torch.Generator().manual_seed(seed)
    return [
        (
            torch.rand(n, 2, generator=numbers),
            torch.rand(n, 1, generator=numbers) * steepness,
        )
        for _ in range(n_batches)
    ]
