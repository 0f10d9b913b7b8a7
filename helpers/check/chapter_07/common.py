"""What the checkers of chapter 07 share."""

from pathlib import Path

from helpers.practice import Seen, judge
from helpers.practice.probes.logs import Logged, read_logged

ONE_FILE = {
    "sub_runs": lambda s: s.n_below,
    "other_writer": lambda s: s.n_elsewhere,
    "many_files": lambda s: s.logged.n_files > 1,
    "shared": lambda s: s.again and not s.has_logged,
    "nothing_logged": lambda s: not s.has_logged,
}


def read_one_file(run: str, again: bool) -> Logged:
    """Read what went through the writer that was given, which is open.

    Args:
        run: the folder of that writer, below `ours`.
        again: whether another writer was used before.

    Raises:
        Wrong: something was logged elsewhere, or nothing at all.
    """
    logged = read_logged(Path("ours", run))
    files = list(Path().rglob("*tfevents*"))
    ours = [file for file in files if file.parts[0] == "ours"]
    seen = Seen(
        logged=logged,
        again=again,
        n_below=sum(len(file.parts) > 3 for file in ours),
        n_elsewhere=len(files) - len(ours),
        has_logged=bool(
            logged.scalars
            or logged.histograms
            or logged.other
            or logged.n_graphs
        ),
    )
    judge(ONE_FILE, seen)
    return logged
