"""What every page does first."""

import sys

import torch
from IPython import get_ipython

from helpers.errors import in_short
from helpers.page.figure_style import use_style
from helpers.paths import use_short_temporary_folder
from helpers.runs import tensorboard_server


def set_up() -> None:
    """Prepare a page: figures, one thread, TensorBoard's program, short errors.

    One thread is enough for models of a few parameters, and far more even
    than two on a busy machine: two threads wait for each other at every step.
    """
    use_style()
    torch.set_num_threads(1)
    use_short_temporary_folder()
    tensorboard_server.use_this_environment()
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((Exception,), _show_error)


def _show_error(shell, kind, error, trace, tb_offset=None) -> None:
    """Show any error of a page as `helpers.errors.in_short` tells it.

    ``traceback.print_exception(sys.last_value)`` shows all of it.
    """
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    shell._showtraceback(kind, error, in_short(error))
