"""The options of a training run, each with its type and what it is for.

Hyperparameters change what is learned. Settings only say where, on what device
and how loudly it is learned, except for the seed, which decides all that is
random. A source says which table is read, and how.
"""

import codecs
import dataclasses
import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import tyro

from helpers.datasets.tables.delimiters import DELIMITERS
from helpers.datasets.tables.reading import MOST_CATEGORIES
from helpers.errors import CourseError, one_line

MOST = 1_000_000  # of epochs, and of rows in a batch
DIGITS_SIZE, FASHION_SIZE = 8, 28  # pixels


class OptionError(CourseError):
    """An option of the command line has a value that it cannot have."""


# ------------------------------------------------------------------- checks


def option(name: str) -> str:
    """Return how the command line calls a field: ``n_epochs``, --n-epochs."""
    return f"--{name.replace('_', '-')}"


def near(value: object, names: Iterable[str]) -> str:
    """Suggest the name that was probably meant; "" if none is near."""
    found = difflib.get_close_matches(str(value).lower(), list(names), n=1)
    return f" Did you mean {found[0]}?" if found else ""


def said_by(error: BaseException) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split())[:300].rstrip(".")


def check_whole(name: str, value: int, least: int, most: int) -> None:
    """Refuse a number outside ``least`` to ``most``.

    Raises:
        OptionError: with the option, what it takes, and what was given.
    """
    if not least <= value <= most:
        raise OptionError(
            f"{option(name)} should be a whole number from {least:,} to "
            f"{most:,}, and is {one_line(value)}."
        )


def check_number(
    name: str, value: float, least: float, *, above: bool = False
) -> None:
    """Refuse nan, inf, and what lies below ``least`` or, if ``above``, at it.

    Raises:
        OptionError: with the option, what it takes, and what was given.
    """
    is_large_enough = value > least if above else value >= least
    if not (math.isfinite(value) and is_large_enough):
        bound = f"above {least:g}" if above else f"of at least {least:g}"
        raise OptionError(
            f"{option(name)} should be a finite number {bound}, and is "
            f"{value:g}."
        )


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Refuse what is not one of the choices, and suggest the near one.

    Raises:
        OptionError: with the option, what it takes, and what was given.
    """
    choices = list(choices)
    if value not in choices:
        raise OptionError(
            f"{option(name)} should be {' or '.join(choices)}, and is "
            f"{one_line(value)}.{near(value, choices)}"
        )


def choice(*names: str) -> Any:
    """Return what makes the help of an option list its choices."""
    return tyro.conf.arg(metavar="{" + ",".join(names) + "}")


def hint(metavar: str, default: str) -> Any:
    """Return what makes the help say what stands for None."""
    return tyro.conf.arg(
        metavar=metavar, help_behavior_hint=f"(default: {default})"
    )


# ---------------------------------------------------------- hyperparameters

OPTIMIZERS = ("adam", "sgd")
OF_SIGNALS = ("conv", "mlp", "linear")
# Hyperparameters that only one of these models has.
OF_MODEL = {
    "n_hidden": "mlp",
    "n_layers": "mlp",
    "n_channels": "conv",
    "kernel_size": "conv",
}


@dataclass(frozen=True)
class Hyperparameters:
    """What changes what is learned, whatever the data are."""

    n_epochs: int = 20
    """Epochs in all; a larger number extends a finished run."""
    batch_size: int = 32
    """Rows that a process takes through the model at once, at least 1."""
    global_batch_size: Annotated[int | None, hint("N", "--batch-size")] = None
    """Rows of one update, those of all processes together."""
    lr: float = 0.003
    """Learning rate of the optimizer, above 0."""
    optimizer: Annotated[str, choice(*OPTIMIZERS)] = "adam"
    """Which optimizer takes the steps."""
    momentum: float = 0.0
    """Momentum of sgd, from 0 to below 1; adam has its own."""
    weight_decay: float = 0.0
    """How strongly weights are pulled to 0, at least 0."""
    drop_last: bool = False
    """Leave out the last batch of an epoch if it is not full."""

    def __post_init__(self):
        check_whole("n_epochs", self.n_epochs, 1, MOST)
        check_whole("batch_size", self.batch_size, 1, MOST)
        if self.global_batch_size is not None:
            check_whole("global_batch_size", self.global_batch_size, 1, MOST)
        check_number("lr", self.lr, 0, above=True)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_number("momentum", self.momentum, 0)
        check_number("weight_decay", self.weight_decay, 0)
        if self.momentum >= 1:
            raise OptionError(
                f"--momentum should be below 1, and is {self.momentum:g}: "
                "steps would grow without end."
            )
        if self.momentum and self.optimizer != "sgd":
            raise OptionError(
                f"--momentum {self.momentum:g} needs --optimizer sgd: "
                f"{self.optimizer} has a momentum of its own."
            )

    @property
    def update_size(self) -> int:
        """How many rows make one update, over all processes."""
        return self.global_batch_size or self.batch_size


@dataclass(frozen=True)
class OfLine(Hyperparameters):
    """Hyperparameters of the line: those of Part I."""

    n_epochs: int = 200
    batch_size: int = 16
    lr: float = 0.1
    optimizer: Annotated[str, choice(*OPTIMIZERS)] = "sgd"


@dataclass(frozen=True)
class OfDigits(Hyperparameters):
    """Hyperparameters of the network of chapter 14, on images of 8 x 8."""

    IMAGE_SIZE: ClassVar[int] = DIGITS_SIZE

    n_epochs: int = 15
    kernel_size: int = 3
    """Height and width of the kernels, in pixels."""

    def __post_init__(self):
        super().__post_init__()
        # two convolutions and max pooling have to leave a pixel
        check_whole("kernel_size", self.kernel_size, 1, self.IMAGE_SIZE // 2)


@dataclass(frozen=True)
class OfFashion(OfDigits):
    """Hyperparameters of the same network, on images of 28 x 28."""

    IMAGE_SIZE: ClassVar[int] = FASHION_SIZE

    n_epochs: int = 5
    batch_size: int = 64
    lr: float = 0.001
    kernel_size: int = 5


@dataclass(frozen=True)
class OfSignals(Hyperparameters):
    """Hyperparameters of the networks that read signals."""

    n_epochs: int = 40
    model: Annotated[str, choice(*OF_SIGNALS)] = "conv"
    """Convolutions along the signal, an MLP, or a linear model."""
    n_hidden: int = 64
    """Width of the hidden layers of the MLP."""
    n_layers: int = 2
    """How many hidden layers the MLP has."""
    n_channels: int = 32
    """Feature maps of each convolution."""
    kernel_size: int = 5
    """Width of the kernels of the convolutions, an odd number."""

    def __post_init__(self):
        super().__post_init__()
        check_choice("model", self.model, OF_SIGNALS)
        check_whole("n_hidden", self.n_hidden, 1, 10_000)
        check_whole("n_layers", self.n_layers, 0, 20)
        check_whole("kernel_size", self.kernel_size, 1, 39)
        if self.kernel_size % 2 == 0:
            raise OptionError(
                "--kernel-size should be odd for signals, such as "
                f"{self.kernel_size + 1}, and is {self.kernel_size}."
            )
        check_whole("n_channels", self.n_channels, 1, 1_000)
        for name, model in OF_MODEL.items():
            value = getattr(self, name)
            if self.model != model and value != getattr(type(self), name):
                raise OptionError(
                    f"{option(name)} {value} needs --model {model}: the model "
                    f"{self.model} has no such thing."
                )
        _check_width(self.n_hidden, type(self).n_hidden, self.n_layers)


@dataclass(frozen=True)
class OfTable(Hyperparameters):
    """Hyperparameters of the MLP that reads rows of a table."""

    n_epochs: int = 50
    n_hidden: int = 64
    """Width of the hidden layers."""
    n_layers: int = 2
    """How many hidden layers there are; 0 leaves a linear model."""

    def __post_init__(self):
        super().__post_init__()
        check_whole("n_hidden", self.n_hidden, 1, 10_000)
        check_whole("n_layers", self.n_layers, 0, 20)
        _check_width(self.n_hidden, type(self).n_hidden, self.n_layers)


def _check_width(n_hidden: int, default: int, n_layers: int) -> None:
    """Refuse a width for hidden layers where there are none."""
    if n_layers == 0 and n_hidden != default:
        raise OptionError(
            f"--n-hidden {n_hidden} needs a hidden layer, and --n-layers is 0."
        )


# ----------------------------------------------------------------- settings


@dataclass(frozen=True)
class Settings:
    """Where the run goes, on which device, and how much it prints."""

    run_name: Annotated[str | None, hint("NAME", "named after the data")] = None
    """The folder below runs/. The same command again resumes its run."""
    seed: int = 42
    """Decides everything random: the first weights, the order of rows."""
    device: Annotated[str | None, hint("NAME", "the best there is")] = None
    """Where to compute, such as cpu, cuda or mps."""
    n_threads: int = 1
    """Threads of the processor. Another number may change the last bits."""
    print_every: int = 1
    """Epochs from one line to the next; 0 for none. A terminal has a bar."""
    resume: tyro.conf.FlagCreatePairsOff[bool] = False
    """Resume an existing run with its own options; fail if there is none."""
    config: Annotated[Path | None, hint("FILE.json", "no file")] = None
    """A file of options, {"lr": 0.01}; the command line overrides it."""

    def __post_init__(self):
        check_whole("seed", self.seed, 0, 2**32 - 1)
        check_whole("n_threads", self.n_threads, 1, 1_024)
        check_whole("print_every", self.print_every, 0, MOST)


# The only setting that decides what is learned.
DECISIVE = ("seed",)


# ------------------------------------------------------------------ sources

SEEN = "seen from the file"


@dataclass(frozen=True)
class Source:
    """Which table, and how it is read."""

    data: Annotated[Path, tyro.conf.arg(metavar="FILE.csv")]
    """A table with one row per example."""
    label: Annotated[str, tyro.conf.arg(metavar="COLUMN")]
    """What to predict: the name of a column, or its number from 1 on."""
    task: Annotated[str | None, hint("{classification,regression}", SEEN)] = (
        None
    )
    """Whether the label is a class or a quantity."""
    delimiter: Annotated[str | None, hint("SIGN", SEEN)] = None
    """What separates columns: comma, semicolon, tab or pipe."""
    header: Annotated[bool | None, hint("", SEEN)] = None
    """--header: the first line names the columns; --no-header: it is data."""
    decimal: Annotated[str | None, hint("SIGN", SEEN)] = None
    """What separates decimals, a point or a comma."""
    encoding: Annotated[str | None, hint("NAME", SEEN)] = None
    """How the file writes letters, such as utf-8."""
    ignore: Annotated[tuple[str, ...], hint("COLUMN ...", "none")] = ()
    """Columns to leave out, by name or number."""
    categorical: Annotated[tuple[str, ...], hint("COLUMN ...", "none")] = ()
    """Columns whose numbers are names, such as postcodes."""
    max_categories: int = MOST_CATEGORIES
    """A text column with more values than this is refused."""

    def __post_init__(self):
        if self.task is not None:
            check_choice("task", self.task, ("classification", "regression"))
        if self.delimiter is not None and len(self.delimiter) != 1:
            check_choice("delimiter", self.delimiter, DELIMITERS.values())
        if self.decimal is not None:
            check_choice("decimal", self.decimal, (".", ","))
        if self.encoding is not None:
            _check_encoding(self.encoding)
        check_whole("max_categories", self.max_categories, 2, 10_000)


def _check_encoding(name: str) -> None:
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        raise OptionError(
            "--encoding should be one that Python knows, such as utf-8, utf-16 "
            f"or cp1252, and is {one_line(name)}."
            f"{near(name, ('utf-8', 'utf-16', 'cp1252', 'latin-1'))}"
        ) from None


# -------------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Line:
    """Train a line on the 100 points of Part I."""

    NAME: ClassVar[str] = "line"

    hyperparameters: OfLine
    settings: Settings


@dataclass(frozen=True)
class Digits:
    """Train a convolutional network on digits, 8 x 8 pixels."""

    NAME: ClassVar[str] = "digits"

    hyperparameters: OfDigits
    settings: Settings


@dataclass(frozen=True)
class FashionMnist:
    """Train a convolutional network on clothes, 28 x 28 pixels."""

    NAME: ClassVar[str] = "fashion-mnist"

    hyperparameters: OfFashion
    settings: Settings


@dataclass(frozen=True)
class Mnist1d:
    """Train a network on signals of 40 numbers, in ten classes."""

    NAME: ClassVar[str] = "mnist-1d"

    hyperparameters: OfSignals
    settings: Settings


@dataclass(frozen=True)
class Table:
    """Train an MLP on a CSV file of your own."""

    NAME: ClassVar[str] = "table"

    source: Source
    hyperparameters: OfTable
    settings: Settings


Options = Line | Digits | FashionMnist | Mnist1d | Table
TASKS: dict[str, type[Options]] = {
    kind.NAME: kind for kind in (Line, Digits, FashionMnist, Mnist1d, Table)
}


def fields_of(kind: type[Options]) -> dict[str, dataclasses.Field]:
    """Return every option of a task by name, whatever group it is in."""
    return {
        field.name: field
        for group in dataclasses.fields(kind)
        for field in dataclasses.fields(group.type)  # type: ignore[arg-type]
    }
