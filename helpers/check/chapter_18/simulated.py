"""What the exercises with ranks share: one answer, run as every rank."""

from helpers.practice import call, wrong
from helpers.processes.simulated_memory import TrespassError
from helpers.processes.simulator import (
    DeadlockError,
    ExchangeError,
    Outcome,
    simulate,
)

COLLECTIVES = ("all_reduce", "all_gather")


def run(answer, *columns, shown: str, ragged: bool = False) -> Outcome:
    """Run an answer as every rank.

    Args:
        answer: takes a rank and an entry of each column.
        columns: one entry per rank.
        shown: the call as a reader would write it.
        ragged: whether numbers do not divide by ranks where they did before.

    Raises:
        Wrong: the ranks cannot do it together.
    """

    def as_rank(rank, *given):
        return call(answer, rank, *given, shown=shown)

    try:
        return simulate(as_rank, *columns)
    except DeadlockError as error:
        wrong("deadlock", who=error.who)
    except TrespassError as error:
        wrong("trespass", rank=error.rank, owner=error.owner)
    except ExchangeError as error:
        message = str(error)
        if message.startswith(COLLECTIVES):
            wrong("cannot_exchange.by_all", message=message)
        wrong("cannot_exchange", message=message)
    except (RuntimeError, IndexError, ValueError) as error:
        if not ragged:
            raise
        kind = type(error).__name__
        wrong("ragged", shown=shown, kind=kind, message=str(error))
