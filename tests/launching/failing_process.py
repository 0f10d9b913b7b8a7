"""Run ``train`` in processes of which one fails, or none prints what it should.

    torchrun failing_process.py RANK EPOCH KIND digits ...

KIND is "sentence" for an error of the course, "other" for any other error,
"quiet" for a process that ends without a word.
"""

import os
import sys

from helpers.errors import DataError
from helpers.launching import train, training
from helpers.processes import rank

of_version = training.model_training.train
failing_rank, failing_epoch, kind = sys.argv[1:4]


def train_until(*data, n_epochs, **options):
    if (rank(), n_epochs) == (int(failing_rank), int(failing_epoch)):
        if kind == "sentence":
            raise DataError(f"Process {rank()} has no rows left.")
        if kind == "other":
            raise ValueError(f"something odd in process {rank()}")
        os._exit(7)
    return of_version(*data, n_epochs=n_epochs, **options)


training.model_training.train = train_until
sys.exit(train.main(sys.argv[4:]))
