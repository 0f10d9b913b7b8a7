"""Challenge 2: a loop with a metric."""

import torch
from torch import optim

from helpers.check.challenge_2.common import (
    Probe,
    accuracies_of,
    losses_of,
    make_loaders,
    right_run,
)
from helpers.practice import (
    Seen,
    Wrong,
    agree,
    call,
    exercise,
    judge,
    judge_value,
    wrong,
)
from helpers.practice.probes.elsewhere import Elsewhere

CALL = "train(device, model, optimizer, train_loader, val_loader, n_epochs)"
RAN = {
    "never_trains": lambda s: not s.train,
    "never_validates": lambda s: not s.val,
    "no_train_mode.once": lambda s: (
        not all(c.trains for c in s.train) and s.train[0].trains
    ),
    "no_train_mode": lambda s: not all(c.trains for c in s.train),
    "no_eval_mode": lambda s: not all(c.evaluates for c in s.val),
    "records_validation": lambda s: any(c.recorded for c in s.val),
    "recording_left_off": lambda s: not s.still,
    "other_parameters.validation": lambda s: s.steps > s.right_steps,
    "other_parameters.steps": lambda s: s.steps != s.right_steps,
    "no_zero_grad": lambda s: agree(s.parameters, s.piled_up),
    "other_parameters": lambda s: not agree(s.parameters, s.right),
}
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "no_lists": lambda s: not all(isinstance(one, list) for one in s.result),
    "other_length": lambda s: {len(one) for one in s.result} != {s.n_epochs},
    "no_floats": lambda s: (
        not all(type(v) is float for one in s.result for v in one)
    ),
}
LOSSES = {
    "swapped": lambda s: accuracies_of(s.val_batches),
    "plain_mean": lambda s: losses_of(s.batches, "plain"),
    "sum": lambda s: losses_of(s.batches, "sum"),
    "sum.rows": lambda s: losses_of(s.batches, "total"),
    "last_batch": lambda s: losses_of(s.batches, "last"),
    "val_losses": lambda s: losses_of(s.val_batches),
}
ACCURACIES = {
    "of_training": lambda s: accuracies_of(s.batches),
    "mean_of_batches": lambda s: accuracies_of(s.val_batches, "plain"),
    "nominal_size": lambda s: accuracies_of(s.val_batches, "nominal"),
    "count": lambda s: accuracies_of(s.val_batches, "count"),
    "by_batches": lambda s: accuracies_of(s.val_batches, "batches"),
    "percent": lambda s: [100 * a for a in accuracies_of(s.val_batches)],
    "wrong_ones": lambda s: [1 - a for a in accuracies_of(s.val_batches)],
    "val_losses.instead": lambda s: losses_of(s.val_batches),
    "last_batch.metric": lambda s: accuracies_of(s.val_batches, "last"),
}


@exercise
def training(answer):
    """Check ``train``, which returns losses and accuracies."""
    for seed, n_epochs in ((1, 3), (7, 2)):
        _judge_run(answer, seed, n_epochs)
    _judge_moving(answer)


def _build(seed: int):
    model = Probe(seed)
    return model, optim.SGD(model.parameters(), lr=0.2, momentum=0.5)


def _judge_run(answer, seed: int, n_epochs: int) -> None:
    loaders = make_loaders(seed)
    (model, optimizer), (twin, own), (pile, last) = (
        _build(seed) for _ in range(3)
    )
    last.zero_grad = lambda *_, **__: None  # what gradients that add up give
    with torch.enable_grad():
        right = right_run(twin, own, *loaders, n_epochs)
        right_run(pile, last, *loaders, n_epochs)
        model.eval()  # as whatever came before left it
        steps: list[int] = []
        optimizer.register_step_post_hook(lambda *_: steps.append(1))
        device = torch.device("cpu")
        result = call(
            answer, device, model, optimizer, *loaders, n_epochs, shown=CALL
        )
        still = torch.is_grad_enabled()
    own_rows = {x[0, 0, 0].item() for x, _ in loaders[0].dataset}
    seen = Seen(result=result, n_epochs=n_epochs, still=still)
    seen.train = [c for c in model.calls if c.first in own_rows and c.recorded]
    seen.val = [c for c in model.calls if c.first not in own_rows]
    seen.steps, seen.right_steps = len(steps), n_epochs * len(loaders[0])
    seen.parameters, seen.right, seen.piled_up = (
        list(one.parameters()) for one in (model, twin, pile)
    )
    judge(KIND, seen, what="two lists", shown=CALL)
    judge(RAN, seen)
    losses, accuracies = result
    judge_value(
        LOSSES,
        right,
        found=losses,
        right=losses_of(right.batches),
        otherwise="other_losses",
    )
    judge_value(
        ACCURACIES,
        right,
        found=accuracies,
        right=accuracies_of(right.val_batches),
        otherwise="other_accuracies",
    )


def _judge_moving(answer) -> None:
    """Run it where the model lies on another device than the batches."""
    model = Probe(1).to("meta")
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    device = torch.device("meta")
    try:
        with torch.enable_grad(), Elsewhere():
            answer(device, model, optimizer, *make_loaders(1), 1)
    except Wrong:
        raise
    except Exception as error:  # what else fails there may work on a GPU
        if "expected device" in str(error) or "same device" in str(error):
            wrong("not_moved.labels")
