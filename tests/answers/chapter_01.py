"""Answers to the exercises of chapter 01."""

import copy
import functools
from fractions import Fraction

import numpy as np
import torch

from helpers.step_functions import make_train_step_fn
from tests.answers.common import Answers

# ------------------------------------------------------------------- 01.1


class LineObject:
    def __init__(self, b, w):
        self.b, self.w = b, w

    def __call__(self, x):
        return self.b + self.w * x


def line_by_def(b, w):
    def line(x):
        return b + w * x

    return line


def line_prints(b, w):
    def line(x):
        print(b + w * x)

    return line


def line_forgotten(b, w):
    def line(x):
        return b + w * x


def line_swapped(b, w):
    return lambda x: w + b * x


def line_constant(b, w):
    return lambda x: 1 + 2 * x


def line_called(b, w):
    def line(x):
        return b + w * x

    return line(0.5)


def line_twice(b, w):
    return lambda x: lambda x: b + w * x


def line_minus(b, w):
    return lambda x: b - w * x


kept = {}


def line_shared(b, w):
    kept["b"], kept["w"] = b, w
    return lambda x: kept["b"] + kept["w"] * x


class LineWithoutCall:
    def __init__(self, b, w):
        self.b, self.w = b, w

    def line(self, x):
        return self.b + self.w * x


def line_moves(b, w):
    def line(x):
        nonlocal b
        b = b + w * x
        return b

    return line


def line_takes_three(b, w, x):
    return b + w * x


def line_of_first(b, w, made=[]):  # noqa: B006
    made.append((b, w))
    first_b, first_w = made[0]
    return lambda x: first_b + first_w * x


def line_yields(b, w):
    yield lambda x: b + w * x


def line_yields_inside(b, w):
    def line(x):
        yield b + w * x

    return line


def line_local(b, w):
    def line(x):
        b = b + w * x  # noqa: F823
        return b

    return line


LINE = Answers(
    right={
        "def": line_by_def,
        "lambda": lambda b, w: lambda x: b + w * x,
        "class": LineObject,
        "partial": lambda b, w: functools.partial(
            lambda b, w, x: b + w * x, b, w
        ),
        "default arguments": lambda b, w: lambda x, b=b, w=w: b + w * x,
        "polynomial": lambda b, w: np.poly1d([w, b]),
        "cached": lambda b, w: functools.lru_cache(lambda x: b + w * x),
        "tensor": lambda b, w: lambda x: torch.as_tensor(b + w * x),
        "a method": lambda b, w: LineWithoutCall(b, w).line,
        "fractions": lambda b, w: lambda x: b + Fraction(w) * Fraction(x),
        "NumPy's numbers": lambda b, w: lambda x: np.float32(b + w * x),
        "a NumPy polynomial": lambda b, w: np.polynomial.Polynomial([b, w]),
        "a sum of powers": lambda b, w: (
            lambda x: sum(c * x**i for i, c in enumerate((b, w)))
        ),
    },
    wrong={
        "returns_nothing": line_prints,
        "builder_returns_nothing": line_forgotten,
        "swapped": line_swapped,
        "constants": line_constant,
        "called_too_soon": line_called,
        "one_layer_too_many": line_twice,
        "called_too_soon as no object can be called": LineWithoutCall,
        "called_too_soon as brackets are around it": lambda b, w: (
            [lambda x: b + w * x]
        ),
        "other_formula": line_minus,
        "other_formula rounded": lambda b, w: lambda x: round(b + w * x, 2),
        "changes": line_moves,
        "shared": line_shared,
        "shared as the first is kept": line_of_first,
        "called_too_soon as it yields": line_yields,
        "no_number as it yields": line_yields_inside,
        "no_number but text": lambda b, w: lambda x: f"{b + w * x}",
        "other_formula as x is not used": lambda b, w: lambda x: b + w * 0.5,
        "signature": line_takes_three,
        "no_number": lambda b, w: lambda x: [b + w * x],
        "not_callable": 2.0,
        "raises": lambda b, w: lambda x: b + w * x / 0,
        "called_too_soon as the class is returned": lambda b, w: LineObject,
        "raises as b is a local name": line_local,
        "other_formula as x is overwritten": lambda b, w: (
            lambda x: b + w * (x := 5)
        ),
    },
)

# ------------------------------------------------------------------- 01.2


def powers_helper(exponents):
    def power_of(exponent):
        return lambda x: x**exponent

    return [power_of(exponent) for exponent in exponents]


def powers_late(exponents):
    return [lambda x: x**exponent for exponent in exponents]


def powers_late_loop(exponents):
    functions = []
    for exponent in exponents:

        def power(x):
            return x**exponent

        functions.append(power)
    return functions


def powers_default(exponents):
    return [lambda x, e=e: x**e for e in exponents]


def powers_values(exponents):
    return [5**e for e in exponents]


def powers_first(exponents):
    for exponent in exponents:
        return lambda x, e=exponent: x**e


def powers_first_in_list(exponents):
    for exponent in exponents:
        return [lambda x, e=exponent: x**e]


def powers_shared(exponents, functions=[]):  # noqa: B006
    for exponent in exponents:
        functions.append(lambda x, e=exponent: x**e)
    return functions[-len(exponents) :] if len(functions) < 4 else functions


def powers_popped(exponents):
    functions = []
    while exponents:
        functions.append(functools.partial(pow, exp=exponents.pop(0)))
    return functions


def powers_recursive(exponents):
    if not exponents:
        return []
    first, *rest = exponents
    return [lambda x: x**first] + powers_recursive(rest)


def powers_in_one_place(exponents):
    kept["exponents"] = list(exponents)
    return [
        lambda x, i=i: x ** kept["exponents"][i] for i in range(len(exponents))
    ]


class Power:
    def __init__(self, exponent):
        self.exponent = exponent

    def at(self, x):
        return x**self.exponent


def powers_one_place(exponents):
    def power(x):
        return x**exponent

    functions = []
    for exponent in exponents:
        functions.append(power)
    return functions


POWERS = Answers(
    right={
        "helper": powers_helper,
        "default argument": powers_default,
        "partial": lambda exponents: [
            functools.partial(lambda e, x: x**e, e) for e in exponents
        ],
        "tuple": lambda exponents: tuple(powers_default(exponents)),
        "map": lambda exponents: list(map(lambda e: lambda x: x**e, exponents)),
        "popped": powers_popped,
        "recursive": powers_recursive,
        "methods of lists": lambda exponents: powers_helper(exponents.copy()),
        "methods": lambda exponents: [Power(e).at for e in exponents],
        "the exponent's own": lambda exponents: [e.__rpow__ for e in exponents],
        "reduce": lambda exponents: functools.reduce(
            lambda done, e: [*done, lambda x: x**e], exponents, []
        ),
        "power with a keyword": lambda exponents: [
            functools.partial(pow, exp=e) for e in exponents
        ],
    },
    wrong={
        "late_binding": powers_late,
        "late_binding in a loop": powers_late_loop,
        "late_binding with one function": powers_one_place,
        "called_too_soon": powers_values,
        "called_too_soon as no object can be called": lambda exponents: [
            Power(exponent) for exponent in exponents
        ],
        "called_too_soon as lists are in the list": lambda exponents: [
            [function] for function in powers_default(exponents)
        ],
        "one_function": powers_first,
        "wrong_length": powers_first_in_list,
        "no_list": lambda exponents: (f for f in powers_default(exponents)),
        "swapped": lambda exponents: [lambda x, e=e: e**x for e in exponents],
        "wrong_order": lambda exponents: powers_default(exponents)[::-1],
        "wrong_order sorted": lambda exponents: powers_default(
            sorted(exponents)
        ),
        "wrong_length of a set": lambda exponents: powers_default(
            set(exponents)
        ),
        "wrong_length by hand": lambda exponents: powers_default([2, 3, 4]),
        "one_example": lambda exponents: [
            lambda x, value=5**e: value for e in exponents
        ],
        "one_example of a range": lambda exponents: powers_default(
            range(2, 2 + len(exponents))
        ),
        "one_example of whole numbers": lambda exponents: [
            lambda x, e=e: int(x**e) for e in exponents
        ],
        "caret": lambda exponents: [lambda x, e=e: x ^ e for e in exponents],
        "other_formula": lambda exponents: [
            lambda x, e=e: x * e for e in exponents
        ],
        "shared": powers_shared,
        "shared as all look in one place": powers_in_one_place,
        "builder_returns_nothing": lambda exponents: print(exponents),
        "returns_nothing": lambda exponents: [print for _ in exponents],
        "one_example without the sign": lambda exponents: powers_default(
            [abs(e) for e in exponents]
        ),
        "wrong_length without zeros": lambda exponents: powers_default(
            list(filter(None, exponents))
        ),
        "wrong_length without the first": lambda exponents: powers_default(
            exponents[1:]
        ),
        "positions": lambda exponents: powers_default(range(len(exponents))),
        "builder_returns_nothing inside": lambda exponents: [
            print(e) for e in exponents
        ],
    },
)

# ------------------------------------------------------------------- 01.3


def step_builder(
    before=(),
    after=("backward", "step", "zero"),
    result=lambda loss, model, loss_fn, x, y: loss.item(),
    loss_of=lambda loss_fn, yhat, y: loss_fn(yhat, y),
    predict=lambda model, x: model(x),
):
    """Build a builder of steps out of the names of what it does."""

    def make(model, loss_fn, optimizer):
        def step(x, y):
            for name in before:
                optimizer.zero_grad() if name == "zero" else model.train()
            loss = loss_of(loss_fn, predict(model, x), y)
            for name in after:
                if name == "backward":
                    loss.backward()
                elif name == "step":
                    optimizer.step()
                elif name == "train":
                    model.train()
                else:
                    optimizer.zero_grad()
            return result(loss, model, loss_fn, x, y)

        return step

    return make


class StepObject:
    def __init__(self, model, loss_fn, optimizer):
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer

    def __call__(self, x, y):
        self.model.train()
        self.optimizer.zero_grad()
        loss = self.loss_fn(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def plain_step(model, loss_fn, optimizer, x, y):
    model.train()
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def by_hand(model, loss_fn, optimizer):
    """No optimizer at all: autograd.grad, and an update in place."""

    def step(x, y):
        model.train()
        parameters = list(model.parameters())
        loss = loss_fn(model(x), y)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(0.1 * gradient)
        return loss.item()

    return step


def closure_step(model, loss_fn, optimizer):
    def step(x, y):
        model.train()

        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure).item()

    return step


def functional(model, loss_fn, optimizer):
    """Gradients of a function of the parameters, by torch.func."""

    def step(x, y):
        model.train()
        parameters = dict(model.named_parameters())

        def loss_of(values):
            return loss_fn(torch.func.functional_call(model, values, x), y)

        gradients, loss = torch.func.grad_and_value(loss_of)(parameters)
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        optimizer.step()
        return loss.item()

    return step


def coroutine(model, loss_fn, optimizer):
    def steps():
        loss = None
        step = StepObject(model, loss_fn, optimizer)
        while True:
            batch = yield loss
            loss = step(*batch)

    running = steps()
    next(running)
    return lambda x, y: running.send((x, y))


def clips(model, loss_fn, optimizer):
    def step(x, y):
        model.train()
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def adds_up(model, loss_fn, optimizer):
    losses = []
    right = StepObject(model, loss_fn, optimizer)

    def step(x, y):
        losses.append(right(x, y))
        return sum(losses) / len(losses)

    return step


def predict_twice(model, x):
    model(x)
    return model(x)


def train_top_only(model, x):
    model.training = True
    return model(x)


def builds_model(model, loss_fn, optimizer):
    own = torch.nn.Linear(2, 1)
    own_optimizer = torch.optim.SGD(own.parameters(), lr=0.1)
    return StepObject(own, loss_fn, own_optimizer)


def own_loss(model, loss_fn, optimizer):
    return StepObject(model, torch.nn.MSELoss(), optimizer)


def at_once(model, loss_fn, optimizer):
    x, y = torch.rand(4, 2), torch.rand(4, 1)
    return StepObject(model, loss_fn, optimizer)(x, y)


def mode_outside(model, loss_fn, optimizer):
    calls = []

    def step(x, y):
        if not calls:
            model.train()
        calls.append(1)
        return step_builder()(model, loss_fn, optimizer)(x, y)

    return step


page_model = torch.nn.Linear(2, 1)
page_optimizer = torch.optim.SGD(page_model.parameters(), lr=0.1)


def uses_page(model, loss_fn, optimizer):
    def step(x, y):
        page_model.train()
        loss = loss_fn(page_model(x), y)
        loss.backward()
        page_optimizer.step()
        page_optimizer.zero_grad()
        return loss.item()

    return step


latest = {}


def last_built(model, loss_fn, optimizer):
    latest["step"] = StepObject(model, loss_fn, optimizer)
    return lambda x, y: latest["step"](x, y)


def under_no_grad(model, loss_fn, optimizer):
    def step(x, y):
        model.train()
        with torch.no_grad():
            loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def only_measures(model, loss_fn, optimizer):
    def step(x, y):
        model.train()
        with torch.no_grad():
            return loss_fn(model(x), y).item()

    return step


def own_optimizer(model, loss_fn, optimizer):
    own = torch.optim.SGD(model.parameters(), lr=0.1)
    return StepObject(model, loss_fn, own)


def own_optimizer_inside(model, loss_fn, optimizer):
    def step(x, y):
        return own_optimizer(model, loss_fn, optimizer)(x, y)

    return step


def sets_rate(model, loss_fn, optimizer):
    def step(x, y):
        for group in optimizer.param_groups:
            group["lr"] = 0.1
        return plain_step(model, loss_fn, optimizer, x, y)

    return step


def forgets_momentum(model, loss_fn, optimizer):
    def step(x, y):
        optimizer.state.clear()
        return plain_step(model, loss_fn, optimizer, x, y)

    return step


def copies_optimizer(model, loss_fn, optimizer):
    return StepObject(model, loss_fn, copy.deepcopy(optimizer))


class StepModule(torch.nn.Module):
    def __init__(self, model, loss_fn, optimizer):
        super().__init__()
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer

    def forward(self, x, y):
        return plain_step(self.model, self.loss_fn, self.optimizer, x, y)


def leaves_recording_off(model, loss_fn, optimizer):
    def step(x, y):
        with torch.enable_grad():
            loss = plain_step(model, loss_fn, optimizer, x, y)
        torch.set_grad_enabled(False)
        return loss

    return step


def zeroes_by_the_model(model, loss_fn, optimizer):
    def step(x, y):
        model.train()
        loss = loss_fn(model(x), y)
        loss.backward()
        model.zero_grad()
        optimizer.step()
        return loss.item()

    return step


def trains_two_levels(model, x):
    model.training = True
    for layer in model.children():
        layer.training = True
    return model(x)


class SharesOptimizer(StepObject):
    def __init__(self, model, loss_fn, optimizer):
        self.model, self.loss_fn = model, loss_fn
        type(self).optimizer = optimizer


def centres_features(model, loss_fn, optimizer):
    def step(x, y):
        x -= x.mean()
        return plain_step(model, loss_fn, optimizer, x, y)

    return step


def step_yields(model, loss_fn, optimizer):
    def step(x, y):
        yield plain_step(model, loss_fn, optimizer, x, y)

    return step


def by_gradients(model, loss_fn, optimizer):
    """No backward, but the gradients end up where the optimizer looks."""

    def step(x, y):
        model.train()
        parameters = list(model.parameters())
        loss = loss_fn(model(x), y)
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        return loss.item()

    return step


def forgets_inner(model, loss_fn, optimizer):
    def step(x, y):
        return StepObject(model, loss_fn, optimizer)(x, y)


TRAIN = ("train",)


def step_generator(model, loss_fn, optimizer):
    def steps():
        loss = None
        while True:
            x, y = yield loss
            loss = make_train_step_fn(model, loss_fn, optimizer)(x, y)

    running = steps()
    next(running)
    return lambda x, y: running.send((x, y))


def step_first_batch(model, loss_fn, optimizer):
    kept = {}
    step = make_train_step_fn(model, loss_fn, optimizer)
    return lambda x, y: step(*kept.setdefault("batch", (x, y)))


TRAIN_STEP = Answers(
    right={
        "course": step_builder(TRAIN),
        "zero first": step_builder(("train", "zero"), ("backward", "step")),
        "zero after the forward pass": step_builder(
            TRAIN, ("zero", "backward", "step")
        ),
        "class": StepObject,
        "partial": lambda *three: functools.partial(plain_step, *three),
        "lambda": lambda m, f, o: lambda x, y: plain_step(m, f, o, x, y),
        "a module": StepModule,
        "gradients by autograd.grad": by_gradients,
        "recording switched on": lambda *three: torch.enable_grad()(
            StepObject(*three)
        ),
        "eval mode at the end": lambda m, f, o: (
            lambda x, y: (
                plain_step(m, f, o, x, y),
                m.eval(),
            )[0]
        ),
        "closure of the optimizer": closure_step,
        "torch.func": functional,
        "coroutine": coroutine,
        "zero twice": step_builder(("train", "zero")),
        "generator": step_generator,
    },
    wrong={
        "no_zero_grad": step_builder(TRAIN, ("backward", "step")),
        "zeroed_too_early": step_builder(TRAIN, ("backward", "zero", "step")),
        "step_before_backward": step_builder(
            TRAIN, ("step", "backward", "zero")
        ),
        "no_backward": step_builder(TRAIN, ("step", "zero")),
        "no_step": step_builder(TRAIN, ("backward", "zero")),
        "no_train_mode": step_builder(),
        "no_train_mode for the layers": step_builder(predict=train_top_only),
        "no_train_mode in time": step_builder(
            (), ("train", "backward", "step", "zero")
        ),
        "returns_tensor": step_builder(TRAIN, result=lambda loss, *_: loss),
        "step_returns_nothing": step_builder(TRAIN, result=lambda *_: None),
        "no_number": step_builder(
            TRAIN, result=lambda loss, *_: (loss.item(), 1)
        ),
        "loss_after_update": step_builder(
            TRAIN,
            result=lambda loss, model, loss_fn, x, y: loss_fn(
                model(x), y
            ).item(),
        ),
        "other_value": step_builder(
            TRAIN, result=lambda loss, model, f, x, y: loss.item() * len(x)
        ),
        "swapped": step_builder(
            TRAIN, loss_of=lambda loss_fn, yhat, y: loss_fn(y, yhat)
        ),
        "shapes": step_builder(
            TRAIN, loss_of=lambda loss_fn, yhat, y: loss_fn(yhat, y.squeeze())
        ),
        "no_graph": only_measures,
        "raises": under_no_grad,
        "other_optimizer": own_optimizer,
        "other_optimizer in each call": own_optimizer_inside,
        "other_optimizer by hand": by_hand,
        "other_update by another rate": sets_rate,
        "other_update as momentum is lost": forgets_momentum,
        "no_step by a copy": copies_optimizer,
        "recording_left_off": leaves_recording_off,
        "zeroed_too_early by the model": zeroes_by_the_model,
        "no_train_mode below the first level": step_builder(
            predict=trains_two_levels
        ),
        "no_number but NumPy's": step_builder(
            TRAIN, result=lambda loss, *_: np.float64(loss.item())
        ),
        "shared optimizer": SharesOptimizer,
        "other_features changed in place": centres_features,
        "no_number as it yields": step_yields,
        "other_update": step_builder(
            TRAIN, ("backward", "step", "step", "zero")
        ),
        "other_update clipped": clips,
        "other_value_later": adds_up,
        "two_predictions": step_builder(TRAIN, predict=predict_twice),
        "called_too_soon": lambda *three: (StepObject(*three), three[2]),
        "no_number without brackets": step_builder(
            TRAIN, result=lambda loss, *_: loss.item
        ),
        "other_model": builds_model,
        "other_loss": own_loss,
        "runs_at_once": at_once,
        "mode_set_once": mode_outside,
        "uses_page_objects": uses_page,
        "shared": last_built,
        "builder_returns_nothing": forgets_inner,
        "other_value rounded to four digits": step_builder(
            TRAIN, result=lambda loss, *_: round(loss.item(), 4)
        ),
        "other_features of the first call": step_first_batch,
        "no_backward of that loss": step_builder(
            TRAIN,
            loss_of=lambda loss_fn, yhat, y: torch.tensor(
                loss_fn(yhat, y).item(), requires_grad=True
            ),
        ),
    },
)

# Exercise 01.3 also asks that the model is called, hooks included.
OWN_STEP = Answers(
    right={**TRAIN_STEP.right, "as shipped": make_train_step_fn},
    wrong={
        **TRAIN_STEP.wrong,
        "forward_called": step_builder(
            ("train", "zero"),
            ("backward", "step"),
            predict=lambda model, x: model.forward(x),
        ),
    },
)

ANSWERS = {"01.1": LINE, "01.2": POWERS, "01.3": OWN_STEP}
