"""More sick loops: shapes that people bring from elsewhere."""

import itertools

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from helpers.clinic import watch
from tests.clinic.healthy import loader, mlp, points
from tests.clinic.sick import adam, sgd, sick, train


@sick("softmax_over_rows")
def log_softmax_over_the_batch():
    net = nn.Sequential(mlp(), nn.LogSoftmax(dim=0))
    return train(net, adam(net), loss=F.nll_loss)


@sick("softmax_over_rows")
def softmax_over_the_batch():
    net = nn.Sequential(mlp(), nn.Softmax(dim=0))
    return train(net, adam(net))


@sick("labels_not_shares")
def binary_labels_of_minus_one_and_one():
    net = mlp(k=1)
    x, y = points()
    data = loader(x, (y > 1).float()[:, None] * 2 - 1)
    return train(net, adam(net), data, loss=F.binary_cross_entropy_with_logits)


@sick("optimizer_made_anew")
def optimizer_inside_the_loop():
    net = mlp()
    first = adam(net)
    with watch(net, first) as w:
        for x, y in loader(*points()):
            opt = adam(net)
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
    return w


class Hidden(nn.Module):
    """Its second layer is in a plain list."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.rest = [nn.Linear(16, 16)]
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        x = self.first(x).relu()
        for one in self.rest:
            x = one(x).relu()
        return self.head(x)


@sick("layers_unregistered")
def layers_in_a_plain_list():
    net = Hidden()
    return train(net, adam(net))


@sick("activations_large")
def weights_of_spread_three():
    net = mlp(extra=[nn.Linear(32, 32), nn.ReLU()])
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=30.0)
    return train(net, sgd(net, 1e-3))


@sick("unreached_parameter")
def encoder_detached_before_the_head():
    body, head = mlp(k=8), nn.Linear(8, 3)
    opt = optim.Adam([*body.parameters(), *head.parameters()], 1e-2)
    with watch([body, head], opt) as w:
        for x, y in loader(*points()):
            opt.zero_grad()
            F.cross_entropy(head(body(x).detach()), y).backward()
            opt.step()
    return w


@sick("unreached_parameter")
def encoder_without_gradients():
    body, head = mlp(k=8), nn.Linear(8, 3)
    opt = optim.Adam([*body.parameters(), *head.parameters()], 1e-2)
    with watch([body, head], opt) as w:
        for x, y in loader(*points()):
            opt.zero_grad()
            with torch.no_grad():
                code = body(x)
            F.cross_entropy(head(code), y).backward()
            opt.step()
    return w


@sick("loss_negated")
def own_loss_negated():
    class Distance(nn.Module):
        def forward(self, a, b):
            return (a - b).square().mean()

    net, loss_fn = nn.Linear(2, 1), Distance()
    x = torch.randn(128, 2)
    opt = sgd(net, 1e-3)
    with watch(net, opt, loss_fn=loss_fn) as w:
        for _ in range(30):
            opt.zero_grad()
            (-loss_fn(net(x), x[:, :1] + x[:, 1:])).backward()
            opt.step()
    return w


@sick("sorted_labels")
def sorted_rows_and_a_loss_of_ones_own():
    x, y = points()
    order = y.argsort()
    data = DataLoader(TensorDataset(x[order], y[order]), 16)
    net = mlp()

    def focal(z, t):
        log_p = z.log_softmax(1).gather(1, t[:, None])
        return -((1 - log_p.exp()) ** 2 * log_p).mean()

    return train(net, adam(net), data, loss=focal)


@sick("gradients_clipped_away")
def clipped_before_unscaling():
    net = mlp()
    opt = sgd(net)
    scaler = torch.amp.GradScaler("cpu", init_scale=65536.0)
    with watch(net, opt) as w:
        for _ in range(4):
            for x, y in loader(*points()):
                opt.zero_grad()
                scaler.scale(F.cross_entropy(net(x), y)).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                scaler.step(opt)
                scaler.update()
    return w


@sick("no_zero_grad")
def closure_that_does_not_clear():
    net = nn.Linear(2, 1)
    x = torch.randn(64, 2)
    opt = optim.LBFGS(net.parameters(), lr=0.01, max_iter=4)

    def closure():
        loss = F.mse_loss(net(x), x[:, :1])
        loss.backward()
        return loss

    with watch(net, opt) as w:
        for _ in range(12):
            opt.step(closure)
    return w


@sick("inputs_constant")
def every_row_zero():
    net = mlp()
    x, y = points()
    return train(net, adam(net), loader(x * 0, y))


@sick("units_identical")
def all_weights_alike_at_first():
    net = mlp()
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.02)
    return train(net, adam(net))


@sick("nan")
def zero_slopes_of_a_nan():
    net = mlp(k=1)
    x, y = points()
    data = loader(x, y.float()[:, None])
    return train(
        net,
        adam(net),
        data,
        loss=lambda yhat, y: ((yhat.abs() * -1 - 1).log() - y).abs().mean(),
    )


@sick("dead_relu")
def every_unit_dead():
    net = mlp()
    net[0].bias.data.fill_(-50.0)
    return train(net, adam(net, 1e-3))


@sick("loss_detached")
def wrapped_into_a_new_tensor_later():
    net, step = mlp(), itertools.count()

    def backward(loss):
        if next(step) >= 40:
            loss = torch.tensor(loss.item(), requires_grad=True)
        loss.backward()

    return train(net, sgd(net), backward=backward, epochs=12)


@sick("no_zero_grad")
def gradients_pile_up_later():
    net, step = mlp(), itertools.count()
    opt = sgd(net, 0.01)

    def zero():
        if next(step) < 30:
            opt.zero_grad()

    return train(net, opt, zero=zero, epochs=12)


@sick("scheduler_per_epoch")
def one_cycle_per_epoch():
    net = mlp()
    opt = sgd(net, 0.01)
    sch = optim.lr_scheduler.OneCycleLR(opt, 0.1, total_steps=8 * 12)
    return train(net, opt, epochs=12, epoch=lambda: sch.step())


@sick("scheduler_per_batch")
def decay_of_a_tenth_per_batch():
    net = mlp()
    opt = sgd(net)
    sch = optim.lr_scheduler.ExponentialLR(opt, 0.9)
    data = loader(*points(), b=26)  # 10 batches
    return train(net, opt, data, after=lambda: sch.step())


@sick("gradients_thrown_away")
def cleared_in_every_micro_batch():
    net, batch = mlp(), itertools.count(1)
    opt = sgd(net)

    def step():
        if next(batch) % 4 == 0:
            opt.step()

    return train(net, opt, step=step, epochs=12)


@sick("gradients_stopped")
def body_without_gradients_later():
    body, head = nn.Sequential(nn.Linear(8, 32), nn.ReLU()), nn.Linear(32, 3)
    net = nn.Sequential(body, head)
    opt, n = sgd(net), 0
    with watch(net, opt) as w:
        for _ in range(12):
            for x, y in loader(*points()):
                with torch.set_grad_enabled(n < 25):
                    features = body(x)
                opt.zero_grad()
                F.cross_entropy(head(features), y).backward()
                opt.step()
                n += 1
    return w


@sick("gradients_stopped")
def frozen_by_mistake_later():
    net, epoch = mlp(), itertools.count(1)

    def freeze():
        net[0].requires_grad_(next(epoch) < 3)

    return train(net, sgd(net), epochs=12, epoch=freeze)
