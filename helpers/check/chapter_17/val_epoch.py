"""Exercise 17.3: a validation epoch that waits once."""

import torch

from helpers.check.chapter_17.watching import Counting
from helpers.practice import (
    Seen,
    call,
    exercise,
    expect_function,
    expect_number,
    judge,
    judge_value,
    wrong,
)
from helpers.practice.probes.states import note_model, same_state
from helpers.practice.probes.steps import (
    LayeredBench,
    expect_nothing_ran,
    make_batches,
)

CALL = "perform_val_epoch_fn(val_loader)"
RAN = {
    "other_model": lambda s: "forward" not in s.diary.events,
    "mode_set_once": lambda s: any(s.diary.modes) and s.once,
    "no_eval_mode": lambda s: any(s.diary.modes),
    "recorded": lambda s: any(s.diary.recorded),
    "backward": lambda s: "backward" in s.diary.events,
    "other_loss": lambda s: "loss" not in s.diary.events,
}
TRACE = {
    "frozen": lambda s: s.before.want != s.after.want,
    "model_changed": lambda s: (
        not all(
            same_state(part(s.before), part(s.after))
            for part in (lambda n: n.values, lambda n: n.gradients)
        )
    ),
}
SUSPECTS = {
    "plain_mean": lambda s: sum(s.losses) / len(s.losses),
    "sum_of_losses": lambda s: sum(s.losses),
    "sum_over_rows": lambda s: s.right * sum(s.sizes),
    "last_batch": lambda s: s.losses[-1],
    "first_batch": lambda s: s.losses[0],
    "nominal_size": lambda s: (
        s.right * sum(s.sizes) / (s.sizes[0] * len(s.sizes))
    ),
    "first_size": lambda s: sum(s.losses) * s.sizes[0] / sum(s.sizes),
    "over_batches": lambda s: s.right * sum(s.sizes) / len(s.sizes),
    "kept_on": lambda s: [*s.earlier] or None,
}


@exercise
def val_epoch(answer):
    """Check ``make_val_epoch_fn(model, loss_fn)``."""
    bench = LayeredBench()
    shown = "make_val_epoch_fn(model, loss_fn)"
    epoch_fn = call(answer, bench.model, bench.loss_fn, shown=shown)
    expect_function(epoch_fn, shown)
    expect_nothing_ran(bench.diary)
    set_at_build = not bench.model.training
    earlier: list[float] = []
    for number, sizes in enumerate(((6, 6, 2), (5, 3), (4, 4, 4, 4, 1))):
        bench.train(0.05 * number)
        loader = [
            make_batches(1, n=size, seed=7 * number + place)[0]
            for place, size in enumerate(sizes)
        ]
        once = set_at_build or number > 0
        earlier.append(_judge_epoch(bench, epoch_fn, loader, once, earlier))
    _judge_two(answer)


def _judge_epoch(bench, epoch_fn, loader, once: bool, earlier) -> float:
    losses = [bench.right_loss(*batch) for batch in loader]
    sizes = [len(x) for x, _ in loader]
    total = sum(loss * n for loss, n in zip(losses, sizes, strict=True))
    seen = Seen(losses=losses, sizes=sizes, right=total / sum(sizes))
    seen.earlier = _carried_on(earlier, total, sizes, seen.right)
    seen.once, seen.diary = once, bench.diary
    seen.before = note_model(bench.model)
    bench.diary.clear()
    with Counting() as count:
        result = call(epoch_fn, loader, shown=CALL)
    seen.after = note_model(bench.model)
    judge(RAN, seen)
    judge(TRACE, seen)
    if torch.is_inference_mode_enabled() or not torch.is_grad_enabled():
        wrong("recording_left_off")
    expect_number(result, CALL, "the loss")
    judge_value(SUSPECTS, seen, found=result, right=seen.right)
    if count.n_waits > 1:
        wrong("waits", n_waits=count.n_waits, n_batches=len(loader))
    return total


def _carried_on(earlier, total, sizes, right) -> list[float]:
    """Return what sums that are never set back to 0 would give."""
    if not earlier:
        return []
    return [(sum(earlier) + total) / sum(sizes), sum(earlier) + right]


def _judge_two(answer) -> None:
    one, two = LayeredBench(seed=1), LayeredBench(seed=5)
    fn, _other = (answer(b.model, b.loss_fn) for b in (one, two))
    loader = make_batches(1)
    fn(loader)
    if two.diary.events or not one.diary.events:
        wrong("shared")
