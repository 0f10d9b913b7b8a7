"""Answers to the exercises of chapter 05."""

import contextlib
import copy
import functools
import statistics
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.mini_batch import v0, v1
from helpers.step_functions import make_val_step_fn
from tests.answers.common import Answers

# ------------------------------------------------------------------- 05.1


def val_step(
    block=torch.no_grad,
    begin=lambda model: model.eval(),
    end=lambda model: None,
    loss_of=lambda model, loss_fn, x, y: loss_fn(model(x), y),
    result=lambda loss: loss.item(),
):
    """Build a builder of validation steps out of its parts."""

    def make(model, loss_fn):
        def step(x, y):
            begin(model)
            with block():
                loss = loss_of(model, loss_fn, x, y)
            end(model)
            return result(loss)

        return step

    return make


class ValObject:
    def __init__(self, model, loss_fn):
        self.model, self.loss_fn = model, loss_fn

    @torch.no_grad()
    def __call__(self, x, y):
        self.model.eval()
        return self.loss_fn(self.model(x), y).item()


def val_decorated(model, loss_fn):
    @torch.no_grad()
    def step(x, y):
        model.train(False)
        return float(loss_fn(model(x), y))

    return step


def val_by_hand(model, loss_fn):
    def step(x, y):
        was_on = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        try:
            model.eval()
            return loss_fn(model(x), y).item()
        finally:
            torch.set_grad_enabled(was_on)

    return step


def val_flags_put_back(model, loss_fn):
    """No block at all: nothing needs a gradient for a while."""

    def step(x, y):
        model.eval()
        flags = [p.requires_grad for p in model.parameters()]
        model.requires_grad_(False)
        loss = loss_fn(model(x), y).item()
        for parameter, flag in zip(model.parameters(), flags, strict=True):
            parameter.requires_grad_(flag)
        return loss

    return step


def val_of_copy(model, loss_fn):
    def step(x, y):
        with torch.no_grad():
            return loss_fn(copy.deepcopy(model).eval()(x), y).item()

    return step


def val_row_by_row(model, loss_fn):
    def step(x, y):
        model.eval()
        with torch.no_grad():
            losses = [
                loss_fn(model(x[i : i + 1]), y[i : i + 1]).item()
                for i in range(len(x))
            ]
        return sum(losses) / len(losses)

    return step


def plain_val(model, loss_fn, x, y):
    model.eval()
    with torch.no_grad():
        return loss_fn(model(x), y).item()


def val_around_builder(model, loss_fn):
    with torch.no_grad():
        return make_val_step_fn(model, loss_fn)


def val_left_off(model, loss_fn):
    def step(x, y):
        model.eval()
        torch.set_grad_enabled(False)
        return loss_fn(model(x), y).item()

    return step


def val_turned_on(model, loss_fn):
    def step(x, y):
        model.eval()
        torch.set_grad_enabled(False)
        loss = loss_fn(model(x), y).item()
        torch.set_grad_enabled(True)
        return loss

    return step


def val_frozen(model, loss_fn):
    model.requires_grad_(False)
    return make_val_step_fn(model, loss_fn)


def val_frozen_inside(model, loss_fn):
    def step(x, y):
        model.requires_grad_(False)
        return make_val_step_fn(model, loss_fn)(x, y)

    return step


def val_backward(model, loss_fn):
    def step(x, y):
        model.eval()
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss.item()

    return step


def val_updates(model, loss_fn):
    def step(x, y):
        loss = plain_val(model, loss_fn, x, y)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        return loss

    return step


def val_mode_outside(model, loss_fn):
    model.eval()

    def step(x, y):
        with torch.no_grad():
            return loss_fn(model(x), y).item()

    return step


def val_mode_first_call(model, loss_fn):
    calls = []

    def step(x, y):
        if not calls:
            model.eval()
        calls.append(1)
        with torch.no_grad():
            return loss_fn(model(x), y).item()

    return step


def val_rebuilt(model, loss_fn):
    own = nn.Sequential(nn.Linear(2, 1))
    return make_val_step_fn(own, loss_fn)


def val_own_loss(model, loss_fn):
    return val_step()(model, nn.MSELoss())


def val_copied_once(model, loss_fn):
    return val_step()(copy.deepcopy(model), loss_fn)


def val_both_modes(model, loss_fn):
    def step(x, y):
        with torch.no_grad():
            model.train()
            model.layers(x)
            model.eval()
            return loss_fn(model(x), y).item()

    return step


def val_no_return(model, loss_fn):
    def step(x, y):
        print(plain_val(model, loss_fn, x, y))

    return step


def val_forgotten(model, loss_fn):
    def step(x, y):
        return plain_val(model, loss_fn, x, y)


def val_at_once(model, loss_fn):
    loss = plain_val(model, loss_fn, torch.ones(3, 2), torch.ones(3, 1))
    return lambda x, y: loss


latest = {}


def val_shared(model, loss_fn):
    latest["model"], latest["loss"] = model, loss_fn
    return lambda x, y: plain_val(latest["model"], latest["loss"], x, y)


def val_layer_by_layer(model, loss_fn):
    """Leave the model itself in train mode."""

    def step(x, y):
        for layer in model.children():
            layer.eval()
        with torch.no_grad():
            return loss_fn(model(x), y).item()

    return step


def val_mode_put_back(model, loss_fn):
    def step(x, y):
        was_training = model.training
        loss = plain_val(model, loss_fn, x, y)
        model.train(was_training)
        return loss

    return step


def val_centres(model, loss_fn):
    def step(x, y):
        x -= x.mean()
        return plain_val(model, loss_fn, x, y)

    return step


def val_yields(model, loss_fn):
    def step(x, y):
        yield plain_val(model, loss_fn, x, y)

    return step


def val_never_left(model, loss_fn):
    def step(x, y):
        torch.no_grad().__enter__()
        return make_val_step_fn(model, loss_fn)(x, y)

    return step


class ValSharesLoss(ValObject):
    def __init__(self, model, loss_fn):
        self.model = model
        type(self).loss_fn = staticmethod(loss_fn)


def eval_top_only(model):
    model.training = False


class ValModule(nn.Module):
    def __init__(self, model, loss_fn):
        super().__init__()
        self.model, self.loss_fn = model, loss_fn

    @torch.no_grad()
    def forward(self, x, y):
        return float(self.loss_fn(self.model.eval()(x), y))


def val_put_back_at_the_end(model, loss_fn):
    def step(x, y):
        was_recording = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        model.eval()
        loss = loss_fn(model(x), y).item()
        torch.set_grad_enabled(was_recording)
        return loss

    return step


CAREFUL_VAL_STEP = Answers(
    right={
        "course": val_step(),
        "inference mode": val_step(block=torch.inference_mode),
        "decorator": val_decorated,
        "class": ValObject,
        "partial": lambda *two: functools.partial(plain_val, *two),
        "lambda": lambda m, f: lambda x, y: plain_val(m, f, x, y),
        "mode put back": val_step(end=lambda model: model.train()),
        "by hand": val_by_hand,
        "flags put back": val_flags_put_back,
        "a copy for each call": val_of_copy,
        "row by row": val_row_by_row,
        "each mode put back": val_mode_put_back,
        "around the course's": lambda m, f: torch.no_grad()(
            make_val_step_fn(m, f)
        ),
        "decorator without brackets": lambda m, f: torch.no_grad(
            make_val_step_fn(m, f)
        ),
        "functional_call": val_step(
            loss_of=lambda m, f, x, y: f(
                torch.func.functional_call(m, dict(m.named_parameters()), x), y
            )
        ),
        "set_grad_enabled": val_step(
            block=lambda: torch.set_grad_enabled(False)
        ),
        "a module": ValModule,
    },
    wrong={
        "recorded": make_val_step_fn,
        "recorded as the block ends too soon": val_around_builder,
        "recorded and detached": val_step(
            block=contextlib.nullcontext,
            result=lambda loss: loss.detach().item(),
        ),
        "recorded as nothing begins a block": val_step(
            block=contextlib.nullcontext,
            begin=lambda model: (model.eval(), torch.no_grad()),
        ),
        "raises as brackets are missing": val_step(block=lambda: torch.no_grad),
        "no_number without brackets": val_step(result=lambda loss: loss.item),
        "other_value rounded": val_step(
            result=lambda loss: round(loss.item(), 4)
        ),
        "no_eval_mode": val_step(begin=lambda model: None),
        "no_eval_mode in time": val_step(
            begin=lambda model: None, end=lambda model: model.eval()
        ),
        "no_eval_mode for all": val_step(begin=eval_top_only),
        "no_eval_mode of the model itself": val_layer_by_layer,
        "other_features changed in place": val_centres,
        "other_loss as the prediction is returned": val_step(
            loss_of=lambda m, f, x, y: m(x).mean()
        ),
        "no_number as it yields": val_yields,
        "no_number but NumPy's": val_step(
            result=lambda loss: np.float64(loss.item())
        ),
        "recording_left_off as the block is never left": val_never_left,
        "shared loss": ValSharesLoss,
        "mode_set_once": val_mode_outside,
        "mode_set_once as in the first call": val_mode_first_call,
        "recording_left_off": val_left_off,
        "recording_turned_on": val_turned_on,
        "flags_changed": val_frozen,
        "flags_changed by each call": val_frozen_inside,
        "flags_changed as all are set": val_step(
            block=contextlib.nullcontext,
            begin=lambda model: model.eval().requires_grad_(False),
            end=lambda model: model.requires_grad_(True),
        ),
        "backward": val_backward,
        "updates": val_updates,
        "buffers_changed": val_both_modes,
        "gradients_changed": val_step(end=lambda model: model.zero_grad()),
        "returns_tensor": val_step(result=lambda loss: loss),
        "returns_nothing": val_no_return,
        "no_number": val_step(result=lambda loss: [loss.item()]),
        "builder_returns_nothing": val_forgotten,
        "called_too_soon": lambda m, f: plain_val(
            m, f, torch.ones(3, 2), torch.ones(3, 1)
        ),
        "swapped": val_step(loss_of=lambda m, f, x, y: f(y, m(x))),
        "shapes": val_step(loss_of=lambda m, f, x, y: f(m(x), y.squeeze())),
        "other_model": val_rebuilt,
        "other_loss": val_own_loss,
        "other_features": val_step(loss_of=lambda m, f, x, y: f(m(2 * x), y)),
        "other_value": val_step(result=lambda loss: loss.item() * 6),
        "stale": val_copied_once,
        "runs_at_once": val_at_once,
        "shared": val_shared,
        "signature": lambda model: make_val_step_fn(model, nn.MSELoss()),
        "recording_left_off after an error": val_put_back_at_the_end,
        "other_value rounded to six digits": val_step(
            result=lambda loss: round(loss.item(), 6)
        ),
    },
)

# ------------------------------------------------------------------- 05.2


@contextmanager
def lend_course(model):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for layer, mode in modes:
            layer.training = mode


@contextmanager
def lend_by_train(model):
    modes = [layer.training for layer in model.modules()]
    try:
        yield model.eval()
    finally:
        for layer, mode in zip(model.modules(), modes, strict=True):
            layer.train(mode)


class Lend:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = {
            name: layer.training for name, layer in self.model.named_modules()
        }
        return self.model.eval()

    def __exit__(self, *_):
        for name, mode in self.modes.items():
            self.model.get_submodule(name).training = mode


@contextmanager
def lend_layer_in_layer(model):
    mode, model.training = model.training, False
    try:
        with contextlib.ExitStack() as stack:
            for child in model.children():
                stack.enter_context(lend_layer_in_layer(child))
            yield model
    finally:
        model.training = mode


class LendEmptyMethod(Lend):
    def close(self):
        pass


def lend_by_stack(model):
    stack = contextlib.ExitStack()
    for layer in model.modules():
        stack.callback(setattr, layer, "training", layer.training)
    model.eval()
    stack.__class__ = type(
        "Stack", (contextlib.ExitStack,), {"__enter__": lambda self: model}
    )
    return stack


def lend_recursive(model):
    """Walk through the layers by itself."""

    def put(layer, mode):
        layer.training = mode.pop(0)
        for child in layer.children():
            put(child, mode)

    def note(layer):
        below = [note(child) for child in layer.children()]
        return [layer.training, *(mode for part in below for mode in part)]

    @contextmanager
    def manage():
        modes = note(model)
        for layer in model.modules():
            layer.training = False
        try:
            yield model
        except BaseException:
            put(model, modes)
            raise
        put(model, modes)

    return manage()


def lend_with(
    note=lambda model: [(m, m.training) for m in model.modules()],
    begin=lambda model: model.eval(),
    lent=lambda model: model,
    end=lambda model, modes: [setattr(m, "training", t) for m, t in modes],
):
    """Build an answer out of its parts."""

    @contextmanager
    def evaluating_layers(model):
        modes = note(model)
        begin(model)
        try:
            yield lent(model)
        finally:
            end(model, modes)

    return evaluating_layers


@contextmanager
def lend_no_finally(model):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    yield model
    for layer, mode in modes:
        layer.training = mode


@contextmanager
def lend_swallows(model):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield model
    except Exception as error:
        print(error)
    for layer, mode in modes:
        layer.training = mode


class LendSwallows(Lend):
    def __exit__(self, *three):
        super().__exit__(*three)
        return True


@contextmanager
def lend_one_mode(model):
    was_training = model.training
    model.eval()
    try:
        yield model
    finally:
        model.train(was_training)


@contextmanager
def lend_noted_too_late(model):
    model.eval()
    modes = [(layer, layer.training) for layer in model.modules()]
    try:
        yield model
    finally:
        for layer, mode in modes:
            layer.training = mode


@contextmanager
def lend_unrecorded(model):
    with lend_course(model), torch.no_grad():
        yield model


@contextmanager
def lend_no_grad_only(model):
    with torch.no_grad():
        yield model


@contextmanager
def lend_freezes(model):
    with lend_course(model):
        model.requires_grad_(False)
        yield model


@contextmanager
def lend_twice(model):
    with lend_course(model):
        yield model
    yield model


@contextmanager
def lend_no_yield(model):
    model.eval()
    return model


def lend_undecorated(model):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for layer, mode in modes:
            layer.training = mode


@contextmanager
def lend_after_errors_only(model):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield model
    except Exception:
        for layer, mode in modes:
            layer.training = mode
        raise


@contextmanager
def lend_noted_lazily(model):
    modes = ((layer, layer.training) for layer in model.modules())
    model.eval()
    try:
        yield model
    finally:
        for layer, mode in modes:
            layer.training = mode


@contextmanager
def lend_off_noted(model):
    """Note the layers in eval mode; all others train."""
    off = [layer for layer in model.modules() if not layer.training]
    model.eval()
    try:
        yield model
    finally:
        model.train()
        for layer in off:
            layer.training = False


@contextmanager
def lend_zeroes(model):
    with lend_course(model):
        yield model
    model.zero_grad()


class LendAtOnce(Lend):
    """In eval mode from the moment it is built."""

    def __init__(self, model):
        super().__init__(model)
        super().__enter__()

    def __enter__(self):
        return self.model


class LendItself(Lend):
    def __enter__(self):
        super().__enter__()
        return self


class LendUnlessItFails(Lend):
    def __exit__(self, kind, *_):
        if kind is None:
            super().__exit__()


noted = {}


@contextmanager
def lend_shared(model):
    noted["modes"] = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for layer, mode in noted["modes"]:
            layer.training = mode


def top_level(model):
    return [(layer, layer.training) for layer in (model, *model.children())]


FIRST_MODES = {}


@contextmanager
def lend_first_modes(model):
    for layer in model.modules():
        FIRST_MODES.setdefault(layer, layer.training)
    model.eval()
    try:
        yield model
    finally:
        for layer in model.modules():
            layer.training = FIRST_MODES[layer]


@contextmanager
def lend_all_state(model):
    state = copy.deepcopy(model.state_dict())
    with lend_course(model):
        yield model
    model.load_state_dict(state)


EVALUATING_LAYERS = Answers(
    right={
        "course": lend_course,
        "train, from the outside in": lend_by_train,
        "class": Lend,
        "class, at once": LendAtOnce,
        "those in eval mode are noted": lend_off_noted,
        "exit stack": lend_by_stack,
        "layer in layer": lend_layer_in_layer,
        "an empty method": LendEmptyMethod,
        "recursive, except and raise": lend_recursive,
        "lambda": lambda model: lend_course(model),
        "partial": functools.partial(lend_course),
        "children's eval": lend_with(
            begin=lambda model: [m.eval() for m in model.modules()]
        ),
    },
    wrong={
        "no_finally": lend_no_finally,
        "no_finally in a class": LendUnlessItFails,
        "not_put_back as only errors do": lend_after_errors_only,
        "not_put_back as noted lazily": lend_noted_lazily,
        "changes_more as gradients are gone": lend_zeroes,
        "yields_other in a class": LendItself,
        "not_in_eval_mode itself": lend_with(
            begin=lambda model: [layer.eval() for layer in model.children()]
        ),
        "swallows": lend_swallows,
        "swallows in a class": LendSwallows,
        "one_mode": lend_one_mode,
        "one_mode from the inside out": lend_with(
            end=lambda model, modes: [m.train(t) for m, t in reversed(modes)]
        ),
        "always_train": lend_with(end=lambda model, modes: model.train()),
        "not_put_back": lend_with(end=lambda model, modes: None),
        "not_put_back as noted too late": lend_noted_too_late,
        "other_modes": lend_with(note=top_level),
        "nested_left_out": lend_with(
            begin=lambda model: [
                setattr(layer, "training", False)
                for layer, _ in top_level(model)
            ]
        ),
        "nested_left_out as only the top": lend_with(
            begin=lambda model: setattr(model, "training", False)
        ),
        "not_in_eval_mode": lend_no_grad_only,
        "recording_off": lend_unrecorded,
        "changes_more": lend_freezes,
        "yields_nothing": lend_with(lent=lambda model: None),
        "yields_other": lend_with(lent=copy.deepcopy),
        "no_decorator": lend_undecorated,
        "no_context_manager": lambda model: model.eval(),
        "no_context_manager but nothing": lambda model: print("eval"),
        "no_single_yield": lend_no_yield,
        "no_single_yield but two": lend_twice,
        "shared": lend_shared,
        "one_mode as only train mode is noted": lend_with(
            note=lambda model: [
                (m, True) for m in model.modules() if m.training
            ]
        ),
        "signature": contextmanager(lambda: (yield)),
        "signature of a method": type(
            "NoError", (Lend,), {"__exit__": lambda self: self.model.train()}
        ),
        "shared from block to block": lend_first_modes,
        "changes_more as weights are put back": lend_all_state,
    },
)

# ------------------------------------------------------------------- 05.3


def pass_with(
    weight=lambda x, loader: len(x),
    result=lambda total, count, losses, loader: total / count,
    to=lambda x, y, device: (x.to(device), y.to(device)),
    step=lambda step_fn, x, y: step_fn(x, y),
    batches=lambda loader: loader,
):
    """Build an answer out of its parts."""

    def mini_batch(device, data_loader, step_fn):
        total, count, losses = 0.0, 0, []
        for x_batch, y_batch in batches(data_loader):
            x_batch, y_batch = to(x_batch, y_batch, device)
            loss = step(step_fn, x_batch, y_batch)
            losses.append(loss)
            total += loss * weight(x_batch, data_loader)
            count += len(x_batch)
        return result(total, count, losses, data_loader)

    return mini_batch


def pass_numpy_number(device, data_loader, step_fn):
    losses, sizes = [], []
    for x_batch, y_batch in data_loader:
        losses.append(step_fn(x_batch.to(device), y_batch.to(device)))
        sizes.append(x_batch.shape[0])
    return np.average(losses, weights=sizes)


def pass_average(device, data_loader, step_fn):
    return float(pass_numpy_number(device, data_loader, step_fn))


def pass_repeated(device, data_loader, step_fn):
    losses = []
    for batch in data_loader:
        x_batch, y_batch = (part.to(device) for part in batch)
        losses += [step_fn(x_batch, y_batch)] * y_batch.size(0)
    return sum(losses) / len(losses)


def pass_running(device, data_loader, step_fn):
    mean, n = 0.0, 0
    for x_batch, y_batch in data_loader:
        x_batch, y_batch = x_batch.to(device), y_batch.to(device)
        n += len(y_batch)
        mean += (step_fn(x_batch, y_batch) - mean) * len(y_batch) / n
    return mean


def pass_tensor(device, data_loader, step_fn):
    total, count = torch.zeros(1, dtype=torch.float64), 0
    for x, y in data_loader:
        total.add_(step_fn(x.to(device), y.to(device)) * len(x))
        count += len(x)
    return total.div_(count).item()


class Pass:
    def __call__(self, *arguments):
        return pass_average(*arguments)


def pass_all_at_once(device, data_loader, step_fn):
    parts = zip(*data_loader, strict=True)
    x, y = (torch.cat(part).to(device) for part in parts)
    return step_fn(x, y)


def pass_last_size(device, data_loader, step_fn):
    total, count = 0.0, 0
    for x, y in data_loader:
        total += step_fn(x.to(device), y.to(device))
        count += len(x)
    return total * len(x) / count


def pass_two_passes(device, data_loader, step_fn):
    n = sum(len(x) for x, _ in data_loader)
    total = 0.0
    for x, y in data_loader:
        total += step_fn(x.to(device), y.to(device)) * len(x) / n
    return total


def pass_return_inside(device, data_loader, step_fn):
    total, count = 0.0, 0
    for x, y in data_loader:
        total += step_fn(x.to(device), y.to(device)) * len(x)
        count += len(x)
        return total / count


def pass_full_only(device, data_loader, step_fn):
    total, count = 0.0, 0
    for x, y in data_loader:
        if len(x) == data_loader.batch_size:
            total += step_fn(x.to(device), y.to(device)) * len(x)
            count += len(x)
    return total / count


def pass_unrecorded(*arguments):
    with torch.no_grad():
        return v1.mini_batch(*arguments)


def pass_yields(device, data_loader, step_fn):
    yield v1.mini_batch(device, data_loader, step_fn)


def pass_leaves_recording_off(device, data_loader, step_fn):
    with torch.enable_grad():
        mean = v1.mini_batch(device, data_loader, step_fn)
    torch.set_grad_enabled(False)
    return mean


def pass_iterator(device, data_loader, step_fn):
    batches, total, count = iter(data_loader), 0.0, 0
    for _ in range(len(data_loader)):
        x, y = next(batches)
        total += step_fn(x.to(device), y.to(device)) * len(y)
        count += len(y)
    return total / count


def pass_never_ends(device, data_loader, step_fn):
    batches, total, count = iter(data_loader), 0.0, 0
    while True:
        x, y = next(batches)
        total += step_fn(x.to(device), y.to(device)) * len(y)
        count += len(y)


page_loader = DataLoader(TensorDataset(torch.rand(8, 2), torch.rand(8, 1)))


def pass_page_loader(device, data_loader, step_fn):
    return v1.mini_batch("cpu", page_loader, step_fn)


def pass_no_step(device, data_loader, step_fn):
    def own_step(x, y):
        return (x[:, :1] - y).abs().mean().item()

    return pass_average(device, data_loader, own_step)


def pass_prints(*arguments):
    print(pass_average(*arguments))


def pass_remembers(device, data_loader, step_fn, seen=[]):
    for x, y in data_loader:
        seen.extend([step_fn(x.to(device), y.to(device))] * len(x))
    return sum(seen) / len(seen)


EPOCH_LOSS = Answers(
    right={
        "course": pass_with(),
        "shipped": v1.mini_batch,
        "numpy": pass_average,
        "a loss for each point": pass_repeated,
        "running mean": pass_running,
        "in place": pass_tensor,
        "class": Pass(),
        "partial": functools.partial(pass_average),
        "lambda": lambda *arguments: pass_average(*arguments),
        "numbers over numbers": pass_with(
            weight=lambda x, loader: x.numel(),
            result=lambda total, count, losses, loader: total / count / 2,
        ),
        "list first": pass_with(batches=list),
        "iterator": pass_iterator,
        "fmean": lambda device, loader, step_fn: statistics.fmean(
            *zip(
                *(
                    (step_fn(x.to(device), y.to(device)), len(x))
                    for x, y in loader
                ),
                strict=True,
            )
        ),
    },
    wrong={
        "plain_mean": pass_with(
            result=lambda total, count, losses, loader: (
                sum(losses) / len(losses)
            )
        ),
        "plain_mean as shipped before": v0.mini_batch,
        "weighs_full_size": pass_with(
            weight=lambda x, loader: loader.batch_size
        ),
        "weighs_full_size over the data set": pass_with(
            weight=lambda x, loader: loader.batch_size,
            result=lambda total, count, losses, loader: (
                total / len(loader.dataset)
            ),
        ),
        "divides_by_batches": pass_with(
            result=lambda total, count, losses, loader: total / len(loader)
        ),
        "divides_by_dataset": pass_with(
            result=lambda total, count, losses, loader: (
                total / len(loader.dataset)
            )
        ),
        "counts_full_batches": pass_with(
            result=lambda total, count, losses, loader: (
                total / len(loader) / loader.batch_size
            )
        ),
        "no_weights": pass_with(weight=lambda x, loader: 1),
        "counts_numbers": pass_with(weight=lambda x, loader: x.numel()),
        "counts_features": pass_with(weight=lambda x, loader: x.shape[1]),
        "raises at the end of the pass": pass_never_ends,
        "recording_left_off": pass_leaves_recording_off,
        "no_number as it yields": pass_yields,
        "other_value rounded": pass_with(
            result=lambda total, count, losses, loader: round(total / count, 2)
        ),
        "last_size": pass_last_size,
        "last_loss": pass_with(
            result=lambda total, count, losses, loader: losses[-1]
        ),
        "sum": pass_with(result=lambda total, count, losses, loader: total),
        "other_value": pass_with(
            result=lambda total, count, losses, loader: max(losses) / 7
        ),
        "other_value remembered": pass_remembers,
        "not_moved": pass_with(to=lambda x, y, device: (x, y)),
        "only_features_moved": pass_with(
            to=lambda x, y, device: (x.to(device), y)
        ),
        "only_labels_moved": pass_with(
            to=lambda x, y, device: (x, y.to(device))
        ),
        "returns_tensor": pass_with(
            result=lambda total, count, losses, loader: torch.tensor(
                total / count
            )
        ),
        "returns_nothing": pass_prints,
        "no_number": pass_with(
            result=lambda total, count, losses, loader: (total, count)
        ),
        "no_number but NumPy's": pass_numpy_number,
        "swapped": pass_with(step=lambda step_fn, x, y: step_fn(y, x)),
        "all_at_once": pass_all_at_once,
        "left_out": pass_full_only,
        "only_one": pass_return_inside,
        "two_passes": pass_two_passes,
        "step_twice": pass_with(
            step=lambda step_fn, x, y: step_fn(x, y) + 0 * step_fn(x, y)
        ),
        "other_batches": pass_with(batches=lambda loader: list(loader)[::-1]),
        "other_loader": pass_page_loader,
        "step_never_called": pass_no_step,
        "recording_off": pass_unrecorded,
        "signature": lambda data_loader, step_fn: 0.0,
        "raises": pass_with(step=lambda step_fn, x, y: step_fn(x, y).item()),
        "not_added": pass_with(
            result=lambda total, count, losses, loader: (
                losses[-1] * (count % 6 or 6) / count
            )
        ),
        "not_added to the count": pass_with(
            result=lambda total, count, losses, loader: total / (count % 6 or 6)
        ),
        "other_value rounded to four digits": pass_with(
            result=lambda total, count, losses, loader: round(total / count, 4)
        ),
    },
)

ANSWERS = {
    "05.1": CAREFUL_VAL_STEP,
    "05.2": EVALUATING_LAYERS,
    "05.3": EPOCH_LOSS,
}
