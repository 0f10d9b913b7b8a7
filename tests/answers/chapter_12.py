"""Answers to the exercises of chapter 12."""

import copy
import math

import numpy as np
import torch
from torch import nn, optim

from helpers.step_functions import make_train_step_fn
from tests.answers.common import Answers

# ------------------------------------------------------------------- 12.1


def differences(
    moved=lambda x, place, by: shifted(x, place, by),
    quotient=lambda f, up, down, at, h: (f(up) - f(down)) / (2 * h),
    result=lambda gradient: gradient,
):
    """Build an answer out of its parts."""

    def numerical_gradient(f, x, h):
        gradient = torch.zeros_like(x)
        for place in range(x.numel()):
            up, down = moved(x, place, h), moved(x, place, -h)
            gradient.view(-1)[place] = quotient(f, up, down, x, h)
        return result(gradient)

    return numerical_gradient


def shifted(x, place, by):
    x = x.clone()
    x.view(-1)[place] += by
    return x


def in_place_put_back(f, x, h):
    flat, gradient = x.view(-1), []
    for place in range(len(flat)):
        before = flat[place].item()
        flat[place] = before + h
        up = f(x).item()
        flat[place] = before - h
        down = f(x).item()
        flat[place] = before
        gradient.append((up - down) / (2 * h))
    return torch.tensor(gradient).view(x.shape)


def with_ndindex(f, x, h):
    gradient = torch.empty(x.shape, dtype=x.dtype)
    for index in np.ndindex(*x.shape):
        up, down = x.clone(), x.clone()
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / 2 / h
    return gradient


def with_eye(f, x, h):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    rows = [
        (f(x + s.view(x.shape)) - f(x - s.view(x.shape))) / (2 * h)
        for s in steps
    ]
    return torch.stack(rows).reshape(x.shape)


def with_vmap(f, x, h):
    steps = h * torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape)
    return torch.vmap(lambda s: (f(x + s) - f(x - s)) / (2 * h))(steps).view(
        x.shape
    )


def recursive(f, x, h):
    if x.dim() == 0:
        return (f(x + h) - f(x - h)) / (2 * h)
    rows = []
    for i in range(len(x)):

        def of_row(row, i=i):
            whole = x.clone()
            whole[i] = row
            return f(whole)

        rows.append(recursive(of_row, x[i], h))
    return torch.stack(rows)


def two_half_steps(f, x, h):
    with torch.no_grad():
        up = [f(shifted(x, place, h)) for place in range(x.numel())]
        down = [f(shifted(x, place, -h)) for place in range(x.numel())]
    difference = torch.tensor(up) - torch.tensor(down)
    return (difference / (2 * h)).reshape(x.shape)


def never_put_back(f, x, h):
    x, gradient = x.clone(), torch.zeros_like(x)
    for place in range(x.numel()):
        x.view(-1)[place] += h
        up = f(x)
        x.view(-1)[place] -= 2 * h
        gradient.view(-1)[place] = (up - f(x)) / (2 * h)
    return gradient


def put_back_too_far(f, x, h):
    x, gradient = x.clone(), torch.zeros_like(x)
    for place in range(x.numel()):
        x.view(-1)[place] += h
        up = f(x)
        x.view(-1)[place] -= 2 * h
        gradient.view(-1)[place] = (up - f(x)) / (2 * h)
        x.view(-1)[place] += 2 * h
    return gradient


def moves_the_input(f, x, h):
    gradient = torch.zeros_like(x)
    for place in range(x.numel()):
        x.view(-1)[place] += h
        up = f(x)
        x.view(-1)[place] -= 2 * h
        gradient.view(-1)[place] = (up - f(x)) / (2 * h)
    return gradient


def with_autograd(f, x, h):
    x = x.clone().requires_grad_()
    f(x).backward()
    return x.grad


def rows_at_once(f, x, h):
    gradient = torch.zeros_like(x)
    if x.dim() == 0:
        return (f(x + h) - f(x - h)) / (2 * h)
    for i in range(len(x)):
        up, down = x.clone(), x.clone()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


def copies_of_elements(f, x, h):
    gradient = []
    for value in x.flatten():
        value = value + h
        up = f(x)
        value = value - 2 * h
        gradient.append((up - f(x)) / (2 * h))
    return torch.stack(gradient).view(x.shape)


def all_at_once(f, x, h):
    return torch.ones_like(x) * (f(x + h) - f(x - h)) / (2 * h)


def flattened(f, x, h):
    flat = x.flatten()
    return differences()(f, flat, h).view(x.shape)


def element_alone(f, x, h):
    gradient = [(f(v + h) - f(v - h)) / (2 * h) for v in x.flatten()]
    return torch.stack(gradient).view(x.shape)


def first_axis(f, x, h):
    gradient = []
    for place in range(x.numel()):
        up, down = shifted(x, place, h), shifted(x, place, -h)
        gradient.append((f(up) - f(down)) / (2 * h))
    return torch.stack(gradient)


def one_step_for_all(f, x, h):
    step, gradient = torch.zeros_like(x), torch.zeros_like(x)
    for place in range(x.numel()):
        step.view(-1)[place] = h
        gradient.view(-1)[place] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def all_but_the_last(f, x, h):
    gradient = differences()(f, x, h)
    gradient.view(-1)[-1] = 0
    return gradient


def by_a_view_of_numpy(f, x, h):
    """Move the elements of `x` through the memory that it shares."""
    values, gradient = x.numpy(), np.zeros(x.shape)
    for index, value in np.ndenumerate(values.copy()):
        values[index] = value + h
        up = f(x).item()
        values[index] = value - h
        gradient[index] = (up - f(x).item()) / (2 * h)
        values[index] = value
    return torch.from_numpy(gradient)


def printed(f, x, h):
    print(differences()(f, x, h))


def squared(x):
    return (x**2).sum()


NUMERICAL_GRADIENT = Answers(
    right={
        "course": differences(),
        "in place and put back": in_place_put_back,
        "ndindex": with_ndindex,
        "eye": with_eye,
        "vmap": with_vmap,
        "recursive": recursive,
        "all up, then all down": two_half_steps,
        "float32 result": differences(result=lambda g: g.float()),
        "a leaf of its own": differences(result=lambda g: g.requires_grad_()),
        "two one-sided ones": differences(
            quotient=lambda f, up, down, at, h: (
                ((f(up) - f(at)) / h + (f(at) - f(down)) / h) / 2
            )
        ),
        "through NumPy": by_a_view_of_numpy,
        "float result": differences(
            quotient=lambda f, up, down, at, h: (
                (f(up).item() - f(down).item()) / (2 * h)
            )
        ),
    },
    wrong={
        "forward": differences(
            quotient=lambda f, up, down, at, h: (f(up) - f(at)) / h
        ),
        "forward to the other side": differences(
            quotient=lambda f, up, down, at, h: (f(at) - f(down)) / h
        ),
        "forward over two steps": differences(
            quotient=lambda f, up, down, at, h: (f(up) - f(at)) / (2 * h)
        ),
        "step_counted_once": differences(
            quotient=lambda f, up, down, at, h: (f(up) - f(down)) / h
        ),
        "parentheses": differences(
            quotient=lambda f, up, down, at, h: (f(up) - f(down)) / 2 * h
        ),
        "parentheses around the difference": differences(
            quotient=lambda f, up, down, at, h: f(up) - f(down) / (2 * h)
        ),
        "not_divided": differences(
            quotient=lambda f, up, down, at, h: f(up) - f(down)
        ),
        "swapped": differences(
            quotient=lambda f, up, down, at, h: (f(down) - f(up)) / (2 * h)
        ),
        "together": all_at_once,
        "by_rows": rows_at_once,
        "drifts": never_put_back,
        "drifts upwards": put_back_too_far,
        "drifts in the step": one_step_for_all,
        "one_number": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
        "left_out": all_but_the_last,
        "whole_numbers": differences(result=lambda g: g.long()),
        "own_step half as large": lambda f, x, h: differences()(f, x, h / 2),
        "other_value without its sign": differences(result=lambda g: g.abs()),
        "by_autograd by a function": lambda f, x, h: torch.func.grad(f)(x),
        "input_changed": moves_the_input,
        "by_autograd": with_autograd,
        "own_step": lambda f, x, h: differences()(f, x, 1e-5),
        "own_step so small": lambda f, x, h: differences()(f, x, 1e-4),
        "not_called": lambda f, x, h: differences()(squared, x, h),
        "not_moved": copies_of_elements,
        "other_shape": flattened,
        "other_shape of one element": element_alone,
        "wrong_shape": first_axis,
        "no_tensor": differences(result=lambda g: g.tolist()),
        "no_tensor but an array": differences(result=lambda g: g.numpy()),
        "returns_nothing": printed,
        "other_value": differences(result=lambda g: g + 1),
        "signature": lambda f, x: differences()(f, x, 0.1),
    },
)

# ------------------------------------------------------------------- 12.2


def by_chain(
    error=lambda yhat, y: 2 * (yhat - y),
    slope=lambda yhat, z: 1 - yhat**2,
    last=lambda x, w: x,
    mean=lambda rows: rows.mean(),
    result=lambda one, two: (one.item(), two.item()),
):
    """Build an answer out of its factors."""

    def tanh_gradients(x, y, w, b):
        z = b + w * x
        yhat = torch.tanh(z)
        at_z = error(yhat, y) * slope(yhat, z)
        return result(mean(at_z * last(x, w)), mean(at_z))

    return tanh_gradients


def in_plain_python(x, y, w, b):
    of_w = of_b = 0.0
    for x_i, y_i in zip(x.flatten().tolist(), y.flatten().tolist()):
        yhat = math.tanh(b + w * x_i)
        at_z = 2 * (yhat - y_i) * (1 - yhat * yhat)
        of_w += at_z * x_i
        of_b += at_z
    return of_w / len(x), of_b / len(x)


def with_numpy(x, y, w, b):
    x, y = x.numpy(), y.numpy()
    yhat = np.tanh(b + w * x)
    at_z = 2 * (yhat - y) * (1 - yhat**2)
    return float(np.mean(at_z * x)), float(np.mean(at_z))


def with_matrices(x, y, w, b):
    inputs = torch.cat([x, torch.ones_like(x)], dim=1)  # [n, 2]
    yhat = torch.tanh(inputs @ torch.tensor([[w], [b]]))
    at_z = 2 * (yhat - y) * (1 - yhat**2) / len(x)
    return (inputs.t() @ at_z).flatten().tolist()


def with_differences(x, y, w, b):
    def loss(w, b):
        return ((torch.tanh(b + w * x.double()) - y.double()) ** 2).mean()

    h = 1e-5
    return (
        ((loss(w + h, b) - loss(w - h, b)) / (2 * h)).item(),
        ((loss(w, b + h) - loss(w, b - h)) / (2 * h)).item(),
    )


def rough_differences(x, y, w, b):
    def loss(w, b):
        return ((torch.tanh(b + w * x) - y) ** 2).mean().item()

    h = 1e-3
    return (
        (loss(w + h, b) - loss(w - h, b)) / (2 * h),
        (loss(w, b + h) - loss(w, b - h)) / (2 * h),
    )


def by_backward(x, y, w, b):
    w, b = torch.tensor(w).requires_grad_(), torch.tensor(b).requires_grad_()
    ((torch.tanh(b + w * x) - y) ** 2).mean().backward()
    return w.grad.item(), b.grad.item()


def by_grad(x, y, w, b):
    w, b = (torch.tensor(v, requires_grad=True) for v in (w, b))
    loss = ((torch.tanh(b + w * x) - y) ** 2).mean()
    return tuple(g.item() for g in torch.autograd.grad(loss, (w, b)))


def of_the_line(x, y, w, b):
    error = 2 * (b + w * x - y)
    return (error * x).mean().item(), error.mean().item()


def line_error(x, y, w, b):
    z = b + w * x
    at_z = 2 * (z - y) * (1 - torch.tanh(z) ** 2)
    return (at_z * x).mean().item(), at_z.mean().item()


def means_first(x, y, w, b):
    yhat = torch.tanh(b + w * x)
    at_z = 2 * (yhat - y).mean() * (1 - yhat**2).mean()
    return (at_z * x.mean()).item(), at_z.item()


def without_bias(x, y, w, b):
    return by_chain()(x, y, w, 0.0)


def by_enabling(x, y, w, b):
    with torch.enable_grad():
        return by_backward(x, y, w, b)


def centred(x, y, w, b):
    yhat = torch.tanh(x.mul_(w).add_(b))
    return by_chain()(x, y, w, b) if yhat is None else (yhat.mean().item(), 0.0)


TANH_GRADIENTS = Answers(
    right={
        "course": by_chain(),
        "plain Python": in_plain_python,
        "NumPy": with_numpy,
        "matrices": with_matrices,
        "differences": with_differences,
        "a list": by_chain(result=lambda *two: [one.item() for one in two]),
        "float": by_chain(result=lambda *two: tuple(map(float, two))),
        "sum over length": by_chain(mean=lambda rows: rows.sum() / len(rows)),
        "1 + and 1 -": by_chain(slope=lambda yhat, z: (1 + yhat) * (1 - yhat)),
        "cosh": by_chain(slope=lambda yhat, z: 1 / torch.cosh(z) ** 2),
    },
    wrong={
        "other_order": by_chain(result=lambda a, b: (b.item(), a.item())),
        "no_slope": by_chain(slope=lambda yhat, z: 1),
        "no_mean": by_chain(mean=lambda rows: rows.sum()),
        "no_two": by_chain(error=lambda yhat, y: yhat - y),
        "swapped": by_chain(error=lambda yhat, y: 2 * (y - yhat)),
        "no_x": by_chain(last=lambda x, w: 1),
        "times_w": by_chain(last=lambda x, w: w),
        "slope_at_z": by_chain(slope=lambda yhat, z: 1 - z**2),
        "slope_at_z as tanh comes twice": by_chain(
            slope=lambda yhat, z: 1 - torch.tanh(yhat) ** 2
        ),
        "not_squared": by_chain(slope=lambda yhat, z: 1 - yhat),
        "not_squared but all of it": by_chain(
            slope=lambda yhat, z: (1 - yhat) ** 2
        ),
        "other_sign": by_chain(slope=lambda yhat, z: 1 + yhat**2),
        "other_roles": lambda x, y, w, b: by_chain()(x, y, b, w),
        "no_tanh": line_error,
        "no_tanh at all": of_the_line,
        "no_b": without_bias,
        "shapes": by_chain(error=lambda yhat, y: 2 * (yhat - y.squeeze())),
        "shapes of the prediction": by_chain(
            error=lambda yhat, y: 2 * (yhat.squeeze() - y)
        ),
        "error_squared": by_chain(error=lambda yhat, y: (yhat - y) ** 2),
        "not_squared but a sigmoid's": by_chain(
            slope=lambda yhat, z: yhat * (1 - yhat)
        ),
        "times_w and b": lambda x, y, w, b: (
            by_chain()(x, y, w, b)[0],
            b * by_chain()(x, y, w, b)[1],
        ),
        "rounded": by_chain(
            result=lambda *two: [round(one.item(), 4) for one in two]
        ),
        "rounded to three digits": by_chain(
            result=lambda *two: [round(one.item(), 3) for one in two]
        ),
        "rough": rough_differences,
        "no_error": by_chain(error=lambda yhat, y: 1),
        "means_apart": means_first,
        "by_autograd": by_backward,
        "by_autograd again": by_grad,
        "by_autograd switched on": by_enabling,
        "returns_tensor": by_chain(result=lambda *two: two),
        "no_number but NumPy's": by_chain(
            result=lambda *two: tuple(np.float64(one) for one in two)
        ),
        "no_pair": by_chain(result=lambda one, two: one.item()),
        "no_pair in a dictionary": by_chain(
            result=lambda one, two: {"w": one.item(), "b": two.item()}
        ),
        "returns_nothing": by_chain(result=lambda *two: print(*two)),
        "input_changed": centred,
        "other_value": by_chain(error=lambda yhat, y: 2 * (yhat - y).abs()),
        "signature": lambda x, y, w: by_chain()(x, y, w, 0.0),
    },
)

# ------------------------------------------------------------------- 12.3


def accumulating(
    parts=lambda x, y, size: zip(x.split(size), y.split(size), strict=True),
    share=lambda n, n_all, size, n_parts: n / n_all,
    begin=lambda optimizer: None,
    after_part=lambda optimizer: None,
    end=lambda optimizer: (optimizer.step(), optimizer.zero_grad()),
    mode=lambda model: model.train(),
    loss_of=lambda loss_fn, yhat, y: loss_fn(yhat, y),
    total_of=lambda share, loss: share * loss.item(),
    result=lambda totals: sum(totals),
):
    """Build a builder of accumulating steps out of its parts."""

    def make(model, loss_fn, optimizer, size):
        def step(x, y):
            mode(model)
            begin(optimizer)
            totals, n_parts = [], -(-len(x) // size)
            for x_batch, y_batch in parts(x, y, size):
                loss = loss_of(loss_fn, model(x_batch), y_batch)
                weight = share(len(x_batch), len(x), size, n_parts)
                (weight * loss).backward()
                totals.append(total_of(weight, loss))
                after_part(optimizer)
            end(optimizer)
            return result(totals)

        return step

    return make


class Accumulating(nn.Module):
    def __init__(self, model, loss_fn, optimizer, size):
        super().__init__()
        self.model, self.loss_fn = model, loss_fn
        self.optimizer, self.size = optimizer, size

    def forward(self, x, y):
        self.model.train()
        self.optimizer.zero_grad()
        total = torch.zeros([])
        for start in range(0, len(x), self.size):
            rows = slice(start, start + self.size)
            loss = self.loss_fn(self.model(x[rows]), y[rows])
            loss = loss * len(x[rows]) / len(x)
            loss.backward()
            total += loss.detach()
        self.optimizer.step()
        return float(total)


def divide_at_the_end(model, loss_fn, optimizer, size):
    def step(x, y):
        model.train()
        optimizer.zero_grad()
        total = 0.0
        for xs, ys in zip(x.split(size), y.split(size), strict=True):
            loss = loss_fn(model(xs), ys) * len(xs)
            loss.backward()
            total += loss.item()
        for parameter in model.parameters():
            parameter.grad /= len(x)
        optimizer.step()
        return total / len(x)

    return step


def with_loader(model, loss_fn, optimizer, size):
    def step(x, y):
        model.train()
        data = torch.utils.data.TensorDataset(x, y)
        losses = []
        for xs, ys in torch.utils.data.DataLoader(data, batch_size=size):
            loss = loss_fn(model(xs), ys) * (len(xs) / len(x))
            loss.backward()
            losses.append(loss.item())
        optimizer.step()
        optimizer.zero_grad()
        return math.fsum(losses)

    return step


def by_hand_into_grad(model, loss_fn, optimizer, size):
    def step(x, y):
        model.train()
        parameters = list(model.parameters())
        sums = [torch.zeros_like(p) for p in parameters]
        total = 0.0
        for xs, ys in zip(x.split(size), y.split(size), strict=True):
            loss = loss_fn(model(xs), ys)
            found = torch.autograd.grad(loss, parameters)
            for one, gradient in zip(sums, found, strict=True):
                one += gradient * len(xs) / len(x)
            total += loss.item() * len(xs) / len(x)
        for parameter, one in zip(parameters, sums, strict=True):
            parameter.grad = one
        optimizer.step()
        optimizer.zero_grad()
        return total

    return step


def one_backward(model, loss_fn, optimizer, size):
    def step(x, y):
        model.train()
        total = 0
        for xs, ys in zip(x.split(size), y.split(size), strict=True):
            total = total + loss_fn(model(xs), ys) * len(xs) / len(x)
        total.backward()
        optimizer.step()
        optimizer.zero_grad()
        return total.item()

    return step


def retaining(model, loss_fn, optimizer, size):
    def step(x, y):
        model.train()
        total = 0
        for xs, ys in zip(x.split(size), y.split(size), strict=True):
            loss = loss_fn(model(xs), ys) * len(xs) / len(x)
            loss.backward(retain_graph=True)
            total = total + loss
        optimizer.step()
        optimizer.zero_grad()
        return total.item()

    return step


def backward_of_the_last(model, loss_fn, optimizer, size):
    def step(x, y):
        model.train()
        total = 0.0
        for xs, ys in zip(x.split(size), y.split(size), strict=True):
            loss = loss_fn(model(xs), ys) * len(xs) / len(x)
            total += loss.item()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return total

    return step


def by_closure(model, loss_fn, optimizer, size):
    def step(x, y):
        def closure():
            optimizer.zero_grad()
            total = 0.0
            for xs, ys in zip(x.split(size), y.split(size), strict=True):
                loss = loss_fn(model(xs), ys) * len(xs) / len(x)
                loss.backward()
                total += loss.item()
            return total

        model.train()
        return optimizer.step(closure)

    return step


def whole_batch(model, loss_fn, optimizer, size):
    return make_train_step_fn(model, loss_fn, optimizer)


def steps_of_the_course(model, loss_fn, optimizer, size):
    inner = make_train_step_fn(model, loss_fn, optimizer)

    def step(x, y):
        return sum(
            inner(xs, ys) * len(xs) / len(x)
            for xs, ys in zip(x.split(size), y.split(size), strict=True)
        )

    return step


def by_hand_update(model, loss_fn, optimizer, size):
    def end(_optimizer):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        model.zero_grad()

    return accumulating(end=end)(model, loss_fn, optimizer, size)


def of_own_model(model, loss_fn, optimizer, size):
    return accumulating()(
        copy.deepcopy(nn.Linear(2, 1)), loss_fn, optimizer, size
    )


def loss_after(model, loss_fn, optimizer, size):
    inner = accumulating()(model, loss_fn, optimizer, size)

    def step(x, y):
        inner(x, y)
        with torch.no_grad():
            return loss_fn(model(x), y).item()

    return step


def loss_after_by_layer(model, loss_fn, optimizer, size):
    inner = accumulating()(model, lambda *two: loss_fn(*two), optimizer, size)

    def step(x, y):
        inner(x, y)
        error = model.layer(x) - y
        return torch.where(error > 0, error**2 / 5, error**2 / 2).mean().item()

    return step


def runs_at_once(model, loss_fn, optimizer, size):
    model(torch.ones(2, 2))
    return accumulating()(model, loss_fn, optimizer, size)


def mode_outside(model, loss_fn, optimizer, size):
    modes = iter([1])

    def mode(model):
        if next(modes, None):
            model.train()

    return accumulating(mode=mode)(model, loss_fn, optimizer, size)


def set_outside(model, loss_fn, optimizer, size):
    model.train()
    return accumulating(mode=lambda m: None)(model, loss_fn, optimizer, size)


def own_loss(model, loss_fn, optimizer, size):
    return accumulating()(model, nn.MSELoss(), optimizer, size)


def forgotten(model, loss_fn, optimizer, size):
    def step(x, y):
        return accumulating()(model, loss_fn, optimizer, size)(x, y)


def without_size(model, loss_fn, optimizer):
    return accumulating()(model, loss_fn, optimizer, 16)


class SharedSize(Accumulating):
    def __init__(self, model, loss_fn, optimizer, size):
        super().__init__(model, loss_fn, optimizer, size)
        SharedSize.latest = size

    def forward(self, x, y):
        self.size = SharedSize.latest
        return super().forward(x, y)


def yields(model, loss_fn, optimizer, size):
    inner = accumulating()(model, loss_fn, optimizer, size)

    def step(x, y):
        yield inner(x, y)

    return step


def full_parts_only(x, y, size):
    for number in range(max(len(x) // size, 1)):
        rows = slice(number * size, (number + 1) * size)
        yield x[rows], y[rows]


def one_too_many(x, y, size):
    for number in range(len(x) // size + 1):
        rows = slice(number * size, (number + 1) * size)
        yield x[rows], y[rows]


def chunks(x, y, size):
    return zip(x.chunk(size), y.chunk(size), strict=True)


def twice(x, y, size):
    pairs = list(zip(x.split(size), y.split(size), strict=True))
    return pairs + pairs[:1]


ACCUMULATING_STEP = Answers(
    right={
        "course": accumulating(),
        "cleared first": accumulating(
            begin=lambda o: o.zero_grad(), end=lambda o: o.step()
        ),
        "set to zero": accumulating(
            end=lambda o: (o.step(), o.zero_grad(set_to_none=False))
        ),
        "a module": Accumulating,
        "divide at the end": divide_at_the_end,
        "a loader": with_loader,
        "into grad by hand": by_hand_into_grad,
        "a closure": by_closure,
        "weights as gradients": accumulating(
            loss_of=lambda f, yhat, y: f(yhat, y).clone()
        ),
        "numbers from lists": accumulating(
            result=lambda totals: float(np.sum(totals))
        ),
    },
    wrong={
        "added_up": accumulating(share=lambda n, n_all, size, k: 1),
        "plain_mean": accumulating(share=lambda n, n_all, size, k: 1 / k),
        "wrong_share": accumulating(
            share=lambda n, n_all, size, k: size / n_all
        ),
        "wrong_share of size": accumulating(
            share=lambda n, n_all, size, k: n / size
        ),
        "wrong_share of none": accumulating(share=lambda n, n_all, size, k: n),
        "wrong_share of rows": accumulating(
            share=lambda n, n_all, size, k: 1 / n_all
        ),
        "gradient": accumulating(share=lambda n, n_all, size, k: 2 * n / n_all),
        "stale": accumulating(end=lambda o: o.step()),
        "cleared_each_time": lambda m, f, o, size: cleared(
            m, f, o, size, weighted=False
        ),
        "cleared_each_time though weighted": lambda m, f, o, size: cleared(
            m, f, o, size, weighted=True
        ),
        "zeroed_too_early": accumulating(after_part=lambda o: o.zero_grad()),
        "step_each_time": accumulating(
            after_part=lambda o: o.step(), end=lambda o: o.zero_grad()
        ),
        "step_each_time with the course's": steps_of_the_course,
        "step_before_backward": accumulating(
            begin=lambda o: o.step(), end=lambda o: None
        ),
        "no_step": accumulating(end=lambda o: o.zero_grad()),
        "no_backward": lambda m, f, o, size: (
            lambda x, y: sum(
                f(m.train()(xs), ys).item() * len(xs) / len(x)
                for xs, ys in zip(x.split(size), y.split(size), strict=True)
            )
        ),
        "other_optimizer": by_hand_update,
        "other_model": of_own_model,
        "other_loss": own_loss,
        "graphs_kept": one_backward,
        "graphs_kept by retaining them": retaining,
        "backward_once": backward_of_the_last,
        "empty_part": accumulating(
            parts=one_too_many,
            total_of=lambda share, loss: share and share * loss.item(),
        ),
        "whole_batch": whole_batch,
        "wrong_size": accumulating(parts=chunks),
        "rows_left_out": accumulating(parts=full_parts_only),
        "two_predictions": accumulating(parts=twice),
        "two_predictions for the loss": loss_after,
        "loss after": loss_after_by_layer,
        "loss last": accumulating(
            total_of=lambda share, loss: loss.item(),
            result=lambda totals: totals[-1],
        ),
        "loss last, weighted": accumulating(result=lambda totals: totals[-1]),
        "loss added up": accumulating(total_of=lambda share, loss: loss.item()),
        "loss plain mean": accumulating(
            total_of=lambda share, loss: loss.item(),
            result=lambda totals: sum(totals) / len(totals),
        ),
        "loss of something": accumulating(
            result=lambda totals: sum(totals) + 1
        ),
        "returns_tensor": accumulating(
            result=lambda totals: torch.tensor(sum(totals))
        ),
        "step_returns_nothing": accumulating(result=lambda totals: None),
        "no_number": accumulating(result=lambda totals: totals),
        "no_number as it yields": yields,
        "no_train_mode": accumulating(mode=lambda model: None),
        "no_train_mode at the call": set_outside,
        "no_train_mode later": mode_outside,
        "swapped": accumulating(loss_of=lambda f, yhat, y: f(y, yhat)),
        "shapes": accumulating(loss_of=lambda f, yhat, y: f(yhat, y[:, 0])),
        "runs_at_once": runs_at_once,
        "builder_returns_nothing": forgotten,
        "called_too_soon": lambda m, f, o, size: 0.5,
        "shared": SharedSize,
        "signature": without_size,
    },
)


def cleared(model, loss_fn, optimizer, size, *, weighted):
    def step(x, y):
        model.train()
        total = 0.0
        for xs, ys in zip(x.split(size), y.split(size), strict=True):
            optimizer.zero_grad()
            share = len(xs) / len(x)
            loss = loss_fn(model(xs), ys)
            (share * loss if weighted else loss).backward()
            total += share * loss.item()
        optimizer.step()
        return total

    return step


# ------------------------------------------------------------------- 12.4


def freeze(
    body=lambda model: model[:-1].requires_grad_(False),
    head=lambda model: model[-1].requires_grad_(True),
    clear=lambda model: model.zero_grad(),
    held=lambda model: model[-1].parameters(),
    optimizer=lambda held, lr: optim.SGD(held, lr=lr, momentum=0.9),
):
    """Build an answer out of its parts."""

    def freeze_all_but_last(model, lr):
        body(model)
        head(model)
        clear(model)
        return optimizer(held(model), lr)

    return freeze_all_but_last


def one_by_one(model, lr):
    last = set(model[-1].parameters())
    for parameter in model.parameters():
        parameter.requires_grad = parameter in last
        parameter.grad = None
    kept = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.SGD(kept, lr, 0.9)


def by_children(model, lr):
    *body, last = model.children()
    for layer in body:
        for parameter in layer.parameters():
            parameter.requires_grad_(False)
    for parameter in last.parameters():
        parameter.requires_grad_(True)
    model.zero_grad(set_to_none=False)
    return optim.SGD(filter(lambda p: p.requires_grad, model.parameters()),
                     lr=lr, momentum=0.9)  # fmt: skip


def named(model, lr):
    last = f"{len(model) - 1}."
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(last))
    model.zero_grad()
    groups = [{"params": p} for p in model[-1].parameters()]
    return optim.SGD(groups, lr=lr, momentum=0.9)


def attribute_only(model):
    for layer in model[:-1]:
        layer.requires_grad = False


def last_two(model, lr):
    parameters = list(model.parameters())
    for parameter in parameters[:-2]:
        parameter.requires_grad_(False)
    for parameter in parameters[-2:]:
        parameter.requires_grad_(True)
    model.zero_grad()
    return optim.SGD(parameters[-2:], lr=lr, momentum=0.9)


def outer_layers(model):
    """Reach no layer inside another."""
    for layer in model[:-1]:
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad_(False)
        if isinstance(layer, nn.Sequential):
            layer.requires_grad_(True)


def flat_layers(model):
    """Reach no layer inside another, and leave those as they are."""
    for layer in model[:-1]:
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad_(False)


def new_head(model):
    """Put a new layer in place of the last, as large as it was."""
    old = [
        layer for layer in model[-1].modules() if isinstance(layer, nn.Linear)
    ]
    model[-1] = nn.Linear(old[0].in_features, old[-1].out_features)


def linear_layers_only(model):
    for layer in model[:-1]:
        if isinstance(layer, nn.Linear):
            layer.requires_grad_(False)


def reset(model):
    model.zero_grad()
    for layer in model[-1].modules():
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()


def decayed(held, lr):
    return optim.SGD(held, lr=lr, momentum=0.9, weight_decay=0.01)


FROZEN = Answers(
    right={
        "course": freeze(body=lambda model: model.requires_grad_(False)),
        "slice": freeze(),
        "one by one": one_by_one,
        "children": by_children,
        "named": named,
        "in eval mode too": freeze(
            body=lambda model: model[:-1].eval().requires_grad_(False)
        ),
    },
    wrong={
        "not_frozen": freeze(body=lambda model: None, head=lambda m: None),
        "not_frozen by an attribute": freeze(body=attribute_only),
        "not_frozen by eval": freeze(body=lambda model: model.eval()),
        "not_frozen inside": freeze(body=outer_layers),
        "not_frozen inside, once more": freeze(body=flat_layers),
        "last_replaced": freeze(head=new_head),
        "not_frozen by detach": freeze(
            body=lambda model: [p.detach() for p in model[:-1].parameters()]
        ),
        "not_frozen but some linear layers": freeze(body=linear_layers_only),
        "copied": lambda model, lr: freeze()(copy.deepcopy(model), lr),
        "raises as the argument is lr": freeze(
            optimizer=lambda held, lr: optim.SGD(held, learning_rate=lr)
        ),
        "not_frozen but the first": freeze(
            body=lambda model: model[0].weight.requires_grad_(False)
        ),
        "last_frozen": freeze(
            body=lambda model: model.requires_grad_(False),
            head=lambda model: None,
        ),
        "last_frozen where it was before": freeze(head=lambda model: None),
        "last_frozen in part": freeze(
            body=lambda model: model.requires_grad_(False),
            head=lambda model: next(model[-1].parameters()).requires_grad_(),
        ),
        "not_frozen as it counts from the end": last_two,
        "holds_frozen": freeze(held=lambda model: model.parameters()),
        "holds_frozen and no others": freeze(
            held=lambda model: model[0].parameters()
        ),
        "holds_copies": freeze(
            held=lambda model: copy.deepcopy(model[-1]).parameters()
        ),
        "holds_too_little": freeze(
            held=lambda model: [next(model[-1].parameters())]
        ),
        "holds_others": freeze(
            held=lambda model: [
                *model[-1].parameters(),
                nn.Parameter(torch.ones(1)),
            ]
        ),
        "gradients_left": freeze(clear=lambda model: None),
        "gradients_left in the body": freeze(
            clear=lambda model: model[-1].zero_grad()
        ),
        "values_changed": freeze(clear=reset),
        "returns_nothing": freeze(optimizer=lambda held, lr: None),
        "returns_class": freeze(optimizer=lambda held, lr: optim.SGD),
        "no_optimizer": freeze(optimizer=lambda held, lr: list(held)),
        "no_sgd": freeze(optimizer=lambda held, lr: optim.Adam(held, lr=lr)),
        "other_lr": freeze(
            optimizer=lambda held, lr: optim.SGD(held, lr=0.1, momentum=0.9)
        ),
        "no_momentum": freeze(
            optimizer=lambda held, lr: optim.SGD(held, lr=lr)
        ),
        "other_momentum": freeze(
            optimizer=lambda held, lr: optim.SGD(held, lr=lr, momentum=0.8)
        ),
        "other_settings": freeze(optimizer=decayed),
        "signature": lambda model: freeze()(model, 0.1),
    },
)

ANSWERS = {
    "12.1": NUMERICAL_GRADIENT,
    "12.2": TANH_GRADIENTS,
    "12.3": ACCUMULATING_STEP,
    "12.4": FROZEN,
}
