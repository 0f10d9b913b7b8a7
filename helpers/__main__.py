"""The command line of the course.

python -m helpers progress      which exercises and questions are solved
"""

import argparse
import sys

from helpers.practice.progress_table import show_progress


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers", description=__doc__.split("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "progress", help="show which exercises and questions are solved"
    )
    parser.parse_args(arguments)
    print(show_progress())
    return 0


if __name__ == "__main__":
    sys.exit(main())
