"""Healthy loops, written as different people write them."""

import contextlib
import copy
import itertools
import math
import warnings

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset, TensorDataset, random_split

from helpers.clinic import watch

LOOPS = {}


def loop(function):
    """Collect a loop; each returns its watch."""
    LOOPS[function.__name__] = function
    return function


def points(n=256, d=8, k=3, seed=0):
    """Blobs: features of unit spread, and classes."""
    g = torch.Generator().manual_seed(seed)
    centres = torch.randn(k, d, generator=g) * 1.5
    y = torch.randint(k, (n,), generator=g)
    x = centres[y] + torch.randn(n, d, generator=g)
    return x / x.std(), y


def line(n=200, d=4, seed=1):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=g)
    w = torch.arange(1.0, d + 1).reshape(d, 1)
    return x, x @ w + 0.5 + 0.1 * torch.randn(n, 1, generator=g)


def pictures(n=160, k=4, seed=2):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(k, (n,), generator=g)
    x = torch.rand(n, 1, 8, 8, generator=g) * 0.5
    for i, c in enumerate(y.tolist()):
        x[i, 0, 2 * c : 2 * c + 2] += 1
    return x - x.mean(), y


def series(n=160, t=12, seed=3):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, t, 2, generator=g)
    return x, (x[:, :, 0].sum(1) > 0).long()


def mlp(d=8, k=3, h=32, act=nn.ReLU, extra=()):
    return nn.Sequential(nn.Linear(d, h), act(), *extra, nn.Linear(h, k))


def convnet(k=4, norm=True):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8) if norm else nn.Identity(),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, k),
    )


def loader(x, y, b=32, shuffle=True, **kw):
    return DataLoader(TensorDataset(x, y), b, shuffle=shuffle, **kw)


def fit(net, opt, loss_fn, data, epochs=6, val=None, watched=None, step=None):
    """A plain loop; several loops below differ only in their parts."""
    with watch(net, opt, loss_fn=watched or loss_fn) as w:
        for _ in range(epochs):
            net.train()
            for xb, yb in data:
                opt.zero_grad()
                loss_fn(net(xb), yb).backward()
                opt.step()
            if step is not None:
                step()
            if val is not None:
                net.eval()
                with torch.no_grad():
                    for xb, yb in val:
                        loss_fn(net(xb), yb)
    return w


@loop
def plain_sgd():
    net = mlp()
    return fit(
        net,
        optim.SGD(net.parameters(), 0.1),
        F.cross_entropy,
        loader(*points()),
    )


@loop
def adam_with_validation():
    x, y = points()
    net = mlp(extra=[nn.Dropout(0.2)])
    return fit(
        net,
        optim.Adam(net.parameters(), 3e-3),
        nn.CrossEntropyLoss(),
        loader(x[:200], y[:200]),
        val=loader(x[200:], y[200:], 56),
    )


@loop
def adamw_step_schedule():
    net = mlp()
    opt = optim.AdamW(net.parameters(), 1e-2)
    sch = optim.lr_scheduler.StepLR(opt, 2, 0.5)
    return fit(
        net, opt, nn.CrossEntropyLoss(), loader(*points()), step=sch.step
    )


@loop
def momentum_nesterov():
    net = mlp(act=nn.Tanh)
    opt = optim.SGD(net.parameters(), 0.05, momentum=0.9, nesterov=True)
    return fit(net, opt, nn.CrossEntropyLoss(), loader(*points()))


@loop
def rmsprop_regression():
    net = mlp(4, 1)
    return fit(
        net,
        optim.RMSprop(net.parameters(), 1e-2),
        nn.MSELoss(),
        loader(*line()),
    )


@loop
def linear_regression_full_batch():
    x, y = line()
    net = nn.Linear(4, 1)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    with watch(net, opt, loss_fn=F.mse_loss) as w:
        for _ in range(100):
            opt.zero_grad()
            loss = F.mse_loss(net(x), y)
            loss.backward()
            opt.step()
    return w


@loop
def lbfgs():
    x, y = line()
    net = nn.Linear(4, 1)
    opt = optim.LBFGS(net.parameters(), max_iter=5)
    loss_fn = nn.MSELoss()

    def closure():
        opt.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        return loss

    with watch(net, opt, loss_fn=loss_fn) as w:
        for _ in range(12):
            opt.step(closure)
    return w


@loop
def lbfgs_classes():
    x, y = points()
    net = mlp(act=nn.Tanh)
    opt = optim.LBFGS(net.parameters(), 0.5, line_search_fn="strong_wolfe")
    with watch(net, opt) as w:
        for _ in range(5):

            def closure():
                opt.zero_grad(set_to_none=False)
                loss = F.cross_entropy(net(x), y)
                loss.backward()
                return loss

            opt.step(closure)
    return w


@loop
def accumulation():
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    loss_fn = nn.CrossEntropyLoss()
    with watch(net, opt, loss_fn=loss_fn) as w:
        for _ in range(8):
            for i, (x, y) in enumerate(loader(*points(), 16)):
                (loss_fn(net(x), y) / 4).backward()
                if (i + 1) % 4 == 0:
                    opt.step()
                    opt.zero_grad()
    return w


@loop
def clipping():
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.3)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 0.5)
                opt.step()
    return w


@loop
def one_cycle_per_batch():
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.01)
    data = loader(*points())
    sch = optim.lr_scheduler.OneCycleLR(
        opt, 0.3, epochs=6, steps_per_epoch=len(data)
    )
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in data:
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
                sch.step()
    return w


@loop
def warm_up_from_zero():
    net = mlp()
    opt = optim.AdamW(net.parameters(), 1e-2)
    sch = optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, s / 20))
    with watch(net, opt) as w:
        for _ in range(8):
            for x, y in loader(*points()):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
                sch.step()
    return w


@loop
def cosine_over_all_steps():
    net = mlp()
    opt = optim.AdamW(net.parameters(), 1e-2)
    data = loader(*points())
    sch = optim.lr_scheduler.CosineAnnealingLR(opt, 6 * len(data))
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in data:
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
                sch.step()
    return w


@loop
def plateau_per_epoch():
    x, y = points()
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    sch = optim.lr_scheduler.ReduceLROnPlateau(opt, patience=1)
    return fit(
        net,
        opt,
        nn.CrossEntropyLoss(),
        loader(x, y),
        8,
        step=lambda: sch.step(1.0),
    )


@loop
def sequential_schedule():
    net = mlp()
    opt = optim.AdamW(net.parameters(), 1e-2)
    up = optim.lr_scheduler.LinearLR(opt, 0.1, total_iters=2)
    down = optim.lr_scheduler.ExponentialLR(opt, 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sch = optim.lr_scheduler.SequentialLR(opt, [up, down], [2])
        return fit(
            net, opt, nn.CrossEntropyLoss(), loader(*points()), 8, step=sch.step
        )


@loop
def amp_bfloat16():
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                opt.zero_grad()
                with torch.autocast("cpu", torch.bfloat16):
                    loss = F.cross_entropy(net(x), y)
                loss.backward()
                opt.step()
    return w


@loop
def amp_scaler_enabled():
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                opt.zero_grad()
                scaler.scale(F.cross_entropy(net(x), y)).backward()
                scaler.unscale_(opt)
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                scaler.step(opt)
                scaler.update()
    return w


@loop
def amp_scaler_disabled():
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                opt.zero_grad()
                scaler.scale(F.cross_entropy(net(x), y)).backward()
                scaler.step(opt)
                scaler.update()
    return w


@loop
def gan():
    net_g = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    net_d = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(), nn.Linear(16, 1))
    opt_g = optim.Adam(net_g.parameters(), 1e-3)
    opt_d = optim.Adam(net_d.parameters(), 1e-3)
    bce = nn.BCEWithLogitsLoss()
    real = torch.randn(256, 2) + 2
    with watch([net_d, net_g], [opt_d, opt_g], loss_fn=bce) as w:
        for i in range(60):
            x = real[torch.randint(256, (32,))]
            fake = net_g(torch.randn(32, 4))
            opt_d.zero_grad()
            a = bce(net_d(x), torch.ones(32, 1))
            b = bce(net_d(fake.detach()), torch.zeros(32, 1))
            (a + b).backward()
            opt_d.step()
            opt_g.zero_grad()
            bce(net_d(fake), torch.ones(32, 1)).backward()
            opt_g.step()
            if i % 20 == 0:
                with torch.no_grad():
                    net_g(torch.randn(5, 4))
    return w


@loop
def wasserstein_critic():
    net_g, net_d = mlp(4, 2), mlp(2, 1)
    opt_g = optim.RMSprop(net_g.parameters(), 5e-4)
    opt_d = optim.RMSprop(net_d.parameters(), 5e-4)
    with watch([net_d, net_g], [opt_d, opt_g]) as w:
        for i in range(50):
            x, z = torch.randn(32, 2) + 2, torch.randn(32, 4)
            opt_d.zero_grad()
            with torch.no_grad():
                fake = net_g(z)
            (net_d(fake).mean() - net_d(x).mean()).backward()
            opt_d.step()
            for p in net_d.parameters():
                p.data.clamp_(-0.1, 0.1)
            if i % 5 == 0:
                opt_g.zero_grad()
                (-net_d(net_g(z)).mean()).backward()
                opt_g.step()
    return w


@loop
def frozen_body():
    body = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
    body.requires_grad_(False)
    net = nn.Sequential(body, nn.Linear(32, 3))
    opt = optim.Adam(net[1].parameters(), 1e-2)
    return fit(net, opt, nn.CrossEntropyLoss(), loader(*points()))


@loop
def frozen_body_all_in_optimizer():
    net = mlp()
    net[0].requires_grad_(False)
    opt = optim.Adam(net.parameters(), 1e-2)
    return fit(net, opt, nn.CrossEntropyLoss(), loader(*points()))


@loop
def filtered_parameters():
    net = convnet()
    net[0].requires_grad_(False)
    opt = optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), 0.05)
    return fit(net, opt, nn.CrossEntropyLoss(), loader(*pictures()))


@loop
def head_without_freezing():
    net = mlp()
    opt = optim.Adam(net[2].parameters(), 1e-2)
    return fit(net, opt, nn.CrossEntropyLoss(), loader(*points()))


@loop
def frozen_batch_norm():
    net = convnet()
    net[1].requires_grad_(False)
    opt = optim.SGD([p for p in net.parameters() if p.requires_grad], 0.05)
    with watch(net, opt) as w:
        for _ in range(5):
            net.train()
            net[1].eval()
            for x, y in loader(*pictures()):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
    return w


@loop
def tiny_rate_fine_tuning():
    x, y = points()
    net = mlp()
    fit(net, optim.Adam(net.parameters(), 1e-2), F.cross_entropy, loader(x, y))
    return fit(
        net,
        optim.AdamW(net.parameters(), 2e-5),
        F.cross_entropy,
        loader(x, y),
        10,
    )


@loop
def two_rates():
    net = mlp()
    opt = optim.AdamW(
        [
            {"params": net[0].parameters(), "lr": 1e-4},
            {"params": net[2].parameters(), "lr": 1e-2},
        ]
    )
    return fit(net, opt, nn.CrossEntropyLoss(), loader(*points()))


class Rnn(nn.Module):
    def __init__(self, kind=nn.LSTM, batch_first=True):
        super().__init__()
        self.rnn = kind(2, 16, batch_first=batch_first)
        self.head = nn.Linear(16, 2)
        self.batch_first = batch_first

    def forward(self, x):
        if not self.batch_first:
            x = x.transpose(0, 1)
        out, _ = self.rnn(x)
        return self.head(out[:, -1] if self.batch_first else out[-1])


@loop
def lstm():
    net = Rnn()
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(*series()),
        5,
    )


@loop
def gru_steps_first():
    net = Rnn(nn.GRU, False)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(*series()),
        5,
    )


@loop
def rnn_state_carried():
    rnn, head = nn.RNN(1, 16, batch_first=True), nn.Linear(16, 1)
    net = nn.ModuleList([rnn, head])
    opt = optim.Adam(net.parameters(), 1e-2)
    wave = torch.sin(torch.arange(0, 60, 0.1)).reshape(4, 150, 1)
    with watch(net, opt) as w:
        for _ in range(4):
            state = None
            for i in range(0, 140, 14):
                opt.zero_grad()
                out, state = rnn(wave[:, i : i + 14], state)
                loss = F.mse_loss(head(out), wave[:, i + 1 : i + 15])
                loss.backward()
                opt.step()
                state = state.detach()
    return w


@loop
def tokens():
    text = torch.randint(12, (400,)).cumsum(0) % 12
    net = nn.Sequential(nn.Embedding(12, 16), nn.Flatten(), nn.Linear(64, 12))
    opt = optim.Adam(net.parameters(), 1e-2)
    x = torch.stack([text[i : i + 4] for i in range(390)])
    return fit(net, opt, nn.CrossEntropyLoss(), loader(x, x.sum(1) % 12), 4)


@loop
def language_model():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(11, 16)
            self.rnn = nn.GRU(16, 16, batch_first=True)
            self.head = nn.Linear(16, 11)
            self.head.weight = nn.Parameter(self.head.weight)

        def forward(self, ids):
            return self.head(self.rnn(self.embed(ids))[0])

    data = (torch.arange(2000) * 3 % 11).reshape(100, 20)
    net = Model()
    opt = optim.AdamW(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(4):
            for i in torch.randperm(100).split(20):
                logits = net(data[i, :-1])
                loss = F.cross_entropy(
                    logits.flatten(0, 1), data[i, 1:].flatten()
                )
                opt.zero_grad()
                loss.backward()
                opt.step()
    return w


@loop
def tied_weights():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(11, 16)
            self.head = nn.Linear(16, 11, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, ids):
            return self.head(self.embed(ids))

    net = Tied()
    ids = torch.arange(220) % 11
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(ids, (ids + 1) % 11),
        5,
    )


@loop
def transformer():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inp, self.enc = (
                nn.Linear(2, 16),
                nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
            )
            self.out = nn.Linear(16, 2)

        def forward(self, x):
            return self.out(self.enc(self.inp(x)).mean(1))

    net = Model()
    return fit(
        net,
        optim.AdamW(net.parameters(), 1e-3),
        nn.CrossEntropyLoss(),
        loader(*series()),
        3,
    )


@loop
def dictionary_batches():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, features=None, labels=None):
            logits = self.net(features)
            return {"loss": F.cross_entropy(logits, labels), "logits": logits}

    net = Model()
    opt = optim.AdamW(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                batch = {"features": x, "labels": y}
                out = net(**batch)
                out["loss"].backward()
                opt.step()
                opt.zero_grad()
    return w


@loop
def batch_as_one_dictionary():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, batch):
            return self.net(batch["x"])

    net = Model()
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                opt.zero_grad()
                F.cross_entropy(net({"x": x}), y).backward()
                opt.step()
    return w


@loop
def two_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (
                nn.Linear(4, 8),
                nn.Linear(4, 8),
                (nn.Linear(16, 3)),
            )

        def forward(self, p, q):
            return self.c(torch.cat([self.a(p), self.b(q)], 1).relu())

    net = Two()
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                opt.zero_grad()
                F.cross_entropy(net(x[:, :4], x[:, 4:]), y).backward()
                opt.step()
    return w


@loop
def autoencoder():
    x, _ = points()
    net = nn.Sequential(nn.Linear(8, 3), nn.Tanh(), nn.Linear(3, 8))
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt, loss_fn=nn.MSELoss()) as w:
        for _ in range(6):
            for i in torch.randperm(len(x)).split(32):
                opt.zero_grad()
                F.mse_loss(net(x[i]), x[i]).backward()
                opt.step()
    return w


@loop
def image_autoencoder_with_sigmoid():
    x, _ = pictures()
    x = (x - x.min()) / (x.max() - x.min())
    net = nn.Sequential(
        nn.Flatten(),
        nn.Linear(64, 8),
        nn.ReLU(),
        nn.Linear(8, 64),
        nn.Sigmoid(),
    )
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.BCELoss(),
        loader(x, x.flatten(1)),
        5,
    )


@loop
def variational():
    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            self.enc, self.mu, self.lv = (
                nn.Linear(8, 16),
                nn.Linear(16, 2),
                (nn.Linear(16, 2)),
            )
            self.dec = nn.Linear(2, 8)

        def forward(self, x):
            h = self.enc(x).relu()
            mu, lv = self.mu(h), self.lv(h)
            z = mu + torch.randn_like(mu) * (lv / 2).exp()
            return self.dec(z), mu, lv

    x, _ = points()
    net = Vae()
    opt = optim.Adam(net.parameters(), 1e-3)
    with watch(net, opt) as w:
        for _ in range(6):
            for i in torch.randperm(len(x)).split(32):
                out, mu, lv = net(x[i])
                kl = -0.5 * (1 + lv - mu**2 - lv.exp()).sum(1).mean()
                loss = F.mse_loss(out, x[i], reduction="sum") / len(i) + kl
                opt.zero_grad(True)
                loss.backward()
                opt.step()
    return w


@loop
def large_targets():
    x, y = line()
    net = mlp(4, 1)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-1),
        nn.MSELoss(),
        loader(x, 20 * y),
        12,
    )


@loop
def imbalanced():
    x, y = points(400, k=2)
    keep = (y == 0) | (torch.arange(400) % 12 == 0)
    net = mlp(k=2)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(x[keep], y[keep]),
        8,
    )


@loop
def early_training_at_baseline():
    x, y = points()
    net = mlp()
    return fit(
        net,
        optim.SGD(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(x, y),
        2,
    )


@loop
def slow_but_learning():
    x, y = points()
    net = mlp()
    return fit(
        net,
        optim.SGD(net.parameters(), 3e-3),
        nn.CrossEntropyLoss(),
        loader(x, y),
        20,
    )


@loop
def one_batch_on_purpose():
    x, y = points()
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    xb, yb = next(iter(loader(x, y)))
    with watch(net, opt) as w:
        for _ in range(60):
            opt.zero_grad()
            F.cross_entropy(net(xb), yb).backward()
            opt.step()
    return w


@loop
def random_batches_by_hand():
    x, y = points()
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.2)
    with watch(net, opt) as w:
        for _ in range(60):
            i = torch.randint(0, len(x), (32,))
            loss = F.cross_entropy(net(x[i]), y[i])
            net.zero_grad()
            loss.backward()
            opt.step()
    return w


@loop
def binary_with_logits():
    x, y = points(k=2)
    net = mlp(k=1)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.BCEWithLogitsLoss(),
        loader(x, y.float().reshape(-1, 1)),
    )


@loop
def binary_with_sigmoid():
    x, y = points(k=2)
    net = nn.Sequential(mlp(k=1), nn.Sigmoid(), nn.Flatten(0))
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.BCELoss(),
        loader(x, y.float()),
    )


@loop
def multi_label():
    x, _ = points()
    net = mlp(k=5)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.BCEWithLogitsLoss(),
        loader(x, (x[:, :5] > 0.3).float()),
    )


@loop
def log_softmax_and_nll():
    net = nn.Sequential(mlp(), nn.LogSoftmax(1))
    return fit(
        net, optim.Adam(net.parameters(), 1e-2), nn.NLLLoss(), loader(*points())
    )


@loop
def smoothed_and_weighted():
    net = mlp()
    loss_fn = nn.CrossEntropyLoss(
        torch.tensor([1.0, 2, 1]), label_smoothing=0.1
    )
    return fit(
        net, optim.Adam(net.parameters(), 1e-2), loss_fn, loader(*points())
    )


@loop
def own_loss():
    def loss_fn(yhat, y):
        return (yhat - y).square().mean()

    net = mlp(4, 1)
    return fit(
        net, optim.Adam(net.parameters(), 1e-2), loss_fn, loader(*line())
    )


@loop
def per_row_losses():
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                losses = F.cross_entropy(net(x), y, reduction="none")
                opt.zero_grad()
                losses.mean().backward()
                opt.step()
    return w


@loop
def two_heads():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.p, self.q = (
                nn.Linear(8, 16),
                nn.Linear(16, 3),
                (nn.Linear(16, 1)),
            )

        def forward(self, x):
            h = self.body(x).relu()
            return self.p(h), self.q(h)

    net = Heads()
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                p, q = net(x)
                loss = F.cross_entropy(p, y) + 0.1 * F.l1_loss(q, x[:, :1])
                opt.zero_grad()
                loss.backward()
                opt.step()
    return w


@loop
def regularized_by_hand():
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    with watch(net, opt) as w:
        for _ in range(6):
            for x, y in loader(*points()):
                penalty = sum(p.pow(2).sum() for p in net.parameters())
                opt.zero_grad()
                (F.cross_entropy(net(x), y) + 1e-3 * penalty).backward()
                opt.step()
    return w


@loop
def images():
    x, y = pictures()
    net = convnet()
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-3),
        nn.CrossEntropyLoss(),
        loader(x[:120], y[:120]),
        5,
        loader(x[120:], y[120:], 40),
    )


@loop
def deep_residual():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(16, 16), nn.Linear(16, 16)
            nn.init.zeros_(self.b.weight)

        def forward(self, x):
            return x + self.b(self.a(x).relu())

    net = nn.Sequential(
        nn.Linear(8, 16), *[Block() for _ in range(6)], nn.Linear(16, 3)
    )
    return fit(
        net,
        optim.Adam(net.parameters(), 3e-3),
        nn.CrossEntropyLoss(),
        loader(*points()),
        5,
    )


@loop
def zero_initialized_head():
    net = mlp()
    nn.init.zeros_(net[2].weight)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(*points()),
    )


@loop
def batch_norm_at_the_door():
    x, y = points()
    net = nn.Sequential(nn.BatchNorm1d(8), mlp())
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(x * 300 + 1000, y, drop_last=True),
    )


@loop
def scaled_inside_the_model():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = convnet()

        def forward(self, x):
            return self.net(x / 255 - 0.5)

    x, y = pictures()
    net = Net()
    return fit(
        net,
        optim.Adam(net.parameters(), 3e-3),
        nn.CrossEntropyLoss(),
        loader((x + 0.5) * 160, y),
        5,
    )


@loop
def train_accuracy_measured_too():
    x, y = points()
    net = mlp(extra=[nn.Dropout(0.1)])
    opt = optim.Adam(net.parameters(), 1e-2)
    tr, va = loader(x[:200], y[:200]), loader(x[200:], y[200:], 56)
    with watch(net, opt) as w:
        for _ in range(5):
            net.train()
            for xb, yb in tr:
                opt.zero_grad()
                F.cross_entropy(net(xb), yb).backward()
                opt.step()
            net.eval()
            with torch.inference_mode():
                for data in (tr, va):
                    for xb, yb in data:
                        (net(xb).argmax(1) == yb).sum().item()
    return w


@loop
def random_split_of_one_set():
    g = torch.Generator().manual_seed(0)
    data = TensorDataset(*points())
    train, val = random_split(data, [0.8, 0.2], generator=g)
    net = mlp()
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        DataLoader(train, 32, shuffle=True),
        val=DataLoader(val, 51),
    )


@loop
def subsets():
    data = TensorDataset(*points())
    net = mlp()
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        DataLoader(Subset(data, range(200)), 20, shuffle=True),
        val=DataLoader(Subset(data, range(200, 256)), 56),
    )


@loop
def average_of_weights():
    net = mlp()
    mean = optim.swa_utils.AveragedModel(net)
    opt = optim.SGD(net.parameters(), 0.1)
    return fit(
        net,
        opt,
        nn.CrossEntropyLoss(),
        loader(*points()),
        step=lambda: mean.update_parameters(net),
    )


@loop
def teacher_and_student():
    x, _ = points()
    student = mlp()
    teacher = copy.deepcopy(student)
    opt = optim.SGD(student.parameters(), 0.05)
    with watch(student, opt) as w:
        for _ in range(5):
            for i in torch.randperm(256).split(32):
                with torch.no_grad():
                    goal = teacher(x[i] + 0.1 * torch.randn(len(i), 8))
                loss = F.mse_loss(student(x[i]), goal)
                opt.zero_grad()
                loss.backward()
                opt.step()
                with torch.no_grad():
                    pairs = zip(
                        teacher.parameters(), student.parameters(), strict=True
                    )
                    for p, q in pairs:
                        p.mul_(0.99).add_(q, alpha=0.01)
    return w


@loop
def distillation():
    x, y = points()
    big, net = mlp(h=64), mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(6):
            for xb, _ in loader(x, y):
                with torch.no_grad():
                    goal = big(xb).softmax(1)
                out = net(xb).log_softmax(1)
                loss = F.kl_div(out, goal, reduction="batchmean")
                opt.zero_grad()
                loss.backward()
                opt.step()
    return w


@loop
def policy_gradient():
    net = mlp(4, 2)
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(40):
            x = torch.randn(32, 4)
            dist = torch.distributions.Categorical(logits=net(x))
            act = dist.sample()
            reward = ((x[:, 0] > 0).long() == act).float() - 0.5
            loss = -(dist.log_prob(act) * reward).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
    return w


@loop
def compiled_or_not():
    net = mlp()
    return fit(
        torch.compile(net, backend="eager"),
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(*points()),
        3,
    )


@loop
def endless_stream():
    g = torch.Generator().manual_seed(5)
    net = mlp(4, 1)
    opt = optim.Adam(net.parameters(), 1e-2)

    def stream():
        while True:
            x = torch.randn(32, 4, generator=g)
            yield x, x.sum(1, keepdim=True)

    with watch(net, opt) as w:
        for x, y in itertools.islice(stream(), 80):
            opt.zero_grad()
            F.smooth_l1_loss(net(x), y).backward()
            opt.step()
    return w


@loop
def small_last_batch():
    x, y = points(257)
    net = mlp(extra=[nn.BatchNorm1d(32)])
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2),
        nn.CrossEntropyLoss(),
        loader(x[:226], y[:226]),
    )


@loop
def sgd_on_single_rows():
    x, y = line(120)
    net = nn.Linear(4, 1)
    opt = optim.SGD(net.parameters(), 0.01)
    with watch(net, opt, loss_fn=nn.MSELoss()) as w:
        for i in torch.randperm(120).tolist():
            opt.zero_grad()
            F.mse_loss(net(x[i]), y[i]).backward()
            opt.step()
    return w


@loop
def early_stopping_restores():
    x, y = points()
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    best, kept = math.inf, None
    with watch(net, opt) as w:
        for _ in range(6):
            for xb, yb in loader(x[:200], y[:200]):
                opt.zero_grad()
                F.cross_entropy(net(xb), yb).backward()
                opt.step()
            net.eval()
            with torch.no_grad():
                val = F.cross_entropy(net(x[200:]), y[200:]).item()
            net.train()
            if val < best:
                best, kept = val, copy.deepcopy(net.state_dict())
        with contextlib.suppress(TypeError):
            net.load_state_dict(kept)
    return w


@loop
def cooked_mixup():
    x, y = points()
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
    with watch(net, opt) as w:
        for _ in range(6):
            for xb, yb in loader(x, y):
                j, a = torch.randperm(len(xb)), 0.7
                out = net(a * xb + (1 - a) * xb[j])
                loss = a * F.cross_entropy(out, yb)
                loss = loss + (1 - a) * F.cross_entropy(out, yb[j])
                opt.zero_grad()
                loss.backward()
                opt.step()
    return w


@loop
def adam_with_a_little_decay():
    net = mlp()
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-2, weight_decay=1e-4),
        nn.CrossEntropyLoss(),
        loader(*points()),
    )


@loop
def regression_mostly_noise():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(400, 3, generator=g)
    y = 0.3 * x[:, :1] + torch.randn(400, 1, generator=g)
    net = mlp(3, 1)
    return fit(
        net, optim.Adam(net.parameters(), 1e-3), nn.MSELoss(), loader(x, y), 10
    )


@loop
def rare_class_hard_to_tell():
    x = torch.randn(1000, 6)
    y = (x[:, 0] + torch.randn(1000) > 2.2).long()
    net = mlp(6, 2)
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-3),
        nn.CrossEntropyLoss(),
        loader(x, y, 50),
        12,
    )


@loop
def value_learning():
    q = mlp(4, 2)
    target = copy.deepcopy(q)
    opt = optim.Adam(q.parameters(), 1e-3)
    with watch(q, opt) as w:
        for i in range(100):
            s = torch.randn(32, 4)
            a = torch.randint(2, (32, 1))
            with torch.no_grad():
                q(torch.randn(1, 4)).argmax()
                best = target(torch.randn(32, 4)).max(1, keepdim=True).values
            goal = s[:, :1] * (2 * a - 1) + 0.9 * best
            loss = F.smooth_l1_loss(q(s).gather(1, a), goal)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(q.parameters(), 1.0)
            opt.step()
            if i % 20 == 0:
                target.load_state_dict(q.state_dict())
    return w


@loop
def small_convolutions_on_small_batches():
    net = convnet()
    return fit(
        net,
        optim.Adam(net.parameters(), 1e-3),
        nn.CrossEntropyLoss(),
        loader(*pictures(), 8),
        2,
    )
