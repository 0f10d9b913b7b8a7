"""The floor: what a training loop cannot go below, for each job of the bench.

Gradients are written down in closed form, and torch computes them without
autograd, modules or an optimizer object. All parameters lie in one vector, all
gradients in another, so that an update is the same few operations for any
model. Each floor trains one model only, and nobody would want to write it for
the next one. That is what it is for: it shows how much of the time of a loop
is arithmetic.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import nn, optim

aten = torch.ops.aten
Batch = tuple[torch.Tensor, torch.Tensor]


class Flat:
    """All parameters of a model in one vector, and their gradients in another.

    Args:
        model: its parameters become views of ``values``.

    Attributes:
        values: all parameters, [n_parameters].
        gradients: as many numbers.
        parameters: views of ``values``, one per parameter, in its shape.
        parts: views of ``gradients``, alike.
    """

    def __init__(self, model: nn.Module):
        kept = list(model.parameters())
        sizes = [parameter.numel() for parameter in kept]
        with torch.no_grad():
            self.values = torch.cat([p.flatten() for p in kept])
            self.gradients = torch.zeros_like(self.values)
        self.parameters, self.parts = (
            [
                part.view(parameter.shape)
                for part, parameter in zip(
                    vector.split(sizes), kept, strict=True
                )
            ]
            for vector in (self.values, self.gradients)
        )
        for parameter, view in zip(kept, self.parameters, strict=True):
            parameter.data = view


def make_update(optimizer: optim.Optimizer, flat: Flat) -> Callable[[], object]:
    """Write down one step of SGD, SGD with momentum, or Adam, on one vector.

    Args:
        optimizer: only its kind and its settings are used.
        flat: what is updated, by its gradients.
    """
    settings = optimizer.param_groups[0]
    values, gradients, lr = flat.values, flat.gradients, settings["lr"]
    if isinstance(optimizer, optim.Adam):
        return _make_adam(settings, flat)
    momentum = settings["momentum"]
    if not momentum:
        return lambda: values.sub_(gradients, alpha=lr)
    velocity = torch.zeros_like(values)

    def update() -> None:
        velocity.mul_(momentum).add_(gradients)
        values.sub_(velocity, alpha=lr)

    return update


def _make_adam(settings: dict, flat: Flat) -> Callable[[], object]:
    values, gradients = flat.values, flat.gradients
    beta1, beta2 = settings["betas"]
    lr, eps = settings["lr"], settings["eps"]
    mean, square = torch.zeros_like(values), torch.zeros_like(values)
    count = 0

    def update() -> None:
        nonlocal count
        count += 1
        mean.lerp_(gradients, 1 - beta1)
        square.mul_(beta2).addcmul_(gradients, gradients, value=1 - beta2)
        # the corrections for the start, moved into the rate and into eps
        root = math.sqrt(1 - beta2**count)
        values.addcdiv_(
            mean,
            square.sqrt().add_(eps * root),
            value=-lr * root / (1 - beta1**count),
        )

    return update


# ------------------------------------------------------------------- a model


class LineFloor:
    """Mean squared error of ``A @ p``, where A has a column x and one of ones.

    Its loaders give A [n, 2] as features (`with_ones`).
    """

    def __init__(self, flat: Flat):
        self.p = flat.values.view(2, 1)  # w, b
        self.gradient = flat.gradients.view(2, 1)

    def predict(self, a: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the errors [n, 1]."""
        return torch.addmm(y, a, self.p, beta=-1)

    def backward(self, a: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Fill the gradients; return the errors [n, 1]."""
        errors = self.predict(a, y)
        torch.addmm(
            self.gradient, a.t(), errors, beta=0, alpha=2 / len(a),
            out=self.gradient,
        )  # fmt: skip
        return errors

    def total(self, errors: list[torch.Tensor], _: list[torch.Tensor]) -> float:
        """Return the loss, summed over all rows."""
        return torch.cat(errors).square_().sum().item()


class MLPFloor:
    """Cross-entropy of linear, ReLU, linear."""

    def __init__(self, flat: Flat):
        self.w1, self.b1, self.w2, self.b2 = flat.parameters
        self.dw1, self.db1, self.dw2, self.db2 = flat.parts

    def hidden(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the hidden layer gives, [n, n_hidden]."""
        return torch.addmm(self.b1, x, self.w1.t()).relu_()

    def predict(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return logarithms of probabilities [n, n_classes]."""
        logits = torch.addmm(self.b2, self.hidden(x), self.w2.t())
        return torch.log_softmax(logits, 1)

    def backward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Fill the gradients; return what `predict` returns."""
        h = self.hidden(x)
        logp = torch.log_softmax(torch.addmm(self.b2, h, self.w2.t()), 1)
        d = _slope(logp, y)
        torch.mm(d.t(), h, out=self.dw2)
        torch.sum(d, 0, out=self.db2)
        d = aten.threshold_backward(d @ self.w2, h, 0)
        torch.mm(d.t(), x, out=self.dw1)
        torch.sum(d, 0, out=self.db1)
        return logp

    def total(
        self, logps: list[torch.Tensor], labels: list[torch.Tensor]
    ) -> float:
        """Return the loss, summed over all rows."""
        return _cross_entropy(logps, labels)


class NetworkFloor:
    """Cross-entropy of `helpers.networks.Network`, layer by layer."""

    def __init__(self, flat: Flat):
        self.k1, self.c1, self.k2, self.c2, *self.linear = flat.parameters
        self.dk1, self.dc1, self.dk2, self.dc2, *self.dlinear = flat.parts

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what every layer gives; the last are the logits."""
        w3, b3, w4, b4, w5, b5 = self.linear
        a1 = F.conv2d(x, self.k1, self.c1).relu_()
        a2 = F.conv2d(a1, self.k2, self.c2).relu_()
        pooled, places = aten.max_pool2d_with_indices(a2, [2, 2])
        rows = pooled.flatten(1)
        a3 = torch.addmm(b3, rows, w3.t()).relu_()
        a4 = torch.addmm(b4, a3, w4.t()).relu_()
        logits = torch.addmm(b5, a4, w5.t())
        return a1, a2, places, rows, a3, a4, logits

    def predict(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return logarithms of probabilities [n, n_classes]."""
        return torch.log_softmax(self.forward(x)[-1], 1)

    def backward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Fill the gradients; return what `predict` returns."""
        a1, a2, places, rows, a3, a4, logits = self.forward(x)
        logp = torch.log_softmax(logits, 1)
        d = _slope(logp, y)
        d = self._linear_backward(4, d, a4)
        d = self._linear_backward(2, aten.threshold_backward(d, a4, 0), a3)
        d = self._linear_backward(0, aten.threshold_backward(d, a3, 0), rows)
        d = aten.max_pool2d_with_indices_backward(
            d.view(len(x), a2.shape[1], -1, a2.shape[3] // 2), a2,
            [2, 2], [2, 2], [0, 0], [1, 1], False, places,
        )  # fmt: skip
        d = aten.threshold_backward(d, a2, 0)
        d = _convolution_backward(d, a1, self.k2, self.dk2, self.dc2, True)
        d = aten.threshold_backward(d, a1, 0)
        _convolution_backward(d, x, self.k1, self.dk1, self.dc1, False)
        return logp

    def _linear_backward(
        self, number: int, d: torch.Tensor, x: torch.Tensor
    ) -> torch.Tensor:
        torch.mm(d.t(), x, out=self.dlinear[number])
        torch.sum(d, 0, out=self.dlinear[number + 1])
        return d @ self.linear[number]

    def total(
        self, logps: list[torch.Tensor], labels: list[torch.Tensor]
    ) -> float:
        """Return the loss, summed over all rows."""
        return _cross_entropy(logps, labels)


def _slope(logp: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the gradient of a mean cross-entropy by its logits."""
    d = logp.exp()
    # p - 1 at the class of each row, p elsewhere
    d.scatter_add_(1, y.unsqueeze(1), d.new_full((len(d), 1), -1.0))
    return d.mul_(1 / len(d))


def _convolution_backward(
    d: torch.Tensor, x: torch.Tensor, kernel: torch.Tensor,
    d_kernel: torch.Tensor, d_bias: torch.Tensor, wants_d_x: bool,
) -> torch.Tensor:  # fmt: skip
    d_x, d_k, d_b = aten.convolution_backward(
        d, x, kernel, list(d_bias.shape), [1, 1], [0, 0], [1, 1], False,
        [0, 0], 1, [wants_d_x, True, True],
    )  # fmt: skip
    d_kernel.copy_(d_k)
    d_bias.copy_(d_b)
    return d_x


def _cross_entropy(
    logps: list[torch.Tensor], labels: list[torch.Tensor]
) -> float:
    y = torch.cat(labels)
    return F.nll_loss(torch.cat(logps), y, reduction="sum").item()


# ------------------------------------------------------------------ the loop

Floor = LineFloor | MLPFloor | NetworkFloor


def make_floor(kind: type[Floor]) -> Callable:
    """Make a function that trains as ``train(configuration, ...)`` does.

    Args:
        kind: the floor of one model.

    Returns:
        train(configuration, train_loader, val_loader, n_epochs), which returns
        losses and validation losses, one per epoch each.
    """

    def train(
        configuration,
        train_loader: Iterable[Batch],
        val_loader: Iterable[Batch],
        n_epochs: int,
    ) -> tuple[list[float], list[float]]:
        flat = Flat(configuration.model)
        update = make_update(configuration.optimizer, flat)
        floor = kind(flat)
        losses, val_losses = [], []
        with torch.inference_mode():
            for _epoch in range(n_epochs):
                outputs, labels = [], []
                for x_batch, y_batch in train_loader:
                    outputs.append(floor.backward(x_batch, y_batch))
                    labels.append(y_batch)
                    update()
                losses.append(floor.total(outputs, labels) / _rows(labels))
                outputs, labels = [], []
                for x_batch, y_batch in val_loader:
                    outputs.append(floor.predict(x_batch, y_batch))
                    labels.append(y_batch)
                val_losses.append(floor.total(outputs, labels) / _rows(labels))
        return losses, val_losses

    return train


def with_ones(x: torch.Tensor) -> torch.Tensor:
    """Return features [N, 1] with a column of ones beside them, [N, 2]."""
    return torch.cat([x, torch.ones_like(x)], dim=1)


def _rows(labels: Sequence[torch.Tensor]) -> int:
    return sum(map(len, labels))
