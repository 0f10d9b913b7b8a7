"""Exercise 13.2: a loss_batch that looks after itself."""

import torch

from helpers.check.chapter_05.careful_val_step import check_val_step
from helpers.check.chapter_13.common import parts_of
from helpers.practice import Seen, agree, call, exercise, judge, wrong
from helpers.practice.expect import is_rounded
from helpers.practice.probes.steps import Bench, lopsided, make_batches

WITH = "careful_loss_batch(model, loss_func, xb, yb, opt)"
WITHOUT = "careful_loss_batch(model, loss_func, xb, yb)"
PAIR = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "pair_swapped": lambda s: (
        type(s.first) is int and type(s.second) is not int
    ),
    "loss_is_tensor": lambda s: isinstance(s.first, torch.Tensor),
    "loss_no_float": lambda s: type(s.first) is not float,
    "rows_no_int": lambda s: type(s.second) is not int,
    "counts_features": lambda s: s.second == 2 != s.n,
    "counts_numbers": lambda s: s.second == 2 * s.n,
    "other_rows": lambda s: s.second != s.n,
}
TRAINED = {
    "other_model.training": lambda s: not s.diary.inputs,
    "other_loss.training": lambda s: "loss" not in s.diary.events,
    "only_measures": lambda s: "backward" not in s.diary.events,
    "no_train_mode": lambda s: not all(s.diary.modes),
    "swapped.training": lambda s: s.diary.losses[0][0] is s.y,
    "no_step": lambda s: "step" not in s.diary.events,
    "step_first": lambda s: not s.diary.has("backward", "step"),
    "zero_too_early": lambda s: s.zeros,
    "trains_twice": lambda s: s.diary.events.count("step") > 1,
    "gradients_left": lambda s: s.left,
    "other_update": lambda s: not agree(s.parameters, s.right_parameters),
}
LOSS = {
    "multiplied": lambda s: agree(s.loss, s.n * s.right),
    "after_update": lambda s: agree(s.loss, s.after),
    "other_loss_value.rounded": lambda s: is_rounded(s.loss, s.right),
    "other_loss_value": lambda s: not agree(s.loss, s.right),
}


TURNS = {
    "mode_once": lambda s: any(
        mode != (s.opt is not None) for mode in s.diary.modes
    ),
}


@exercise
def loss_batch(answer):
    """Check ``careful_loss_batch(model, loss_func, xb, yb, opt=None)``."""
    for n in (6, 5):
        _judge_training(answer, n)
    check_val_step(lambda *parts: _measuring(answer, *parts), shown=WITHOUT)
    _judge_turns(answer)


def _judge_training(answer, n: int) -> None:
    bench, twin = Bench(seed=n), Bench(seed=n)
    x, y = make_batches(1, n=n, steepness=5.0)[0]
    bench.model.eval()  # as a validation pass leaves it
    right = lopsided(twin.model(x), y)
    right.backward()
    twin.optimizer.step()
    with torch.no_grad():
        after = lopsided(twin.model(x), y).item()
    with torch.enable_grad():
        result = call(
            answer,
            bench.model,
            bench.loss_fn,
            x,
            y,
            bench.optimizer,
            shown=WITH,
        )
    diary = bench.diary
    seen = Seen(
        diary=diary,
        y=y,
        zeros=any(not any(g.any() for g in one) for one in diary.gradients),
        left=any(
            p.grad is not None and p.grad.any()
            for p in bench.model.parameters()
        ),
        parameters=bench.parameters(),
        right_parameters=twin.parameters(),
    )
    judge(TRAINED, seen)
    _judge_pair(result, n, WITH)
    loss, right = result[0], right.item()
    judge(LOSS, Seen(loss=loss, right=right, after=after, n=n))


def _judge_pair(result, n: int, shown: str) -> None:
    judge(PAIR, Seen(**parts_of(result), n=n), shown=shown, what="a pair")


def _measuring(answer, model, loss_fn):
    """Return a validation step made of the answer."""

    def step(x, y):
        try:
            result = call(answer, model, loss_fn, x, y, shown=WITHOUT)
        except AttributeError as error:
            if "'NoneType' object has no attribute" in str(error):
                wrong("needs_optimizer", message=str(error))
            raise
        _judge_pair(result, len(x), WITHOUT)
        return result[0]

    return step


def _judge_turns(answer) -> None:
    """Train and measure in turn: neither may spoil the other."""
    bench = Bench(seed=4)
    x, y = make_batches(1, n=4)[0]
    with torch.enable_grad():
        for number in range(4):
            opt = None if number % 2 else bench.optimizer
            bench.diary.clear()
            call(answer, bench.model, bench.loss_fn, x, y, opt, shown=WITH)
            judge(TURNS, Seen(diary=bench.diary, opt=opt))
