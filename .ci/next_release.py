"""Let the course allow another release of torch or Python, to try it.

python .ci/next_release.py torch 2.14
python .ci/next_release.py python 3.14

Run before the environment is set up: it changes the pins of this folder, and
nothing else. The standard library is all it needs.
"""

import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
INDEX = "https://pypi.org/simple/torch/"

# file -> what is replaced, and by what; {} is the number after the dot, and
# {next} the one after it
CHANGES = {
    "torch": {
        "pyproject.toml": [
            (r'"torch>=2\.13,<2\.14"', '"torch>=2.{},<2.{next}"'),
        ],
        "requirements.txt": [(r"(?m)^torch==2\.13\.0 ", "torch=={version} ")],
        "binder/requirements.txt": [
            (r"(?m)^torch==2\.13\.0\+cpu", "torch=={version}+cpu"),
        ],
    },
    "python": {
        "pyproject.toml": [
            (r'requires-python = ">=3\.11,<3\.14"',
             'requires-python = ">=3.11,<3.{next}"'),
        ],
        "Makefile": [(r"<= \(3, 13\)", "<= (3, {})")],
        "helpers/doctor/packages.py": [(r"\(3, 11\), \(3, 13\)",
                                        "(3, 11), (3, {})")],
        "tests/house/test_dependencies.py": [
            (r'">=3\.11,<3\.14"', '">=3.11,<3.{next}"'),
            (r"<= \(3, 13\)", "<= (3, {})"),
        ],
    },
}  # fmt: skip


def main(what: str, release: str) -> None:
    """Change the files; end with a sentence where one cannot be changed."""
    number = int(release.partition(".")[2])
    words = {"next": number + 1, "version": ""}
    if what == "torch":
        with urllib.request.urlopen(INDEX, timeout=60) as page:
            words["version"] = newest(page.read().decode(), release)
    for name, changes in CHANGES[what].items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        for pattern, new in changes:
            text, n = re.subn(pattern, new.format(number, **words), text)
            if not n:
                sys.exit(f"{name} has nothing like {pattern}.")
        path.write_text(text, encoding="utf-8")


def newest(page: str, release: str) -> str:
    """Return the newest version of a release that an index lists.

    Args:
        page: HTML of the index, with a link for each file.
        release: such as "2.14".
    """
    found = set(re.findall(rf"torch-({re.escape(release)}\.\d+)-", page))
    if not found:
        sys.exit(f"There is no torch {release} yet.")
    return max(found, key=lambda one: int(one.rpartition(".")[2]))


if __name__ == "__main__":
    main(*sys.argv[1:])
