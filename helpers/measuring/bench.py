"""The benchmark of the course.

    make bench
    python -m helpers bench --jobs mlp network
    python -m helpers bench --libraries
    python -m helpers bench --page
    python -m helpers bench --store

Without options it times every job in every way (`helpers.measuring.speeds`),
the compiler, and every teaching version, prints the tables, and judges the
limits. ``--libraries`` adds the usual libraries, in an environment of their
own, and ``--page`` what chapter 17 shows beside the tables. What was measured
goes to ``runs/bench/``, with a figure; ``--store`` measures everything and
writes it to ``data/benchmarks/``, which the page reads.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import torch

from helpers.files import write_whole
from helpers.measuring.compile_times import (
    format_compile_times,
    measure_compile_times,
)
from helpers.measuring.contenders import AGAIN
from helpers.measuring.epoch_times import (
    format_versions,
    judge_versions,
    measure_versions,
)
from helpers.measuring.for_the_page import format_page, measure_for_the_page
from helpers.measuring.jobs import JOBS, job_called
from helpers.measuring.libraries_environment import (
    format_libraries,
    judge_libraries,
    measure_libraries,
)
from helpers.measuring.machine import describe_machine, say_machine
from helpers.measuring.speeds import (
    MISSED,
    N_ROUNDS,
    Result,
    format_speeds,
    judge,
    measure_all,
)
from helpers.measuring.stored import LAST, STORED, write_benchmark
from helpers.paths import display_path
from helpers.plots import chapter_17


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, keep the results, judge the limits.

    Returns:
        0 if every limit is kept, 1 if one is missed, and 3 if one is missed on
        a machine that is too busy for a verdict.
    """
    options = _parse(arguments)
    torch.set_num_threads(1)  # what is measured is one thread's work
    status, results = measure_speeds(options)
    libraries = {}
    if options.libraries or options.store:
        libraries = measure_the_libraries(options, results["jobs"])
    draw(results["jobs"], libraries)
    if options.page or options.store:
        found = {"machine": results["machine"], **measure_for_the_page(_say)}
        _show("For the page.", format_page(found))
        _keep("page", found, options)
    return status


def measure_speeds(
    options: argparse.Namespace,
) -> tuple[int, dict[str, Any]]:
    """Measure the tables of speeds; return exit status and results."""
    jobs = [job_called(name) for name in options.jobs]
    machine = describe_machine()
    results: dict[str, Any] = {"machine": machine}
    results["jobs"] = measure_all(
        options.rounds, options.epochs, jobs, say=_say
    )
    _show(
        "An epoch trains and validates. Ratio: to the plain loop; median of "
        f"{options.rounds} rounds or more.",
        format_speeds(results["jobs"]),
    )
    if not options.short:
        results["compiling"] = measure_compile_times(jobs)
        _show(
            "Before the first epoch: seconds with an empty cache, and in a new "
            "process that finds the compiled code on disk.",
            format_compile_times(results["compiling"]),
        )
        results["versions"] = measure_versions()
        _show(
            "The versions: 80 points to train on, 20 to validate on, batches "
            "of 16.\nRatio: to the plain loop above it, which does the same "
            "work.",
            format_versions(results["versions"]),
        )
    _say(f"{say_machine(machine)}.")
    _keep("speeds", results, options)
    status, sentences = judge(results["jobs"])
    late_status, late = judge_versions(results.get("versions", []))
    kept = [] if status or late_status else ["Every ratio is within its limit."]
    print("", *kept, *sentences, *late, sep="\n", flush=True)
    both = (status, late_status)
    return (MISSED if MISSED in both else max(both)), results


def measure_the_libraries(
    options: argparse.Namespace, results: Sequence[Result]
) -> dict[str, Any]:
    """Measure the usual libraries; say which are ahead of the course."""
    jobs = [job_called(name) for name in options.jobs]
    found = measure_libraries(jobs, n_epochs=options.epochs, say=_say)
    _show(
        "The usual libraries. Ratio: to a plain loop in the same process.",
        format_libraries(found),
    )
    ahead = judge_libraries(found, results)
    print(*(ahead or ["The fastest versions are ahead of all of them."]), "",
          sep="\n", flush=True)  # fmt: skip
    machine = describe_machine()
    _keep("libraries", {"machine": machine, "libraries": found}, options)
    return found


def draw(results: Sequence[Result], libraries: dict[str, Any]) -> None:
    """Draw the figure that the page shows, from what was just measured.

    Args:
        results: from `helpers.measuring.speeds.measure_all`.
        libraries: from `measure_libraries`; may be empty.
    """
    table = {}
    for result in results:
        theirs = {
            library: measured["jobs"][result["name"]]["ratio"]
            for library, measured in libraries.items()
        }
        table[result["title"]] = result["ratios"] | theirs
        table[result["title"]].pop(AGAIN, None)
    title = (
        "Libraries cost overhead, compiling saves it"
        if libraries
        else "Less overhead, the same losses"
    )
    picture = chapter_17.ratios(table, title)
    path = LAST / "speeds.png"
    write_whole(path, picture.png)
    _say(f"Drawn in {display_path(path)}.\n")


def _keep(
    name: str, results: dict[str, Any], options: argparse.Namespace
) -> None:
    folder = STORED if options.store else LAST
    path = write_benchmark(name, results, folder)
    _say(f"Kept in {display_path(path)}.")


def _show(words: str, table: str) -> None:
    print(f"\n{words}\n\n{table}\n", flush=True)


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m helpers bench",
        description="Time training loops, and print how they compare.",
    )
    names = [job.name for job in JOBS]
    parser.add_argument(
        "--jobs", nargs="+", choices=names, default=names, metavar="JOB",
        help=f"which of {', '.join(names)}",
    )  # fmt: skip
    parser.add_argument(
        "--rounds", type=_at_least_1, default=N_ROUNDS,
        help="measurements of everything",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=_at_least_1, default=None,
        help="epochs in one measurement",
    )  # fmt: skip
    parser.add_argument(
        "--short", action="store_true",
        help="only the jobs: no compile times, no teaching versions",
    )  # fmt: skip
    parser.add_argument(
        "--libraries", action="store_true",
        help="also the usual libraries, in an environment of their own",
    )  # fmt: skip
    parser.add_argument(
        "--page", action="store_true",
        help="also what chapter 17 shows beside the tables",
    )  # fmt: skip
    parser.add_argument(
        "--store", action="store_true",
        help="measure everything, for the page, into data/benchmarks",
    )  # fmt: skip
    return parser.parse_args(arguments)


def _at_least_1(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it should be at least 1")
    return number
