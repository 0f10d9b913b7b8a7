"""One change at a time: from the plain loop to the fastest, step by step.

Each rung keeps what the rungs before it have and changes one thing. All of them
train on the same data, validate, and return both losses. Compiling the forward
pass alone is a side step: the rungs after it go on without it.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from helpers.epochs.updates import Group, groups_of
from helpers.measuring.contenders import PLAIN, contenders_for
from helpers.measuring.jobs import Job, job_called
from helpers.measuring.timing import interleave, ratios, spread
from helpers.model_configuration import v6 as model_v6

# name of a rung -> what it changes
RUNGS = {
    "plain": "the plain loop",
    "whole batches": "fetch a batch in one indexing operation",
    "mode once": "set the mode once an epoch",
    "item once": "fetch the losses once an epoch",
    "inference mode": "validate in inference mode",
    "views": "one shuffle for many batches, and views of it",
    "fused": "a fused optimizer",
    "eager": "less Python around a step: the fastest eager version",
    "forward compiled": "a side step: the forward pass compiled, alone",
    "step compiled": "forward, backward and update compiled, a step at a time",
    "compiled": "the fastest compiled version: many steps as one program",
}
N_ROUNDS = 7


class Loop:
    """The plain loop with some of the changes of `RUNGS`.

    Args:
        job: what is done.
        changes: names of rungs.
    """

    def __init__(self, job: Job, changes: Iterable[str]):
        self.changes = set(changes)
        configuration = job.configure(model_v6)
        self.model, self.loss_fn = configuration.model, configuration.loss_fn
        self.optimizer = configuration.optimizer
        if "fused" in self.changes:
            for group in self.optimizer.param_groups:
                group["fused"], group["foreach"] = True, False
        self.predict: Callable = self.model
        if "forward compiled" in self.changes:
            self.predict = torch.compile(self.model)
        self.step: Callable = self._step
        if "step compiled" in self.changes:
            self.step = compiled_step(
                self.model, self.loss_fn, self.optimizer, self._step
            )
        self.train_loader, self.val_loader = self._loaders(job)

    def _loaders(self, job: Job) -> tuple[Any, Any]:
        if "views" in self.changes:
            return job.fast_loaders()
        if "whole batches" not in self.changes:
            return job.teaching_loaders()
        # the same tensors as those of chapter 17, a list of rows at a time
        train, val = (loader.dataset for loader in job.fast_loaders())
        generator = torch.Generator().manual_seed(13)
        shuffled = RandomSampler(train, generator=generator)
        return tuple(
            DataLoader(
                dataset,
                sampler=BatchSampler(sampler, job.batch_size, False),
                batch_size=None,
                generator=generator,
            )
            for dataset, sampler in ((train, shuffled), (val, range(len(val))))
        )  # type: ignore[return-value]

    def run(self, n_epochs: int) -> tuple[list[float], list[float]]:
        """Train and validate; return both losses, one per epoch each."""
        losses, val_losses = [], []
        for _epoch in range(n_epochs):
            losses.append(self._train())
            val_losses.append(self._validate())
        return losses, val_losses

    def _train(self) -> float:
        is_mode_set_once = "mode once" in self.changes
        self.model.train()
        outputs = []
        for x_batch, y_batch in self.train_loader:
            if not is_mode_set_once:
                self.model.train()
            loss = self.step(x_batch, y_batch)
            outputs.append((self._value(loss), len(x_batch)))
        return self._mean(outputs)

    def _step(self, x_batch: torch.Tensor, y_batch: torch.Tensor):
        loss = self.loss_fn(self.predict(x_batch), y_batch)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach()

    def _validate(self) -> float:
        is_mode_set_once = "mode once" in self.changes
        in_inference = "inference mode" in self.changes
        block = torch.inference_mode if in_inference else torch.no_grad
        self.model.eval()
        outputs = []
        with block():
            for x_batch, y_batch in self.val_loader:
                if not is_mode_set_once:
                    self.model.eval()
                loss = self.loss_fn(self.predict(x_batch), y_batch)
                outputs.append((self._value(loss), len(x_batch)))
            return self._mean(outputs)

    def _value(self, loss: torch.Tensor) -> Any:
        return loss if "item once" in self.changes else loss.item()

    def _mean(self, outputs: list[tuple[Any, int]]) -> float:
        values, sizes = zip(*outputs, strict=True)
        if "item once" in self.changes:
            values = torch.stack(values).tolist()
        pairs = zip(values, sizes, strict=True)
        return sum(value * size for value, size in pairs) / sum(sizes)


def compiled_step(
    model: nn.Module,
    loss_fn: Callable[..., torch.Tensor],
    optimizer: torch.optim.Optimizer,
    eager_step: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Compile forward pass, backward pass and update of a batch as one program.

    The first step is taken eagerly: it makes the state of the optimizer.

    Returns:
        step(x, y), which updates the model and returns the loss, [].
    """
    # lets a program hold the backward pass, too
    torch._dynamo.config.trace_autograd_ops = True
    kept: list[Group] = []
    rates = [torch.tensor(g["lr"]) for g in optimizer.param_groups]

    @torch.compile
    def whole(x, y, groups, rates):
        parameters = [p for group in groups for p in group.parameters]
        with torch.enable_grad():
            loss = loss_fn(model(x), y)
            gradients = torch.autograd.grad(loss, parameters)
        for group, rate in zip(groups, rates, strict=True):
            n = len(group.parameters)
            group.update(gradients[:n], rate)
            gradients = gradients[n:]
        return loss.detach()

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if kept:
            with torch.no_grad():  # an update is not recorded
                return whole(x, y, kept, rates)
        loss = eager_step(x, y)
        kept.extend(groups_of(optimizer) or [])
        return loss

    return step


def changes_of(rung: str) -> list[str]:
    """Return the changes that a rung has: its own and those before it."""
    names = list(RUNGS)
    changes = names[1 : names.index("fused") + 1]
    if rung in changes:
        return changes[: changes.index(rung) + 1]
    if rung == "step compiled":  # a program has its own way to update
        changes.remove("fused")
    return [] if rung == PLAIN else [*changes, rung]


def run_of(rung: str, job: Job) -> Callable[[int], tuple]:
    """Return what trains a job on one rung, for so many epochs."""
    if rung not in ("eager", "compiled"):
        return Loop(job, changes_of(rung)).run
    contender = contenders_for(job, [rung])[rung]
    epoch_fn = contender.configuration.epoch_fn
    loaders = contender.train_loader, contender.val_loader

    def run(n_epochs: int) -> tuple[list[float], list[float]]:
        # not through `train`, which looks at the first epoch of every run and
        # compiles only those after it: here a run may have one epoch
        results = [epoch_fn(*loaders) for _ in range(n_epochs)]
        return [loss for loss, *_ in results], [val for _, val, _ in results]

    return run


def measure_ladder(
    jobs: Iterable[str] = ("line-adam", "mlp", "network"),
    n_rounds: int = N_ROUNDS,
    n_epochs: int | None = None,
    rungs: Iterable[str] = tuple(RUNGS),
) -> list[dict[str, Any]]:
    """Time every rung of the ladder, all in turn.

    Args:
        jobs: names of jobs.
        n_rounds: measurements of each rung.
        n_epochs: epochs in one measurement; None takes half of the job's.
        rungs: keys of `RUNGS`, the plain loop among them.

    Returns:
        a dictionary per job: name, title, and by rung seconds of an epoch and
        ratios to the plain loop, each median and quartiles.
    """
    results = []
    for name in jobs:
        job = job_called(name)
        n = n_epochs or max(1, job.n_epochs // 2)
        loops = {rung: run_of(rung, job) for rung in rungs}
        for run in loops.values():
            run(3)  # compiles
        seconds = interleave(
            {rung: partial(run, n) for rung, run in loops.items()}, n_rounds
        )
        results.append(
            {
                "name": name,
                "title": job.title,
                "seconds": {
                    rung: [value / n for value in spread(values)]
                    for rung, values in seconds.items()
                },
                "ratios": {
                    rung: list(value)
                    for rung, value in ratios(seconds, PLAIN).items()
                },
            }
        )
    return results


def format_rows(results: Iterable[dict[str, Any]], titles: dict) -> str:
    """Return a table of ratios: a line per way, a column per job.

    Args:
        results: with "title" and "ratios", from `measure_ladder` and the like.
        titles: by name, what a line says.
    """
    results = list(results)
    width = max(len(title) for title in titles.values())
    heads = [f"{result['title'][:20]:>20}" for result in results]
    lines = [f"{'':{width}} {' '.join(heads)}"]
    for name, title in titles.items():
        numbers = [
            f"{result['ratios'][name][0]:20.3f}"
            if name in result["ratios"]
            else f"{'':20}"
            for result in results
        ]
        lines.append(f"{title:{width}} {' '.join(numbers)}".rstrip())
    return "\n".join(lines)
