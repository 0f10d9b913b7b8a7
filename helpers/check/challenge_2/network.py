"""Challenge 2: a network within a budget."""

import torch
import torch.nn.functional as F
from torch import nn

from helpers.practice import Seen, agree, call, exercise, judge, wrong

CALL = "make_network()"
BUDGET = 5_000
MADE = {
    "returns_nothing": lambda s: s.network is None,
    "no_network.type": lambda s: isinstance(s.network, type),
    "no_network": lambda s: not isinstance(s.network, nn.Module),
}
GIVES = {
    "no_tensor": lambda s: not torch.is_tensor(s.yhat),
    "one_image": lambda s: s.n == 1 and s.yhat.shape == (10,),
    "other_shape": lambda s: s.yhat.shape != (s.n, 10),
}
SIZE = {
    "no_parameters": lambda s: not s.n_parameters,
    "too_large": lambda s: s.n_parameters > BUDGET,
    "frozen": lambda s: not all(p.requires_grad for p in s.parameters),
    "shared.object": lambda s: s.network is s.second,
    "shared": lambda s: {id(p) for p in s.parameters} & s.ids,
    "equal_start": lambda s: agree(s.parameters, s.second_parameters, 0),
}
LOGITS = {
    "softmax": lambda s: (
        s.yhat.min() >= 0 and agree(s.yhat.sum(1), torch.ones(len(s.yhat)))
    ),
    "relu_at_end": lambda s: (
        s.yhat.min() >= 0 and ((s.yhat == 0).any() or s.yhat.max() > 1)
    ),
    "sigmoid": lambda s: s.yhat.min() >= 0,
    "blind": lambda s: s.yhat.std(0).max() < 1e-7,
    "unused": lambda s: s.idle,
    "no_convolution": lambda s: s.n_kernels == 0,
}


@exercise
def network(answer):
    """Check ``make_network()``: 14 x 14 pixels to logits, at most 5,000."""
    if isinstance(answer, nn.Module):
        wrong("no_function")
    torch.manual_seed(3)
    first, second = (_make(answer) for _ in range(2))
    for net in (first, second):
        _judge_calls(net)
    parameters = list(first.parameters())
    seen = Seen(network=first, second=second, parameters=parameters)
    seen.second_parameters = list(second.parameters())
    seen.ids = {id(p) for p in seen.second_parameters}
    seen.n_parameters = sum(p.numel() for p in parameters)
    judge(SIZE, seen)
    x = torch.rand(64, 1, 14, 14, generator=torch.Generator().manual_seed(1))
    seen.yhat = first.train()(x)
    first.zero_grad()
    F.cross_entropy(seen.yhat, torch.arange(64) % 10).backward()
    seen.idle = [n for n, p in first.named_parameters() if p.grad is None]
    seen.n_kernels = sum(p.ndim == 4 for p in parameters)
    judge(LOGITS, seen)
    return {"n": seen.n_parameters}


def _make(answer) -> nn.Module:
    made = call(answer, shown=CALL)
    judge(MADE, Seen(network=made), what="a network", shown=CALL)
    return made


def _judge_calls(net: nn.Module) -> None:
    """Call a network with several images, and in eval mode with one."""
    for n, training in ((6, True), (1, False)):
        net.train(training)
        try:
            with torch.no_grad():
                yhat = net(torch.full((n, 1, 14, 14), 0.5))
        except NotImplementedError:
            wrong("no_forward")
        except RuntimeError as error:
            message = str(error).splitlines()[0]
            if "mat1 and mat2" in message:
                wrong("does_not_fit.linear", message=message)
            wrong("does_not_fit", message=message)
        judge(GIVES, Seen(yhat=yhat, n=n))
