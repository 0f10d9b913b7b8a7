"""Predict from a terminal, with the two files that a training run left.

    python -m helpers predict digits --input 0 1 2

Exit status: 0, or 1 when something went wrong, or 2 when the options make no
sense.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
import tyro

from helpers.errors import CourseError
from helpers.launching.command_line import read_with_tyro, show_any_letter
from helpers.launching.inputs import read_inputs
from helpers.launching.options import OptionError, hint, said_by
from helpers.launching.predicting import (
    in_words,
    load_trained,
    n_correct,
    predict,
)
from helpers.launching.run_files import ABOUT

PROGRAM = "python -m helpers predict"
SHOWN = 20  # of the rows that were held out


@dataclass(frozen=True)
class Request:
    """Predict with the model of a run, from its two files alone."""

    run: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN")]
    """A run below runs/, or a folder with the two files of one."""
    input: Annotated[
        tuple[str, ...], hint("INPUT ...", "what was held out")
    ] = ()
    """Numbers for a line, a CSV file for a table; for images and signals files
    (.npy, .npz or IDX) or the numbers of rows that were held out."""
    json: tyro.conf.FlagCreatePairsOff[bool] = False
    """Print one JSON object in place of a line per prediction."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Predict what the command line asks for; return the exit status.

    Args:
        arguments: the words of the command line.

    Raises:
        SystemExit: 0 after help, 2 after options that make no sense.
    """
    words = list(sys.argv[2:] if arguments is None else arguments)
    show_any_letter()
    torch.set_num_threads(1)
    try:
        request = read_with_tyro(Request, PROGRAM, words, positional="run")
        _answer(request)
    except OptionError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # of the output, which nobody reads any longer
        raise
    except Exception as error:
        # what a description lacks, or has in another form
        print(
            f"No prediction came out ({type(error).__name__}: "
            f"{said_by(error)}). Is the {ABOUT} of this run incomplete, "
            "or was it edited?",
            file=sys.stderr,
        )
        return 1
    return 0


def _answer(request: Request) -> None:
    trained = load_trained(request.run)
    inputs = read_inputs(request.input, trained.about)
    found = predict(trained, inputs)
    right = n_correct(found)
    for note in inputs.notes:
        print(note, file=sys.stderr)
    if request.json:
        answer = {
            "run": request.run,
            "data": trained.about["task"],
            "epochs": trained.n_epochs,
            "predictions": found,
        }
        if right is not None:
            answer["correct"] = right
        print(json.dumps(answer, allow_nan=False, ensure_ascii=False))
        return
    # what was asked for is shown whole; of what was held out, a beginning
    shown = found if request.input else found[:SHOWN]
    for row in shown:
        print(in_words(row))
    if len(shown) < len(found):
        print(f"... and {len(found) - SHOWN:,} more, which --json lists.")
    if right is not None and len(found) > 1:
        print(f"{right:,} of {len(found):,} are right.")
