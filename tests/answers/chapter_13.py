"""Answers to the exercises of chapter 13."""

import contextlib
import copy
import functools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from helpers.mini_batch.v1 import mini_batch
from helpers.step_functions import make_train_step_fn, make_val_step_fn
from tests.answers.common import Answers

# ------------------------------------------------------------------- 13.1


def stable_course(scores):
    largest = scores.max(dim=-1, keepdim=True).values
    shifted = scores - largest
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def stable_formula(scores):
    largest, _ = torch.max(scores, 1)
    total = torch.exp(scores - largest[:, None]).sum(1)
    return scores - (largest + torch.log(total)).unsqueeze(1)


def stable_detached(scores):
    scores = scores - scores.detach().amax(1, keepdim=True)
    return scores - torch.log(torch.sum(torch.exp(scores), 1, keepdim=True))


def stable_row_by_row(scores):
    rows = []
    for row in scores:
        shifted = row - row.max()
        rows.append(shifted - shifted.exp().sum().log())
    return torch.stack(rows)


def stable_transposed(scores):
    z = scores.T - scores.T.max(dim=0).values
    return (z - z.exp().sum(dim=0).log()).T


def stable_copy(scores):
    scores = scores.clone()
    scores -= scores.max(dim=-1, keepdim=True)[0]
    return scores - scores.exp().sum(dim=-1, keepdim=True).log()


def stable_sorted(scores):
    largest = scores.sort(dim=1, descending=True).values[:, :1]
    return scores - largest - (scores - largest).exp().sum(1, True).log()


def stable_double(scores):
    return stable_course(scores.double()).to(scores.dtype)


def plain(scores):
    return scores - scores.exp().sum(dim=-1, keepdim=True).log()


def in_place(scores):
    scores -= scores.max(dim=-1, keepdim=True).values
    return plain(scores)


def by_numpy(scores):
    values = scores.detach().numpy()
    values = values - values.max(axis=1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))


def repaired(scores):
    found = plain(scores)
    return torch.where(found.isfinite(), found, stable_course(scores))


def global_maximum(scores):
    shifted = scores - scores.max()
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def inner_maximum(scores):
    largest = scores.max(dim=-1, keepdim=True).values
    return scores - (scores - largest).exp().sum(-1, keepdim=True).log()


def maximum_twice(scores):
    largest = scores.max(dim=-1, keepdim=True).values
    return stable_course(scores) - largest


def scaled_down(scores):
    if scores.abs().max() > 80:
        scores = scores / scores.abs().max() * 80
    return plain(scores)


def with_list(scores):
    return [stable_course(row[None])[0] for row in scores]


def printed(scores):
    print(stable_course(scores))


def no_keepdim(scores):
    shifted = scores - scores.max(dim=-1, keepdim=True).values
    return shifted - shifted.exp().sum(dim=-1).log()


def max_pair(scores):
    shifted = scores - scores.max(dim=-1, keepdim=True)
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def _powers(scores):
    return (scores - scores.amax(1, keepdim=True)).exp()


STABLE = Answers(
    right={
        "course": stable_course,
        "formula": stable_formula,
        "maximum detached": stable_detached,
        "row by row": stable_row_by_row,
        "transposed": stable_transposed,
        "a copy first": stable_copy,
        "sorted": stable_sorted,
        "double inside": stable_double,
        "logsumexp": lambda scores: scores - scores.logsumexp(1, keepdim=True),
        "the function": lambda scores: F.log_softmax(scores, dim=-1),
        "the module": nn.LogSoftmax(dim=1),
        "partial": functools.partial(torch.log_softmax, dim=-1),
    },
    wrong={
        "overflows": plain,
        "overflows in 64 bits": lambda s: plain(s.double()).float(),
        "one_maximum": global_maximum,
        "log_of_softmax": lambda s: s.softmax(dim=-1).log(),
        "log_of_softmax by hand": lambda s: (
            stable_course(s).exp() / stable_course(s).exp().sum(1, True)
        ).log(),
        "epsilon": lambda s: (s.softmax(-1) + 1e-9).log(),
        "epsilon by clamping": lambda s: s.softmax(-1).clamp(min=1e-12).log(),
        "clamped": lambda s: plain(s.clamp(-80, 80)),
        "clamped by scaling": scaled_down,
        "no_logarithm": lambda s: s.softmax(-1),
        "other_sign": lambda s: -stable_course(s),
        "down_the_columns": lambda s: s.log_softmax(dim=0),
        "down_the_columns in the sum alone": lambda s: (
            s - s.amax(1, keepdim=True) - _powers(s).sum(0).log()
        ),
        "no_logarithm_of_sum": lambda s: (
            s - s.amax(1, keepdim=True) - _powers(s).sum(1, keepdim=True)
        ),
        "mean_for_sum": lambda s: (
            s - s.amax(1, keepdim=True) - _powers(s).mean(1, keepdim=True).log()
        ),
        "one_sum_for_all": lambda s: s - s.exp().sum().log(),
        "only_maximum": lambda s: s - s.amax(-1, keepdim=True),
        "maximum_not_everywhere": inner_maximum,
        "maximum_not_everywhere twice": maximum_twice,
        "rounded": lambda s: stable_course(s).round(decimals=4),
        "other_value as the base is 10": lambda s: (
            stable_course(s) / math.log(10)
        ),
        "input_changed": in_place,
        "not_the_largest": lambda s: plain(s - s.mean(1, keepdim=True)),
        "not_the_largest but its index": lambda s: plain(
            s - s.max(1, keepdim=True)[1]
        ),
        "largest_of_columns": lambda s: plain(s - s.max(0).values),
        "input_changed as it asks for gradients": lambda s: stable_course(
            s.requires_grad_()
        ),
        "no_tensor": with_list,
        "no_tensor but NumPy's": by_numpy,
        "no_gradient": lambda s: stable_course(s.detach()),
        "no_gradient as recording is off": torch.no_grad()(stable_course),
        "other_gradient": repaired,
        "other_shape": lambda s: stable_course(s).sum(dim=-1),
        "returns_nothing": printed,
        "raises": no_keepdim,
        "raises as max returns a pair": max_pair,
        "signature": lambda scores, yb: stable_course(scores),
    },
)

# ------------------------------------------------------------------- 13.2


def batch_course(model, loss_func, xb, yb, opt=None):
    if opt is None:
        model.eval()
        with torch.no_grad():
            loss = loss_func(model(xb), yb)
    else:
        model.train()
        loss = loss_func(model(xb), yb)
        loss.backward()
        opt.step()
        opt.zero_grad()
    return loss.item(), len(xb)


def batch_no_branches(model, loss_func, xb, yb, opt=None):
    training = opt is not None
    model.train(training)
    with torch.set_grad_enabled(training):
        loss = loss_func(model(xb), yb)
    if training:
        opt.zero_grad()
        loss.backward()
        opt.step()
        opt.zero_grad()
    return loss.item(), xb.shape[0]


def batch_by_part_1(model, loss_func, xb, yb, opt=None):
    if opt is not None:
        return make_train_step_fn(model, loss_func, opt)(xb, yb), len(yb)
    with torch.inference_mode():
        return make_val_step_fn(model, loss_func)(xb, yb), len(yb)


def batch_early_return(model, loss_func, xb, yb, opt=None):
    n = xb.size(0)
    if not opt:
        with contextlib.ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            return float(loss_func(model.eval()(xb), yb)), n
    loss = loss_func(model.train()(xb), yb)
    opt.zero_grad(set_to_none=False)
    loss.backward()
    opt.step()
    model.zero_grad()
    return loss.detach().item(), n


def batch_list(*arguments):
    return list(batch_course(*arguments))


def batch(
    mode=lambda model, opt: model.train(opt is not None),
    block=lambda opt: torch.set_grad_enabled(opt is not None),
    train=lambda loss, opt: (loss.backward(), opt.step(), opt.zero_grad()),
    result=lambda loss, xb: (loss.item(), len(xb)),
    loss_of=lambda model, loss_func, xb, yb: loss_func(model(xb), yb),
    when=lambda opt: opt is not None,
):
    """Build an answer out of its parts."""

    def answer(model, loss_func, xb, yb, opt=None):
        mode(model, opt)
        with block(opt):
            loss = loss_of(model, loss_func, xb, yb)
        if when(opt):
            train(loss, opt)
        return result(loss, xb)

    return answer


def batch_left_off(model, loss_func, xb, yb, opt=None):
    model.train(opt is not None)
    torch.set_grad_enabled(opt is not None)
    loss = loss_func(model(xb), yb)
    if opt is not None:
        loss.backward()
        opt.step()
        opt.zero_grad()
    return loss.item(), len(xb)


def batch_turned_on(model, loss_func, xb, yb, opt=None):
    torch.set_grad_enabled(opt is not None)
    loss = batch_course(model, loss_func, xb, yb, opt)
    torch.set_grad_enabled(True)
    return loss


def batch_of_page(model, loss_func, xb, yb, opt=None):
    loss = loss_func(model(xb), yb)
    if opt is not None:
        loss.backward()
        opt.step()
        opt.zero_grad()
    return loss.item(), len(xb)


def batch_needs_opt(model, loss_func, xb, yb, opt=None):
    model.train(opt is not None)
    loss = loss_func(model(xb), yb)
    if opt is not None:
        loss.backward()
        opt.step()
    opt.zero_grad()
    return loss.item(), len(xb)


def batch_measured_again(model, loss_func, xb, yb, opt=None):
    loss, n = batch_course(model, loss_func, xb, yb, opt)
    if opt is not None:
        with torch.no_grad():
            loss = loss_func(model(xb), yb).item()
    return loss, n


def batch_frozen(model, loss_func, xb, yb, opt=None):
    model.requires_grad_(opt is not None)
    return batch_course(model, loss_func, xb, yb, opt)


def batch_mode_once(model, loss_func, xb, yb, opt=None):
    model.train()
    if opt is None:
        model.eval()
        model.training = True
    return batch_of_page(model, loss_func, xb, yb, opt)


def batch_stale():
    """Build an answer that keeps a copy of each model it measured."""
    kept = []

    def answer(model, loss_func, xb, yb, opt=None):
        if opt is None:
            own = [copied for original, copied in kept if original is model]
            kept.append((model, copy.deepcopy(model)))
            model = (own or [model])[0]
        return batch_course(model, loss_func, xb, yb, opt)

    return answer


def batch_prints(*arguments):
    print(batch_course(*arguments))


def clipped(loss, opt):
    loss.backward()
    for group in opt.param_groups:
        nn.utils.clip_grad_norm_(group["params"], 0.001)
    opt.step()
    opt.zero_grad()


LOSS_BATCH = Answers(
    right={
        "course": batch_course,
        "no branches": batch_no_branches,
        "by the steps of Part I": batch_by_part_1,
        "an early return": batch_early_return,
        "a list": batch_list,
        "out of parts": batch(),
        "by partial": functools.partial(batch_course),
    },
    wrong={
        "no_train_mode": batch_of_page,
        "no_train_mode by its line": batch(mode=lambda m, opt: m.eval()),
        "no_eval_mode": batch(mode=lambda m, opt: m.train()),
        "no_eval_mode of all layers": batch_mode_once,
        "recorded": batch(block=lambda opt: contextlib.nullcontext()),
        "recording_left_off": batch_left_off,
        "recording_turned_on": batch_turned_on,
        "flags_changed": batch_frozen,
        "needs_optimizer": batch_needs_opt,
        "backward": batch(
            block=lambda opt: contextlib.nullcontext(),
            train=lambda loss, opt: (
                loss.backward(),
                opt and (opt.step(), opt.zero_grad()),
            ),
            when=lambda opt: True,
        ),
        "only_measures": batch(train=lambda loss, opt: None),
        "only_measures as the test is turned": batch(
            when=lambda opt: False,
        ),
        "no_step": batch(
            train=lambda loss, opt: (loss.backward(), opt.zero_grad())
        ),
        "step_first": batch(
            train=lambda loss, opt: (opt.step(), loss.backward())
        ),
        "zero_too_early": batch(
            train=lambda loss, opt: (
                loss.backward(),
                opt.zero_grad(),
                opt.step(),
            )
        ),
        "gradients_left": batch(
            train=lambda loss, opt: (
                opt.zero_grad(),
                loss.backward(),
                opt.step(),
            )
        ),
        "gradients_left as nobody clears them": batch(
            train=lambda loss, opt: (loss.backward(), opt.step())
        ),
        "trains_twice": batch(
            train=lambda loss, opt: (
                loss.backward(),
                opt.step(),
                opt.step(),
                opt.zero_grad(),
            )
        ),
        "other_update": batch(train=clipped),
        "other_update of a sum": batch(
            train=lambda loss, opt: (
                (loss * 7).backward(),
                opt.step(),
                opt.zero_grad(),
            )
        ),
        "swapped": batch(loss_of=lambda m, f, x, y: f(y, m(x))),
        "other_loss": batch(
            loss_of=lambda m, f, x, y: F.mse_loss(m(x), y),
        ),
        "raises as recording is off": batch(block=lambda opt: torch.no_grad()),
        "loss_is_tensor": batch(result=lambda loss, xb: (loss, len(xb))),
        "loss_is_tensor detached": batch(
            result=lambda loss, xb: (loss.detach(), len(xb))
        ),
        "loss_no_float": batch(
            result=lambda loss, xb: (loss.detach().numpy(), len(xb))
        ),
        "no_pair": batch(result=lambda loss, xb: loss.item()),
        "no_pair but three": batch(
            result=lambda loss, xb: (loss.item(), len(xb), 0)
        ),
        "pair_swapped": batch(result=lambda loss, xb: (len(xb), loss.item())),
        "rows_no_int": batch(result=lambda loss, xb: (loss.item(), xb.shape)),
        "counts_features": batch(
            result=lambda loss, xb: (loss.item(), xb.shape[1])
        ),
        "counts_numbers": batch(
            result=lambda loss, xb: (loss.item(), xb.numel())
        ),
        "other_rows": batch(result=lambda loss, xb: (loss.item(), 32)),
        "multiplied": batch(
            result=lambda loss, xb: (loss.item() * len(xb), len(xb))
        ),
        "other_loss_value": batch(
            result=lambda loss, xb: (round(loss.item(), 4), len(xb))
        ),
        "after_update": batch_measured_again,
        "stale": batch_stale(),
        "returns_nothing": batch_prints,
        "signature": lambda model, xb, yb: (0.0, 1),
    },
)

# ------------------------------------------------------------------- 13.3


def fit_with(
    weigh=lambda loss, xb, dl: loss * len(xb),
    divide=lambda total, n, n_batches: total / n,
    before_training=lambda model: model.train(),
    before_validation=lambda model: model.eval(),
    block=torch.no_grad,
    update=lambda loss, opt: (loss.backward(), opt.step(), opt.zero_grad()),
    loss_of=lambda model, f, x, y: f(model(x), y),
    entry=float,
    result=lambda losses, val_losses: (losses, val_losses),
):
    """Build an answer out of its parts."""

    def one_pass(model, loss_func, dl, opt=None):
        total, n, n_batches = 0.0, 0, 0
        for xb, yb in dl:
            loss = loss_of(model, loss_func, xb, yb)
            if opt is not None:
                update(loss, opt)
            total += weigh(loss.item(), xb, dl)
            n, n_batches = n + len(xb), n_batches + 1
        return entry(divide(total, n, n_batches))

    def fit_both(epochs, model, loss_func, opt, train_dl, valid_dl):
        losses, val_losses = [], []
        for _ in range(epochs):
            before_training(model)
            losses.append(one_pass(model, loss_func, train_dl, opt))
            before_validation(model)
            with block():
                val_losses.append(one_pass(model, loss_func, valid_dl))
        return result(losses, val_losses)

    return fit_both


def fit_by_part_1(epochs, model, loss_func, opt, train_dl, valid_dl):
    step = make_train_step_fn(model, loss_func, opt)
    val_step = make_val_step_fn(model, loss_func)
    cpu, losses, val_losses = torch.device("cpu"), [], []
    for _ in range(epochs):
        losses.append(mini_batch(cpu, train_dl, step))
        with torch.no_grad():
            val_losses.append(mini_batch(cpu, valid_dl, val_step))
    return losses, val_losses


def fit_by_arrays(epochs, model, loss_func, opt, train_dl, valid_dl):
    history = {True: [], False: []}
    for number in range(2 * epochs):
        training = number % 2 == 0
        model.train(training)
        found, sizes = [], []
        with torch.set_grad_enabled(training):
            for x, y in train_dl if training else valid_dl:
                loss = loss_func(model(x), y)
                found.append(loss.item())
                sizes.append(len(y))
                if training:
                    opt.zero_grad()
                    loss.backward()
                    opt.step()
        mean = float(np.average(found, weights=sizes))
        history[training].append(mean)
    return history[True], history[False]


def fit_of_careful(epochs, model, loss_func, opt, train_dl, valid_dl):
    def mean(dl, opt=None):
        pairs = [batch_course(model, loss_func, *batch, opt) for batch in dl]
        n = sum(rows for _, rows in pairs)
        return sum(loss * rows / n for loss, rows in pairs)

    curves = [(mean(train_dl, opt), mean(valid_dl)) for _ in range(epochs)]
    return [a for a, _ in curves], [b for _, b in curves]


def fit_by_datasets(epochs, model, loss_func, opt, train_dl, valid_dl):
    """Divide by the size of the dataset."""
    losses, val_losses = [], []
    for _ in range(epochs):
        model.train()
        total = 0
        for xb, yb in train_dl:
            loss, n = batch_course(model, loss_func, xb, yb, opt)
            total += loss * n
        losses.append(total / len(train_dl.dataset))
        model.eval()
        with torch.no_grad():
            pairs = [
                (loss_func(model(xb), yb).item(), len(xb))
                for xb, yb in valid_dl
            ]
        total = sum(loss * n for loss, n in pairs)
        val_losses.append(total / len(valid_dl.dataset))
    return losses, val_losses


def fit_from_a_list(epochs, model, loss_func, opt, train_dl, valid_dl):
    batches = list(train_dl)  # in one order for ever
    return fit_with()(epochs, model, loss_func, opt, batches, valid_dl)


def fit_mode_above(epochs, model, loss_func, opt, train_dl, valid_dl):
    model.train()
    inner = fit_with(before_training=lambda model: None)
    return inner(epochs, model, loss_func, opt, train_dl, valid_dl)


def fit_left_off(epochs, model, *rest):
    result = fit_with()(epochs, model, *rest)
    torch.set_grad_enabled(False)
    return result


def fit_afterwards(epochs, model, loss_func, opt, train_dl, valid_dl):
    losses, val_losses = [], []
    for _ in range(epochs):
        _, (val_loss,) = fit_with()(
            1, model, loss_func, opt, train_dl, valid_dl
        )
        val_losses.append(val_loss)
        val_step = make_val_step_fn(model, loss_func)
        with torch.no_grad():
            losses.append(mini_batch(torch.device("cpu"), train_dl, val_step))
    return losses, val_losses


def fit_first(epochs, model, loss_func, opt, train_dl, valid_dl):
    losses, val_losses = [], []
    for _ in range(epochs):
        val_step = make_val_step_fn(model, loss_func)
        with torch.no_grad():
            loss = mini_batch(torch.device("cpu"), valid_dl, val_step)
        val_losses.append(loss)
        step = make_train_step_fn(model, loss_func, opt)
        losses.append(mini_batch(torch.device("cpu"), train_dl, step))
    return losses, val_losses


def fit_per_batch(epochs, model, loss_func, opt, train_dl, valid_dl):
    losses, val_losses = [], []
    for _ in range(epochs):
        losses += [
            batch_course(model, loss_func, *batch, opt)[0] for batch in train_dl
        ]
        val_losses += [
            batch_course(model, loss_func, *batch)[0] for batch in valid_dl
        ]
    return losses, val_losses


def fit_adds_up(epochs, model, loss_func, opt, train_dl, valid_dl):
    losses, val_losses = [], []
    total = n_rows = 0
    for _ in range(epochs):
        model.train()
        for xb, yb in train_dl:
            loss, rows = batch_course(model, loss_func, xb, yb, opt)
            total += loss * rows
            n_rows += rows
        losses.append(total / n_rows)
        pairs = [batch_course(model, loss_func, *batch) for batch in valid_dl]
        right = sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs)
        val_losses.append(right)
    return losses, val_losses


def fit_last_batch(epochs, model, loss_func, opt, train_dl, valid_dl):
    losses, val_losses = [], []
    for _ in range(epochs):
        for xb, yb in train_dl:
            loss, _ = batch_course(model, loss_func, xb, yb, opt)
        losses.append(loss)
        for xb, yb in valid_dl:
            loss, _ = batch_course(model, loss_func, xb, yb)
        val_losses.append(loss)
    return losses, val_losses


def fit_twice_training(epochs, model, loss_func, opt, train_dl, valid_dl):
    return fit_with()(epochs, model, loss_func, opt, train_dl, train_dl)


def fit_returns_early(epochs, *rest):
    return fit_with()(1, *rest)


def fit_validation_trains(epochs, model, loss_func, opt, train_dl, valid_dl):
    losses, val_losses = [], []
    for _ in range(epochs):
        for dl, kept in ((train_dl, losses), (valid_dl, val_losses)):
            model.train(dl is train_dl)
            total = n = 0
            for xb, yb in dl:
                loss = loss_func(model(xb), yb)
                loss.backward()
                opt.step()
                opt.zero_grad()
                total, n = total + loss.item() * len(xb), n + len(xb)
            kept.append(total / n)
    return losses, val_losses


def fit_one_step(epochs, model, loss_func, opt, train_dl, valid_dl):
    inner = fit_with(update=lambda loss, opt: loss.backward())
    losses, val_losses = [], []
    for _ in range(epochs):
        one = inner(1, model, loss_func, opt, train_dl, valid_dl)
        opt.step()
        opt.zero_grad()
        losses += one[0]
        val_losses += one[1]
    return losses, val_losses


def fit_never_trains(epochs, model, loss_func, opt, train_dl, valid_dl):
    return fit_with(update=lambda loss, opt: None)(
        epochs, model, loss_func, opt, train_dl, valid_dl
    )


def fit_only_end(epochs, *rest):
    losses, val_losses = fit_with()(epochs, *rest)
    return losses[-1], val_losses[-1]


def fit_prints(*arguments):
    print(*fit_with()(*arguments))


def fit_grows():
    """Build an answer whose lists go on from call to call."""
    all_losses, all_val_losses = [], []

    def fit_both(*arguments):
        losses, val_losses = fit_with()(*arguments)
        all_losses.extend(losses)
        all_val_losses.extend(val_losses)
        return all_losses, all_val_losses

    return fit_both


FIT = Answers(
    right={
        "course": fit_with(),
        "functions of Part I": fit_by_part_1,
        "arrays": fit_by_arrays,
        "the careful loss_batch": fit_of_careful,
        "inference mode": fit_with(block=torch.inference_mode),
        "a list of both": fit_with(result=lambda *both: [*both]),
    },
    wrong={
        "plain_mean": fit_with(
            weigh=lambda loss, xb, dl: loss,
            divide=lambda total, n, n_batches: total / n_batches,
        ),
        "nominal_size": fit_with(
            weigh=lambda loss, xb, dl: loss * dl.batch_size
        ),
        "sum": fit_with(
            weigh=lambda loss, xb, dl: loss,
            divide=lambda total, n, n_batches: total,
        ),
        "last_batch": fit_last_batch,
        "by_dataset": fit_by_datasets,
        "one_order_for_all": fit_from_a_list,
        "loaders_swapped": lambda epochs, model, f, opt, train, valid: (
            fit_with()(epochs, model, f, opt, valid, train)
        ),
        "adds_up": fit_adds_up,
        "measured_after": fit_afterwards,
        "validates_first": fit_first,
        "swapped_lists": fit_with(result=lambda a, b: (b, a)),
        "training_again": fit_with(result=lambda a, b: (a, list(a))),
        "rounded": fit_with(entry=lambda mean: round(mean, 4)),
        "other_value": fit_with(divide=lambda total, n, k: total / (n - 1)),
        "no_train_mode": fit_with(before_training=lambda model: None),
        "train_mode_once": fit_mode_above,
        "no_eval_mode": fit_with(before_validation=lambda model: None),
        "no_eval_mode below the model": fit_with(
            before_validation=lambda model: setattr(model, "training", False)
        ),
        "records_validation": fit_with(block=contextlib.nullcontext),
        "recording_left_off": fit_left_off,
        "trains_on_validation": fit_validation_trains,
        "too_many_steps": lambda epochs, *rest: fit_with()(epochs + 1, *rest),
        "never_trains": fit_never_trains,
        "never_validates": fit_twice_training,
        "other_number_of_steps": fit_returns_early,
        "other_number_of_steps as one per epoch": fit_one_step,
        "no_zero_grad": fit_with(
            update=lambda loss, opt: (loss.backward(), opt.step())
        ),
        "other_parameters": fit_with(
            update=lambda loss, opt: (
                (loss * 4).backward(),
                opt.step(),
                opt.zero_grad(),
            )
        ),
        "swapped": fit_with(loss_of=lambda model, f, x, y: f(y, model(x))),
        "other_loss": fit_with(
            loss_of=lambda model, f, x, y: F.mse_loss(model(x), y)
        ),
        "one_per_batch": fit_per_batch,
        "other_length": fit_grows(),
        "tensors_inside": fit_with(entry=torch.tensor),
        "no_floats": fit_with(entry=np.float64),
        "no_lists": fit_only_end,
        "no_lists but arrays": fit_with(
            result=lambda a, b: (np.array(a), np.array(b))
        ),
        "no_pair": fit_with(result=lambda a, b: a),
        "no_pair but pairs": fit_with(
            result=lambda a, b: [*zip(a, b, strict=True)] * 3
        ),
        "returns_nothing": fit_prints,
        "signature": lambda epochs, model, train_dl, valid_dl: ([], []),
    },
)

# ------------------------------------------------------------------- 13.4


class KeepCourse:
    def before_fit(self, learner):
        self.best_loss, self.best_state = float("inf"), None

    def after_epoch(self, learner):
        if learner.val_loss < self.best_loss:
            self.best_loss = learner.val_loss
            self.best_state = copy.deepcopy(learner.model.state_dict())


class KeepClones:
    def __init__(self):
        self.best_state = None

    def before_fit(self, learner):
        self.best_loss = math.inf

    def after_batch(self, learner):
        pass

    def after_epoch(self, learner):
        if self.best_loss > learner.val_loss:
            self.best_loss = learner.val_loss
            self.best_state = {
                name: tensor.detach().clone()
                for name, tensor in learner.model.state_dict().items()
            }


class KeepAll:
    """Keep every epoch, and look for the best one when asked."""

    def before_fit(self, learner):
        self.kept = []

    def after_epoch(self, learner):
        state = copy.deepcopy(learner.model).state_dict()
        self.kept.append((learner.val_loss, state))

    @property
    def best_loss(self):
        return min(loss for loss, _ in self.kept)

    @property
    def best_state(self):
        return next(s for loss, s in self.kept if loss == self.best_loss)


class KeepByEpoch:
    best_loss = None

    def after_epoch(self, learner):
        first = learner.epoch == 0
        if first or learner.val_loss < self.best_loss:
            self.best_loss = learner.val_loss
            self.best_state = copy.deepcopy(learner.model.state_dict())


class KeepInherits(KeepCourse):
    def after_epoch(self, learner):
        super().after_epoch(learner)
        self.last = learner.epoch


def keep(
    better=lambda self, learner: learner.val_loss < self.best_loss,
    state=lambda learner: copy.deepcopy(learner.model.state_dict()),
    loss=lambda learner: learner.val_loss,
    more=lambda self, learner: None,
    start=lambda self: None,
):
    """Build a class out of its parts."""

    class KeepBest:
        def before_fit(self, learner):
            self.best_loss, self.best_state = float("inf"), None
            start(self)

        def after_epoch(self, learner):
            if better(self, learner):
                self.best_loss = loss(learner)
                self.best_state = state(learner)
            more(self, learner)

    return KeepBest


class KeepFromInit:
    def __init__(self):
        self.best_loss, self.best_state = float("inf"), None

    after_epoch = KeepCourse.after_epoch


class KeepMisspelt:
    before_fit = KeepCourse.before_fit
    after_epochs = KeepCourse.after_epoch


class KeepBatches:
    before_fit = KeepCourse.before_fit

    def after_batch(self, learner):
        self.best_state = copy.deepcopy(learner.model.state_dict())


class KeepOnClass:
    kept: dict = {}

    def before_fit(self, learner):
        self.kept.clear()
        self.kept["loss"] = float("inf")

    def after_epoch(self, learner):
        if learner.val_loss < self.kept["loss"]:
            self.kept["loss"] = learner.val_loss
            self.kept["state"] = copy.deepcopy(learner.model.state_dict())

    best_loss = property(lambda self: self.kept["loss"])
    best_state = property(lambda self: self.kept["state"])


class KeepOtherName:
    def before_fit(self, learner):
        self.best_loss = float("inf")

    def after_epoch(self, learner):
        if learner.val_loss < self.best_loss:
            self.best_loss = learner.val_loss
            self.state = copy.deepcopy(learner.model.state_dict())


class KeepElsewhere(KeepCourse):
    def after_epoch(self, learner):
        if learner.val_loss < self.best_loss:
            self.best_loss = learner.val_loss
            best_state = copy.deepcopy(learner.model.state_dict())  # noqa: F841


class KeepInEvalMode(KeepCourse):
    def before_fit(self, learner):
        super().before_fit(learner)
        learner.model.eval()


class KeepNoLoss:
    def before_fit(self, learner):
        self.lowest = float("inf")

    def after_epoch(self, learner):
        if learner.val_loss < self.lowest:
            self.lowest = learner.val_loss
            self.best_state = copy.deepcopy(learner.model.state_dict())


class KeepLastLoss(KeepNoLoss):
    def after_epoch(self, learner):
        super().after_epoch(learner)
        self.best_loss = learner.val_loss


class KeepNeverSets:
    after_epoch = KeepCourse.after_epoch


class KeepTooSoon(KeepCourse):
    def before_fit(self, learner):
        self.best_loss = learner.val_loss


class KeepNeeds(KeepCourse):
    def __init__(self, model):
        self.model = model


KEEP_BEST = Answers(
    right={
        "course": KeepCourse,
        "clones": KeepClones,
        "every epoch": KeepAll,
        "the number of the epoch": KeepByEpoch,
        "inherits": KeepInherits,
        "out of parts": keep(),
        "a function that makes one": lambda: KeepCourse(),
        "a plain dictionary": keep(
            state=lambda learner: dict(
                copy.deepcopy(learner.model).state_dict()
            )
        ),
    },
    wrong={
        "reference": keep(state=lambda learner: learner.model.state_dict()),
        "reference in a new dictionary": keep(
            state=lambda learner: dict(learner.model.state_dict())
        ),
        "reference in a shallow copy": keep(
            state=lambda learner: copy.copy(learner.model.state_dict())
        ),
        "reference by detach": keep(
            state=lambda learner: {
                name: tensor.detach()
                for name, tensor in learner.model.state_dict().items()
            }
        ),
        "whole_model": keep(state=lambda learner: copy.deepcopy(learner.model)),
        "no_state": keep(
            state=lambda learner: [
                p.detach().clone() for p in learner.model.parameters()
            ]
        ),
        "other_keys": keep(
            state=lambda learner: {
                name: p.detach().clone()
                for name, p in learner.model.named_parameters()
            }
        ),
        "not_reset": KeepFromInit,
        "batch_loss": keep(
            better=lambda self, learner: learner.loss < self.best_loss,
            loss=lambda learner: learner.loss,
        ),
        "last_of_equals": keep(
            better=lambda self, learner: learner.val_loss <= self.best_loss
        ),
        "highest": keep(
            better=lambda self, learner: learner.val_loss > self.best_loss,
            start=lambda self: setattr(self, "best_loss", -1.0),
        ),
        "first_kept": keep(
            better=lambda self, learner: self.best_state is None
        ),
        "last_kept": keep(better=lambda self, learner: True),
        "last_kept as the loss stays": keep(loss=lambda learner: math.inf),
        "other_best_loss": KeepLastLoss,
        "other_best_loss as it was rounded": keep(
            loss=lambda learner: round(learner.val_loss, 2)
        ),
        "too_choosy": keep(
            better=lambda self, learner: (
                learner.val_loss < self.best_loss - 1e-3
            )
        ),
        "other_weights": keep(
            state=lambda learner: {
                name: 2 * tensor
                for name, tensor in learner.model.state_dict().items()
            }
        ),
        "tensor_loss": keep(
            loss=lambda learner: torch.tensor(learner.val_loss)
        ),
        "state_is_none": keep(
            better=lambda self, learner: learner.val_loss > self.best_loss
        ),
        "state_is_none as it has another name": KeepElsewhere,
        "misspelt_hook": KeepMisspelt,
        "no_hook": KeepBatches,
        "no_best_state": KeepOtherName,
        "no_best_loss": KeepNoLoss,
        "shared": KeepOnClass,
        "changes_model": keep(
            more=lambda self, learner: learner.model.load_state_dict(
                {name: tensor + 1 for name, tensor in self.best_state.items()}
            )
        ),
        "changes_model by its mode": keep(
            more=lambda self, learner: learner.model.train()
        ),
        "no_state but a method": keep(
            state=lambda learner: copy.deepcopy(learner.model.state_dict)
        ),
        "never_set": KeepNeverSets,
        "not_of_learner": KeepTooSoon,
        "not_of_learner but of another": keep(
            better=lambda self, learner: learner.train_loss < self.best_loss
        ),
        "stops": keep(
            more=lambda self, learner: setattr(learner, "stop", True)
        ),
        "changes_learner": keep(
            more=lambda self, learner: setattr(learner, "val_loss", 0.0)
        ),
        "changes_learner by a new name": keep(
            more=lambda self, learner: setattr(learner, "best", 0.0)
        ),
        "changes_model before the first epoch": KeepInEvalMode,
        "signature": KeepNeeds,
        "not_callable": KeepCourse(),
    },
)

ANSWERS = {
    "13.1": STABLE,
    "13.2": LOSS_BATCH,
    "13.3": FIT,
    "13.4": KEEP_BEST,
}
