"""The usual libraries, measured in an environment of their own.

The course does not depend on any of them. Their environment lies in the user's
cache folder. It takes torch, NumPy and the course from where this Python has
them, so that there is one torch, and both sides of a ratio use it.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from helpers.measuring import own_environment
from helpers.measuring.jobs import JOBS, Job, job_called
from helpers.measuring.own_environment import call
from helpers.measuring.speeds import Result

SCRIPTS = Path(__file__).with_name("libraries")
PINS = SCRIPTS / "requirements.txt"
# what a table calls it -> its script
LIBRARIES = {
    "Ignite": "with_ignite.py",
    "Accelerate": "with_accelerate.py",
    "skorch": "with_skorch.py",
    "Lightning": "with_lightning.py",
    "fastai": "with_fastai.py",
    "Keras": "with_keras.py",
}
N_ROUNDS = 7  # measurements of each library, and of the plain loop beside it


def make_environment(say: Callable[[str], object] = print) -> Path:
    """Make the environment, unless it is there; return its Python.

    Raises:
        CourseError: the libraries could not be installed.
    """
    return own_environment.make_environment("libraries", PINS, "libraries", say)


def measure_libraries(
    jobs: Iterable[Job] = JOBS,
    n_rounds: int = N_ROUNDS,
    n_epochs: int | None = None,
    libraries: Sequence[str] = tuple(LIBRARIES),
    say: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Time each library in turn with a plain loop of its own.

    Args:
        jobs: what is done.
        n_rounds: measurements of each.
        n_epochs: epochs in one measurement; None takes what each job says.
        libraries: keys of `LIBRARIES`.
        say: called with a sentence before each library.

    Returns:
        by library: version, and jobs, by name: seconds (of an epoch), plain
        (seconds of the plain loop beside it), and ratio, each median and
        quartiles.

    Raises:
        CourseError: a library could not be installed, failed, or does other
            work than the plain loop.
    """
    python = make_environment(say)
    names = [job.name for job in jobs]
    found = {}
    for library in libraries:
        say(f"{library} ...")
        script = SCRIPTS / LIBRARIES[library]
        # -P: a script's own folder is not where it looks for modules
        command = [str(python), "-P", str(script), str(n_rounds)]
        out = call([*command, str(n_epochs or 0), *names], f"{library} failed")
        found[library] = json.loads(out.splitlines()[-1])
    return found


def format_libraries(found: dict[str, Any]) -> str:
    """Return a table: a line per library, a column per job, ratios.

    Args:
        found: from `measure_libraries`.
    """
    names = list(next(iter(found.values()))["jobs"])
    widths = [max(len(job_called(name).name), 6) for name in names]
    head = [f"{n:>{w}}" for n, w in zip(names, widths, strict=True)]
    lines = [f"{'library':22} {'  '.join(head)}"]
    for library, values in found.items():
        numbers = [
            f"{values['jobs'][name]['ratio'][0]:{width}.2f}"
            for name, width in zip(names, widths, strict=True)
        ]
        said = f"{library} {values['version']}"
        lines.append(f"{said:22} {'  '.join(numbers)}")
    return "\n".join(lines)


def judge_libraries(
    found: dict[str, Any], results: Sequence[Result]
) -> list[str]:
    """Say which libraries are ahead of the fastest versions of the course.

    Args:
        found: from `measure_libraries`.
        results: from `helpers.measuring.speeds.measure_all`.

    Returns:
        a sentence per library and job; none where the course is ahead.
    """
    sentences = []
    for result in results:
        for name in ("eager", "compiled"):
            mine = result["ratios"].get(name)
            for library, values in found.items():
                job = values["jobs"].get(result["name"])
                if mine and job and job["ratio"][0] <= mine[0]:
                    sentences.append(
                        f"{result['title']}: {library} takes "
                        f"{job['ratio'][0]:.2f} times the plain loop, and the "
                        f"{name} version {mine[0]:.2f}."
                    )
    return sentences
