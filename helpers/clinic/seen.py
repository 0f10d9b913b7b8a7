"""What a watch has collected, in one namespace that the signs look at.

Here belongs what was seen, in numbers of a bounded amount, and nothing that
judges it. Tensors of the loop are not kept: they would keep its graph alive.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import torch
from torch import nn

MOST_LOSSES = 4096  # numbers kept of one loss curve
MOST_ROWS = 640  # rows of features and labels kept to look for neighbours
MOST_LOOKS = 60  # steps of which everything is kept


@dataclass
class StepLook:
    """One update of one optimizer, looked at closely.

    Attributes:
        step: how many updates this optimizer had made before.
        optimizer: its number in the list.
        loss: of the last backward pass before it, if any was seen.
        gradients: per parameter, the norm of what the optimizer got; a
            parameter without a gradient is left out.
        arrived: per parameter, the norm of what backward passes brought.
        weights: per parameter, its norm before the update.
        ratios: per parameter, the norm of the update against that.
        uncleared: parameters whose gradient still held the last step's.
        dropped: parameters of which several passes brought a gradient, and the
            step got only the last one.
        rates: the learning rate of every parameter group.
        n_backward: backward passes since the last update.
        scale: by which the loss was scaled up for half precision.
    """

    step: int
    optimizer: int
    loss: float | None = None
    gradients: dict[str, float] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    uncleared: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    rates: list[float] = field(default_factory=list)
    n_backward: int = 0
    scale: float = 1.0


@dataclass
class Activations:
    """What a layer gave at one step: mean, spread, share of zeros."""

    step: int
    layer: str
    mean: float
    spread: float
    zeros: float


@dataclass
class LossCall:
    """A loss of torch that was called, and with what."""

    name: str
    training: bool
    step: int
    value: float | None
    yhat_shape: tuple[int, ...]
    y_shape: tuple[int, ...]
    facts: dict[str, Any]


@dataclass
class Losses:
    """A loss curve of at most MOST_LOSSES numbers, evenly thinned."""

    values: list[Any] = field(default_factory=list)
    stride: int = 1
    n: int = 0
    last: Any = None

    def add(self, value: float | torch.Tensor) -> None:
        """Keep a loss, a number or a tensor of one without its graph."""
        self.last = value
        if self.n % self.stride == 0:
            self.values.append(value)
            if len(self.values) >= MOST_LOSSES:
                self.values = self.values[::2]
                self.stride *= 2
        self.n += 1

    def numbers(self) -> list[float]:
        """Return what was kept, as numbers."""
        self.values = [float(value) for value in self.values]
        return self.values


@dataclass
class LoaderSeen:
    """A DataLoader that was iterated over."""

    loader: Any
    n_iterations: int = 0
    n_training: int = 0
    n_looking: int = 0  # batches of it that only validation used
    at_updates: list[int] = field(default_factory=list)
    first_batches: list[float] = field(default_factory=list)


@dataclass
class Seen:
    """Everything that was seen of a loop."""

    models: list[nn.Module]
    optimizers: list[Any]
    loss_fn: Any
    names: dict[Any, str]  # id of a parameter -> its name
    loss_was_called: bool = False
    rounds: int = 0
    n_updates: list[int] = field(default_factory=list)
    n_backward: int = 0
    n_retained: int = 0
    n_leaf_losses: int = 0
    n_scaled: int = 0
    steps: list[StepLook] = field(default_factory=list)
    activations: list[Activations] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    val_losses: Losses = field(default_factory=Losses)
    loss_calls: deque = field(default_factory=lambda: deque(maxlen=200))
    first_calls: list[LossCall] = field(default_factory=list)
    # layers that were called while gradients were recorded -> their type
    layers_called: dict[str, str] = field(default_factory=dict)
    quiet_layers: set[str] = field(default_factory=set)  # and while not
    silent_units: dict[str, Any] = field(default_factory=dict)
    # (name, number of units) of which none has been silent all the time
    awake: set[tuple[str, int]] = field(default_factory=set)
    saturated: dict[str, list[float]] = field(default_factory=dict)
    recurrent: list[dict] = field(default_factory=list)
    batch_norm_sizes: dict[str, list[tuple[int, int]]] = field(
        default_factory=dict
    )
    reached: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    # input to the first layer that has parameters
    first_layer: str = ""
    inputs: list[dict] = field(default_factory=list)
    kept_rows: list[torch.Tensor] = field(default_factory=list)
    kept_labels: list[torch.Tensor] = field(default_factory=list)
    kept_targets: list[torch.Tensor] = field(default_factory=list)
    pending: Any = None  # features of the batch that is being looked at
    batches: list[float] = field(default_factory=list)  # prints of inputs
    class_counts: Any = None
    class_loss_outputs: int = 0
    n_single_class: int = 0
    n_class_batches: int = 0
    targets: dict[str, float] = field(default_factory=dict)
    # modes: (of a model) per phase
    eval_in_training: list[tuple[int, int]] = field(default_factory=list)
    train_in_training: list[tuple[int, int]] = field(default_factory=list)
    train_in_validation: list[int] = field(default_factory=list)
    looking_forwards: int = 0
    val_losses_in_train_mode: int = 0
    val_losses_in_eval_mode: int = 0
    eval_phases: int = 0
    phase_updates: list[int] = field(default_factory=list)
    loaders: dict[int, LoaderSeen] = field(default_factory=dict)
    # schedulers: class name -> number of steps; and what was first
    scheduler_steps: Counter = field(default_factory=Counter)
    scheduler_objects: dict[int, Any] = field(default_factory=dict)
    scheduler_first: bool = False
    early_scheduler_steps: int = 0
    scheduled_at: list[int] = field(default_factory=list)
    rates: list[list[float]] = field(default_factory=list)
    was_reset: int = 0
    first_weights: dict[str, Any] = field(default_factory=dict)
    same_rows: set[str] = field(default_factory=set)
    same_at_first: set[str] = field(default_factory=set)
    output_shape: tuple[int, ...] = ()
    paired: tuple | None = None  # shapes of predictions and differences
    unseen: list[str] = field(default_factory=list)
    # parameters that a loss depends on and no watched model holds
    outside: list[Any] = field(default_factory=list)
    # optimizers that moved the models' parameters and were not given
    strangers: Any = field(default_factory=WeakSet)
    n_strangers: int = 0
    loss_values: list[float] = field(default_factory=list)  # of loss_fn
    # what the watch itself failed at: name of a function -> error
    broken: dict[str, str] = field(default_factory=dict)

    # ------------------------------------------------ shorthands for signs

    def failed(self, where: str, error: Exception) -> None:
        """Note a mistake of the watch itself, which the loop never sees."""
        self.broken.setdefault(where, f"{type(error).__name__}: {error}")

    @property
    def is_single(self) -> bool:
        """Whether one model and one optimizer are watched."""
        return len(self.models) == 1 and len(self.optimizers) == 1

    def training_calls(self, *names: str) -> list[LossCall]:
        """Return the looked-at calls of losses while training."""
        calls = [*self.first_calls, *self.loss_calls]
        return [
            call
            for call in calls
            if call.training and (not names or call.name in names)
        ]

    def parameter(self, name: str) -> Any:
        """Return the parameter of a name, or None."""
        for model in self.models:
            for parameter in model.parameters():
                if self.names.get(id(parameter)) == name:
                    return parameter
        return None

    def looks(self) -> list[StepLook]:
        """Return the looked-at updates that a backward pass preceded."""
        return [look for look in self.steps if look.n_backward]
