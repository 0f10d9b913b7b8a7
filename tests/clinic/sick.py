"""Sick loops: each trains without an error and is wrong in one way."""

import copy

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset, TensorDataset

from helpers.clinic import watch
from tests.clinic.healthy import (
    Rnn,
    convnet,
    fit,
    line,
    loader,
    mlp,
    pictures,
    points,
    series,
)

LOOPS = {}
WANTED = {}


def sick(kinds):
    """Collect a loop, with the kinds that may be named first."""

    def collect(function):
        LOOPS[function.__name__] = function
        WANTED[function.__name__] = kinds
        return function

    return collect


def train(net, opt, data=None, epochs=6, loss=F.cross_entropy, **parts):
    """A loop of which parts can be replaced or left out."""
    data = data or loader(*points())
    zero = parts.get("zero", lambda: opt.zero_grad())
    with watch(net, opt) as w:
        for _ in range(epochs):
            for x, y in data:
                zero()
                value = loss(net(x), y)
                parts.get("backward", lambda v: v.backward())(value)
                parts.get("late", lambda: None)()
                parts.get("step", lambda: opt.step())()
                parts.get("after", lambda: None)()
            parts.get("epoch", lambda: None)()
    return w


def adam(net, rate=1e-2, **kw):
    return optim.Adam(net.parameters(), rate, **kw)


def sgd(net, rate=0.1, **kw):
    return optim.SGD(net.parameters(), rate, **kw)


@sick("no_zero_grad")
def gradients_pile_up():
    net = mlp()
    return train(net, sgd(net, 0.01), zero=lambda: None)


@sick("no_zero_grad")
def cleared_once_per_epoch():
    net = mlp()
    opt = adam(net)
    with watch(net, opt) as w:
        for _ in range(5):
            opt.zero_grad()
            for x, y in loader(*points()):
                F.cross_entropy(net(x), y).backward()
                opt.step()
    return w


@sick("zero_grad_before_step")
def cleared_too_late():
    net = mlp()
    opt = adam(net)
    return train(net, opt, late=lambda: opt.zero_grad(set_to_none=False))


@sick("zero_grad_before_step")
def cleared_too_late_to_none():
    net = mlp()
    opt = adam(net)
    return train(net, opt, zero=lambda: None, late=lambda: net.zero_grad())


@sick("step_without_gradient")
def backward_forgotten():
    net = mlp()
    return train(net, adam(net), backward=lambda v: None)


@sick("optimizer_never_steps")
def step_forgotten():
    net = mlp()
    return train(net, adam(net), step=lambda: None)


@sick("optimizer_never_steps")
def step_without_parentheses():
    net = mlp()
    opt = adam(net)
    return train(net, opt, step=lambda: opt.step)


@sick("loss_detached")
def loss_made_anew():
    net = mlp()

    def loss(yhat, y):
        value = F.cross_entropy(yhat, y).item()
        return torch.tensor(value, requires_grad=True)

    return train(net, sgd(net), loss=loss)


@sick("loss_detached|loss_without_model")
def predictions_detached():
    net = mlp()

    def loss(yhat, y):
        return F.cross_entropy(yhat.detach().requires_grad_(), y)

    return train(net, adam(net), loss=loss)


@sick("optimizer_of_another_model")
def model_made_after_the_optimizer():
    net = mlp()
    opt = adam(net)
    net = mlp()
    return train(net, opt)


@sick("optimizer_of_another_model")
def head_replaced_after_the_optimizer():
    net = mlp(k=10)
    opt = adam(net)
    net[2] = nn.Linear(32, 3)
    return train(net, opt)


@sick("not_in_optimizer")
def body_only_in_optimizer():
    net = mlp()
    return train(net, adam(net[0]))


@sick("unreached_parameter")
def detached_in_the_middle():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 32), nn.Linear(32, 3)

        def forward(self, x):
            return self.b(self.a(x).relu().detach())

    net = Net()
    return train(net, adam(net))


@sick("unreached_parameter")
def data_in_the_middle():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (
                nn.Linear(8, 16),
                nn.Linear(16, 16),
                (nn.Linear(16, 3)),
            )

        def forward(self, x):
            h = self.b(self.a(x).relu().data)
            return self.c(h.relu())

    net = Net()
    return train(net, sgd(net))


@sick("unused_layer")
def layer_forgotten_in_forward():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.mid, self.b = (
                nn.Linear(8, 16),
                nn.Linear(16, 16),
                (nn.Linear(16, 3)),
            )

        def forward(self, x):
            return self.b(self.a(x).relu())

    net = Net()
    return train(net, adam(net))


@sick("learning_rate_zero")
def rate_of_zero():
    net = mlp()
    return train(net, sgd(net, 0.0))


@sick("updates_too_small")
def rate_tiny():
    net = mlp()
    return train(net, sgd(net, 1e-7))


@sick("updates_too_small")
def rate_tiny_with_adam():
    net = mlp()
    return train(net, adam(net, 1e-8))


@sick("updates_too_large|nan")
def rate_huge():
    net = mlp()
    return train(net, adam(net, 5.0))


@sick("nan|updates_too_large|gradients_explode|loss_rises")
def regression_diverges():
    net = mlp(4, 1)
    return train(net, sgd(net, 2.0), loader(*line()), loss=F.mse_loss)


@sick("nan_in_data")
def nan_in_features():
    x, y = points()
    x[5, 2] = float("nan")
    net = mlp()
    return train(net, adam(net), loader(x, y), 3)


@sick("nan_in_data")
def nan_in_labels():
    x, y = line()
    y[7] = float("nan")
    net = mlp(4, 1)
    return train(net, adam(net), loader(x, y), 3, F.mse_loss)


@sick("nan")
def logarithm_of_zero():
    net = mlp()

    def loss(yhat, y):
        p = (yhat * 200).softmax(1)
        return -(F.one_hot(y, 3) * p.log()).sum(1).mean()

    return train(net, adam(net), loss=loss)


@sick("softmax_before_cross_entropy")
def softmax_twice():
    net = nn.Sequential(mlp(), nn.Softmax(dim=1))
    return fit(net, adam(net), nn.CrossEntropyLoss(), loader(*points()))


@sick("sigmoid_before_logits_loss")
def sigmoid_twice():
    x, y = points(k=2)
    net = nn.Sequential(mlp(k=1), nn.Sigmoid(), nn.Flatten(0))
    return fit(net, adam(net), nn.BCEWithLogitsLoss(), loader(x, y.float()))


@sick("nll_without_log")
def logits_into_nll():
    net = mlp()
    return train(net, adam(net), loss=F.nll_loss)


@sick("nll_without_log")
def softmax_into_nll():
    net = nn.Sequential(mlp(), nn.Softmax(1))
    return train(net, adam(net), loss=nn.NLLLoss())


@sick("kl_without_log")
def probabilities_into_kl():
    net = nn.Sequential(mlp(), nn.Softmax(1))

    def loss(p, y):
        return F.kl_div(p, F.one_hot(y, 3).float(), reduction="batchmean")

    return train(net, adam(net), loss=loss)


@sick("one_class_output")
def cross_entropy_of_one_output():
    x, y = points(k=2)
    net = mlp(k=1)
    return train(net, adam(net), loader(x, y * 0))


@sick("broadcast_loss")
def column_against_row():
    x, y = line()
    net = mlp(4, 1)
    return fit(net, adam(net), nn.MSELoss(), loader(x, y.flatten()))


@sick("broadcast_loss")
def row_against_column():
    x, y = line()
    net = nn.Sequential(mlp(4, 1), nn.Flatten(0))
    return train(net, adam(net), loader(x, y), loss=F.l1_loss)


@sick("outputs_cannot_reach")
def tanh_for_large_labels():
    x, y = line()
    net = nn.Sequential(mlp(4, 1), nn.Tanh())
    return train(net, adam(net), loader(x, y), loss=F.mse_loss)


@sick("outputs_cannot_reach")
def relu_for_negative_labels():
    x, y = line()
    net = nn.Sequential(mlp(4, 1), nn.ReLU())
    return train(net, adam(net), loader(x, y), loss=F.mse_loss)


@sick("relu_at_the_end")
def relu_on_logits():
    net = nn.Sequential(mlp(), nn.ReLU())
    return train(net, adam(net))


@sick("loss_negated")
def wrong_sign():
    net = mlp()
    return train(net, sgd(net), backward=lambda v: (-v).backward())


@sick("maximizes")
def climbing():
    net = mlp()
    return train(net, sgd(net, 0.3, maximize=True))


@sick("train_mode_in_validation")
def validation_in_train_mode():
    x, y = points()
    net = mlp(extra=[nn.Dropout(0.5)])
    opt = adam(net)
    with watch(net, opt, loss_fn=nn.CrossEntropyLoss()) as w:
        for _ in range(5):
            for xb, yb in loader(x[:200], y[:200]):
                opt.zero_grad()
                F.cross_entropy(net(xb), yb).backward()
                opt.step()
            with torch.no_grad():
                for xb, yb in loader(x[200:], y[200:], 28):
                    F.cross_entropy(net(xb), yb)
    return w


@sick("train_mode_not_restored")
def eval_mode_stays():
    x, y = points()
    net = mlp(extra=[nn.Dropout(0.5)])
    opt = adam(net)
    net.train()
    with watch(net, opt) as w:
        for _ in range(5):
            for xb, yb in loader(x[:200], y[:200]):
                opt.zero_grad()
                F.cross_entropy(net(xb), yb).backward()
                opt.step()
            net.eval()
            with torch.no_grad():
                (net(x[200:]).argmax(1) == y[200:]).float().mean()
    return w


@sick("eval_mode_in_training")
def eval_mode_from_the_start():
    net = convnet()
    net.eval()
    return train(net, adam(net, 1e-3), loader(*pictures()), 4)


@sick("dropout_one")
def dropout_of_everything():
    net = mlp(extra=[nn.Dropout(1.0)])
    return train(net, adam(net))


@sick("dropout_on_output")
def dropout_after_the_head():
    net = nn.Sequential(mlp(), nn.Dropout(0.5))
    return train(net, adam(net))


@sick("batch_norm_small_batches")
def batch_norm_on_pairs():
    net = mlp(extra=[nn.BatchNorm1d(32)])
    return train(net, adam(net), loader(*points(100), 2), 1)


@sick("batch_first")
def rows_taken_for_steps():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.GRU(2, 16), nn.Linear(16, 2)

        def forward(self, x):
            return self.head(self.rnn(x)[0][:, -1])

    net = Net()
    return train(net, adam(net), loader(*series()), 4)


@sick("same_batch")
def first_batch_only():
    x, y = points()
    data = loader(x, y, shuffle=False)
    net = mlp()
    opt = adam(net)
    with watch(net, opt) as w:
        for _ in range(40):
            xb, yb = next(iter(data))
            opt.zero_grad()
            F.cross_entropy(net(xb), yb).backward()
            opt.step()
    return w


@sick("sorted_labels")
def sorted_and_not_shuffled():
    x, y = points()
    order = y.argsort()
    net = mlp()
    return train(net, sgd(net), loader(x[order], y[order], 16, False))


@sick("same_order")
def shuffled_alike():
    data = TensorDataset(*points())
    net = mlp()
    opt = adam(net)
    with watch(net, opt) as w:
        for _ in range(5):
            torch.manual_seed(0)
            for x, y in DataLoader(data, 32, shuffle=True):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
    return w


@sick("same_order")
def never_shuffled():
    net = mlp()
    return train(net, adam(net), loader(*points(), shuffle=False))


@sick("shuffled_labels")
def labels_permuted():
    x, y = points()
    net = mlp()
    return train(net, sgd(net), loader(x, y[torch.randperm(len(y))]), 10)


@sick("shuffled_labels")
def labels_sorted_alone():
    x, y = line()
    net = mlp(4, 1)
    data = loader(x, y.sort(0).values)
    return train(net, sgd(net, 0.02), data, 15, F.mse_loss)


@sick("inputs_unscaled")
def pixels_as_stored():
    x, y = pictures()
    net = convnet(norm=False)
    return train(net, sgd(net, 0.1), loader((x + 1) * 120, y))


@sick("inputs_unscaled")
def columns_of_very_different_size():
    x, y = line()
    x = x * torch.tensor([1e4, 1, 1, 1e-1]) + torch.tensor([5e4, 0, 0, 0])
    net = mlp(4, 1)
    return train(net, adam(net, 1e-3), loader(x, y), loss=F.mse_loss)


@sick("targets_unscaled")
def labels_in_the_thousands():
    x, y = line()
    net = mlp(4, 1)
    return train(
        net, adam(net, 1e-3), loader(x, 1000 * y + 50_000), 8, F.mse_loss
    )


@sick("classes_never_seen")
def classes_lost_in_the_split():
    x, y = points(600, k=5)
    keep = (y != 1) & (y != 3)
    net = mlp(k=5)
    return train(net, adam(net), loader(x[keep], y[keep]))


@sick("one_label")
def one_class_is_left():
    x, y = points()
    net = mlp()
    return train(net, adam(net), loader(x, y * 0))


@sick("validation_in_training")
def split_that_overlaps():
    data = TensorDataset(*points())
    net = mlp()
    return fit(
        net,
        adam(net),
        nn.CrossEntropyLoss(),
        DataLoader(Subset(data, range(220)), 20, shuffle=True),
        val=DataLoader(Subset(data, range(180, 256)), 76),
    )


@sick("scheduler_before_optimizer")
def scheduler_first():
    net = mlp()
    opt = sgd(net)
    sch = optim.lr_scheduler.ExponentialLR(opt, 0.99)
    return train(net, opt, late=lambda: sch.step())


@sick("scheduler_per_batch")
def exponential_per_batch():
    net = mlp()
    opt = sgd(net)
    sch = optim.lr_scheduler.ExponentialLR(opt, 0.7)
    return train(net, opt, after=lambda: sch.step())


@sick("scheduler_per_batch")
def steps_per_batch():
    net = mlp()
    opt = sgd(net)
    sch = optim.lr_scheduler.StepLR(opt, 3, 0.1)
    return train(net, opt, after=lambda: sch.step())


@sick("scheduler_never_steps")
def scheduler_forgotten():
    net = mlp()
    opt = sgd(net)
    optim.lr_scheduler.StepLR(opt, 2)
    return train(net, opt, epochs=8)


@sick("weight_decay_in_adam")
def decay_in_plain_adam():
    net = mlp()
    return train(net, adam(net, weight_decay=0.05))


@sick("weight_decay_large")
def decay_eats_the_weights():
    net = mlp()
    return train(net, sgd(net, weight_decay=0.5))


@sick("dead_relu|gradients_zero")
def biases_far_below_zero():
    net = mlp()
    nn.init.constant_(net[0].bias, -100.0)
    return train(net, sgd(net, 0.01))


@sick("units_identical")
def constant_weights():
    net = mlp()
    for p in net.parameters():
        nn.init.constant_(p, 0.1)
    return train(net, adam(net))


@sick("gradients_zero|units_identical")
def all_weights_zero():
    net = mlp(act=nn.Tanh)
    for p in net.parameters():
        nn.init.zeros_(p)
    return train(net, adam(net))


@sick("gradients_vanish")
def deep_sigmoids():
    layers = [nn.Linear(8, 16), nn.Sigmoid()]
    for _ in range(8):
        layers += [nn.Linear(16, 16), nn.Sigmoid()]
    net = nn.Sequential(*layers, nn.Linear(16, 3))
    return train(net, sgd(net))


@sick("saturated|gradients_vanish|activations_large")
def weights_too_wide():
    net = mlp(act=nn.Tanh)
    nn.init.normal_(net[0].weight, std=100.0)
    return train(net, sgd(net, 0.01))


@sick("gradients_clipped_away")
def clipped_to_nothing():
    net = mlp()

    def clip():
        nn.utils.clip_grad_norm_(net.parameters(), 1e-4)

    return train(net, sgd(net), late=clip)


@sick("weights_reset")
def loaded_again_each_epoch():
    net = mlp()
    kept = {k: v.clone() for k, v in net.state_dict().items()}
    opt = sgd(net)
    with watch(net, opt) as w:
        for _ in range(6):
            net.load_state_dict(kept)
            for x, y in loader(*points(), 128):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
    return w


@sick("graph_retained")
def graph_kept():
    net = Rnn()
    return train(
        net,
        adam(net),
        loader(*series()),
        3,
        backward=lambda v: v.backward(retain_graph=True),
    )


@sick("half_precision_weights|no_update")
def weights_in_bfloat16():
    x, y = points()
    net = mlp().bfloat16()
    return train(net, sgd(net), loader(x.bfloat16(), y))


@sick("loss_at_baseline|shuffled_labels")
def features_of_noise():
    x, y = points(512)
    net = mlp()
    return train(net, sgd(net, 0.02), loader(torch.randn_like(x), y), 10)


@sick("inputs_constant")
def every_row_the_same():
    x, y = points()
    net = mlp()
    return train(net, adam(net), loader(x * 0 + 1, y))


@sick("one_optimizer_never_steps")
def second_optimizer_idle():
    net = mlp()
    a, b = adam(net[0]), adam(net[2])
    with watch(net, [a, b]) as w:
        for _ in range(5):
            for x, y in loader(*points()):
                a.zero_grad()
                b.zero_grad()
                F.cross_entropy(net(x), y).backward()
                a.step()
    return w


@sick("in_two_optimizers")
def two_optimizers_for_one_layer():
    net = mlp()
    a, b = adam(net), sgd(net[2])
    with watch(net, [a, b]) as w:
        for _ in range(5):
            for x, y in loader(*points()):
                a.zero_grad()
                F.cross_entropy(net(x), y).backward()
                a.step()
                b.step()
    return w


@sick("loader_restarted")
def next_of_iter():
    data = loader(*points())
    net = mlp()
    opt = adam(net)
    with watch(net, opt) as w:
        for _ in range(40):
            xb, yb = next(iter(data))
            opt.zero_grad()
            F.cross_entropy(net(xb), yb).backward()
            opt.step()
    return w


@sick("activations_large|gradients_explode|nan")
def deep_and_wide_start():
    layers = [nn.Linear(8, 32), nn.ReLU()]
    for _ in range(6):
        layers += [nn.Linear(32, 32), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(32, 1))
    for m in net:
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, std=3.0)
    x, _ = points()
    return train(net, sgd(net, 1e-3), loader(x, x[:, :1]), 3, F.mse_loss)


@sick("overfits")
def learns_by_heart():
    g = torch.Generator().manual_seed(0)
    x, y = points(64)
    y[:40] = torch.where(torch.rand(40, generator=g) < 0.4, 0, y[:40])
    net = mlp(h=128)
    return fit(
        net,
        adam(net, 1e-2),
        nn.CrossEntropyLoss(),
        loader(x[:40], y[:40], 20),
        40,
        loader(x[40:], y[40:], 24),
    )


@sick("arguments_swapped")
def labels_first():
    x, y = line()
    net = mlp(4, 1)

    def loss(yhat, y):
        return F.smooth_l1_loss(y, yhat)

    return train(net, adam(net), loader(x, y), loss=loss)


@sick("loss_zero")
def labels_with_themselves():
    net = mlp(4, 1)

    def loss(yhat, y):
        return F.mse_loss(yhat, yhat)

    return train(net, adam(net), loader(*line()), loss=loss)


@sick("majority_class|loss_at_baseline")
def frequent_class_always():
    x, y = points(600, k=2)
    net = mlp(k=2)
    y = (torch.arange(600) % 10 == 0).long()
    return train(net, sgd(net, 0.05), loader(x, y, 60), 12)


@sick("broadcast_loss")
def written_by_hand():
    x, y = line()
    net = mlp(4, 1)

    def loss(yhat, y):
        return ((yhat - y) ** 2).mean()

    return train(net, adam(net), loader(x, y.flatten()), loss=loss)


@sick("loss_detached")
def another_copy_is_trained():
    net = mlp()
    other = copy.deepcopy(net)
    opt = adam(net)
    with watch(net, opt) as w:
        for x, y in loader(*points()):
            opt.zero_grad()
            F.cross_entropy(other(x), y).backward()
            opt.step()
    return w


@sick("learning_rate_gone")
def factor_far_too_small():
    net = mlp()
    opt = sgd(net)
    sch = optim.lr_scheduler.LambdaLR(opt, lambda step: 0.5**step)
    return train(net, opt, after=lambda: sch.step())


@sick("loss_rises|updates_too_large")
def hand_written_ascent():
    net = mlp()
    opt = sgd(net, 0.05)

    def turn():
        for p in net.parameters():
            p.grad.neg_()

    return train(net, opt, late=turn, epochs=10)


@sick("outputs_constant")
def averaged_over_the_batch():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, x):
            return self.net(x.mean(0, keepdim=True)).expand(len(x), -1)

    net = Net()
    return train(net, sgd(net))
