"""Answers to the exercises of chapter 14."""

import contextlib
import copy
import functools
import math

import numpy as np
import torch
from torch import nn, optim

from helpers.step_functions import make_val_step_fn
from tests.answers.common import Answers

# ------------------------------------------------------------------- 14.1


def size_course(size, kernel_size, padding=0, stride=1):
    room = size + 2 * padding - kernel_size
    if room < 0:
        raise ValueError("The kernel is larger than the padded image.")
    return room // stride + 1


def size_by_layer(size, kernel_size, padding=0, stride=1):
    conv = nn.Conv2d(1, 1, kernel_size, stride, padding)
    try:
        return conv(torch.zeros(1, 1, size, size)).shape[-1]
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def size_by_steps(size, kernel_size, padding=0, stride=1):
    """Walk along the padded row."""
    left, count = -padding, 0
    while left + kernel_size <= size + padding:
        count, left = count + 1, left + stride
    if count == 0:
        raise ValueError
    return count


def size_by_range(size, kernel_size, padding=0, stride=1):
    places = range(0, size + 2 * padding - kernel_size + 1, stride)
    if not places:
        raise ValueError(f"kernel {kernel_size} does not fit")
    return len(places)


def size_by_unfold(size, kernel_size, padding=0, stride=1):
    row = torch.zeros(size + 2 * padding)
    if kernel_size > len(row):
        raise ValueError("too large")
    return row.unfold(0, kernel_size, stride).size(0)


def size_checked_late(size, kernel_size, padding=0, stride=1):
    out = math.floor((size + 2 * padding - kernel_size) / stride) + 1
    if out <= 0:
        raise ValueError("nothing is left")
    return out


def size_with(
    result=lambda room, stride: room // stride + 1,
    room=lambda size, kernel, padding: size + 2 * padding - kernel,
    refuse=lambda size, kernel, padding: kernel > size + 2 * padding,
    error=ValueError,
    default_padding=0,
    default_stride=1,
):
    """Build an answer out of its parts."""

    def output_size(
        size, kernel_size, padding=default_padding, stride=default_stride
    ):
        if refuse(size, kernel_size, padding):
            raise error("does not fit")
        return result(room(size, kernel_size, padding), stride)

    return output_size


def size_asserts(size, kernel_size, padding=0, stride=1):
    assert kernel_size <= size + 2 * padding
    return size_course(size, kernel_size, padding, stride)


def size_prints(size, kernel_size, padding=0, stride=1):
    print(size_course(size, kernel_size, padding, stride))


def size_says_so(size, kernel_size, padding=0, stride=1):
    if kernel_size > size + 2 * padding:
        print("does not fit")
        return None
    return size_course(size, kernel_size, padding, stride)


def size_returns_error(size, kernel_size, padding=0, stride=1):
    if kernel_size > size + 2 * padding:
        return ValueError("does not fit")
    return size_course(size, kernel_size, padding, stride)


def size_unguarded(size, kernel_size, padding=0, stride=1):
    return (size + 2 * padding - kernel_size) // stride + 1


def size_by_int(size, kernel_size, padding=0, stride=1):
    out = int((size + 2 * padding - kernel_size) / stride) + 1
    if out < 1:
        raise ValueError("does not fit")
    return out


def size_of_pooling(size, kernel_size, padding=0, stride=1):
    size_course(size, kernel_size, padding)
    return (size + 2 * padding - kernel_size) // kernel_size + 1


def size_before_kernel(size, kernel_size, padding=0, stride=1):
    size_course(size, kernel_size, padding)
    return (size + 2 * padding) // stride - kernel_size + 1


def size_stride_first(size, kernel_size, stride=1, padding=0):
    return size_course(size, kernel_size, padding, stride)


def size_by_layer_alone(size, kernel_size, padding=0, stride=1):
    conv = nn.Conv2d(1, 1, kernel_size, stride, padding)
    return conv(torch.zeros(1, 1, size, size)).shape[-1]


def size_no_parentheses(size, kernel_size, padding=0, stride=1):
    size_course(size, kernel_size, padding)
    return size + 2 * padding - kernel_size // stride + 1


def size_refuses_remainder(size, kernel_size, padding=0, stride=1):
    if (size + 2 * padding - kernel_size) % stride:
        raise ValueError("does not come out even")
    return size_course(size, kernel_size, padding, stride)


class SizeObject:
    def __call__(self, size, kernel_size, padding=0, stride=1):
        return divmod(size + 2 * padding - kernel_size, stride)[0] + (
            1 if size + 2 * padding >= kernel_size else self.refuse()
        )

    def refuse(self):
        raise ValueError


OUTPUT_SIZE = Answers(
    right={
        "course": size_course,
        "layer": size_by_layer,
        "steps": size_by_steps,
        "range": size_by_range,
        "unfold": size_by_unfold,
        "checked late": size_checked_late,
        "object": SizeObject(),
        "ceiling of places": lambda size, kernel_size, padding=0, stride=1: (
            -(-(size_course(size, kernel_size, padding)) // stride)
        ),
        "partial": functools.partial(size_course),
    },
    wrong={
        "no_plus_one": size_with(lambda room, stride: room // stride),
        "padding_once": size_with(room=lambda n, k, p: n + p - k),
        "no_padding": size_with(room=lambda n, k, p: n - k),
        "padding_shrinks": size_with(
            room=lambda n, k, p: n - 2 * p - k, refuse=lambda *_: False
        ),
        "no_stride": size_with(lambda room, stride: room + 1),
        "rounds_up": size_with(
            lambda room, stride: math.ceil(room / stride) + 1
        ),
        "rounds_up or down, to the nearest": size_with(
            lambda room, stride: round(room / stride) + 1
        ),
        "plus_one_first": size_with(lambda room, stride: (room + 1) // stride),
        "kernel_is_stride": size_of_pooling,
        "stride_twice": size_with(
            lambda room, stride: room // stride // stride + 1
        ),
        "divides_size": size_before_kernel,
        "plus_kernel": size_with(room=lambda n, k, p: n + 2 * p + k),
        "other_value": size_with(lambda room, stride: room // stride + 3),
        "float": size_with(lambda room, stride: room / stride + 1),
        "float rounded down by NumPy": size_with(
            lambda room, stride: np.floor(room / stride) + 1
        ),
        "no_int but text": size_with(
            lambda room, stride: str(room // stride + 1)
        ),
        "no_parentheses": size_no_parentheses,
        "one_too_many": size_with(
            lambda room, stride: (room + 1) // stride + 1
        ),
        "refuses_fitting with a remainder": size_refuses_remainder,
        "other_error of every kind": size_with(error=Exception),
        "fraction": size_with(
            lambda room, stride: room / stride + 1 - (room == 5) / 2
        ),
        "no_int": size_with(lambda room, stride: np.int64(room // stride + 1)),
        "returns_tensor": size_with(
            lambda room, stride: torch.tensor(room // stride + 1)
        ),
        "several": size_with(lambda room, stride: (room // stride + 1,) * 2),
        "returns_nothing": size_prints,
        "defaults": size_with(default_padding=1),
        "defaults of the stride": size_with(default_stride=2),
        "signature": lambda size, kernel_size: size - kernel_size + 1,
        "refuses_edge": size_with(
            refuse=lambda n, k, p: k >= n + 2 * p,
        ),
        "refuses_padded": size_with(refuse=lambda n, k, p: k > n),
        "refuses_fitting": size_with(refuse=lambda n, k, p: k % 2 == 0),
        "no_error": size_unguarded,
        "no_error but a message": size_says_so,
        "no_error but the error returned": size_returns_error,
        "no_error when rounded towards 0": size_by_int,
        "other_error": size_by_layer_alone,
        "other_error an assertion": size_asserts,
        "parameters_in_other_order": size_stride_first,
    },
)

# ------------------------------------------------------------------- 14.2


def count_course(model, data_loader, device):
    was_training = model.training
    model.eval()
    n_correct, n_rows = 0, 0
    with torch.no_grad():
        for x_batch, y_batch in data_loader:
            yhat = model(x_batch.to(device))
            correct = yhat.argmax(1) == y_batch.to(device)
            n_correct += correct.sum().item()
            n_rows += len(y_batch)
    model.train(was_training)
    return n_correct, n_rows


@torch.inference_mode()
def count_with_lists(model, data_loader, device):
    mode = model.training
    model.eval()
    predicted, labels = [], []
    for x, y in data_loader:
        predicted.append(model(x.to(device)).max(dim=1).indices.cpu())
        labels.append(y)
    model.train(mode)
    hits = torch.cat(predicted).eq(torch.cat(labels))
    return [int(hits.sum()), hits.numel()]


def count_on_a_copy(model, data_loader, device):
    twin = copy.deepcopy(model).eval().requires_grad_(False)
    pairs = [
        (a, b)
        for x, y in data_loader
        for a, b in zip(
            twin(x.to(device)).softmax(-1).argmax(-1).tolist(),
            y.tolist(),
            strict=True,
        )
    ]
    return sum(a == b for a, b in pairs), len(pairs)


def count_by_numpy(model, data_loader, device):
    mode = model.training
    model.eval()
    right = rows = 0
    with torch.no_grad():
        for x, y in data_loader:
            logits = model(x.to(device)).cpu().numpy()
            right += int(np.sum(logits.argmax(axis=1) == y.numpy()))
            rows += x.shape[0]
    if mode:
        model.train()
    return right, rows


def count_by_mode_list(model, data_loader, device):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            tensors = [
                torch.stack(
                    [
                        (model(x.to(device)).argmax(1) == y.to(device)).sum(),
                        torch.tensor(len(x), device=device),
                    ]
                )
                for x, y in data_loader
            ]
    finally:
        for module, mode in modes.items():
            module.training = mode
    return tuple(torch.stack(tensors).sum(0).tolist())


def count_with_step(model, data_loader, device):
    """A metric is a loss that nobody differentiates: sums of a step."""
    mode = model.training

    def number_correct(yhat, y):
        return (yhat.argmax(1) == y).sum()

    step = make_val_step_fn(model, number_correct)
    with torch.no_grad():
        pairs = [
            (step(x.to(device), y.to(device)), len(x)) for x, y in data_loader
        ]
    model.train(mode)
    return tuple(int(sum(part)) for part in zip(*pairs, strict=True))


def count_with(
    block=torch.no_grad,
    begin=lambda model: model.eval(),
    end=lambda model, mode: model.train(mode),
    images=lambda x, device: x.to(device),
    labels=lambda y, device: y.to(device),
    hits=lambda yhat, y: (yhat.argmax(1) == y).sum().item(),
    rows=lambda x, y, yhat: len(y),
    result=lambda right, n, loader: (sum(right), sum(n)),
):
    """Build an answer out of its parts."""

    def count_correct(model, data_loader, device):
        mode, right, n = model.training, [], []
        begin(model)
        with block():
            for x, y in data_loader:
                x, y = images(x, device), labels(y, device)
                yhat = model(x)
                right.append(hits(yhat, y))
                n.append(rows(x, y, yhat))
        end(model, mode)
        return result(right, n, data_loader)

    return count_correct


def count_left_off(model, data_loader, device):
    torch.set_grad_enabled(False)
    return count_course(model, data_loader, device)


def count_turned_on(model, data_loader, device):
    result = count_course(model, data_loader, device)
    torch.set_grad_enabled(True)
    return result


def count_return_inside(model, data_loader, device):
    mode = model.training
    model.eval()
    right, n = 0, 0
    with torch.no_grad():
        for x, y in data_loader:
            right += (
                (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
            )
            n += len(y)
            model.train(mode)
            return right, n


def count_twice(model, data_loader, device):
    right, _ = count_course(model, data_loader, device)
    return right, sum(len(y) for _, y in data_loader)


def count_with_accuracy_too(model, data_loader, device):
    right, n = count_course(model, data_loader, device)
    return right, n, right / n


def count_whole_dataset(model, data_loader, device):
    return count_course(model, [data_loader.dataset.tensors], device)


def count_full_only(model, data_loader, device):
    full = (b for b in data_loader if len(b[0]) == data_loader.batch_size)
    return count_course(model, full, device)


page_model = nn.Sequential(nn.Flatten(), nn.Linear(9, 3))


def count_of_page(model, data_loader, device):
    return count_course(page_model, data_loader, device)


def count_prints(model, data_loader, device):
    print(count_course(model, data_loader, device))


def count_yields(model, data_loader, device):
    yield from count_course(model, data_loader, device)


def count_freezes(model, data_loader, device):
    model.requires_grad_(False)
    return count_course(model, data_loader, device)


def count_clears(model, data_loader, device):
    model.train()
    with torch.no_grad():
        model.layers(next(iter(data_loader))[0].to(device))
    data_loader.passes = 0
    return count_course(model, data_loader, device)


def count_on_cpu(model, data_loader, device):
    return count_course(model.to("cpu"), data_loader, "cpu")


def top_level_only(model):
    model.training = False


COUNT_CORRECT = Answers(
    right={
        "course": count_course,
        "lists": count_with_lists,
        "copy": count_on_a_copy,
        "NumPy": count_by_numpy,
        "modes in a list": count_by_mode_list,
        "step": count_with_step,
        "parts": count_with(),
        "counting by hand": count_with(
            hits=lambda yhat, y: sum(
                int(a) == int(b) for a, b in zip(yhat.argmax(1), y, strict=True)
            )
        ),
        "nonzero": count_with(
            hits=lambda yhat, y: len(torch.nonzero(yhat.argmax(-1) == y))
        ),
        "labels gathered": count_with(
            hits=lambda yhat, y: int(
                (yhat.gather(1, y[:, None])[:, 0] >= yhat.amax(1)).sum()
            )
        ),
        "top 1": count_with(
            hits=lambda yhat, y: int((yhat.topk(1).indices[:, 0] == y).sum())
        ),
    },
    wrong={
        "no_eval_mode": count_with(begin=lambda model: None),
        "no_eval_mode of the layers": count_with(begin=top_level_only),
        "no_eval_mode called": count_with(begin=lambda model: model.eval),
        "recorded": count_with(block=contextlib.nullcontext),
        "recording_left_off": count_left_off,
        "recording_turned_on": count_turned_on,
        "mode_changed": count_with(end=lambda model, mode: None),
        "mode_changed to train": count_with(
            end=lambda model, mode: model.train()
        ),
        "model_changed": count_freezes,
        "no_eval_mode but train": count_with(begin=lambda model: model.train()),
        "model_changed by a warm-up": count_clears,
        "first_only": count_return_inside,
        "two_passes": count_twice,
        "other_inputs": count_with(images=lambda x, d: x.to(d) / 255),
        "other_loader": count_whole_dataset,
        "rows_left_out": count_full_only,
        "other_shape": count_with(images=lambda x, d: x.to(d).flatten(1)),
        "not_moved": count_with(images=lambda x, d: x),
        "labels_not_moved": count_with(labels=lambda y, d: y),
        "moves_model": count_on_cpu,
        "other_model": count_of_page,
        "returns_nothing": count_prints,
        "no_number": count_yields,
        "one_number": count_with(result=lambda right, n, _: sum(right)),
        "one_number a tensor": count_with(
            result=lambda right, n, _: torch.tensor([sum(right), sum(n)])
        ),
        "accuracy": count_with(result=lambda right, n, _: sum(right) / sum(n)),
        "accuracy and rows": count_with(
            result=lambda right, n, _: (sum(right) / sum(n), sum(n))
        ),
        "accuracy in percent": count_with(
            result=lambda right, n, _: (100 * sum(right) / sum(n), sum(n))
        ),
        "no_pair": count_with(
            result=lambda right, n, _: {"right": sum(right), "rows": sum(n)}
        ),
        "no_pair but three": count_with_accuracy_too,
        "no_pair but lists": count_with(result=lambda right, n, _: (right, n)),
        "tensors": count_with(hits=lambda yhat, y: (yhat.argmax(1) == y).sum()),
        "floats": count_with(
            hits=lambda yhat, y: (yhat.argmax(1) == y).float().sum().item()
        ),
        "no_int": count_with(
            hits=lambda yhat, y: np.sum(
                yhat.argmax(1).cpu().numpy() == y.cpu().numpy()
            )
        ),
        "swapped": count_with(result=lambda right, n, _: (sum(n), sum(right))),
        "counts_batches": count_with(
            result=lambda right, n, _: (sum(right), len(n))
        ),
        "full_batches": count_with(
            result=lambda right, n, loader: (
                sum(right),
                len(n) * loader.batch_size,
            )
        ),
        "counts_dataset": count_with(
            result=lambda right, n, loader: (sum(right), len(loader.dataset))
        ),
        "counts_logits": count_with(rows=lambda x, y, yhat: yhat.numel()),
        "counts_pixels": count_with(rows=lambda x, y, yhat: x.numel()),
        "last_only": count_with(result=lambda right, n, _: (right[-1], sum(n))),
        "last_only rows": count_with(
            result=lambda right, n, _: (sum(right), n[-1])
        ),
        "counts_mistakes": count_with(
            hits=lambda yhat, y: (yhat.argmax(1) != y).sum().item()
        ),
        "compares_pairs": count_with(
            hits=lambda yhat, y: (
                (yhat.argmax(1, keepdim=True) == y).sum().item()
            )
        ),
        "argmax_of_all": count_with(
            hits=lambda yhat, y: (yhat.argmax() == y).sum().item()
        ),
        "counts_all": count_with(hits=lambda yhat, y: len(yhat.argmax(1) == y)),
        "none_right": count_with(
            hits=lambda yhat, y: (yhat.max(1).values == y).sum().item()
        ),
        "other_value": count_with(
            hits=lambda yhat, y: (yhat.argmax(1) + 1 == y).sum().item()
        ),
        "raises": count_with(
            hits=lambda yhat, y: (yhat.argmax(0) == y).sum().item()
        ),
        "signature": lambda model, data_loader: (0, 0),
    },
)

# ------------------------------------------------------------------- 14.3


def fitting_of(model, state_dict):
    own = model.state_dict()
    return {
        name: tensor
        for name, tensor in state_dict.items()
        if name in own and tensor.shape == own[name].shape
    }


def start_course(model, state_dict):
    fitting = fitting_of(model, state_dict)
    if not fitting:
        raise ValueError("No tensor fits in name and shape.")
    model.load_state_dict(fitting, strict=False)
    return sorted(model.state_dict().keys() - fitting.keys())


def start_by_copy(model, state_dict):
    left, n = [], 0
    for name, tensor in model.state_dict().items():
        other = state_dict.get(name)
        if other is None or other.shape != tensor.shape:
            left.append(name)
        else:
            tensor.copy_(other)
            n += 1
    if n == 0:
        raise ValueError(f"nothing fits: {list(state_dict)}")
    left.sort()
    return left


def start_filled_up(model, state_dict):
    own = model.state_dict()
    fitting = fitting_of(model, state_dict)
    if len(fitting) == 0:
        raise ValueError
    model.load_state_dict({**own, **fitting})
    return sorted(set(own) - set(fitting))


def start_by_report(model, state_dict):
    fitting = fitting_of(model, state_dict)
    report = model.load_state_dict(fitting, strict=False)
    if len(report.missing_keys) == len(model.state_dict()):
        raise ValueError("nothing was loaded")
    return sorted(report.missing_keys)


@torch.no_grad()
def start_by_parts(model, state_dict):
    parts = dict(model.named_parameters()) | dict(model.named_buffers())
    fits = [
        n
        for n in parts
        if n in state_dict and parts[n].shape == state_dict[n].shape
    ]
    if not any(True for _ in fits):
        raise ValueError("cold")
    for name in fits:
        parts[name].copy_(state_dict[name])
    return sorted(name for name in parts if name not in fits)


def start_by_data(model, state_dict):
    rest = set()
    own = model.state_dict()
    for name in own:
        try:
            assert own[name].shape == state_dict[name].shape
            own[name].data[...] = state_dict[name]
        except (KeyError, AssertionError):
            rest.add(name)
    if rest == set(own):
        raise ValueError("nothing fits")
    return sorted(rest)


def start_by_own_error(model, state_dict):
    class NothingFits(ValueError):
        pass

    try:
        return start_course(model, state_dict)
    except ValueError as error:
        raise NothingFits("all cold") from error


def start_with(
    fits=lambda own, name, tensor: (
        name in own and own[name].shape == tensor.shape
    ),
    load=lambda model, fitting: model.load_state_dict(fitting, strict=False),
    result=lambda own, fitting, state_dict: sorted(own.keys() - fitting.keys()),
    refuse=lambda fitting: not fitting,
    error=ValueError,
):
    """Build an answer out of its parts."""

    def warm_start(model, state_dict):
        own = model.state_dict()
        fitting = {n: t for n, t in state_dict.items() if fits(own, n, t)}
        if refuse(fitting):
            raise error("nothing fits")
        load(model, fitting)
        return result(own, fitting, state_dict)

    return warm_start


def start_not_strict(model, state_dict):
    report = model.load_state_dict(state_dict, strict=False)
    return sorted(report.missing_keys)


def start_names_only(model, state_dict):
    own = model.state_dict()
    with torch.no_grad():
        for name in own:
            if name in state_dict:
                own[name].copy_(state_dict[name])
    return sorted(own.keys() - state_dict.keys())


def start_by_error(model, state_dict):
    """Wait for an error that broadcasting does not raise."""
    left = []
    for name, tensor in model.state_dict().items():
        try:
            tensor.copy_(state_dict[name])
        except (KeyError, RuntimeError):
            left.append(name)
    if len(left) == len(model.state_dict()):
        raise ValueError("nothing fits")
    return sorted(left)


def start_by_size(model, state_dict):
    left, own = [], model.state_dict()
    for name, tensor in own.items():
        other = state_dict.get(name)
        if other is None or other.numel() != tensor.numel():
            left.append(name)
        else:
            tensor.copy_(other.reshape(tensor.shape))
    if len(left) == len(own):
        raise ValueError("nothing fits")
    return sorted(left)


def start_only_dictionary(model, state_dict):
    own = model.state_dict()
    fitting = fitting_of(model, state_dict)
    for name, tensor in fitting.items():
        own[name] = tensor
    if not fitting:
        raise ValueError("nothing fits")
    return sorted(own.keys() - fitting.keys())


def start_leaf(model, state_dict):
    for name, parameter in model.named_parameters():
        if name in state_dict and parameter.shape == state_dict[name].shape:
            parameter.copy_(state_dict[name])
    return []


def start_parameters(model, state_dict):
    left, own = [], dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in own.items():
            if name in state_dict and parameter.shape == state_dict[name].shape:
                parameter.copy_(state_dict[name])
            else:
                left.append(name)
    if len(left) == len(own):
        raise ValueError("nothing fits")
    return sorted(left)


def start_by_getattr(model, state_dict):
    for name, tensor in state_dict.items():
        getattr(model, name).copy_(tensor)
    return []


def start_by_key(model, state_dict):
    own = model.state_dict()
    for name, tensor in state_dict.items():
        if own[name].shape == tensor.shape:
            own[name].copy_(tensor)
    return []


def shares_data(model, fitting):
    parts = dict(model.named_parameters()) | dict(model.named_buffers())
    for name, tensor in fitting.items():
        parts[name].data = tensor


def start_pops(model, state_dict):
    own, rest = model.state_dict(), []
    for name in list(state_dict):
        if name not in own or own[name].shape != state_dict[name].shape:
            del state_dict[name]
    if not state_dict:
        raise ValueError("nothing fits")
    model.load_state_dict(state_dict, strict=False)
    return sorted(own.keys() - state_dict.keys())


def loads_frozen(model, fitting):
    model.load_state_dict(fitting, strict=False)
    model.requires_grad_(False)


def loads_in_eval(model, fitting):
    model.load_state_dict(fitting, strict=False)
    model.eval()


def loads_halved(model, fitting):
    half = {name: tensor / 2 for name, tensor in fitting.items()}
    model.load_state_dict(half, strict=False)


def start_strips(model, state_dict):
    stripped = {n.removeprefix("module."): t for n, t in state_dict.items()}
    return start_course(model, stripped)


def start_returns_error(model, state_dict):
    try:
        return start_course(model, state_dict)
    except ValueError as error:
        return error


def start_twice(model, state_dict):
    left, own = [], model.state_dict()
    for name in own:
        if name not in state_dict:
            left.append(name)
        if name not in fitting_of(model, state_dict):
            left.append(name)
    start_course(model, state_dict)
    return sorted(left)


def start_warm_if_given(model, state_dict):
    return start_course(model, state_dict) if state_dict else []


def start_names_fit(model, state_dict):
    own, fitting = model.state_dict(), fitting_of(model, state_dict)
    if not own.keys() & state_dict.keys():
        raise ValueError("no name fits")
    model.load_state_dict(fitting, strict=False)
    return sorted(own.keys() - fitting.keys())


def start_by_place(model, state_dict):
    own, left = model.state_dict(), []
    pairs = zip(own.items(), state_dict.values(), strict=False)
    for (name, tensor), other in pairs:
        if tensor.shape == other.shape:
            tensor.copy_(other)
        else:
            left.append(name)
    return sorted(left)


def start_needs_all(model, state_dict):
    if len(fitting_of(model, state_dict)) < len(state_dict):
        raise ValueError("does not fit")
    return start_course(model, state_dict)


WARM_START = Answers(
    right={
        "course": start_course,
        "copy": start_by_copy,
        "filled up": start_filled_up,
        "report": start_by_report,
        "parameters and buffers": start_by_parts,
        "data": start_by_data,
        "an error of its own": start_by_own_error,
        "parts": start_with(),
    },
    wrong={
        "size_mismatch": start_not_strict,
        "missing_keys": start_with(
            load=lambda model, fitting: model.load_state_dict(fitting)
        ),
        "extra_keys": start_with(
            fits=lambda own, name, tensor: (
                name not in own or own[name].shape == tensor.shape
            ),
            load=lambda model, fitting: model.load_state_dict(
                {**model.state_dict(), **fitting}
            ),
        ),
        "leaf_in_place": start_leaf,
        "no_such_name": start_by_key,
        "no_such_name by getattr": start_by_getattr,
        "shapes_not_compared": start_names_only,
        "refuses": start_needs_all,
        "replaces_parameters": start_with(
            load=lambda model, fitting: model.load_state_dict(
                fitting, strict=False, assign=True
            )
        ),
        "broadcasts": start_by_error,
        "reshapes": start_by_size,
        "copies_more": start_with(
            load=lambda model, fitting: (
                model.load_state_dict(fitting, strict=False),
                nn.init.zeros_(model.out.weight),
            )
        ),
        "copies_nothing": start_only_dictionary,
        "copies_nothing to a copy": start_with(
            load=lambda model, fitting: copy.deepcopy(model).load_state_dict(
                fitting, strict=False
            )
        ),
        "copies_less": start_with(
            fits=lambda own, name, tensor: (
                name in own
                and own[name].shape == tensor.shape
                and name.endswith("weight")
            )
        ),
        "buffers_left": start_parameters,
        "other_values": start_with(load=loads_halved),
        "shares": start_with(load=shares_data),
        "changes_state_dict": start_pops,
        "model_changed": start_with(load=loads_frozen),
        "mode_changed": start_with(load=loads_in_eval),
        "returns_nothing": start_with(result=lambda *_: None),
        "no_list": start_with(
            result=lambda own, fitting, _: own.keys() - fitting.keys()
        ),
        "no_list but the report": start_with(
            result=lambda own, fitting, _: nn.Linear(2, 2).load_state_dict(
                {}, strict=False
            )
        ),
        "no_list but two": start_with(
            result=lambda own, fitting, _: (
                sorted(own.keys() - fitting.keys()),
                sorted(fitting),
            )
        ),
        "returns_nothing after sort": start_with(
            result=lambda own, fitting, _: [
                n for n in own if n not in fitting
            ].sort()
        ),
        "no_error for an empty one": start_warm_if_given,
        "no_error as names fit": start_names_fit,
        "copies_less by place": start_by_place,
        "no_list but the number": start_with(
            result=lambda own, fitting, _: len(own) - len(fitting)
        ),
        "no_names": start_with(
            result=lambda own, fitting, _: [
                (n, t) for n, t in own.items() if n not in fitting
            ]
        ),
        "twice": start_twice,
        "unsorted": start_with(
            result=lambda own, fitting, _: [n for n in own if n not in fitting]
        ),
        "names_copied": start_with(
            result=lambda own, fitting, _: sorted(fitting)
        ),
        "names_of_file": start_with(
            result=lambda own, fitting, file: sorted(set(file) - set(fitting))
        ),
        "only_shapes": start_with(
            result=lambda own, fitting, file: sorted(
                n for n in file if n in own and n not in fitting
            )
        ),
        "only_absent": start_with(
            result=lambda own, fitting, file: sorted(set(own) - set(file))
        ),
        "both_sides": start_with(
            result=lambda own, fitting, file: sorted(
                (set(own) | set(file)) - set(fitting)
            )
        ),
        "no_buffers": start_with(
            result=lambda own, fitting, file: sorted(
                n for n in own if n not in fitting and n != "scale"
            )
        ),
        "other_names": start_with(
            result=lambda own, fitting, _: sorted(
                f"model.{n}" for n in own if n not in fitting
            )
        ),
        "no_error": start_with(refuse=lambda fitting: False),
        "no_error but the error returned": start_returns_error,
        "other_error": start_with(error=KeyError),
        "changes_anyway": start_strips,
        "signature": lambda model: [],
    },
)

# ------------------------------------------------------------------- 14.4


def head_course(model, n_classes, lr):
    model.requires_grad_(False)
    old = model.out
    head = nn.Linear(old.in_features, n_classes)
    model.out = head.to(old.weight.device)
    return optim.Adam(model.out.parameters(), lr=lr)


def head_by_loop(model, n_classes, lr):
    for parameter in model.parameters():
        parameter.requires_grad = False
    n_features = model.out.weight.shape[1]
    device = next(model.parameters()).device
    model.out = nn.Linear(n_features, n_classes, device=device)
    wanted = filter(lambda p: p.requires_grad, model.parameters())
    return optim.Adam(wanted, lr)


def head_last(model, n_classes, lr):
    """Replace first, freeze after."""
    where = model.out.weight.device
    model.out = nn.Linear(model.out.in_features, n_classes).to(where)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("out."))
    return optim.Adam([model.out.weight, model.out.bias], lr=lr)


def head_thawed(model, n_classes, lr):
    place = next(model.parameters()).device
    setattr(model, "out", nn.Linear(model.out.in_features, n_classes))
    model.to(place)
    model.requires_grad_(False).out.requires_grad_(True)
    groups = [{"params": [*model.out.parameters()], "lr": lr}]
    return optim.Adam(groups)


def head_resized(model, n_classes, lr):
    """Keep the layer, and give it new parameters."""
    model.requires_grad_(False)
    out = model.out
    out.weight = nn.Parameter(
        torch.empty(n_classes, out.in_features, device=out.weight.device)
    )
    out.bias = nn.Parameter(torch.zeros(n_classes, device=out.weight.device))
    out.out_features = n_classes
    out.reset_parameters()
    return optim.Adam(out.parameters(), lr=lr)


def head_in_helper(model, n_classes, lr):
    def frozen(module):
        return [p.requires_grad_(False) for p in module.parameters()]

    frozen(model)
    like = dict(device=model.out.weight.device, dtype=model.out.weight.dtype)
    model._modules["out"] = nn.Linear(model.out.in_features, n_classes, **like)
    return optim.Adam(list(model.out.parameters()), lr=lr, betas=(0.9, 0.99))


def head_with(
    before=lambda model: model.requires_grad_(False),
    make=lambda model, n: nn.Linear(model.out.in_features, n),
    put=lambda model, head: setattr(
        model, "out", head.to(next(model.parameters()).device)
    ),
    after=lambda model: None,
    optimizer=lambda model, lr: optim.Adam(model.out.parameters(), lr=lr),
    result=lambda optimizer, model: optimizer,
):
    """Build an answer out of its parts."""

    def new_head(model, n_classes, lr):
        before(model)
        put(model, make(model, n_classes))
        after(model)
        return result(optimizer(model, lr), model)

    return new_head


def head_old_optimizer(model, n_classes, lr):
    model.requires_grad_(False)
    optimizer = optim.Adam(model.out.parameters(), lr=lr)
    model.out = nn.Linear(model.out.in_features, n_classes)
    return optimizer


def head_attribute(model, n_classes, lr):
    model.requires_grad_(False)
    model.out.out_features = n_classes
    return optim.Adam(model.out.parameters(), lr=lr)


def head_other_data(model, n_classes, lr):
    model.requires_grad_(False)
    model.out.weight.data = torch.randn(n_classes, model.out.in_features)
    model.out.bias.data = torch.zeros(n_classes)
    model.out.requires_grad_(True)
    return optim.Adam(model.out.parameters(), lr=lr)


def head_put_elsewhere(model, n_classes, lr):
    model.requires_grad_(False)
    model.head = nn.Linear(model.out.in_features, n_classes)
    return optim.Adam(model.head.parameters(), lr=lr)


def head_lost(model, n_classes, lr):
    model.requires_grad_(False)
    head = nn.Linear(model.out.in_features, n_classes)
    return optim.Adam(head.parameters(), lr=lr)


def head_made_twice(model, n_classes, lr):
    model.requires_grad_(False)
    n = model.out.in_features
    model.out = nn.Linear(n, n_classes)
    return optim.Adam(nn.Linear(n, n_classes).parameters(), lr=lr)


def sets_attribute(model):
    for parameter in model.parameters():
        parameter.require_grad = False


def sets_on_model(model):
    model.requires_grad = False


def freezes_children(model):
    for layer in model.children():
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad = False


def freezes_out(model):
    model.out.requires_grad_(False)


def freezes_new_out(model):
    model.requires_grad_(True)
    model.out.requires_grad_(False)


def draws_anew(model):
    for parameter in model.parameters():
        nn.init.zeros_(parameter).requires_grad_(False)


def freezes_in_eval(model):
    model.requires_grad_(False)
    model.stem.eval()
    model.stem[0].train(not model.stem[0].training)


def no_grad_block(model):
    with torch.no_grad():
        pass


def picks_wanting(model, lr):
    model.requires_grad_(False)
    wanted = [p for p in model.parameters() if p.requires_grad]
    return optim.Adam(wanted, lr=lr)


NEW_HEAD = Answers(
    right={
        "course": head_course,
        "loop": head_by_loop,
        "frozen after": head_last,
        "thawed": head_thawed,
        "resized": head_resized,
        "helper": head_in_helper,
        "parts": head_with(),
        "mode set": head_with(before=freezes_in_eval),
    },
    wrong={
        "returns_nothing": head_with(result=lambda optimizer, model: None),
        "no_optimizer": head_with(
            result=lambda optimizer, model: optimizer.state_dict()
        ),
        "no_optimizer but the model": head_with(
            result=lambda optimizer, model: model
        ),
        "no_optimizer but both": head_with(
            result=lambda optimizer, model: (model, optimizer)
        ),
        "no_optimizer but its class": head_with(
            result=lambda optimizer, model: type(optimizer)
        ),
        "no_new_head": head_lost,
        "no_new_head but a number": head_attribute,
        "no_new_head but another name": head_put_elsewhere,
        "no_linear": head_with(
            make=lambda model, n: nn.Sequential(
                nn.Linear(model.out.in_features, n)
            )
        ),
        "other_sizes": head_with(make=lambda model, n: nn.Linear(5, 10)),
        "other_sizes swapped": head_with(
            make=lambda model, n: nn.Linear(n, model.out.in_features)
        ),
        "other_sizes of the page": head_with(
            make=lambda model, n: nn.Linear(32, n)
        ),
        "other_sizes out of out": head_with(
            make=lambda model, n: nn.Linear(model.out.out_features, n)
        ),
        "no_bias": head_with(
            make=lambda model, n: nn.Linear(
                model.out.in_features, n, bias=False
            )
        ),
        "other_device": head_with(
            put=lambda model, head: setattr(model, "out", head)
        ),
        "more_parts": head_with(
            after=lambda model: setattr(model, "old", model.extra)
        ),
        "head_frozen": head_with(
            before=lambda model: None,
            after=lambda model: model.requires_grad_(False),
        ),
        "frozen_the_wrong_part": head_with(
            before=lambda model: None, after=freezes_out
        ),
        "not_frozen": head_with(before=lambda model: None),
        "not_frozen by a block": head_with(before=no_grad_block),
        "not_frozen but in eval mode": head_with(
            before=lambda model: model.stem.train(not model.stem.training)
        ),
        "not_frozen but an attribute": head_with(before=sets_attribute),
        "not_frozen but the model's": head_with(before=sets_on_model),
        "not_frozen some": head_with(before=freezes_children),
        "no_such_part": head_with(make=lambda model, n: model.fc2),
        "no_such_part in a row": head_with(make=lambda model, n: model[-1]),
        "no_such_part misspelt": head_with(
            before=lambda model: model.requires_grad(False)
        ),
        "no_new_head but other data": head_other_data,
        "raises": head_with(
            optimizer=lambda model, lr: optim.Adam(model.out, lr=lr)
        ),
        "body_changed": head_with(before=draws_anew),
        "empty_optimizer": head_with(optimizer=picks_wanting),
        "old_head": head_old_optimizer,
        "whole_model": head_with(
            optimizer=lambda model, lr: optim.Adam(model.parameters(), lr=lr)
        ),
        "part_of_head": head_with(
            optimizer=lambda model, lr: optim.Adam([model.out.weight], lr=lr)
        ),
        "other_parameters": head_made_twice,
        "other_optimizer": head_with(
            optimizer=lambda model, lr: optim.SGD(model.out.parameters(), lr=lr)
        ),
        "other_optimizer AdamW": head_with(
            optimizer=lambda model, lr: optim.AdamW(
                model.out.parameters(), lr=lr
            )
        ),
        "other_rate": head_with(
            optimizer=lambda model, lr: optim.Adam(model.out.parameters())
        ),
        "signature": lambda model, n_classes: head_course(
            model, n_classes, 0.1
        ),
        "parameters_in_other_order": lambda model, lr, n_classes: head_course(
            model, n_classes, lr
        ),
    },
)

ANSWERS = {
    "14.1": OUTPUT_SIZE,
    "14.2": COUNT_CORRECT,
    "14.3": WARM_START,
    "14.4": NEW_HEAD,
}
