"""The table of speeds: every contender of every job, as a ratio to plain.

The result is plain data, which goes into a file and comes back from it. Of
each job, `measure_job` returns a dictionary:

    name, title, n_epochs, n_rounds, batch_size, n_train, n_val
    limits    {"teaching": 1.15, "eager": ..., "compiled": ...}
    seconds   by contender, of one epoch: [median, lower and upper quartile]
    ratios    by contender, to the plain loop: the same three
    noise     distance of the quartiles of the plain loop's ratio to itself
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from helpers.measuring.contenders import (
    AGAIN,
    PLAIN,
    TITLES,
    check_agreement,
    contenders_for,
)
from helpers.measuring.jobs import JOBS, Job
from helpers.measuring.timing import (
    QUIET,
    interleave,
    ratios,
    spread,
)

N_ROUNDS = 15  # measurements of every contender
TEACHING_LIMIT = 1.15  # times the plain loop
# Exit status of the command: all limits kept; one missed; one missed, but by
# less than the rounds spread, or on a machine too busy for a verdict.
KEPT, MISSED, UNDECIDED = 0, 1, 3

Result = dict[str, Any]


def limits_of(job: Job) -> dict[str, float]:
    """Return by contender how many times the plain loop it may take."""
    return {
        "teaching": TEACHING_LIMIT,
        "eager": job.eager_limit,
        "compiled": job.compiled_limit,
    }


def measure_job(
    job: Job,
    n_rounds: int = N_ROUNDS,
    n_epochs: int | None = None,
    names: Iterable[str] = tuple(TITLES),
    device: str = "cpu",
) -> Result:
    """Check that everybody does the same work, then time them in turn.

    Args:
        job: what is done.
        n_rounds: measurements of every contender.
        n_epochs: epochs in one measurement; None takes what the job says.
        names: who takes part, keys of `TITLES`, the plain loop among them.
        device: where models and batches are.

    Raises:
        CourseError: a contender's losses are not those of the plain loop.
    """
    n_epochs = n_epochs or job.n_epochs
    everybody = dict.fromkeys([PLAIN, AGAIN, *names])
    contenders = contenders_for(job, everybody, device)
    check_agreement(contenders)
    # compiled functions were compiled just now, outside the clock
    runs = {
        name: partial(contender.run, n_epochs)
        for name, contender in contenders.items()
    }
    seconds = interleave(runs, n_rounds)
    found = ratios(seconds, PLAIN)
    train_loader, val_loader = contenders[PLAIN][-2:]
    return {
        "name": job.name,
        "title": job.title,
        "n_epochs": n_epochs,
        "n_rounds": n_rounds,
        "batch_size": job.batch_size,
        "n_train": len(train_loader.dataset),
        "n_val": len(val_loader.dataset),
        "limits": limits_of(job),
        "seconds": {
            name: [value / n_epochs for value in spread(values)]
            for name, values in seconds.items()
        },
        "ratios": {name: list(value) for name, value in found.items()},
        "noise": found[AGAIN].width,
    }


# ------------------------------------------------------------------- verdicts


def is_busy(result: Result) -> bool:
    """Tell whether the plain loop's own time varied too much to judge by."""
    return result["noise"] > QUIET


def is_close(result: Result) -> bool:
    """Tell whether some rounds kept the limits that were missed."""
    lows = {name: result["ratios"][name][1] for name in missed(result)}
    return all(low <= result["limits"][name] for name, low in lows.items())


def missed(result: Result) -> dict[str, float]:
    """Return the limits that were missed, by contender."""
    return {
        name: limit
        for name, limit in result["limits"].items()
        if name in result["ratios"] and result["ratios"][name][0] > limit
    }


def judge(results: Iterable[Result]) -> tuple[int, list[str]]:
    """Compare all ratios with their limits.

    Returns:
        exit status (`KEPT`, `MISSED`, `UNDECIDED`), and a sentence per limit
        that was missed.
    """
    status, sentences = KEPT, []
    for result in results:
        for name, limit in missed(result).items():
            ratio = result["ratios"][name][0]
            said = (
                f"{result['title']}: {name} takes {ratio:.3f} times the plain "
                f"loop, and the limit is {limit}."
            )
            if is_busy(result):
                status = status or UNDECIDED
                said += (
                    " The machine was busy: the plain loop's own time varied "
                    f"by {result['noise']:.0%} while this was measured. "
                    "Measure again when nothing else runs."
                )
            elif result["ratios"][name][1] <= limit:
                status = status or UNDECIDED
                said += (
                    " More than a quarter of the rounds kept it. Measure again "
                    "with more of them: --rounds 50."
                )
            else:
                status = MISSED
                said += (
                    " The machine was quiet. Something that runs in every "
                    "epoch or batch has become slow: profile it."
                )
            sentences.append(said)
    return status, sentences


# --------------------------------------------------------------------- tables


def format_speeds(results: Iterable[Result]) -> str:
    """Return a table: a line per contender, job by job."""
    lines = [
        f"{'job':29} {'contender':12} {'ms/epoch':>9} {'ratio':>6} "
        f"{'quartiles':>13} {'limit':>6}"
    ]
    for result in results:
        title = result["title"]
        for name, (ratio, low, high) in result["ratios"].items():
            milliseconds = 1000 * result["seconds"][name][0]
            limit = result["limits"].get(name)
            said = "" if limit is None else f"{limit:.2f}"
            between = f"{low:.3f} {high:.3f}"
            lines.append(
                f"{title:29} {name:12} {milliseconds:9.3f} {ratio:6.3f} "
                f"{between:>13} {said:>6}".rstrip()
            )
            title = ""
    return "\n".join(lines)


def measure_all(
    n_rounds: int = N_ROUNDS,
    n_epochs: int | None = None,
    jobs: Iterable[Job] = JOBS,
    names: Iterable[str] = tuple(TITLES),
    say: Callable[[str], object] | None = None,
) -> list[Result]:
    """Measure job after job; a limit missed by little, once more.

    Args:
        n_rounds: measurements of every contender.
        n_epochs: epochs in one measurement; None takes what each job says.
        jobs: what is done.
        names: who takes part.
        say: called with a sentence before each job.
    """
    names = tuple(names)
    results = []
    for job in jobs:
        if say:
            say(f"{job.title} ...")
        result = measure_job(job, n_rounds, n_epochs, names)
        if missed(result) and (is_busy(result) or is_close(result)):
            if say:
                say(f"{job.title}: too close to call, so once more ...")
            result = measure_job(job, 2 * n_rounds, n_epochs, names)
        results.append(result)
    return results
