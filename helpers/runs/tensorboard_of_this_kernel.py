"""TensorBoard as a program that ends with the process that started it.

Jupyter ends TensorBoard with a kernel that it shuts down. But a kernel whose
terminal was closed is just gone, and its servers would live on, with ports and
deleted folders in their hands. ``tensorboard_of_this_kernel.sh`` starts this.
"""

import os
import signal
import sys
import threading
import time

from tensorboard.main import run_main

EVERY = 1.0  # seconds


def end_with(parent: int) -> None:
    """Wait until this process has another parent, then end it."""
    while os.getppid() == parent:
        time.sleep(EVERY)
    # TensorBoard removes its note when it is asked to end
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    sys.exit(run_main())
