"""Answers to the exercises of chapter 19."""

import copy
import io
import math
import statistics
from collections import Counter, OrderedDict

import numpy as np
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


def overfit_and_put_back(model, loss_fn, x, y, n_steps, lr):
    """Train the model itself, and put everything back."""
    state = copy.deepcopy(model.state_dict())
    modes = [m.training for m in model.modules()]
    gradients = [p.grad for p in model.parameters()]
    model.zero_grad()
    losses = overfit(copied=lambda m: m)(model, loss_fn, x, y, n_steps, lr)
    model.load_state_dict(state)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient
    return losses


def overfit_recursive(model, loss_fn, x, y, n_steps, lr, patient=None):
    if not n_steps:
        return []
    patient = patient or copy.deepcopy(model).train()
    optimizer = optim.SGD(patient.parameters(), lr)
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(patient(x), y)
    loss.backward()
    optimizer.step()
    rest = overfit_recursive(model, loss_fn, x, y, n_steps - 1, lr, patient)
    return [loss.item(), *rest]


def overfit_saved(model, loss_fn, x, y, n_steps, lr):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    patient = copy.deepcopy(model).train()
    patient.load_state_dict(torch.load(file, weights_only=True))
    return overfit(copied=lambda m: patient)(model, loss_fn, x, y, n_steps, lr)


def overfit_functional(model, loss_fn, x, y, n_steps, lr):
    patient, losses = copy.deepcopy(model).train(), [0.0] * n_steps
    weights = {n: p.detach().clone() for n, p in model.named_parameters()}
    for i in range(n_steps):
        leaves = {n: w.requires_grad_() for n, w in weights.items()}
        yhat = torch.func.functional_call(patient, leaves, (x,))
        loss = loss_fn(yhat, y)
        slopes = torch.autograd.grad(loss, [*leaves.values()])
        losses[i] = loss.tolist()
        weights = {
            n: (w - lr * slope).detach()
            for (n, w), slope in zip(leaves.items(), slopes, strict=True)
        }
    return losses


class Trainer:
    def __init__(self, model, lr):
        self.patient = copy.deepcopy(model)
        self.optimizer = torch.optim.SGD(
            [{"params": list(self.patient.parameters()), "lr": lr}],
            foreach=True,
        )
        self.history = []

    def fit(self, loss_fn, x, y, n_steps):
        for self.patient.training in [True] * n_steps:
            self.patient.train()
            loss = loss_fn(self.patient(x), y)
            self.history.append(loss.detach().cpu().numpy().item())
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return self.history


def overfit_clears_last(model, loss_fn, x, y, n_steps, lr):
    patient = copy.deepcopy(model).train()
    optimizer = optim.SGD(patient.parameters(), lr)
    losses = []
    for _ in range(n_steps):
        loss = loss_fn(patient(x), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return losses


def overfit_new_copies(model, loss_fn, x, y, n_steps, lr):
    losses = []
    for _ in range(n_steps):
        losses += overfit()(model, loss_fn, x, y, 1, lr)
    return losses


def overfit_once(model, loss_fn, x, y, n_steps, lr):
    patient = copy.deepcopy(model).train()
    optimizer = optim.SGD(patient.parameters(), lr)
    losses = []
    for step in range(n_steps):
        loss = loss_fn(patient(x), y)
        losses.append(loss.item())
        if not step:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return losses


def overfit_loss_of_model(model, loss_fn, x, y, n_steps, lr):
    patient = copy.deepcopy(model).train()
    optimizer = optim.SGD(patient.parameters(), lr)
    losses = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


def overfit_and_one_more(model, loss_fn, x, y, n_steps, lr):
    return overfit()(model, loss_fn, x, y, n_steps + 1, lr)


def with_loss(change):
    """Make an answer that changes the loss it was given."""

    def answer(model, loss_fn, x, y, n_steps, lr):
        changed = change(loss_fn)
        return overfit()(model, changed, x, y, n_steps, lr)

    return answer


def overfit_uphill(model, loss_fn, x, y, n_steps, lr):
    answer = overfit(result=lambda losses: [-one for one in losses])
    turned = lambda yhat, y: -loss_fn(yhat, y)  # noqa: E731
    return answer(model, turned, x, y, n_steps, lr)


def overfit_clears_the_model(model, loss_fn, x, y, n_steps, lr):
    answer = overfit(clear=lambda optimizer: model.zero_grad())
    return answer(model, loss_fn, x, y, n_steps, lr)


OVERFIT = Answers(
    right={
        "everything put back": overfit_and_put_back,
        "clears at the end of a step": overfit_clears_last,
        "recursive": overfit_recursive,
        "through a file": overfit_saved,
        "functional": overfit_functional,
        "a class": lambda model, loss_fn, x, y, n_steps, lr: Trainer(
            model, lr
        ).fit(loss_fn, x, y, n_steps),
        "clears first and last": overfit(
            begin=lambda patient: patient.train().zero_grad()
        ),
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
        "gradients_changed": overfit_puts_back,
        "mode_changed": overfit_eval_of_copy,
        "holds_tensors": overfit(kept=lambda loss: loss.detach()),
        "other_length": overfit(result=lambda losses: losses[:-1]),
        "other_length with the loss at the end": overfit_and_one_more,
        "other_length as only the last is kept": overfit(
            result=lambda losses: losses[-1:]
        ),
        "no_floats": overfit(kept=lambda loss: loss.detach().numpy()),
        "no_floats but of NumPy": overfit(
            kept=lambda loss: np.float64(loss.item())
        ),
        "no_floats but words": overfit(kept=lambda loss: f"{loss.item():.3f}"),
        "rounded": overfit(kept=lambda loss: round(loss.item(), 3)),
        "swapped": with_loss(lambda loss_fn: lambda a, b: loss_fn(b, a)),
        "other_loss": with_loss(lambda _given: nn.MSELoss()),
        "upwards": overfit_uphill,
        "no_training as each copy is new": overfit_new_copies,
        "no_zero_grad as it clears the model": overfit_clears_the_model,
        "gradients_changed as the model predicts": overfit_loss_of_model,
        "first_update_only": overfit_once,
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


def ratios_by_vectors(model, optimizer):
    names, parameters = zip(*model.named_parameters(), strict=True)
    old = torch.nn.utils.parameters_to_vector(parameters).detach().clone()
    sizes = [p.numel() for p in parameters]
    optimizer.step()
    new = torch.nn.utils.parameters_to_vector(parameters).detach()
    pairs = zip(old.split(sizes), (new - old).split(sizes), strict=True)
    found = [(change.norm() / was.norm()).item() for was, change in pairs]
    return dict(zip(names, found, strict=True))


def ratios_by_hooks(model, optimizer):
    kept, found = {}, {}

    def before(*_given):
        for name, p in model.named_parameters():
            kept[name] = p.data.clone()

    def after(*_given):
        for name, p in model.named_parameters():
            change = torch.dist(p.data, kept[name])
            found[name] = float(change / torch.norm(kept[name]))

    hooks = (
        optimizer.register_step_pre_hook(before),
        optimizer.register_step_post_hook(after),
    )
    optimizer.step()
    for hook in hooks:
        hook.remove()
    return found


def ratios_with_numpy(model, optimizer):
    before = {n: p.detach().numpy().copy() for n, p in model.named_parameters()}
    optimizer.step()
    return OrderedDict(
        (
            n,
            float(np.linalg.norm(p.detach().numpy() - before[n]))
            / float(np.linalg.norm(before[n])),
        )
        for n, p in reversed([*model.named_parameters()])
    )


def ratios_with_foreach(model, optimizer):
    names, parameters = zip(*model.named_parameters(), strict=True)
    with torch.no_grad():
        old = torch._foreach_add(list(parameters), 0.0)
        optimizer.step()
        change = torch._foreach_sub(list(parameters), old)
        norms = torch._foreach_norm(change), torch._foreach_norm(old)
        values = torch._foreach_div(*norms)
    return {n: v.item() for n, v in zip(names, values, strict=True)}


def ratios_restored(model, optimizer):
    state = copy.deepcopy(model.state_dict())
    found = ratios()(model, optimizer)
    model.load_state_dict(state)
    return found


def ratios_of_trainable(model, optimizer):
    trainable = [n for n, p in model.named_parameters() if p.requires_grad]
    found = ratios()(model, optimizer)
    return {name: found[name] for name in trainable}


def ratios_of_all(model, optimizer):
    old = torch.cat([p.detach().flatten() for p in model.parameters()])
    optimizer.step()
    new = torch.cat([p.detach().flatten() for p in model.parameters()])
    ratio = ((new - old).norm() / old.norm()).item()
    return {name: ratio for name, _ in model.named_parameters()}


def ratios_of_a_copy_that_stays(model, optimizer):
    patient = copy.deepcopy(model)
    before = {n: p.detach().clone() for n, p in patient.named_parameters()}
    optimizer.step()
    return {
        n: ((p - before[n]).norm() / before[n].norm()).item()
        for n, p in patient.named_parameters()
    }


RATIOS = Answers(
    right={
        "vectors": ratios_by_vectors,
        "hooks": ratios_by_hooks,
        "NumPy, backwards": ratios_with_numpy,
        "foreach": ratios_with_foreach,
        "root of sums": ratios(
            ratio=lambda old, new: (
                (new - old).pow(2).sum().sqrt() / old.square().sum().sqrt()
            )
        ),
        "root mean squares": ratios(
            ratio=lambda old, new: (
                (new - old).pow(2).mean().sqrt() / old.pow(2).mean().sqrt()
            )
        ),
        "as in the solution": ratios(),
        "copy of the model": ratios_of_copy,
        "lists": ratios_by_hand,
    },
    wrong={
        "returns_nothing": ratios(result=lambda found: None),
        "no_dictionary": ratios(result=lambda found: list(found.values())),
        "no_step": ratios(step=lambda optimizer: None),
        "other_steps as it steps in the loop": ratios_step_each,
        "gradient_lost": ratios_cleared,
        "other_names": ratios(
            result=lambda found: dict(enumerate(found.values()))
        ),
        "other_names of buffers": ratios_of_state,
        "other_names without the frozen one": ratios_of_trainable,
        "gradient_lost as the weights are put back": ratios_restored,
        "no_step as its parentheses are missing": ratios(
            step=lambda optimizer: optimizer.step
        ),
        "other_steps": ratios(
            step=lambda optimizer: (optimizer.step(), optimizer.step())
        ),
        "no_copy but a copy that stays": ratios_of_a_copy_that_stays,
        "percent": ratios(kept=lambda value: 100 * value.item()),
        "whole_model": ratios_of_all,
        "other_norm": ratios(
            ratio=lambda old, new: (new - old).abs().sum() / old.abs().sum()
        ),
        "other_norm of largest values": ratios(
            ratio=lambda old, new: (new - old).abs().max() / old.abs().max()
        ),
        "element_by_element then a norm": ratios(
            ratio=lambda old, new: ((new - old) / old).norm()
        ),
        "norms_compared as a quotient": ratios(
            ratio=lambda old, new: new.norm() / old.norm()
        ),
        "no_number": ratios(kept=lambda value: f"{value:.4f}"),
        "no_number of NumPy": ratios(kept=lambda value: value.numpy()[()]),
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


def by_categorical(y):
    share = torch.bincount(y).float()
    return torch.distributions.Categorical(share).entropy().item()


def by_one_hot(y):
    share = F.one_hot(y).double().mean(0)
    return float(-torch.special.xlogy(share, share).sum())


def by_answers(y):
    """Answer as a model would, and measure the loss."""
    if y.dtype in (torch.float32, torch.float64):
        answer = torch.full_like(y, y.mean().item())
        return nn.MSELoss()(answer, y).item()
    shares = torch.bincount(y) / len(y)
    logits = shares.clamp(min=1e-12).log().repeat(len(y), 1)
    return nn.CrossEntropyLoss()(logits, y).item()


def by_search(y):
    if not y.is_floating_point():
        return entropy(y)
    answer = y.double().mean().requires_grad_()
    for _ in range(50):
        loss = ((y - answer) ** 2).mean()
        (slope,) = torch.autograd.grad(loss, answer)
        answer = (answer - 0.3 * slope).detach().requires_grad_()
    return loss.item()


BASELINE = Answers(
    right={
        "statistics": baseline(
            lambda y: statistics.pvariance(y.flatten().tolist()),
        ),
        "NumPy": baseline(lambda y: float(np.var(y.numpy()))),
        "second moment": baseline(
            lambda y: ((y.double() ** 2).mean() - y.double().mean() ** 2).item()
        ),
        "torch.var_mean": baseline(
            lambda y: torch.var_mean(y, correction=0)[0].item()
        ),
        "a distribution": baseline(of_classes=by_categorical),
        "one-hot": baseline(of_classes=by_one_hot),
        "as a model": by_answers,
        "searched": by_search,
        "nansum": baseline(
            of_classes=lambda y: (
                -((s := y.bincount() / len(y)) * s.log()).nansum().item()
            )
        ),
        "a small number": baseline(
            of_classes=lambda y: (
                -((s := y.bincount() / len(y)) * (s + 1e-9).log()).sum().item()
            )
        ),
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
        "per_column": baseline(lambda y: ((y - y.mean(0)) ** 2).mean().item()),
        "equal_classes": baseline(
            of_classes=lambda y: math.log(int(y.max()) + 1)
        ),
        "equal_classes that occur": baseline(
            of_classes=lambda y: math.log(len(y.unique()))
        ),
        "equal_classes always ten": baseline(of_classes=lambda y: math.log(10)),
        "the_answer": baseline(lambda y: y.mean().item()),
        "treated_as_classes": lambda y: counted(y.flatten()),
        "other_base ten": baseline(
            of_classes=lambda y: entropy_of_shares(y, log=torch.log10)
        ),
        "majority and its share": baseline(
            of_classes=lambda y: int(y.bincount().max()) / len(y)
        ),
        "majority and its errors": baseline(
            of_classes=lambda y: 1 - int(y.bincount().max()) / len(y)
        ),
        "treated_as_numbers unbiased": baseline(
            lambda y: y.var(correction=0).item(),
            lambda y: y.float().var().item(),
        ),
        "no_number": baseline(lambda y: (y.mean().item(), y.var().item())),
        "raises": baseline(of_classes=lambda y: y.var(correction=0).item()),
        "empty_class": baseline(
            of_classes=lambda y: (
                -((s := y.bincount() / len(y)) * s.log()).sum().item()
            )
        ),
        "treated_as_numbers": lambda y: y.float().var(correction=0).item(),
        "majority": baseline(
            of_classes=lambda y: -math.log(int(y.bincount().max()) / len(y))
        ),
        "other_base": baseline(
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
