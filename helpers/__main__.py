"""The command line of the course: ``python -m helpers COMMAND ...``."""

# The doctor runs on older Pythons, to say which one the course needs.
from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

# name -> the module whose main(arguments) runs it, and what it does
COMMANDS = {
    "doctor": (
        "helpers.doctor.report",
        "look whether this machine has what the course needs",
    ),
    "install": (
        "helpers.doctor.installing",
        "install the packages of the course into this environment",
    ),
    "train": (
        "helpers.launching.train",
        "train on data of the course, or on a CSV file of your own",
    ),
    "predict": (
        "helpers.launching.predict",
        "predict with a model that `train` left",
    ),
    "sweep": (
        "helpers.launching.sweep",
        "train every combination of some options, side by side",
    ),
    "progress": (
        "helpers.practice.progress_table",
        "show which exercises and questions are solved",
    ),
    "collect": (
        "helpers.practice.collecting",
        "show what a class has solved, from its progress files",
    ),
    "serve": (
        "helpers.deployment.service",
        "answer predictions of an exported model over HTTP",
    ),
    "watch": (
        "helpers.launching.watch",
        "run a training script, and say what is wrong with its loop",
    ),
    "resume": (
        "helpers.demonstrations.resume_elsewhere",
        "go on with a training run from its checkpoint alone",
    ),
    "kill-training": (
        "helpers.demonstrations.kill_while_training",
        "kill a training run again and again, and let it go on",
    ),
    "kill-saves": (
        "helpers.demonstrations.kill_while_saving",
        "count the files that kills destroy, by way of saving",
    ),
    "bench": (
        "helpers.measuring.bench",
        "time training loops beside each other, and judge their limits",
    ),
    "notebooks": (
        "helpers.authoring.execute_pages",
        "execute pages and store them, for writers",
    ),
    "data": (
        "helpers.authoring.draw_data",
        "draw the files of data/ anew, for writers",
    ),
    "colab": (
        "helpers.authoring.colab_pages",
        "write the pages for Colab, with a first cell, for writers",
    ),
    "readme": (
        "helpers.authoring.front_page",
        "make the README's picture and table of chapters, for writers",
    ),
    "navigation": (
        "helpers.authoring.navigation",
        "bring the links and lists of pages up to date, for writers",
    ),
    "habits": (
        "helpers.authoring.habits",
        "list slips of the language, for writers",
    ),
    "challenges": (
        "helpers.authoring.make_challenges",
        "make each challenge from its solution, for writers",
    ),
    "site": (
        "helpers.site.command",
        "build the pages as a site of static HTML, for writers",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the command line names; return the exit status.

    Without a command, or with ``--help``, the commands are listed. A name that
    is not known ends with status 2.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(list_commands())
        return 0
    name, *rest = words
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"There is no command {name!r}.{hint}\n", file=sys.stderr)
        print(list_commands(), file=sys.stderr)
        return 2
    module, _ = COMMANDS[name]
    try:
        status = importlib.import_module(module).main(rest)
        sys.stdout.flush()
        return status
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package == "helpers":
            raise
        print(
            f"The package {package} is missing here. `python -m helpers "
            "doctor` says what to do.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped by Ctrl-C.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # nobody reads any longer, as after "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def list_commands() -> str:
    """Return the commands, a line for each."""
    width = max(map(len, COMMANDS))
    lines = [
        f"  {name:{width}}  {what}" for name, (_, what) in COMMANDS.items()
    ]
    return "\n".join(
        [
            "usage: python -m helpers COMMAND ...",
            "",
            *lines,
            "",
            "python -m helpers COMMAND --help tells what a command takes.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
