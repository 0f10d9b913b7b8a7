"""Challenge 2: fit, and read an alphabet that nobody has seen."""

import numpy as np
import torch
from torch import nn

from helpers.check.challenge_2.network import BUDGET
from helpers.datasets.letters import load_held_out, load_letters
from helpers.practice import Seen, call, exercise, judge
from helpers.practice.probes.states import fill

LIMIT = 0.7  # right answers on the held-out font
GUESSING = 0.25  # guessing gives 0.1
CALLS = ("fit(images, labels)", "predict(model, images)")
FITTED = {
    "no_model": lambda s: not isinstance(s.model, nn.Module),
    "grad_left_off.fit": lambda s: not torch.is_grad_enabled(),
    "too_large": lambda s: s.n_parameters > BUDGET,
}
PREDICTED = {
    "input_changed": lambda s: not np.array_equal(s.images, s.before),
    "grad_left_off": lambda s: not torch.is_grad_enabled(),
    "returns_nothing": lambda s: s.result is None,
    "no_tensor": lambda s: not torch.is_tensor(s.result),
    "logits": lambda s: s.result.shape == (s.n, 10),
    "one_image": lambda s: s.n == 1 and s.result.shape != (1,),
    "shape": lambda s: s.result.shape != (s.n,),
    "dtype": lambda s: s.result.dtype != torch.int64,
    "model_not_used": lambda s: not s.calls,
    "train_mode": lambda s: any(c.trains for c in s.calls),
    "recorded": lambda s: any(c.recorded for c in s.calls),
    "other_shape": lambda s: any(c.shape[1:] != (1, 14, 14) for c in s.calls),
    "not_scaled": lambda s: any(c.highest > 50 for c in s.calls),
    "by_maximum": lambda s: s.dim and any(c.highest > 0.9 for c in s.calls),
    "scaled_twice": lambda s: any(c.highest < 0.02 for c in s.calls),
}
# Of a model that was called once for each image.
ANSWERED = {
    "other_answers": lambda s: (
        s.n == sum(c.shape[0] for c in s.calls)
        and s.result.tolist() != [one for c in s.calls for one in c.answers]
    ),
}
FAR = {
    "chance": lambda s: s.share < GUESSING,
    "not_good_enough": lambda s: s.share < LIMIT,
}


class Probe(nn.Module):
    """Sees which of ten patches of an image is brightest; notes each call."""

    def __init__(self):
        super().__init__()
        self.calls: list[Seen] = []
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(196, 10)
        )
        fill(self, seed=4)

    def forward(self, x):
        """Give logits [n, 10]."""
        yhat = self.layers(x)
        self.calls.append(
            Seen(
                shape=tuple(x.shape),
                highest=x.max().item(),
                trains=any(m.training for m in self.modules()),
                recorded=yhat.requires_grad,
                answers=yhat.argmax(1).tolist(),
            )
        )
        return yhat


@exercise
def prediction(fit, predict):
    """Check ``fit(images, labels)`` and ``predict(model, images)``."""
    _judge_predictions(predict)
    letters, held_out = load_letters(), load_held_out()
    shares = []
    for number in (0, 1):  # then with other letters for the same shapes
        labels = (letters.labels + number * 3) % 10
        wanted = torch.as_tensor((held_out.labels + number * 3) % 10)
        model = call(fit, letters.images.copy(), labels, shown=CALLS[0])
        seen = Seen(model=model, n_parameters=0)
        if isinstance(model, nn.Module):
            seen.n_parameters = sum(p.numel() for p in model.parameters())
        judge(FITTED, seen)
        yhat = call(predict, model, held_out.images.copy(), shown=CALLS[1])
        shares.append((yhat.cpu() == wanted).float().mean().item())
        seen = Seen(share=shares[-1], percent=100 * shares[-1])
        if number:
            judge({"labels_ignored": lambda s: s.share < GUESSING}, seen)
        judge(FAR, seen)
    return {"tens": 10 * int(10 * shares[0])}  # alike on every machine


def _judge_predictions(predict) -> None:
    """Predict with a probe, for many images, dim ones, and a single one."""
    numbers = np.random.RandomState(6)
    model = Probe()
    for n, highest in ((5, 255), (3, 120), (1, 255)):
        images = numbers.randint(0, highest + 1, (n, 14, 14)).astype(np.uint8)
        images[:, 0, 0] = highest
        seen = Seen(images=images, before=images.copy(), n=n)
        seen.dim = highest < 255
        model.train()  # as training left it
        model.calls.clear()
        seen.result = call(predict, model, images, shown=CALLS[1])
        seen.calls = model.calls
        judge(PREDICTED, seen, what="the predictions", shown=CALLS[1])
        judge(ANSWERED, seen)
