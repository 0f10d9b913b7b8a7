"""A model in parts: trained by all processes, and saved by all of them."""

# version files carry no types, and pyright takes those of their defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

import sys

from torch.distributed.fsdp import fully_shard

from helpers.data_preparation import v5 as data_preparation
from helpers.datasets.digits import load_digits
from helpers.model_configuration import v9 as model_configuration
from helpers.model_training import v9 as model_training
from helpers.processes import process_group, rank
from helpers.processes.sharded_files import save_sharded


def main():
    """Train, say what this process holds, and save its part."""
    digits = load_digits()
    with process_group():
        loaders = data_preparation.prepare_data(
            digits.images, digits.labels, 16, digits.highest, 32
        )
        configuration = model_configuration.configure_model(
            device="cpu", run_name=None, spread=fully_shard
        )
        _, val_losses, _ = model_training.train(
            configuration, *loaders, n_epochs=2, seed=42
        )
        parameters = list(configuration.model.parameters())
        here = sum(p.to_local().numel() for p in parameters)
        whole = sum(p.numel() for p in parameters)
        print(f"rank {rank()} holds {here:,} of {whole:,} numbers")
        print(f"rank {rank()}: val_loss {val_losses[-1]:.3f}")
        save_sharded(sys.argv[1], configuration)


if __name__ == "__main__":
    main()
