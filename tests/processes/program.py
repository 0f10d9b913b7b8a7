"""What the tests let one, two, three and four processes do.

Started by torchrun, each process leaves what it found in a file of its own;
the test itself calls the same functions, as the single process.
"""

import functools
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import nn, optim
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import (
    DataLoader,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
)

from helpers.checkpoints import load_together
from helpers.data_preparation import v5 as data_preparation
from helpers.datasets.digits import load_digits
from helpers.model_configuration import v9 as model_configuration
from helpers.model_training import v9 as model_training
from helpers.processes import Shares, process_group, rank, world_size
from helpers.processes.sharded_files import load_sharded, save_sharded
from helpers.processes.sharding import gathered

N_ROWS, GLOBAL = 33, 16  # the last batch has a single row
OPTIMIZERS = {
    "SGD": functools.partial(optim.SGD, lr=0.1),
    "momentum": functools.partial(optim.SGD, lr=0.1, momentum=0.9),
    "Adam": functools.partial(optim.Adam, lr=0.01),
}
PIECES = {"whole": GLOBAL, "pieces": 3, "rows": 1}


def points(n: int, dtype=torch.float64) -> TensorDataset:
    generator = np.random.default_rng(n)
    x = torch.as_tensor(generator.standard_normal((n, 3)), dtype=dtype)
    y = x.sin().sum(dim=1, keepdim=True)
    return TensorDataset(x, y)


def loaders(n=N_ROWS, n_val=7, batch_size=GLOBAL, dtype=torch.float64, **more):
    """Return loaders of any kind of numbers; version 5 gives float32."""
    train_data, val_data = points(n, dtype), points(n_val, dtype)
    generator = torch.Generator().manual_seed(13)
    order = RandomSampler(train_data, generator=generator)
    return (
        DataLoader(
            train_data,
            batch_sampler=Shares(order, batch_size, GLOBAL),
            generator=generator,
            **more,
        ),
        DataLoader(val_data, batch_sampler=Shares(
            SequentialSampler(val_data), 4, 4 * world_size()
        )),
    )  # fmt: skip


def mean_error(yhat, y):
    return (yhat - y).abs().mean()


def mlp(dtype=torch.float64, norm=False):
    layers = [nn.Linear(3, 8), nn.BatchNorm1d(8)] if norm else [nn.Linear(3, 8)]
    return nn.Sequential(*layers, nn.Tanh(), nn.Linear(8, 1)).to(dtype)


def configured(make_model=mlp, make_optimizer=OPTIMIZERS["Adam"], **options):
    return model_configuration.configure_model(
        **{
            "lr": 0.01,
            "make_model": make_model,
            "make_optimizer": make_optimizer,
            "loss_fn": nn.MSELoss(),
            "metrics": {"error": mean_error},
            "run_name": None,
            "device": "cpu",
            **options,
        }
    )


def fixed_rate(make, parameters, lr):
    return make(parameters)


def run(make_model=mlp, optimizer="Adam", n_epochs=3, spread=None, **options):
    """Train once; return losses, weights, and what the optimizer keeps."""
    make = functools.partial(fixed_rate, OPTIMIZERS[optimizer])
    more = {} if spread is None else {"spread": spread}
    configuration = configured(make_model, make, **more)
    curves = model_training.train(
        configuration, *loaders(**options), n_epochs=n_epochs
    )
    return {
        "curves": curves,
        "model": configuration.model.state_dict(),
        "optimizer": configuration.optimizer.state_dict(),
    }


def make_step_that_clears_first(model, loss_fn, optimizer):
    """Build the step of somebody else, in the other usual order."""

    def step(x, y):
        model.train()
        optimizer.zero_grad(set_to_none=False)
        loss = loss_fn(model(x), y)
        loss.backward()
        assert optimizer.param_groups
        optimizer.step()
        return loss.item()

    return step


def equal_results() -> dict:
    """Everything that has to be the same for any number of processes."""
    found = {
        f"{optimizer} {how}": run(optimizer=optimizer, batch_size=batch_size)
        for optimizer in OPTIMIZERS
        for how, batch_size in PIECES.items()
    }
    with mock.patch.object(
        model_configuration, "make_train_step_fn", make_step_that_clears_first
    ):
        found["clears first"] = run(batch_size=3)
    # fetched by workers, which are some batches ahead
    found["fetched ahead"] = run(batch_size=3, num_workers=1)
    # fewer rows to validate than processes
    found["one row to validate"] = run(n_val=1)
    return found


def unequal_results() -> dict:
    """Where equality ends, and the digits as version 5 prepares them."""
    digits = load_digits()
    train_loader, val_loader = data_preparation.prepare_data(
        digits.images[:200], digits.labels[:200], highest=digits.highest,
        batch_size=8, global_batch_size=16,
    )  # fmt: skip
    configuration = model_configuration.configure_model(
        run_name="together/digits", device="cpu"
    )
    curves = model_training.train(
        configuration, train_loader, val_loader, n_epochs=1
    )
    is_logging = configuration.writer is not None
    return {
        "float32": run(
            functools.partial(mlp, torch.float32), dtype=torch.float32
        ),
        "batch norm": run(functools.partial(mlp, norm=True), n=32),
        "digits": {"curves": curves, "logs": is_logging},
    }


def saved_and_resumed(folder: Path) -> dict:
    """Train, save half way, and go on from there in another configuration."""
    path = folder / f"of_{world_size()}.pt"
    straight = configured()
    curves = model_training.train(
        straight, *loaders(), n_epochs=4,
        checkpoint_path=path, checkpoint_every=2,
    )  # fmt: skip
    half = configured()
    model_training.train(
        half, *loaders(), n_epochs=2,
        checkpoint_path=folder / f"half_of_{world_size()}.pt",
        checkpoint_every=2,
    )  # fmt: skip
    return {
        "straight": {"curves": curves, "model": straight.model.state_dict()},
        "resumed": resumed(folder / f"half_of_{world_size()}.pt"),
    }


def resumed(path: Path, spread=DistributedDataParallel) -> dict:
    """Go on from a file, up to four epochs."""
    configuration = configured(spread=spread)
    if rank() > 0:
        path = Path("nowhere") / path.name  # a host without that disk
    curves = model_training.train(
        configuration, *loaders(), n_epochs=4,
        resume_from=load_together(path, configuration),
    )  # fmt: skip
    state = configuration.model.state_dict()
    if spread is fully_shard:
        state = {name: value.full_tensor() for name, value in state.items()}
    return {"curves": curves, "model": state}


def sharded(folder: Path) -> dict:
    """Save a model that is spread over all, and go on from it."""
    path = folder / f"sharded_of_{world_size()}.pt"
    configuration = configured(spread=fully_shard)
    curves = model_training.train(
        configuration, *loaders(batch_size=3), n_epochs=2,
        checkpoint_path=path, checkpoint_every=2,
    )  # fmt: skip
    held = sum(p.to_local().numel() for p in configuration.model.parameters())  # type: ignore[attr-defined]
    return {
        "curves": curves,
        "held": held,
        "resumed": resumed(path, spread=fully_shard),
    }


def trained_a_little(spread=DistributedDataParallel):
    configuration = configured(spread=spread)
    model_training.train(configuration, *loaders(), n_epochs=2)
    return configuration


def in_plain_tensors(configuration) -> dict:
    return {
        "model": gathered(configuration.model.state_dict()),
        "optimizer": gathered(configuration.optimizer.state_dict()),
    }


def sharded_files(folder: Path) -> dict:
    """Save sharded files on two processes; load them on any number."""
    found = {}
    for name, spread in (
        ("parts", fully_shard),
        ("copies", DistributedDataParallel),
    ):
        path = folder / f"files_of_2_{name}"
        if world_size() == 2:
            configuration = trained_a_little(spread)
            save_sharded(path, configuration)
            found[f"saved {name}"] = in_plain_tensors(configuration)
        configuration = configured(spread=spread)
        load_sharded(path, configuration)
        found[f"loaded {name}"] = in_plain_tensors(configuration)
    return found


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with process_group():
        found = {
            "equal": equal_results(),
            "unequal": unequal_results(),
            "saved": saved_and_resumed(folder),
        }
        for other in folder.glob("half_of_*.pt"):
            found[other.stem] = resumed(other)
        if world_size() == 2:
            found["sharded"] = sharded(folder)
        if world_size() != 3:
            found["files"] = sharded_files(folder)
        torch.save(found, folder / f"found_{world_size()}_{rank()}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
