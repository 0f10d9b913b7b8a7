"""Exercise 13.3: a fit with both curves."""

import torch

from helpers.check.chapter_13.common import (
    TRAIN,
    VALID,
    make_loaders,
    parts_of,
    right_run,
)
from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    judge,
    judge_value,
    wrong,
)
from helpers.practice.expect import is_rounded
from helpers.practice.probes.steps import Bench

CALL = "fit_both(epochs, model, loss_func, opt, train_dl, valid_dl)"
RAN = {
    "never_trains": lambda s: not s.steps,
    "never_validates": lambda s: not s.valid,
    "other_loss": lambda s: not s.diary.losses,
    "swapped": lambda s: torch.equal(s.diary.losses[0][0], s.first_y),
    "loaders_swapped": lambda s: (
        s.train
        and any(on for _, on in s.valid)
        and not any(on for _, on in s.train)
    ),
    "no_train_mode": lambda s: not any(mode for mode, _ in s.train),
    "train_mode_once": lambda s: not all(mode for mode, on in s.train if on),
    "no_eval_mode": lambda s: any(some for some, _ in s.valid),
    "too_many_steps": lambda s: len(s.train) >= s.steps > s.right_steps,
    "trains_on_validation": lambda s: s.steps > s.right_steps,
    "other_number_of_steps": lambda s: s.steps != s.right_steps,
    "records_validation": lambda s: any(on for _, on in s.valid),
    "recording_left_off": lambda s: not s.still,
    "no_zero_grad": lambda s: s.gradients_add_up,
    "one_order_for_all": lambda s: s.passes < s.epochs,
    "other_parameters": lambda s: not agree(s.parameters, s.right_parameters),
}
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "no_lists": lambda s: not all(isinstance(one, list) for one in s.result),
    "one_per_batch": lambda s: (
        [len(s.result[k]) for k in (0, 1) if len(s.result[k]) != s.epochs]
        and any(len(s.result[k]) == s.epochs * s.n[k] for k in (0, 1))
        and s.n != (1, 1)
    ),
    "other_length": lambda s: {len(one) for one in s.result} != {s.epochs},
    "tensors_inside": lambda s: any(map(torch.is_tensor, _flat(s))),
    "no_floats": lambda s: not all(type(one) is float for one in _flat(s)),
}


@exercise
def fit(answer):
    """Check ``fit_both(epochs, model, loss_func, opt, train_dl, valid_dl)``."""
    for seed, epochs in ((1, 3), (5, 2), (3, 1)):
        _judge_run(answer, seed, epochs)


def _judge_run(answer, seed: int, epochs: int) -> None:
    loaders = make_loaders(seed, drop_last=seed == 5)
    bench, twin = Bench(seed), Bench(seed)
    bench.model.train(seed == 5)  # as whatever came before left it
    in_part: list[bool] = []  # whether some layer was in train mode

    def note(model, _inputs):
        in_part.append(any(m.training for m in model.modules()))

    bench.model.register_forward_pre_hook(note)
    with torch.enable_grad():
        right = right_run(twin, *loaders, epochs)
        loaders[0].passes = 0
        result = call(answer, epochs, *bench.parts, *loaders, shown=CALL)
        still = torch.is_grad_enabled()
    passes, n = loaders[0].passes, tuple(map(len, loaders))
    _judge_what_ran(
        bench,
        loaders,
        in_part,
        right_steps=epochs * n[0],
        passes=passes,
        epochs=epochs,
        still=still,
        right_parameters=twin.parameters(),
    )
    seen = Seen(**parts_of(result), epochs=epochs, n=n)
    if isinstance(seen.first, list) and isinstance(seen.second, list):
        seen.n_first, seen.n_second = len(seen.first), len(seen.second)
    judge(KIND, seen, shown=CALL, what="two lists")
    _judge_losses(TRAIN, right, "training", result[0], right.losses)
    _judge_losses(VALID, right, "validation", result[1], right.val_losses)


def _flat(seen) -> list:
    return [value for one in seen.result for value in one]


def _judge_what_ran(bench: Bench, loaders, in_part, **more) -> None:
    """Look at the diary: which pass was in which mode, and recorded."""
    diary = bench.diary
    own = set(loaders[0].dataset.tensors[0][:, 0].tolist())
    train, valid = [], []
    for k, x in enumerate(diary.inputs):
        if x[0, 0].item() in own:
            train.append((diary.modes[k], diary.recorded[k]))
        else:
            valid.append((in_part[k], diary.recorded[k]))
    judge(
        RAN,
        Seen(
            diary=diary,
            train=train,
            valid=valid,
            steps=diary.events.count("step"),
            first_y=next(iter(loaders[0]))[1],
            gradients_add_up="zero" not in diary.events
            and all(p.grad is not None for p in bench.model.parameters()),
            parameters=bench.parameters(),
            **more,
        ),
    )


def _judge_losses(suspects, seen, which: str, found: list, right: list) -> None:
    if all(map(is_rounded, found, right)):
        wrong("rounded", found=found, right=right, which=which)
    judge_value(suspects, seen, found=found, right=right, which=which)
