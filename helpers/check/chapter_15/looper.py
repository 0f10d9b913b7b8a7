"""Exercise 15.2: a looper for any metric."""

import torch

from helpers.check.chapter_13.common import mean
from helpers.check.chapter_15.common import (
    METRICS,
    N_ROWS,
    make_loader,
    right_pass,
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
from helpers.practice.expect import expect_no_generator, is_rounded
from helpers.practice.probes.steps import Bench, lopsided

CALL = "looper(model, data_loader, loss_fn, metrics, optimizer)"
MEASURE = "looper(model, data_loader, loss_fn, metrics)"
PASS = {
    "other_model": lambda s: not s.diary.inputs,
    "batches_left_out": lambda s: len(s.diary.inputs) < len(s.batches),
    "other_loss": lambda s: "loss" not in s.diary.events,
    "swapped": lambda s: any(
        torch.equal(first, y)
        for (first, _), (_, y) in zip(s.diary.losses, s.batches, strict=False)
    ),
}
MEASURED = {
    "trains_anyway": lambda s: {"backward", "step"} & {*s.diary.events},
    "no_eval_mode": lambda s: (
        any(s.diary.modes)
        or (not s.model.training and any(m.training for m in s.model.modules()))
    ),
    "recorded": lambda s: any(s.diary.recorded),
    "recording_left_off": lambda s: s.recording and not s.still,
    "recording_turned_on": lambda s: s.still and not s.recording,
}
TRAINED = {
    "only_measures": lambda s: "step" not in s.diary.events,
    "no_train_mode": lambda s: not all(s.diary.modes),
    "no_backward": lambda s: "backward" not in s.diary.events,
    "step_first": lambda s: (
        s.diary.events.index("step") < s.diary.events.index("backward")
    ),
    "one_step": lambda s: s.diary.events.count("step") < len(s.batches),
    "trains_twice": lambda s: s.diary.events.count("step") > len(s.batches),
    "zero_too_early": lambda s: any(
        not any(g.any() for g in one) for one in s.diary.gradients
    ),
    "no_zero_grad": lambda s: "zero" not in s.diary.events and s.differs,
    "other_parameters": lambda s: s.differs,
    "recording_left_off": lambda s: not s.still,
}
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_dictionary": lambda s: not isinstance(s.result, dict),
    "loss_missing": lambda s: s.missing == ["loss"] and not s.extra,
    "metrics_missing": lambda s: s.missing,
    "more_keys": lambda s: s.extra,
    "tensors": lambda s: any(map(torch.is_tensor, s.result.values())),
    "lists": lambda s: any(isinstance(v, list) for v in s.result.values()),
    "no_floats": lambda s: any(type(v) is not float for v in s.result.values()),
}
KEPT = {"metrics_changed": lambda s: s.passed != s.metrics}
# What a mistake makes of a mean over rows.
MEANS = {
    "metric_swapped": lambda s: s.of_swapped,
    "after_update": lambda s: s.of_after,
    "plain_mean": lambda s: s.total / len(s.pairs),
    "nominal_size": lambda s: [
        s.total * s.pairs[0][1] / sum(n for _, n in s.pairs),
        s.total / (len(s.pairs) * s.pairs[0][1]) * s.pairs[0][1],
        sum(v * n for v, n in s.pairs) / (len(s.pairs) * s.pairs[0][1]),
    ],
    "dataset_size": lambda s: sum(v * n for v, n in s.pairs) / N_ROWS,
    "sum": lambda s: [s.total, sum(v * n for v, n in s.pairs)],
    "over_rows_only": lambda s: s.total / sum(n for _, n in s.pairs),
    "last_batch": lambda s: s.pairs[-1][0],
}


@exercise
def looper(answer):
    """Check ``looper(model, loader, loss_fn, metrics, optimizer=None)``."""
    for seed, recording in ((1, True), (2, False)):
        _judge(answer, seed, METRICS, trains=False, recording=recording)
    for seed in (3, 4):
        _judge(answer, seed, METRICS, trains=True, recording=True)
    _judge(answer, 5, {}, trains=False, recording=True)


def _judge(answer, seed, metrics, *, trains: bool, recording: bool) -> None:
    """Let it make one pass, and look at the way there and at the means."""
    bench, twin, loader = Bench(seed), Bench(seed), make_loader(seed)
    batches = list(loader)
    # what was right, computed on the twin
    functions = {"loss": lopsided, **metrics}
    right = right_pass(twin, batches, functions, trains=trains)
    bench.model.train(not trains)  # as another pass left it
    passed = dict(metrics)
    parts = [bench.model, loader, bench.loss_fn, passed]
    if trains:
        parts.append(bench.optimizer)
    with torch.set_grad_enabled(recording):
        result = _call(answer, parts, trains=trains)
        still = torch.is_grad_enabled()
    seen = Seen(diary=bench.diary, batches=batches, still=still)
    seen.model = bench.model
    seen.recording = recording
    seen.differs = not agree(bench.parameters(), twin.parameters())
    expect_no_generator(result, CALL if trains else MEASURE, "a dictionary")
    judge(PASS, seen)
    judge(TRAINED if trains else MEASURED, seen)
    is_dictionary = isinstance(result, dict)
    missing = [k for k in functions if is_dictionary and k not in result]
    extra = [k for k in result if k not in functions] if is_dictionary else []
    judge(
        RETURNED,
        Seen(result=result, missing=missing, extra=extra),
        shown=CALL if trains else MEASURE,
        what="a dictionary",
    )
    judge(KEPT, Seen(passed=passed, metrics=metrics))
    for name in functions:
        found, whole = result[name], mean(right[name].pairs)
        given = [found] if is_rounded(found, whole) else None
        signs = {**MEANS, "rounded": lambda s: s.given}
        seen = Seen(**vars(right[name]), given=given)
        judge_value(signs, seen, found=found, right=whole, name=name)


def _call(answer, parts: list, *, trains: bool):
    try:
        return call(answer, *parts, shown=CALL if trains else MEASURE)
    except AttributeError as error:
        if not trains and "'NoneType' object has no attribute" in str(error):
            wrong("needs_optimizer", message=str(error))
        raise
