"""Answers to the exercises of chapter 10."""

import functools
import math

import numpy as np
import torch
from torch import nn, optim

from helpers.devices import find_device
from helpers.pipeline import Configuration
from helpers.step_functions import make_train_step_fn, make_val_step_fn
from tests.answers.common import Answers

# ------------------------------------------------------------------- 10.1


def layers(activation=nn.Tanh, n=8):
    return nn.Sequential(nn.Linear(1, n), activation(), nn.Linear(n, 1))


def sgd(model, lr):
    return optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def configure_my_model(
    lr,
    *,
    seed=torch.manual_seed,
    build=layers,
    make_loss=nn.MSELoss,
    make_optimizer=sgd,
    make_train=make_train_step_fn,
    make_val=make_val_step_fn,
    without=(),
    **others,
):
    """Configure as the page's solution does, with one part exchanged."""
    device = find_device()
    seed(42)
    model = build().to(device)
    loss_fn = make_loss()
    optimizer = make_optimizer(model, lr)
    parts = {
        "device": device,
        "model": model,
        "loss_fn": loss_fn,
        "optimizer": optimizer,
        "train_step_fn": make_train(model, loss_fn, optimizer),
        "val_step_fn": make_val(model, loss_fn),
        "writer": None,
    }
    parts |= others
    return Configuration(**{k: v for k, v in parts.items() if k not in without})


def with_part(**parts):
    return functools.partial(configure_my_model, **parts)


def configure_any(model, lr, make_optimizer=None):
    """Configure as the page does for a wave, with Adam."""
    device = find_device()
    model, loss_fn = model.to(device), nn.MSELoss()
    make_optimizer = make_optimizer or (
        lambda model, lr: optim.Adam(model.parameters(), lr=lr)
    )
    optimizer = make_optimizer(model, lr)
    return Configuration(
        device=device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )


def mended_box(lr):
    """Take the page's function, then exchange optimizer and step."""
    torch.manual_seed(1)
    box = configure_any(layers(), lr)
    box.optimizer = sgd(box.model, lr)
    box.train_step_fn = make_train_step_fn(
        box.model, box.loss_fn, box.optimizer
    )
    return box


def forgets_step(lr):
    torch.manual_seed(1)
    box = configure_any(layers(), lr)
    box.optimizer = sgd(box.model, lr)
    return box


def from_page(lr):
    torch.manual_seed(1)
    return configure_any(layers(), lr)


class Hidden(nn.Module):
    """No layers at all: three tensors, multiplied by hand."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(1, 8))
        self.b = nn.Parameter(torch.zeros(8))
        self.v = nn.Parameter(torch.randn(8, 1) / 8)
        self.c = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return torch.tanh(x @ self.w + self.b) @ self.v + self.c


class Configurer:
    def __call__(self, lr):
        with torch.random.fork_rng():
            torch.manual_seed(7)
            model = layers().to(find_device())
        return configure_any(model, lr, sgd)


def in_parts(lr):
    box = Configuration()
    box.writer, box.device = None, find_device()
    torch.manual_seed(3)
    box.model = layers().to(box.device)
    box.loss_fn = nn.functional.mse_loss
    box.optimizer = optim.SGD(
        [{"params": layer.parameters()} for layer in box.model],
        lr=lr,
        momentum=0.9,
    )
    box.train_step_fn = make_train_step_fn(
        box.model, box.loss_fn, box.optimizer
    )
    box.val_step_fn = make_val_step_fn(box.model, box.loss_fn)
    return box


page_model = layers()


def shares(lr):
    return configure_any(page_model, lr, sgd)


def other_sgd(model, lr):
    return sgd(layers(), lr)


def half_sgd(model, lr):
    return sgd(model[0], lr)


def adds_only(model, loss_fn, optimizer):
    """A step that forgets to forget."""

    def step(x, y):
        model.train()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def without_mode(model, loss_fn, optimizer):
    def step(x, y):
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def other_train(model, loss_fn, optimizer):
    own = layers()
    return make_train_step_fn(own, loss_fn, sgd(own, 0.02))


def validates(model, loss_fn, optimizer):
    return make_val_step_fn(model, loss_fn)


def trains(model, loss_fn):
    return make_train_step_fn(model, loss_fn, sgd(model, 0.02))


def trains_anyway(model, loss_fn):
    return torch.enable_grad()(trains(model, loss_fn))


def val_mode_left(model, loss_fn):
    def step(x, y):
        return loss_fn(model(x), y).item()

    return step


def puts_mode_back(model, loss_fn):
    """Validate as exercise 05.2 does."""

    @torch.no_grad()
    def step(x, y):
        was_training = model.training
        model.eval()
        loss = loss_fn(model(x), y).item()
        model.train(was_training)
        return loss

    return step


def outer_mode_only(model, loss_fn):
    def step(x, y):
        model.training = False
        return loss_fn(model(x), y).item()

    return step


def without_item(model, loss_fn):
    def step(x, y):
        model.eval()
        return loss_fn(model(x), y)

    return step


def slows_down(model, loss_fn, optimizer):
    step = make_train_step_fn(model, loss_fn, optimizer)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)

    def slower(x, y):
        loss = step(x, y)
        scheduler.step()
        return loss

    return slower


def half_frozen():
    model = layers()
    model[0].requires_grad_(False)
    return model


def with_sgd(**settings):
    return with_part(
        make_optimizer=lambda model, lr: optim.SGD(
            model.parameters(), lr=lr, momentum=0.9, **settings
        )
    )


def with_closure(model, loss_fn, optimizer):
    """The optimizer calls a closure, as LBFGS wants it."""

    def step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            return loss

        model.train()
        return optimizer.step(closure).item()

    return step


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(1, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def in_eval_mode(lr):
    box = configure_my_model(lr)
    box.model.eval()
    return box


def steps_exchanged(lr):
    box = configure_my_model(lr)
    box.train_step_fn, box.val_step_fn = box.val_step_fn, box.train_step_fn
    return box


def model_built_again(lr):
    box = configure_my_model(lr)
    box.model = layers()
    box.optimizer = sgd(box.model, lr)
    return box


def slower_later(model, loss_fn, optimizer):
    step, n_calls = make_train_step_fn(model, loss_fn, optimizer), iter("." * 9)

    def slower(x, y):
        if next(n_calls, None) is None:
            optimizer.param_groups[0]["lr"] = 1e-4
        return step(x, y)

    return slower


def two_updates(model, loss_fn, optimizer):
    step = make_train_step_fn(model, loss_fn, optimizer)
    return lambda x, y: (step(x, y), step(x, y))[1]


def detaches(model, loss_fn, optimizer):
    def step(x, y):
        model.train()
        loss = loss_fn(model(x), y).detach().requires_grad_()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def by_numbers(lr):
    """Without a seed: the weights are written down."""
    model = layers()
    for number, parameter in enumerate(model.parameters(), start=1):
        nn.init.constant_(parameter, 0.1 * number)
    return configure_any(model, lr, sgd)


def squeezed():
    return nn.Sequential(*layers(), nn.Flatten(0))


MY_MODEL = Answers(
    right={
        "course": configure_my_model,
        "partial": with_part(build=functools.partial(layers, nn.Tanh, 8)),
        "class": Configurer(),
        "lambda": lambda lr: configure_my_model(lr),
        "page's function, mended": mended_box,
        "part by part, two groups": in_parts,
        "tensors by hand": with_part(build=Hidden),
        "a closure": with_part(make_train=with_closure),
        "weights written down": by_numbers,
        "a class for the model": with_part(build=Net),
        "in eval mode at first": in_eval_mode,
        "a careful validation": with_part(make_val=puts_mode_back),
        "the name of the device": with_part(device=str(find_device())),
        "sum of both": with_part(
            make_loss=lambda: lambda yhat, y: ((yhat - y) ** 2).mean()
        ),
    },
    wrong={
        "no_configuration": lambda lr: vars(configure_my_model(lr)),
        "no_configuration tuple": lambda lr: tuple(
            vars(configure_my_model(lr)).values()
        ),
        "returns_nothing": lambda lr: print(configure_my_model(lr)),
        "missing_part": with_part(without=("val_step_fn",)),
        "missing_part writer": with_part(without=("writer",)),
        "writer": with_part(writer="runs/mine"),
        "no_model": with_part(model=layers),
        "device": with_part(device=torch.device("meta")),
        "shared_model": shares,
        "not_seeded": with_part(seed=lambda number: None),
        "other_layers": with_part(build=functools.partial(layers, n=10)),
        "other_layers line": with_part(build=lambda: nn.Linear(1, 1)),
        "other_layers without bias": with_part(
            build=lambda: nn.Sequential(
                nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1, bias=False)
            )
        ),
        "no_tanh": with_part(build=functools.partial(layers, nn.ReLU)),
        "no_tanh sigmoid": with_part(
            build=functools.partial(layers, nn.Sigmoid)
        ),
        "no_tanh at all": with_part(
            build=functools.partial(layers, nn.Identity)
        ),
        "no_tanh one too many": with_part(
            build=lambda: nn.Sequential(*layers(), nn.Tanh())
        ),
        "other_shape": with_part(build=squeezed),
        "other_loss": with_part(make_loss=lambda: nn.MSELoss(reduction="sum")),
        "other_loss of L1": with_part(make_loss=nn.L1Loss),
        "no_optimizer": with_part(optimizer=optim.SGD),
        "other_optimizer": from_page,
        "other_optimizer without the step": with_part(
            make_optimizer=lambda m, lr: optim.RMSprop(
                m.parameters(), lr=lr, momentum=0.9
            )
        ),
        "lr_ignored": with_part(make_optimizer=lambda m, lr: sgd(m, 0.1)),
        "lr_ignored at one": with_part(
            make_optimizer=lambda m, lr: sgd(m, 0.02)
        ),
        "momentum": with_part(
            make_optimizer=lambda m, lr: optim.SGD(m.parameters(), lr=lr)
        ),
        "other_parameters": with_part(make_optimizer=other_sgd),
        "other_parameters half": with_part(make_optimizer=half_sgd),
        "other_optimizer_in_step": forgets_step,
        "other_step": with_part(make_train=other_train),
        "other_step for validation": with_part(
            make_val=lambda m, f: make_val_step_fn(layers(), f)
        ),
        "other_step builder": with_part(train_step_fn=make_val_step_fn),
        "step_trains_nothing": with_part(make_train=validates),
        "val_step_trains": with_part(make_val=trains),
        "val_step_trains all the same": with_part(make_val=trains_anyway),
        "val_in_train_mode": with_part(make_val=val_mode_left),
        "val_in_train_mode inside": with_part(make_val=outer_mode_only),
        "train_in_eval_mode": with_part(make_train=without_mode),
        "other_update": with_part(make_train=adds_only),
        "other_settings": with_sgd(weight_decay=0.1),
        "other_settings a little": with_sgd(weight_decay=1e-6),
        "other_settings Nesterov": with_sgd(nesterov=True),
        "other_update schedule": with_part(make_train=slows_down),
        "not_seeded alike": lambda lr: configure_my_model(
            lr, seed=lambda _: torch.manual_seed(int(1000 * lr))
        ),
        "other_loss class": with_part(loss_fn=nn.MSELoss),
        "no_function": with_part(train_step_fn=0.18),
        "frozen": with_part(build=half_frozen),
        "dtype": with_part(build=lambda: layers().double()),
        "other_layers turned round": with_part(
            build=lambda: nn.Sequential(
                nn.Linear(8, 1), nn.Tanh(), nn.Linear(1, 8)
            )
        ),
        "other_layers dropout": with_part(
            build=lambda: nn.Sequential(*layers(), nn.Dropout(0.1))
        ),
        "other_step a tensor": with_part(make_val=without_item),
        "other_step two updates": with_part(make_train=two_updates),
        "other_step of a model before": model_built_again,
        "step_trains_nothing exchanged": steps_exchanged,
        "step_trains_nothing detached": with_part(make_train=detaches),
        "other_update much later": with_part(make_train=slower_later),
        "other_loss a number": with_part(
            make_loss=lambda: lambda yhat, y: ((yhat - y) ** 2).mean().item()
        ),
        "other_loss called": with_part(loss_fn=torch.tensor(0.3)),
        "other_loss of each row": with_part(
            make_loss=lambda: nn.MSELoss(reduction="none")
        ),
    },
)

# ------------------------------------------------------------------- 10.2


def triangle(step, base_lr, max_lr, step_size_up):
    place = step % (2 * step_size_up)
    if place > step_size_up:
        place = 2 * step_size_up - place
    return base_lr + (max_lr - base_lr) * place / step_size_up


class Triangle:
    def __call__(self, step, base_lr, max_lr, step_size_up):
        cycle = math.floor(1 + step / (2 * step_size_up))
        x = abs(step / step_size_up - 2 * cycle + 1)
        return base_lr + (max_lr - base_lr) * max(0, 1 - x)


def by_interp(step, base_lr, max_lr, step_size_up):
    period = 2 * step_size_up
    return float(
        np.interp(
            step % period,
            [0, step_size_up, period],
            [base_lr, max_lr, base_lr],
        )
    )


def by_arcsine(step, base_lr, max_lr, step_size_up):
    wave = math.cos(math.pi * step / step_size_up)
    return base_lr + (max_lr - base_lr) * math.acos(wave) / math.pi


def by_torch(step, base_lr, max_lr, step_size_up):
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = optim.lr_scheduler.CyclicLR(
        optimizer, base_lr, max_lr, step_size_up, cycle_momentum=False
    )
    for _ in range(step):
        optimizer.step()
        scheduler.step()
    return scheduler.get_last_lr()[0]


def by_steps(step, base_lr, max_lr, step_size_up):
    lr, change = base_lr, (max_lr - base_lr) / step_size_up
    for number in range(step):
        lr += change if number // step_size_up % 2 == 0 else -change
    return lr


asked = []


def counts_itself(step, base_lr, max_lr, step_size_up):
    asked.append(step)
    return triangle(len(asked) - 1, base_lr, max_lr, step_size_up)


class Counts:
    def __init__(self):
        self.step = 0

    def __call__(self, step, *setting):
        self.step = 0 if step == 0 else self.step + 1
        return triangle(self.step, *setting)


def shift(n):
    return lambda step, *setting: triangle(step + n, *setting)


def up_only(modulo):
    def rate(step, base_lr, max_lr, up):
        return base_lr + (max_lr - base_lr) * modulo(step, up) / up

    return rate


def no_repeat(step, base_lr, max_lr, up):
    if step > up:
        step = 2 * up - step
    return base_lr + (max_lr - base_lr) * step / up


def whole(step, base_lr, max_lr, up):
    place = step % (2 * up)
    return base_lr + (max_lr - base_lr) * (1 - abs(place // up - 1))


def cosine(step, base_lr, max_lr, up):
    wave = (1 - math.cos(math.pi * step / up)) / 2
    return base_lr + (max_lr - base_lr) * wave


def uneven(step, base_lr, max_lr, up):
    place = step % (2 * up)
    if place >= up:
        place = 2 * up - 1 - place
    return base_lr + (max_lr - base_lr) * place / up


def none_at_the_top(step, base_lr, max_lr, up):
    place = step % (2 * up)
    if place < up:
        return base_lr + (max_lr - base_lr) * place / up
    elif place > up:
        return max_lr - (max_lr - base_lr) * (place - up) / up


def by_recursion(step, base_lr, max_lr, up):
    if step >= 2 * up:
        return by_recursion(step - 2 * up, base_lr, max_lr, up)
    if step > up:
        return by_recursion(2 * up - step, base_lr, max_lr, up)
    return base_lr + (max_lr - base_lr) * step / up


def by_table(step, base_lr, max_lr, up):
    rise = np.linspace(base_lr, max_lr, up + 1).tolist()
    cycle = rise + rise[-2:0:-1]
    return cycle[step % len(cycle)]


def by_parity(step, base_lr, max_lr, up):
    way = (max_lr - base_lr) * (step % up) / up
    return base_lr + way if step // up % 2 == 0 else max_lr - way


def falls_from_base(step, base_lr, max_lr, up):
    place = step % (2 * up)
    if place <= up:
        return base_lr + (max_lr - base_lr) * place / up
    return max_lr - (max_lr - base_lr) * place / up


def halves(step, base_lr, max_lr, up):
    height = triangle(step, base_lr, max_lr, up) - base_lr
    return base_lr + height / 2 ** (step // (2 * up))


def long_top(step, base_lr, max_lr, up):
    place = step % (2 * up + 2)
    if place > up:
        place = 2 * up + 1 - place
    return base_lr + (max_lr - base_lr) * place / up


def limited(step, *setting):
    return triangle(min(step, 700), *setting)


TRIANGLE = Answers(
    right={
        "course": triangle,
        "class, as torch writes it": Triangle(),
        "interp": by_interp,
        "lambda with abs": lambda s, b, m, up: (
            m - (m - b) * abs(s % (2 * up) / up - 1)
        ),
        "arcus cosine": by_arcsine,
        "asks torch": by_torch,
        "adds up": by_steps,
        "recursion": by_recursion,
        "a table": by_table,
        "parity of the half cycle": by_parity,
        "phase": lambda s, b, m, up: (
            b + (m - b) * (1 - abs(2 * (s / up / 2 % 1) - 1))
        ),
    },
    wrong={
        "saw_tooth": up_only(lambda step, up: step % up),
        "saw_tooth twice as high": up_only(lambda step, up: step % (2 * up)),
        "never_turns": up_only(lambda step, up: step),
        "never_falls": up_only(min),
        "never_repeats": no_repeat,
        "never_repeats clipped": lambda s, b, m, up: max(
            b, no_repeat(s, b, m, up)
        ),
        "off_by_one": shift(1),
        "off_by_one late": shift(-1),
        "starts_high": lambda s, b, m, up: triangle(s + up, b, m, up),
        "starts_high swapped": lambda s, b, m, up: triangle(s, m, b, up),
        "no_base": lambda s, b, m, up: triangle(s, b, m, up) - b,
        "too_high": lambda s, b, m, up: triangle(s, b, m + b, up),
        "from_zero": lambda s, b, m, up: triangle(s, 0, m, up),
        "cosine": cosine,
        "too_fast": lambda s, b, m, up: triangle(2 * s, b, m, up),
        "too_slow_cycle": lambda s, b, m, up: triangle(s, b, m, 2 * up),
        "whole_division": whole,
        "long_top": long_top,
        "uneven_way_down": uneven,
        "other_formula": lambda s, b, m, up: triangle(s, b, m, up) ** 2,
        "rounded to few digits": lambda *four: round(triangle(*four), 2),
        "rounded": lambda *four: round(triangle(*four), 4),
        "returns_nothing at the top": none_at_the_top,
        "brackets": lambda s, b, m, up: (
            b + (m - b) * min(s % 2 * up, 2 * up - s % 2 * up) / up
        ),
        "brackets of the way": lambda s, b, m, up: (
            b + m - b * min(s % (2 * up), 2 * up - s % (2 * up)) / up
        ),
        "whole_division of the product": lambda s, b, m, up: (
            b + (m - b) * min(s % (2 * up), 2 * up - s % (2 * up)) // up
        ),
        "too_long": lambda s, b, m, up: (
            b + (m - b) * min(s % (2 * up + 1), 2 * up - s % (2 * up + 1)) / up
        ),
        "stands_on_its_end": lambda s, b, m, up: (
            b + (m - b) * max(s % (2 * up), 2 * up - s % (2 * up)) / up
        ),
        "no_number of NumPy": lambda *four: np.float32(triangle(*four)),
        "other_formula constants": lambda s, *_: triangle(s, 0.02, 0.4, 20),
        "returns_nothing": lambda *four: print(triangle(*four)),
        "no_number": lambda *four: torch.tensor(triangle(*four)),
        "no_number list": lambda s, *three: [
            triangle(k, *three) for k in range(s + 1)
        ],
        "uses_page_objects": counts_itself,
        "remembers": Counts(),
        "remembers too little": limited,
        "signature": lambda step, base_lr, max_lr: base_lr,
        "not_shifted": falls_from_base,
        "shrinks": halves,
        "too_low": lambda s, b, m, up: b + (triangle(s, b, m, up) - b) / 2,
        "cosine but a sine": lambda s, b, m, up: (
            b + (m - b) * abs(math.sin(math.pi * s / up / 2))
        ),
        "whole_division at the top": lambda s, b, m, up: (
            b + (m - b) * (min(s % (2 * up), 2 * up - s % (2 * up)) // up)
        ),
        "no_number of NumPy, double": lambda *four: np.float64(triangle(*four)),
        "no_number text": lambda *four: f"{triangle(*four):.4f}",
    },
)

# ------------------------------------------------------------------- 10.3


def with_record(
    train_step_fn, record, keep=list.append, result=lambda loss, record: loss
):
    def recorded_step_fn(x, y):
        loss = train_step_fn(x, y)
        keep(record, loss)
        return result(loss, record)

    return recorded_step_fn


def recorded(**parts):
    return functools.partial(with_record, **parts)


class Recorded:
    def __init__(self, train_step_fn, record):
        self.train_step_fn, self.record = train_step_fn, record

    def __call__(self, *batch):
        loss = self.train_step_fn(*batch)
        self.record += [loss]
        return loss


def record_nonlocal(train_step_fn, record):
    def step(x, y):
        nonlocal record
        loss = train_step_fn(x, y)
        record += [loss]
        return loss

    return step


def decorated(train_step_fn, record):
    def written_down(function):
        @functools.wraps(function)
        def inside(*batch, **named):
            try:
                loss = function(*batch, **named)
                return loss
            finally:
                record.append(loss)

        return inside

    return written_down(train_step_fn)


def by_coroutine(train_step_fn, record):
    def steps():
        loss = None
        while True:
            loss = train_step_fn(*(yield loss))
            record.append(loss)

    running = steps()
    next(running)
    return lambda x, y: running.send((x, y))


def plain_step(train_step_fn, record, x, y):
    record.append(train_step_fn(x, y))
    return record[-1]


def new_list(train_step_fn, record):
    def step(x, y):
        nonlocal record
        loss = train_step_fn(x, y)
        record = [*record, loss]
        return loss

    return step


def assigns(train_step_fn, record):
    def step(x, y):
        loss = train_step_fn(x, y)
        record = record + [loss]  # noqa: F823, F841, RUF005
        return loss

    return step


def too_late(train_step_fn, record):
    def step(x, y):
        record.append(loss)  # noqa: F821
        loss = train_step_fn(x, y)
        return loss

    return step


def takes_the_step(train_step_fn, record):
    loss = train_step_fn
    record.append(loss)
    return loss


def copies_list(train_step_fn, record):
    return with_record(train_step_fn, list(record))


def twice(train_step_fn, record):
    def step(x, y):
        record.append(train_step_fn(x, y))
        return train_step_fn(x, y)

    return step


def swaps(train_step_fn, record):
    return with_record(lambda x, y: train_step_fn(y, x), record)


def runs_at_once(train_step_fn, record):
    loss = train_step_fn(torch.rand(4, 1), torch.rand(4, 1))

    def step(x, y):
        record.append(loss)
        return loss

    return step


def clears(train_step_fn, record):
    record.clear()
    return with_record(train_step_fn, record)


def clears_late(train_step_fn, record):
    def step(x, y):
        loss = train_step_fn(x, y)
        record[:] = [loss]
        return loss

    return step


def forgets_inner(train_step_fn, record):
    def step(x, y):
        loss = train_step_fn(x, y)
        record.append(loss)
        return loss


def calls_inner(train_step_fn, record):
    def step():
        return 0.0

    return step()


def never_asks(train_step_fn, record):
    def step(x, y):
        record.append(0.75)
        return 0.75

    return step


latest = {}


def shares_step(train_step_fn, record):
    latest["step"] = train_step_fn

    def step(x, y):
        loss = latest["step"](x, y)
        record.append(loss)
        return loss

    return step


def one_batch(train_step_fn, record):
    first = []

    def step(x, y):
        first.append((x, y))
        loss = train_step_fn(x.clone() * 0, y)
        record.append(loss)
        return loss

    return step


def only_first(record, loss):
    if not record:
        record.append(loss)


def only_new(record, loss):
    if loss not in record:
        record.append(loss)


def stops_at_three(record, loss):
    if len(record) < 3:
        record.append(loss)


RECORD = Answers(
    right={
        "course": with_record,
        "class": Recorded,
        "partial": lambda *two: functools.partial(plain_step, *two),
        "nonlocal": record_nonlocal,
        "decorator": decorated,
        "coroutine": by_coroutine,
        "in place": recorded(keep=lambda r, loss: r.extend([loss])),
        "slice": recorded(keep=lambda r, loss: r.insert(len(r), loss)),
        "lambda": lambda fn, record: (
            lambda x, y: record.append(fn(x, y)) or record[-1]
        ),
    },
    wrong={
        "twice": twice,
        "returns_nothing": recorded(result=lambda *_: None),
        "returns_record": recorded(result=lambda loss, record: record),
        "returns_other": recorded(result=lambda loss, _: torch.tensor(loss)),
        "returns_other rounded": recorded(result=lambda loss, _: round(loss)),
        "not_recorded": recorded(keep=lambda record, loss: None),
        "not_recorded new list": new_list,
        "not_recorded copy": copies_list,
        "not_recorded but the first": recorded(keep=only_first),
        "not_recorded twice the same": recorded(keep=only_new),
        "not_recorded but three": recorded(keep=stops_at_three),
        "assigns_inside": assigns,
        "assigns_inside too late": too_late,
        "returns_other mean": recorded(
            result=lambda _, record: sum(record) / len(record)
        ),
        "touches_record with the step": takes_the_step,
        "swapped": swaps,
        "other_batch": one_batch,
        "never_asked": never_asks,
        "runs_at_once": runs_at_once,
        "touches_record": clears,
        "entries_lost": clears_late,
        "wrong_order": recorded(
            keep=lambda record, loss: record.insert(0, loss)
        ),
        "too_many": recorded(keep=lambda r, loss: r.extend([loss, loss])),
        "other_entries": recorded(keep=lambda r, loss: r.append(f"{loss:.4f}")),
        "other_entries rounded": recorded(
            keep=lambda r, loss: r.append(round(loss, 4))
        ),
        "returns_other rounded a little": recorded(
            result=lambda loss, _: round(loss, 4)
        ),
        "other_entries lists": recorded(keep=lambda r, loss: r.append([loss])),
        "other_entries tensor": recorded(
            keep=lambda r, loss: r.append(torch.tensor(loss))
        ),
        "builder_returns_nothing": forgets_inner,
        "no_function": calls_inner,
        "not_wrapped": lambda train_step_fn, record: train_step_fn,
        "shared": shares_step,
        "signature": lambda train_step_fn: train_step_fn,
    },
)

ANSWERS = {"10.1": MY_MODEL, "10.2": TRIANGLE, "10.3": RECORD}
