#!/bin/sh
# %tensorboard starts this: TensorBoard, with an eye on the kernel.
exec "$TRAINING_LOOP_PYTHON" -P \
    "$(dirname "$0")/tensorboard_of_this_kernel.py" "$@"
