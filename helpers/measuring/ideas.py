"""What is often advised, measured on the jobs of this course.

Each idea changes one thing of a training step, or of fetching, and is timed in
turn with the same work done without it. A ratio near 1 says that it does not
help here, on one thread of a CPU and for models of this size.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import optim
from torch.utils.data import DataLoader

from helpers.measuring.jobs import job_called
from helpers.measuring.timing import interleave, ratios, spread
from helpers.model_configuration import v6 as model_v6

PLAIN = "plain"
IDEAS = {
    PLAIN: "nothing changed",
    "foreach": "optimizer with foreach=True",
    "fused": "optimizer with fused=True",
    "fused SGD": "SGD with fused=True, against SGD",
    "bfloat16": "autocast to bfloat16",
    "channels_last": "model and images in channels_last",
    "two threads": "two threads in place of one",
}
LOADING = {
    PLAIN: "a DataLoader in this process",
    "workers": "two workers, kept from epoch to epoch",
    "pinned": "pin_memory=True",
}
N_ROUNDS = 9
N_STEPS = 40  # in one measurement
# job, rows of a batch
SIZES = (("mlp", 32), ("network", 32), ("network", 256))


def steps_of(name: str, n_rows: int) -> dict[str, Callable[[], Any]]:
    """Return by idea a function that takes one training step.

    Args:
        name: of a job.
        n_rows: of the batch.
    """
    x, y = job_called(name).example(n_rows)

    def step_with(
        make_optimizer: Callable = optim.Adam,
        block: Callable = nullcontext,
        layout: Any = torch.contiguous_format,
    ) -> Callable[[], float]:
        configuration = job_called(name).configure(model_v6)
        model: Any = configuration.model
        loss_fn = configuration.loss_fn
        model.to(memory_format=layout)
        optimizer = make_optimizer(model.parameters(), lr=0.001)
        features = x.to(memory_format=layout) if x.ndim == 4 else x

        def step() -> float:
            with block():
                loss = loss_fn(model(features), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            return loss.item()

        return step

    autocast = partial(torch.autocast, "cpu", dtype=torch.bfloat16)
    steps = {
        PLAIN: step_with(),
        "foreach": step_with(partial(optim.Adam, foreach=True)),
        "fused": step_with(partial(optim.Adam, fused=True)),
        "SGD": step_with(optim.SGD),
        "fused SGD": step_with(partial(optim.SGD, fused=True)),
        "bfloat16": step_with(block=autocast),
        "two threads": step_with(),
    }
    if x.ndim == 4:
        steps["channels_last"] = step_with(layout=torch.channels_last)
    return steps


def measure_ideas(
    sizes: Iterable[tuple[str, int]] = SIZES,
    n_rounds: int = N_ROUNDS,
    n_steps: int = N_STEPS,
) -> list[dict[str, Any]]:
    """Time a training step with each idea, as a ratio to one without it.

    Args:
        sizes: names of jobs, and rows of a batch.
        n_rounds: measurements of each.
        n_steps: steps in one measurement.

    Returns:
        a dictionary per size: name, title, batch_size, seconds (of a step) and
        ratios by idea, each median and quartiles.
    """
    before = torch.get_num_threads()
    results = []
    try:
        for name, n_rows in sizes:
            steps = steps_of(name, n_rows)
            seconds = interleave(
                {
                    idea: partial(
                        _repeat, step, n_steps, 1 + (idea == "two threads")
                    )
                    for idea, step in steps.items()
                },
                n_rounds,
            )
            found = ratios(seconds, PLAIN)
            found["fused SGD"] = ratios(seconds, "SGD")["fused SGD"]
            results.append(
                _result(name, n_rows, seconds, found, n_steps, IDEAS)
            )
    finally:
        torch.set_num_threads(before)
    return results


def measure_loading(n_rounds: int = 3, n_passes: int = 3) -> dict[str, Any]:
    """Time a pass over the digits with workers, and with pinned memory.

    Returns:
        as an entry of `measure_ideas`, by key of `LOADING`; without "pinned"
        where there is no accelerator to copy to, since nothing happens there.
    """
    job = job_called("network")
    dataset = job.teaching_loaders()[0].dataset

    def loader(**options: Any) -> DataLoader:
        return DataLoader(dataset, job.batch_size, shuffle=True, **options)

    loaders = {
        PLAIN: loader(),
        "workers": loader(num_workers=2, persistent_workers=True),
    }
    if torch.accelerator.is_available():
        loaders["pinned"] = loader(pin_memory=True)
    seconds = interleave(
        {
            name: partial(_repeat, partial(_pass_over, one), n_passes)
            for name, one in loaders.items()
        },
        n_rounds,
    )
    found = ratios(seconds, PLAIN)
    return _result(job.name, job.batch_size, seconds, found, n_passes, LOADING)


def _result(name, n_rows, seconds, found, n_times, titles) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"{name.replace('mlp', 'MLP')}, batches of {n_rows}",
        "batch_size": n_rows,
        "seconds": {
            idea: [value / n_times for value in spread(values)]
            for idea, values in seconds.items()
        },
        "ratios": {i: list(found[i]) for i in titles if i in found},
    }


def _repeat(
    work: Callable[[], object], n_times: int, n_threads: int = 1
) -> None:
    torch.set_num_threads(n_threads)
    for _ in range(n_times):
        work()


def _pass_over(loader: Iterable) -> None:
    for _batch in loader:
        pass
