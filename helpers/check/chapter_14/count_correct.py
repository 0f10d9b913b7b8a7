"""Exercise 14.2: how many are right."""

import contextlib
import copy

import torch
from torch.utils.data import TensorDataset

from helpers.check.chapter_14.common import Reader
from helpers.errors import DeviceError
from helpers.practice import Seen, call, exercise, judge, judge_value
from helpers.practice.expect import expect_no_generator
from helpers.practice.probes.elsewhere import Elsewhere
from helpers.practice.probes.loaders import CountingLoader
from helpers.practice.probes.states import expect_model_as_before, note_model

SHOWN = "count_correct(model, data_loader, device)"
# Rows, batch size, whether a last smaller batch is left out.
LOADERS = ((10, 4, False), (11, 4, True), (7, 5, False), (5, 8, False))
RUN = {
    "other_model": lambda s: not s.inputs,
    "no_eval_mode": lambda s: any(s.modes),
    "recorded": lambda s: s.recording and any(s.recorded),
    "recording_left_off": lambda s: s.recording and not s.still,
    "recording_turned_on": lambda s: s.still and not s.recording,
    "first_only": lambda s: len(s.sizes) > 1 and s.n_seen == s.sizes[0],
    "other_loader": lambda s: s.passes == 0,
    "two_passes": lambda s: s.passes > 1 or s.n_seen > s.n,
    "rows_left_out": lambda s: s.n_seen < s.n,
    "other_inputs": lambda s: (
        not torch.equal(torch.cat([*s.inputs]), torch.cat(s.x))
    ),
}
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "one_number.tensor": lambda s: isinstance(s.result, torch.Tensor),
    "accuracy": lambda s: isinstance(s.result, float) and s.result <= 1,
    "one_number": lambda s: isinstance(s.result, (int, float)),
    "no_pair": lambda s: not isinstance(s.result, (tuple, list)),
    "no_pair.parts": lambda s: len(s.result) != 2,
    "no_pair.lists": lambda s: isinstance(s.result[0], (tuple, list)),
    "tensors": lambda s: any(map(torch.is_tensor, s.result)),
    "accuracy.pair": lambda s: (
        type(s.result[0]) is float
        and s.result[0] in (s.correct / s.n, s.percent)
    ),
    "floats": lambda s: any(isinstance(one, float) for one in s.result),
    "no_int": lambda s: any(type(one) is not int for one in s.result),
    "swapped": lambda s: s.result[::-1] == s.right and s.correct < s.n,
}
# What a mistake makes of the number of rows, and of the number correct.
ROWS = {
    "counts_batches": lambda s: len(s.y),
    "last_only": lambda s: s.sizes[-1],
    "full_batches": lambda s: [
        len(s.y) * size for size in (max(s.sizes), s.batch_size)
    ],
    "counts_dataset": lambda s: s.n_dataset,
    "counts_logits": lambda s: 3 * s.n,
    "counts_pixels": lambda s: 9 * s.n,
}
CORRECT = {
    "last_only": lambda s: s.by_batch[-1],
    "counts_mistakes": lambda s: s.n - s.correct,
    "compares_pairs": lambda s: sum(
        _equal(s, lambda yhat: yhat.argmax(1, keepdim=True))
    ),
    "argmax_of_all": lambda s: sum(_equal(s, lambda yhat: yhat.argmax())),
    "counts_all": lambda s: s.n,
    "none_right": lambda s: 0,
}
ELSEWHERE = {
    "labels_not_moved": lambda s: "expected device" in s.message,
    "moves_model": lambda s: next(s.model.parameters()).device.type != "meta",
}


@exercise
def count_correct(answer):
    """Check ``count_correct(model, data_loader, device)``."""
    for number, loader in enumerate(LOADERS):
        for training in (True, False):
            model = Reader(seed=number + 1).train(training)
            # one caller records, the next does not
            _judge_pass(answer, model, _load(*loader), recording=training)
    with contextlib.suppress(DeviceError):  # a function of the course refuses
        _judge_elsewhere(answer)


def _load(n: int, batch_size: int, drop_last: bool) -> CountingLoader:
    # with this seed each mistake gives a number of its own
    numbers = torch.Generator().manual_seed(n + 51)
    x = torch.randn(n, 1, 3, 3, generator=numbers)
    y = torch.randint(3, [n], generator=numbers)
    rows = torch.randperm(n, generator=numbers).tolist()
    return CountingLoader(
        TensorDataset(x, y), batch_size, sampler=rows, drop_last=drop_last
    )


def _equal(seen, predict) -> list[int]:
    """Count, per batch, where predicted classes equal the labels."""
    pairs = zip(seen.yhat, seen.y, strict=True)
    return [int((predict(yhat) == y).sum()) for yhat, y in pairs]


def _judge_pass(answer, model, loader, recording: bool) -> None:
    """Count once; look at the way there, the result, and what is left."""
    twin = copy.deepcopy(model.layers).eval()
    seen = Seen(recording=recording, shown=SHOWN, n_dataset=len(loader.dataset))
    seen.x, seen.y = zip(*loader, strict=True)
    seen.yhat = [twin(x) for x in seen.x]
    seen.by_batch = _equal(seen, lambda yhat: yhat.argmax(1))
    seen.sizes, seen.batch_size = [len(y) for y in seen.y], loader.batch_size
    seen.correct, seen.n = sum(seen.by_batch), sum(seen.sizes)
    seen.percent = 100 * seen.correct / seen.n
    before, loader.passes = note_model(model), 0
    with torch.set_grad_enabled(recording):
        device = torch.device("cpu")
        seen.result = call(answer, model, loader, device, shown=SHOWN)
        seen.still = torch.is_grad_enabled()
    expect_no_generator(seen.result, SHOWN, "the two numbers")
    for name in ("inputs", "modes", "recorded"):
        setattr(seen, name, getattr(model, name))
    seen.n_seen, seen.passes = sum(map(len, seen.inputs)), loader.passes
    judge(RUN, seen)
    expect_model_as_before(model, before)
    if isinstance(seen.result, (list, tuple)):
        seen.result = tuple(seen.result)
    seen.right = (seen.correct, seen.n)
    judge(RETURNED, seen)
    judge_value(ROWS, seen, found=seen.result[1], right=seen.n)
    judge_value(CORRECT, seen, found=seen.result[0], right=seen.correct)


def _judge_elsewhere(answer) -> None:
    """Count on a device where the batches are not."""
    model = Reader(seed=1).to("meta")
    seen = Seen(message="", model=model)
    with Elsewhere():
        try:
            answer(model, _load(*LOADERS[0]), torch.device("meta"))
        except RuntimeError as error:
            seen.message = str(error)
            judge(ELSEWHERE, seen)
            raise
    judge(ELSEWHERE, seen)
