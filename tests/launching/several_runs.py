"""Run ``train`` several times in the same processes: one start for many tests.

    torchrun several_runs.py FILE FOLDER

FILE holds a JSON list of command lines. Before each, every process writes a
line with its number to both outputs, and after it how it ended. Most of a
start is importing torch, which this does once.
"""

import json
import os
import sys
from pathlib import Path

from helpers.launching import train

BEGINS, ENDED = "case begins:", "case ended:"


def main(file: str, folder: str) -> None:
    commands = json.loads(Path(file).read_text())
    for number, words in enumerate(commands):
        for stream in (sys.stdout, sys.stderr):
            print(BEGINS, number, file=stream, flush=True)
        # where processes of one attempt agree on who says why it ends
        place = Path(folder, str(number), os.environ["RANK"], "error.json")
        place.parent.mkdir(parents=True)
        os.environ["TORCHELASTIC_ERROR_FILE"] = str(place)
        try:
            status = train.main(words)
        except SystemExit as ended:
            status = ended.code
        print(ENDED, status, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
