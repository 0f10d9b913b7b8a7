"""More healthy loops: shapes that people bring from elsewhere."""

import copy
import io
import math

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from helpers.clinic import watch
from tests.clinic.healthy import loader, loop, mlp, points


class Reverser(nn.Module):
    """Reads tokens and gives logits for the reversed sequence."""

    def __init__(self, n_tokens=9, width=32):
        super().__init__()
        self.tokens = nn.Embedding(n_tokens, width, padding_idx=0)
        self.rnn = nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, n_tokens)

    def forward(self, x, state=None):
        y, state = self.rnn(self.tokens(x), state)
        return self.out(y), state


@loop
def tokens_of_padding_and_start_never_come():
    reader, writer = Reverser(), Reverser()
    opts = [optim.Adam(net.parameters(), 1e-2) for net in (reader, writer)]
    loss_fn = nn.CrossEntropyLoss(ignore_index=0)
    with watch([reader, writer], opts, loss_fn=loss_fn) as w:
        for _ in range(60):
            x = torch.randint(3, 9, (32, 4))
            start = torch.ones(32, 1, dtype=torch.long)
            y = torch.cat([start, x.flip(1), start * 2], 1)
            for opt in opts:
                opt.zero_grad()
            _, state = reader(x)
            logits, _ = writer(y[:, :-1], state)
            loss_fn(logits.reshape(-1, 9), y[:, 1:].reshape(-1)).backward()
            for opt in opts:
                opt.step()
    return w


@loop
def masked_tokens():
    net = nn.Sequential(nn.Embedding(12, 24), nn.Linear(24, 12))
    opt = optim.Adam(net.parameters(), 1e-2)
    with watch(net, opt) as w:
        for _ in range(80):
            x = torch.arange(10).repeat(16, 1)
            is_hidden = torch.rand(x.shape) < 0.3
            y = torch.where(is_hidden, x, -100)
            opt.zero_grad()
            F.cross_entropy(net(x).transpose(1, 2), y).backward()
            opt.step()
    return w


@loop
def phases_by_set_grad_enabled():
    x, y = points()
    net = mlp(extra=[nn.Dropout(0.1)])
    opt = optim.Adam(net.parameters(), 1e-2)
    data = {"train": loader(x[:200], y[:200]), "val": loader(x[200:], y[200:])}
    with watch(net, opt) as w:
        for _ in range(5):
            for phase in ("train", "val"):
                net.train(phase == "train")
                for xb, yb in data[phase]:
                    opt.zero_grad()
                    with torch.set_grad_enabled(phase == "train"):
                        loss = F.cross_entropy(net(xb), yb)
                        if phase == "train":
                            loss.backward()
                            opt.step()
    assert w.seen.eval_phases == 5
    return w


@loop
def the_best_model_is_copied_and_saved():
    x, y = points()
    net = mlp(extra=[nn.BatchNorm1d(32)])
    opt = optim.Adam(net.parameters(), 1e-2)
    lowest = math.inf
    with watch(net, opt) as w:
        for _ in range(6):
            net.train()
            for xb, yb in loader(x[:200], y[:200]):
                opt.zero_grad()
                F.cross_entropy(net(xb), yb).backward()
                opt.step()
            net.eval()
            with torch.no_grad():
                loss = F.cross_entropy(net(x[200:]), y[200:]).item()
            if loss < lowest:
                lowest, best = loss, copy.deepcopy(net)
                torch.save(net, io.BytesIO())
                best(x)
    return w


@loop
def an_equation_is_solved():
    net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 1))
    opt = optim.Adam(net.parameters(), 5e-3)
    with watch(net, opt) as w:
        for _ in range(120):
            t = torch.rand(64, 1, requires_grad=True)
            u = net(t)
            (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
            start = net(torch.zeros(1, 1)) - 1
            opt.zero_grad()
            ((slope + u).square().mean() + start.square().mean()).backward()
            opt.step()
    return w


@loop
def codes_with_straight_through_gradients():
    encoder, decoder = nn.Linear(8, 4), nn.Linear(4, 8)
    codes = nn.Embedding(16, 4)
    parts = nn.ModuleList([encoder, codes, decoder])
    opt = optim.Adam(parts.parameters(), 1e-2)
    x, _ = points()
    with watch(parts, opt) as w:
        for _ in range(100):
            z = encoder(x)
            q = codes(torch.cdist(z, codes.weight).argmin(1))
            loss = F.mse_loss(decoder(z + (q - z).detach()), x)
            loss = loss + F.mse_loss(q, z.detach())
            loss = loss + 0.25 * F.mse_loss(z, q.detach())
            opt.zero_grad()
            loss.backward()
            opt.step()
    return w


@loop
def a_critic_in_another_optimizer_that_is_not_watched():
    net, critic = nn.Linear(4, 2), mlp(d=2, k=1)
    opt = optim.Adam(net.parameters(), 1e-3)
    other = optim.Adam(critic.parameters(), 1e-3)
    with watch(net, opt) as w:
        for _ in range(60):
            fake = net(torch.randn(32, 4))
            real = torch.randn(32, 2) + 1
            other.zero_grad()
            (critic(fake.detach()).mean() - critic(real).mean()).backward()
            other.step()
            opt.zero_grad()
            (-critic(fake).mean()).backward()
            opt.step()
    return w


@loop
def partners_in_a_batch_as_labels():
    """Contrastive: the labels say where in the batch the other view is."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
    opt = optim.Adam(net.parameters(), 1e-3)
    x, _ = points()
    with watch(net, opt) as w:
        for _ in range(8):
            for (rows,) in DataLoader(TensorDataset(x), 20, shuffle=True):
                n = len(rows)
                views = [rows + 0.3 * torch.randn_like(rows) for _ in "ab"]
                z = F.normalize(net(torch.cat(views)), dim=1)
                similar = z @ z.T / 0.5
                similar = similar.masked_fill(torch.eye(2 * n).bool(), -1e9)
                partner = torch.arange(2 * n).roll(n)
                loss = F.cross_entropy(similar, partner)
                opt.zero_grad()
                loss.backward()
                opt.step()
    return w


@loop
def loaders_made_anew_for_every_epoch():
    net = mlp()
    opt = optim.Adam(net.parameters(), 1e-2)
    x, y = points()
    with watch(net, opt) as w:
        for _ in range(15):
            net.train()
            for x_batch, y_batch in loader(x[:200], y[:200]):
                opt.zero_grad()
                F.cross_entropy(net(x_batch), y_batch).backward()
                opt.step()
            net.eval()
            with torch.no_grad():
                for x_batch, y_batch in loader(x[200:], y[200:], shuffle=False):
                    F.cross_entropy(net(x_batch), y_batch)
    report = w.report()
    assert "validation_in_training" not in report.kinds()
    return w


@loop
def two_passes_for_each_update():
    """Sharpness-aware: gradients beside the weights, then the update."""
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    with watch(net, opt) as w:
        for _ in range(8):
            for x, y in loader(*points()):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                moves = []
                with torch.no_grad():
                    for p in net.parameters():
                        moves.append(0.02 * p.grad / (p.grad.norm() + 1e-9))
                        p += moves[-1]
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                with torch.no_grad():
                    for p, move in zip(net.parameters(), moves, strict=True):
                        p -= move
                opt.step()
    return w


@loop
def rate_cut_when_the_accuracy_stays():
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    x, y = points()
    sch = optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", patience=1)
    with watch(net, opt) as w:
        for _ in range(15):
            for x_batch, y_batch in loader(x, y):
                opt.zero_grad()
                F.cross_entropy(net(x_batch), y_batch).backward()
                opt.step()
            with torch.no_grad():
                sch.step((net(x).argmax(1) == y).float().mean())
    return w


@loop
def micro_batches_without_a_label():
    """Of four, the first three have nothing that counts."""
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    with watch(net, opt) as w:
        for _ in range(8):
            for x, y in loader(*points()):
                opt.zero_grad()
                for counts in (0, 0, 0, 1):
                    (counts * F.cross_entropy(net(x), y)).backward()
                opt.step()
    return w
