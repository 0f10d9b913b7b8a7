"""Challenge 2: images and labels as tensors."""

import numpy as np
import torch

from helpers.practice import Seen, call, exercise, judge, judge_value

CALL = "prepare(images, labels)"
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "no_tensors": lambda s: not all(map(torch.is_tensor, s.result)),
    "swapped": lambda s: s.result[1].ndim > 2 > s.result[0].ndim,
    "input_changed": lambda s: (
        not (
            np.array_equal(s.images, s.before) and np.array_equal(s.labels, s.y)
        )
    ),
}
IMAGES = {
    "no_channel": lambda s: s.x.shape == s.images.shape,
    "channel_last": lambda s: s.x.shape == (*s.images.shape, 1),
    "channel_first": lambda s: (
        s.x.shape == (1, *s.images.shape) != s.right.shape
    ),
    "flattened": lambda s: s.x.ndim == 2,
    "other_shape": lambda s: s.x.shape != s.right.shape,
    "other_dtype": lambda s: s.x.dtype != torch.float32,
}
# What a mistake gives in place of numbers from 0 to 1.
SUSPECTS = {
    "not_scaled": lambda s: s.raw,
    "by_maximum": lambda s: s.raw / s.raw.max(),
    "by_maximum.image": lambda s: s.raw / s.raw.amax((1, 2, 3), keepdim=True),
    "by_256": lambda s: s.raw / 256,
    "whole_numbers": lambda s: s.raw // 255,
    "scaled_twice": lambda s: s.raw / 255 / 255,
    "standardised": lambda s: (s.raw - s.raw.mean()) / s.raw.std(),
    "inverted": lambda s: 1 - s.raw / 255,
    "around_zero": lambda s: s.raw / 127.5 - 1,
    "transposed": lambda s: s.raw.transpose(2, 3) / 255,
}
LABELS = {
    "one_hot": lambda s: s.found_y.ndim == 2 and s.found_y.shape[1] > 1,
    "labels_shape": lambda s: s.found_y.shape != s.y.shape,
    "labels_dtype": lambda s: s.found_y.dtype != torch.int64,
    "other_labels": lambda s: s.found_y.tolist() != s.y.tolist(),
}


@exercise
def prepare(answer):
    """Check ``prepare(images, labels)``: x [N, 1, H, W] and y [N]."""
    _judge(answer, (6, 5, 5), highest=200)
    _judge(answer, (3, 4, 6), highest=255)
    _judge(answer, (1, 7, 3), highest=90)


def _judge(answer, shape: tuple[int, int, int], highest: int) -> None:
    numbers = np.random.RandomState(highest)
    images = numbers.randint(1, highest + 1, shape).astype(np.uint8)
    images[0, 0, 0] = highest
    labels = numbers.permutation(10)[: len(images)].astype(np.uint8)
    before, y = images.copy(), labels.copy()
    result = call(answer, images, labels, shown=CALL)
    seen = Seen(result=result, images=images, labels=labels)
    seen.before, seen.y = before, y
    judge(KIND, seen, what="two tensors", shown=CALL)
    seen.x, seen.found_y = result
    seen.raw = torch.from_numpy(before).float().unsqueeze(1)
    seen.right = seen.raw / 255
    seen.right_max, seen.n = float(highest), len(images)
    judge(IMAGES, seen)
    judge_value(
        SUSPECTS,
        seen,
        found=seen.x,
        right=seen.right,
        otherwise="other_pixels",
    )
    judge(LABELS, seen)
