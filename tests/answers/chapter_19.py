"""Answers to the exercises of chapter 19."""

import copy
import math
from collections import Counter

import torch
from torch import nn, optim
from torch.nn import functional as F

from tests.answers.common import Answers

# ------------------------------------------------------------------- 19.1


def overfit(
    copied=copy.deepcopy,
    begin=lambda patient: patient.train(),
    kind=lambda p, lr: optim.SGD(p, lr=lr),
    clear=lambda optimizer: optimizer.zero_grad(),
    held=lambda model, patient: patient,
    kept=lambda loss: loss.item(),
    step=lambda optimizer: optimizer.step(),
    result=lambda losses: losses,
):
    """Build an answer out of its parts."""

    def answer(model, loss_fn, x_batch, y_batch, n_steps, lr):
        patient = copied(model)
        begin(patient)
        optimizer = kind(held(model, patient).parameters(), lr)
        losses = []
        for _ in range(n_steps):
            clear(optimizer)
            loss = loss_fn(patient(x_batch), y_batch)
            losses.append(kept(loss))
            loss.backward()
            step(optimizer)
        return result(losses)

    return answer


def overfit_by_hand(model, loss_fn, x_batch, y_batch, n_steps, lr):
    patient, losses = copy.deepcopy(model), []
    patient.train()
    while len(losses) < n_steps:
        loss = loss_fn(patient(x_batch), y_batch)
        losses += [float(loss)]
        parameters = list(patient.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= lr * gradient
    return losses


def overfit_closure(model, loss_fn, x, y, n_steps, lr):
    patient = copy.deepcopy(model).train()
    optimizer = optim.SGD(patient.parameters(), lr)

    def closure():
        optimizer.zero_grad()
        loss = loss_fn(patient(x), y)
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(n_steps)]


def overfit_after(model, loss_fn, x, y, n_steps, lr):
    patient = copy.deepcopy(model).train()
    optimizer = optim.SGD(patient.parameters(), lr)
    losses = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss_fn(patient(x), y).backward()
        optimizer.step()
        losses.append(loss_fn(patient(x), y).item())
    return losses


def overfit_puts_back(model, loss_fn, x, y, n_steps, lr):
    state = copy.deepcopy(model.state_dict())
    losses = overfit(copied=lambda m: m)(model, loss_fn, x, y, n_steps, lr)
    model.load_state_dict(state)
    return losses


def overfit_eval_of_copy(model, loss_fn, x, y, n_steps, lr):
    model.train()
    return overfit()(model, loss_fn, x, y, n_steps, lr)


OVERFIT = Answers(
    right={
        "as in the solution": overfit(),
        "without an optimizer": overfit_by_hand,
        "with a closure": overfit_closure,
        "clears through the model": overfit(
            kind=lambda p, lr: optim.SGD([*p], lr=lr, momentum=0.0)
        ),
        "floats": overfit(kept=float),
    },
    wrong={
        "returns_nothing": overfit(result=lambda losses: None),
        "no_list": overfit(result=lambda losses: losses[-1]),
        "no_list but a tensor": overfit(result=torch.tensor),
        "no_list but a tuple": overfit(result=tuple),
        "model_trained": overfit(copied=lambda model: model),
        "model_trained through a shallow copy": overfit(copied=copy.copy),
        "gradients_left": overfit_puts_back,
        "mode_changed": overfit_eval_of_copy,
        "holds_tensors": overfit(kept=lambda loss: loss.detach()),
        "other_length": overfit(result=lambda losses: losses[:-1]),
        "no_training": overfit(step=lambda optimizer: None),
        "no_training as the model is held": overfit(
            held=lambda model, patient: model
        ),
        "after_the_step": overfit_after,
        "no_zero_grad": overfit(clear=lambda optimizer: None),
        "other_optimizer": overfit(kind=lambda p, lr: optim.Adam(p, lr=lr)),
        "other_optimizer with momentum": overfit(
            kind=lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9)
        ),
        "eval_mode": overfit(begin=lambda patient: patient.eval()),
        "eval_mode as it came": overfit(begin=lambda patient: None),
        "fixed_rate": overfit(kind=lambda p, lr: optim.SGD(p, lr=0.01)),
        "other_value": overfit(
            kind=lambda p, lr: optim.SGD(p, lr=lr, weight_decay=0.1)
        ),
    },
)

# ------------------------------------------------------------------- 19.2


def ratios(
    noted=lambda p: p.detach().clone(),
    step=lambda optimizer: optimizer.step(),
    ratio=lambda old, new: (new - old).norm() / old.norm(),
    kept=lambda value: value.item(),
    result=lambda found: found,
):
    """Build an answer out of its parts."""

    def answer(model, optimizer):
        before = {name: noted(p) for name, p in model.named_parameters()}
        step(optimizer)
        return result(
            {
                name: kept(ratio(before[name], p.detach()))
                for name, p in model.named_parameters()
            }
        )

    return answer


def ratios_of_state(model, optimizer):
    before = copy.deepcopy(model.state_dict())
    optimizer.step()
    after = model.state_dict()
    return {
        name: float((after[name] - before[name]).norm() / before[name].norm())
        for name in before
    }


def ratios_of_copy(model, optimizer):
    old = copy.deepcopy(model)
    optimizer.step()
    found = {}
    with torch.no_grad():
        for (name, p), q in zip(
            model.named_parameters(), old.parameters(), strict=True
        ):
            change = torch.linalg.vector_norm(p - q)
            found[name] = (change / torch.linalg.vector_norm(q)).item()
    return found


def ratios_by_hand(model, optimizer):
    before = {n: p.flatten().tolist() for n, p in model.named_parameters()}
    optimizer.step()
    found = {}
    for name, p in model.named_parameters():
        old, new = before[name], p.flatten().tolist()
        moved = math.sqrt(
            sum((a - b) ** 2 for a, b in zip(old, new, strict=True))
        )
        found[name] = moved / math.sqrt(sum(a**2 for a in old))
    return found


def ratios_of_gradient(model, optimizer):
    found = {
        name: (p.grad.norm() / p.norm()).item()
        for name, p in model.named_parameters()
    }
    optimizer.step()
    return found


def ratios_of_rate(model, optimizer):
    lr = optimizer.param_groups[0]["lr"]
    found = {
        name: (lr * p.grad.norm() / p.norm()).item()
        for name, p in model.named_parameters()
    }
    optimizer.step()
    return found


def ratios_step_each(model, optimizer):
    found = {}
    for name, p in model.named_parameters():
        old = p.detach().clone()
        optimizer.step()
        found[name] = ((p.detach() - old).norm() / old.norm()).item()
    return found


def ratios_cleared(model, optimizer):
    optimizer.zero_grad()
    return ratios()(model, optimizer)


RATIOS = Answers(
    right={
        "as in the solution": ratios(),
        "state of the model": ratios_of_state,
        "copy of the model": ratios_of_copy,
        "lists": ratios_by_hand,
    },
    wrong={
        "returns_nothing": ratios(result=lambda found: None),
        "no_dictionary": ratios(result=lambda found: list(found.values())),
        "no_step": ratios(step=lambda optimizer: None),
        "other_steps": ratios_step_each,
        "gradient_lost": ratios_cleared,
        "other_names": ratios(
            result=lambda found: dict(enumerate(found.values()))
        ),
        "returns_tensor": ratios(kept=lambda value: value),
        "no_copy": ratios(noted=lambda p: p.detach()),
        "no_copy but data": ratios(noted=lambda p: p.data),
        "divided_by_after": ratios(
            ratio=lambda old, new: (new - old).norm() / new.norm()
        ),
        "not_divided": ratios(ratio=lambda old, new: (new - old).norm()),
        "of_gradient": ratios_of_gradient,
        "of_gradient times the rate": ratios_of_rate,
        "norms_compared": ratios(
            ratio=lambda old, new: (new.norm() - old.norm()).abs() / old.norm()
        ),
        "upside_down": ratios(
            ratio=lambda old, new: old.norm() / (new - old).norm()
        ),
        "squared": ratios(
            ratio=lambda old, new: ((new - old) ** 2).sum() / (old**2).sum()
        ),
        "element_by_element": ratios(
            ratio=lambda old, new: ((new - old) / old).abs().mean()
        ),
        "other_value": ratios(
            ratio=lambda old, new: (new - old).abs().max() / old.norm()
        ),
    },
)

# ------------------------------------------------------------------- 19.3


def entropy(y):
    share = y.bincount() / len(y)
    share = share[share > 0]
    return -(share * share.log()).sum().item()


def baseline(
    of_numbers=lambda y: y.var(correction=0).item(), of_classes=entropy
):
    """Build an answer out of its parts."""

    def answer(y):
        return of_numbers(y) if y.is_floating_point() else of_classes(y)

    return answer


def entropy_of_shares(y, log=torch.log, weight=lambda share: share):
    share = y.unique(return_counts=True)[1] / len(y)
    return -(weight(share) * log(share)).sum().item()


def counted(y):
    counts = Counter(y.tolist()).values()
    return -sum(n / len(y) * math.log(n / len(y)) for n in counts)


def cross_entropy_of_shares(y):
    share = y.bincount() / len(y)
    return F.cross_entropy(share.log().expand(len(y), -1), y).item()


BASELINE = Answers(
    right={
        "as in the solution": baseline(),
        "counted": baseline(
            lambda y: ((y - y.mean()) ** 2).mean().item(), counted
        ),
        "losses of torch": baseline(
            lambda y: F.mse_loss(y.mean().expand_as(y), y).item(),
            cross_entropy_of_shares,
        ),
        "entr": baseline(
            of_classes=lambda y: (
                torch.special.entr(y.bincount() / len(y)).sum().item()
            )
        ),
    },
    wrong={
        "returns_nothing": baseline(of_classes=lambda y: None),
        "returns_tensor": baseline(lambda y: y.var(correction=0)),
        "unbiased": baseline(lambda y: y.var().item()),
        "standard_deviation": baseline(lambda y: y.std(correction=0).item()),
        "of_zero": baseline(lambda y: (y**2).mean().item()),
        "absolute": baseline(lambda y: nn.L1Loss()(y.mean(), y).item()),
        "median": baseline(lambda y: ((y - y.median()) ** 2).mean().item()),
        "summed": baseline(lambda y: ((y - y.mean()) ** 2).sum().item()),
        "summed over rows": baseline(of_classes=lambda y: entropy(y) * len(y)),
        "per_column": baseline(
            lambda y: ((y - y.mean(0)) ** 2).mean().item()
        ),
        "equal_classes": baseline(
            of_classes=lambda y: math.log(int(y.max()) + 1)
        ),
        "equal_classes that occur": baseline(
            of_classes=lambda y: math.log(len(y.unique()))
        ),
        "empty_class": baseline(
            of_classes=lambda y: (
                -((s := y.bincount() / len(y)) * s.log()).sum().item()
            )
        ),
        "treated_as_numbers": lambda y: y.float().var(correction=0).item(),
        "majority": baseline(
            of_classes=lambda y: -math.log(int(y.bincount().max()) / len(y))
        ),
        "base_two": baseline(
            of_classes=lambda y: entropy_of_shares(y, log=torch.log2)
        ),
        "sign": baseline(of_classes=lambda y: -entropy(y)),
        "softmax_of_shares": baseline(
            of_classes=lambda y: F.cross_entropy(
                (y.bincount() / len(y)).expand(len(y), -1), y
            ).item()
        ),
        "mean_of_classes": baseline(
            of_classes=lambda y: entropy(y) / len(y.unique())
        ),
        "unweighted": baseline(
            of_classes=lambda y: entropy_of_shares(
                y, weight=lambda share: 1 / len(share)
            )
        ),
        "other_value": baseline(lambda y: 2 * y.var(correction=0).item()),
    },
)

ANSWERS = {"19.1": OVERFIT, "19.2": RATIOS, "19.3": BASELINE}
