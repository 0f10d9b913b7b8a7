"""What can be trained on, put together from the stages of the pipeline.

Each task reads its data, lets a version prepare them, and says everything that
a prediction will need: the model with all of its arguments, what goes in, what
comes out, and which part was held out.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, random_split

from helpers.data_preparation import v5 as data_preparation
from helpers.datasets.digits import load_digits
from helpers.datasets.fashion_mnist import load_fashion_mnist
from helpers.datasets.images import LabelledImages
from helpers.datasets.line import generate_data
from helpers.datasets.mnist_1d import load_mnist_1d
from helpers.datasets.tables import read_table
from helpers.launching.options import (
    Digits,
    FashionMnist,
    Hyperparameters,
    Line,
    Mnist1d,
    OptionError,
    Options,
    Table,
)
from helpers.launching.run_files import build_model
from helpers.metrics import accuracy
from helpers.model_configuration import v9 as model_configuration
from helpers.pipeline import Configuration
from helpers.processes import Shares

Loaders = tuple[DataLoader, DataLoader]
OPTIMIZERS: dict[str, type[optim.Optimizer]] = {
    "adam": optim.Adam,
    "sgd": optim.SGD,
}


@dataclass(frozen=True)
class Prepared:
    """Data that are ready, and what the model has to be like.

    Attributes:
        loaders: of the training part and of the validation part.
        model: the name of a class of `run_files.MODELS`, and all of its
            arguments; nothing is left to a default, which may change.
        inputs: what the model takes, in plain values.
        outputs: what it gives, in plain values.
        held_out: where to find rows that were not trained on.
        loss_fn: as in a configuration.
        metrics: by name, functions of predictions and labels.
        notes: sentences to print.
    """

    loaders: Loaders
    model: dict[str, Any]
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    held_out: dict[str, Any]
    loss_fn: nn.Module = field(default_factory=nn.CrossEntropyLoss)
    metrics: dict[str, Callable] = field(
        default_factory=lambda: {"accuracy": accuracy}
    )
    notes: tuple[str, ...] = ()

    @property
    def n_rows(self) -> tuple[int, int]:
        """How many rows are trained on, and how many are validated on."""
        train_loader, val_loader = self.loaders
        return len(train_loader.dataset), len(val_loader.dataset)  # type: ignore[arg-type]

    def about(self) -> dict[str, Any]:
        """Return what a prediction needs, in plain values."""
        names = ("model", "inputs", "outputs", "held_out")
        return {name: getattr(self, name) for name in names}


def prepare(options: Options) -> Prepared:
    """Read and prepare the data that the options name.

    Raises:
        OptionError: a batch that can never be full.
        DataError: data that cannot be read or used.
    """
    prepared = PREPARE[options.NAME](options)
    _check_parts(prepared, options.hyperparameters)
    return prepared


def _line(options: Line) -> Prepared:
    x, y = generate_data()
    loaders = _loaders(x, y, options.hyperparameters)
    return Prepared(
        loaders=loaders,
        model=_model("Linear", in_features=1, out_features=1),
        inputs={"kind": "numbers"},
        outputs={"kind": "quantity"},
        held_out={"data": "line", "rows": _rows_of(loaders[1])},
        loss_fn=nn.MSELoss(reduction="mean"),
        metrics={},
    )


def _digits(options: Digits) -> Prepared:
    digits = load_digits()
    loaders = _image_loaders(digits, options.hyperparameters)
    return _images(
        digits,
        loaders,
        options.hyperparameters.kernel_size,
        {"data": "digits", "rows": _rows_of(loaders[1])},
    )


def _fashion_mnist(options: FashionMnist) -> Prepared:
    clothes = load_fashion_mnist("train")
    return _images(
        clothes,
        _image_loaders(clothes, options.hyperparameters),
        options.hyperparameters.kernel_size,
        {"data": "fashion-mnist", "part": "test"},
    )


def _image_loaders(
    found: LabelledImages, hyperparameters: Hyperparameters
) -> Loaders:
    return _loaders(found.images, found.labels, hyperparameters, found.highest)


def _loaders(
    x: Any, y: Any, hyperparameters: Hyperparameters, highest: Any = None
) -> Loaders:
    """Return what version 5 makes of the data, for this process."""
    return data_preparation.prepare_data(
        x,
        y,
        batch_size=hyperparameters.batch_size,
        highest=highest,
        global_batch_size=hyperparameters.global_batch_size,
    )


def _images(
    found: LabelledImages,
    loaders: Loaders,
    kernel_size: int,
    held_out: dict[str, Any],
) -> Prepared:
    height, width = found.images.shape[1:]
    return Prepared(
        loaders=loaders,
        model=_model(
            "Network",
            image_size=height,
            kernel_size=kernel_size,
            n_classes=len(found.class_names),
        ),
        inputs={
            "kind": "images",
            "shape": [height, width],
            "highest": found.highest,
        },
        outputs=_classes(found.class_names),
        held_out=held_out,
    )


def _mnist_1d(options: Mnist1d) -> Prepared:
    signals = load_mnist_1d("train")
    hyperparameters = options.hyperparameters
    n_classes, length = len(signals.class_names), signals.x.shape[1]
    models = {
        "conv": _model(
            "Network1d",
            length=length,
            n_classes=n_classes,
            n_channels=hyperparameters.n_channels,
            kernel_size=hyperparameters.kernel_size,
        ),
        "mlp": _model(
            "MLP",
            n_features=length,
            n_outputs=n_classes,
            n_hidden=hyperparameters.n_hidden,
            n_layers=hyperparameters.n_layers,
        ),
        "linear": _model("Linear", in_features=length, out_features=n_classes),
    }
    return Prepared(
        loaders=_loaders(signals.x, signals.y, hyperparameters),
        model=models[hyperparameters.model],
        inputs={"kind": "signals", "length": length},
        outputs=_classes(signals.class_names),
        held_out={"data": "mnist-1d", "part": "test"},
    )


def _table(options: Table) -> Prepared:
    source, hyperparameters = options.source, options.hyperparameters
    table = read_table(
        source.data,
        source.label,
        delimiter=source.delimiter,
        header=source.header,
        decimal=source.decimal,
        encoding=source.encoding,
        task=source.task,
        ignore=source.ignore,
        categorical=source.categorical,
        max_categories=source.max_categories,
    )
    # means and spreads come from the rows that version 5 will train on
    found = table.prepare(_rows_to_train_on(table.n_rows))
    preparation = found.preparation
    parts: dict[str, Any] = {"outputs": _classes(table.classes)}
    if table.task == "regression":
        parts = {
            "outputs": {"kind": "quantity"},
            "loss_fn": nn.MSELoss(reduction="mean"),
            "metrics": {
                "mean_absolute_error": functools.partial(
                    mean_absolute_error, unit=preparation.label_spread
                )
            },
        }
    return Prepared(
        loaders=_loaders(found.x, found.y, hyperparameters),
        model=_model(
            "MLP",
            n_features=preparation.n_features,
            n_outputs=preparation.n_outputs,
            n_hidden=hyperparameters.n_hidden,
            n_layers=hyperparameters.n_layers,
        ),
        inputs={"kind": "table", "preparation": preparation.to_plain()},
        held_out={},
        notes=(*table.notes, *found.notes),
        **parts,
    )


def mean_absolute_error(
    yhat: torch.Tensor, y: torch.Tensor, unit: float = 1.0
) -> torch.Tensor:
    """Return how far predictions are from labels, as a mean over rows.

    Args:
        yhat: predictions [n, 1].
        y: labels [n, 1].
        unit: what one unit of both is in the units of the table.
    """
    return (yhat - y).abs().mean() * unit


def _rows_to_train_on(n_rows: int) -> list[int]:
    """Return the rows that version 5 will train on, before it has them."""
    generator = torch.Generator().manual_seed(data_preparation.SEED)
    whole: Any = range(n_rows)
    train_part, _ = random_split(whole, data_preparation.FRACTIONS, generator)
    return list(train_part.indices)


PREPARE: dict[str, Callable[[Any], Prepared]] = {
    "line": _line,
    "digits": _digits,
    "fashion-mnist": _fashion_mnist,
    "mnist-1d": _mnist_1d,
    "table": _table,
}


def _model(name: str, **arguments: Any) -> dict[str, Any]:
    return {"class": name, "arguments": arguments}


def _classes(names: tuple[str, ...]) -> dict[str, Any]:
    return {"kind": "classes", "class_names": list(names)}


def _rows_of(data_loader: DataLoader) -> list[int]:
    """Return the numbers that the rows of a part have in the whole."""
    dataset: Any = data_loader.dataset
    return [int(row) for row in dataset.indices]


# --------------------------------------------------------- for the training


def _check_parts(prepared: Prepared, hyperparameters: Hyperparameters) -> None:
    n_train, _ = prepared.n_rows
    size, name = hyperparameters.update_size, "--batch-size"
    if hyperparameters.global_batch_size is not None:
        name = "--global-batch-size"
    if hyperparameters.drop_last and size > n_train:
        raise OptionError(
            f"{name} {size:,} with --drop-last leaves no batch at all: there "
            f"are {n_train:,} rows to train on. Take a batch size of at most "
            f"{n_train:,}, or leave out --drop-last."
        )


def loaders_for(options: Options, prepared: Prepared) -> Loaders:
    """Return the loaders of a run; without its last batch if that is wanted."""
    train_loader, val_loader = prepared.loaders
    if options.hyperparameters.drop_last:
        shares: Any = train_loader.batch_sampler
        full = Shares(
            shares.sampler,
            shares.batch_size,
            shares.global_batch_size,
            drop_last=True,
        )
        train_loader = DataLoader(
            train_loader.dataset,
            batch_sampler=full,
            generator=train_loader.generator,
        )
    return train_loader, val_loader


def configure(
    options: Options,
    prepared: Prepared,
    device: torch.device,
    run_name: str | None,
) -> Configuration:
    """Configure the model of a task; ``run_name`` None logs nothing."""
    hyperparameters, settings = options.hyperparameters, options.settings
    example, _ = next(iter(prepared.loaders[1]))
    more = {"weight_decay": hyperparameters.weight_decay}
    if hyperparameters.optimizer == "sgd":
        more["momentum"] = hyperparameters.momentum
    parts: dict[str, Any] = {
        "run_name": run_name,
        "make_model": functools.partial(build_model, prepared.about()),
        "make_optimizer": functools.partial(
            OPTIMIZERS[hyperparameters.optimizer], **more
        ),
        "loss_fn": prepared.loss_fn,
        "metrics": prepared.metrics,
        "example": example,
    }
    return model_configuration.configure_model(
        lr=hyperparameters.lr, device=device, seed=settings.seed, **parts
    )
