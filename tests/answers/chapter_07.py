"""Answers to the exercises of chapter 07."""

import copy
import functools
import itertools

import torch
from tensorboard.compat.proto.summary_pb2 import Summary
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from helpers.runs import run_folder
from tests.answers.common import Answers

# ------------------------------------------------------------------- 07.1


def epoch_plain(writer, epoch, loss, val_loss):
    writer.add_scalar("loss/training", loss, epoch)
    writer.add_scalar("loss/validation", val_loss, epoch)


def epoch_loop(writer, epoch, loss, val_loss):
    for part, value in {"validation": val_loss, "training": loss}.items():
        writer.add_scalar(f"loss/{part}", value, global_step=epoch)
    writer.flush()
    return writer


class EpochLog:
    def __init__(self, group):
        self.group = group

    def __call__(self, writer, epoch, loss, val_loss):
        pairs = zip(("training", "validation"), (loss, val_loss), strict=True)
        for part, value in pairs:
            tag = f"{self.group}/{part}"
            writer.add_scalar(tag, torch.tensor(value), epoch, new_style=True)


def epoch_summary(writer, epoch, loss, val_loss):
    values = [
        Summary.Value(tag="loss/training", simple_value=loss),
        Summary.Value(tag="loss/validation", simple_value=val_loss),
    ]
    writer.file_writer.add_summary(Summary(value=values), epoch)


def epoch_of_many(log, step, *losses):
    add = functools.partial(log.add_scalar, global_step=step)
    list(map(add, ("loss/training", "loss/validation"), losses))


def epoch_with(
    tags=("loss/training", "loss/validation"),
    step=lambda epoch: epoch,
    change=lambda loss, val_loss: (loss, val_loss),
    after=lambda writer: None,
):
    """Build an answer that differs from the right one in one place."""

    def log_epoch(writer, epoch, loss, val_loss):
        for tag, value in zip(tags, change(loss, val_loss), strict=False):
            writer.add_scalar(tag, value, step(epoch))
        after(writer)

    return log_epoch


def epoch_add_scalars(writer, epoch, loss, val_loss):
    both = {"training": loss, "validation": val_loss}
    writer.add_scalars("loss", both, epoch)


def epoch_own_writer(writer, epoch, loss, val_loss):
    with SummaryWriter() as own:
        epoch_plain(own, epoch, loss, val_loss)


def epoch_run_folder(writer, epoch, loss, val_loss):
    with SummaryWriter(run_folder("ch07/mine")) as own:
        epoch_plain(own, epoch, loss, val_loss)


def epoch_histograms(writer, epoch, loss, val_loss):
    writer.add_histogram("loss/training", torch.tensor([loss]), epoch)
    writer.add_histogram("loss/validation", torch.tensor([val_loss]), epoch)


def epoch_second_writer(writer, epoch, loss, val_loss):
    with SummaryWriter(writer.log_dir) as own:
        epoch_plain(own, epoch, loss, val_loss)


def epoch_in_with(writer, epoch, loss, val_loss):
    with writer:
        epoch_plain(writer, epoch, loss, val_loss)


def epoch_swapped_arguments(writer, epoch, loss, val_loss):
    writer.add_scalar("loss/training", epoch, loss)
    writer.add_scalar("loss/validation", epoch, val_loss)


def epoch_both_twice(writer, epoch, loss, val_loss):
    for _ in (loss, val_loss):
        epoch_plain(writer, epoch, loss, val_loss)


def epoch_text(writer, epoch, loss, val_loss):
    writer.add_text("loss/training", str(loss), epoch)
    writer.add_text("loss/validation", str(val_loss), epoch)


def epoch_besides(writer, epoch, loss, val_loss):
    epoch_plain(writer, epoch, loss, val_loss)
    writer.add_scalar("epoch", epoch, epoch)


first_writer = {}


def epoch_kept(writer, epoch, loss, val_loss):
    kept = first_writer.setdefault("kept", writer)
    epoch_plain(kept, epoch, loss, val_loss)


def epoch_counter(writer, epoch, loss, val_loss):
    n = first_writer[writer] = first_writer.get(writer, -1) + 1
    epoch_plain(writer, n, loss, val_loss)


def epoch_by_keyword(writer, epoch, loss, val_loss):
    for part, value in (("training", loss), ("validation", val_loss)):
        writer.add_scalar(
            tag=f"loss/{part}",
            scalar_value=torch.tensor(value, dtype=torch.float64),
            global_step=epoch,
            walltime=1e9 + epoch,
            double_precision=True,
        )


def epoch_tag_second(writer, epoch, loss, val_loss):
    writer.add_scalar(loss, "loss/training", epoch)
    writer.add_scalar(val_loss, "loss/validation", epoch)


def epoch_every(n):
    def log_epoch(writer, epoch, loss, val_loss):
        if epoch % n == 0:
            epoch_plain(writer, epoch, loss, val_loss)

    return log_epoch


def epoch_not_the_first(writer, epoch, loss, val_loss):
    if epoch:
        epoch_plain(writer, epoch, loss, val_loss)


def epoch_of_hparams(writer, epoch, loss, val_loss):
    losses = {"loss/training": loss, "loss/validation": val_loss}
    writer.add_hparams({"epoch": epoch}, losses)


def epoch_in_other_order(writer, loss, val_loss, epoch):
    epoch_plain(writer, epoch, loss, val_loss)


EPOCH = Answers(
    right={
        "two lines": epoch_plain,
        "loop, validation first, flush": epoch_loop,
        "class, tensor, new style": EpochLog("loss"),
        "partial": functools.partial(epoch_plain),
        "lambda": lambda w, e, a, b: [
            w.add_scalar(t, v, e)
            for t, v in (("loss/training", a), ("loss/validation", b))
        ],
        "one summary": epoch_summary,
        "any number of losses": epoch_of_many,
        "by keyword, in 64 bits": epoch_by_keyword,
    },
    wrong={
        "no_step": epoch_with(step=lambda epoch: None),
        "steps_from_one": epoch_with(step=lambda epoch: epoch + 1),
        "other_steps": epoch_with(step=lambda epoch: 10 * epoch),
        "uses_page_objects": epoch_counter,
        "swapped": epoch_with(change=lambda a, b: (b, a)),
        "one_tag": epoch_with(("loss/training", "loss/training")),
        "one_tag of its own": epoch_with(("loss", "loss")),
        "one_curve": epoch_with(("loss/training",)),
        "other_tags": epoch_with(("training/loss", "validation/loss")),
        "other_tags with underscores": epoch_with(
            ("loss_training", "loss_validation")
        ),
        "other_tags of texts": epoch_text,
        "other_tags and one more": epoch_besides,
        "one_for_both": epoch_with(change=lambda a, b: (a, a)),
        "one_for_both second": epoch_with(change=lambda a, b: (b, b)),
        "no_scalar": epoch_histograms,
        "other_writer of a run": epoch_run_folder,
        "sub_runs": epoch_add_scalars,
        "many_files": epoch_with(after=lambda writer: writer.close()),
        "many_files by with": epoch_in_with,
        "many_files by another writer": epoch_second_writer,
        "other_writer": epoch_own_writer,
        "value_and_step_swapped": epoch_swapped_arguments,
        "too_many_points": epoch_both_twice,
        "other_values": epoch_with(change=lambda a, b: (a, (a + b) / 2)),
        "other_values rounded": epoch_with(
            change=lambda a, b: (round(a, 3), round(b, 3))
        ),
        "nothing_logged": lambda w, e, a, b: print(e, a, b),
        "shared": epoch_kept,
        "tag_not_first": epoch_tag_second,
        "tag_not_first but last": lambda w, e, a, b: w.add_scalar(
            e, a, "loss/training"
        ),
        "points_missing every tenth only": epoch_every(10),
        "points_missing every fifth only": epoch_every(5),
        "points_missing at zero": epoch_not_the_first,
        "sub_runs of hyperparameters": epoch_of_hparams,
        "parameters_in_other_order": epoch_in_other_order,
        "raises": lambda w, e, a, b: w.add_scalar("loss", [a, b], e),
        "signature": lambda writer, loss, val_loss: None or writer.flush(),
    },
)

# ------------------------------------------------------------------- 07.2


def graph_next(writer, model, data_loader, device):
    features, _labels = next(iter(data_loader))
    writer.add_graph(model, features.to(device))


def graph_for(writer, model, data_loader, device):
    for x_batch, _ in data_loader:
        writer.add_graph(model, (x_batch.to(device),), use_strict_trace=False)
        break
    writer.flush()


class GraphLog:
    def __call__(self, writer, model, data_loader, device):
        first = [batch[0] for batch in data_loader][-1]
        device = next(model.parameters()).device
        writer.add_graph(model, input_to_model=[first.to(device)])


def graph_mode(writer, model, data_loader, device):
    was = model.training
    model.eval()
    with torch.no_grad():
        graph_next(writer, model, data_loader, device)
    model.train(was)


def graph_of_copy(writer, model, data_loader, device):
    graph_next(writer, copy.deepcopy(model).eval(), data_loader, device)


def graph_of(
    pick,
    model_of=lambda model: model,
    after=lambda writer, model: None,
    move=lambda features, device: features.to(device),
):
    """Build an answer that differs from the right one in one place."""

    def log_graph(writer, model, data_loader, device):
        features = pick(next(iter(data_loader)))
        writer.add_graph(model_of(model), move(features, device))
        after(writer, model)

    return log_graph


def graph_every(writer, model, data_loader, device):
    for features, _labels in data_loader:
        writer.add_graph(model, features.to(device))


def graph_whole_batch(writer, model, data_loader, device):
    batch = next(iter(data_loader))
    writer.add_graph(model, [part.to(device) for part in batch])


def graph_no_iter(writer, model, data_loader, device):
    features, _labels = next(data_loader)
    writer.add_graph(model, features.to(device))


def graph_indexed(writer, model, data_loader, device):
    writer.add_graph(model, data_loader[0][0].to(device))


def graph_trains(writer, model, data_loader, device):
    features, labels = next(iter(data_loader))
    loss = ((model(features.to(device)) - labels.to(device)) ** 2).mean()
    loss.backward()
    writer.add_graph(model, features.to(device))


def graph_forgotten(writer, model, data_loader, device):
    features, _labels = next(iter(data_loader))
    model(features.to(device))
    writer.flush()


def graph_own_writer(writer, model, data_loader, device):
    with SummaryWriter() as own:
        graph_next(own, model, data_loader, device)


def graph_only_once(writer, model, data_loader, device):
    kept = first_writer.setdefault("graph", writer)
    graph_next(kept, model, data_loader, device)


class Around(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x) * 2


page_device = torch.device("cpu")
page_model = nn.Sequential(nn.Linear(2, 1))


def features_of(batch):
    return batch[0]


def graph_enumerated(writer, model, data_loader, device):
    for number, (features, _labels) in enumerate(data_loader):
        if number == 0:
            writer.add_graph(model, features.to(device))


def graph_of_all(writer, model, data_loader, device):
    (features, *_), *_rest = data_loader
    modes = [module.training for module in model.modules()]
    writer.add_graph(model, input_to_model=features.to(device), verbose=False)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode


def graph_after_a_look(writer, model, data_loader, device):
    features = next(iter(data_loader))[0].to(device)
    model(features)
    writer.add_graph(model, features)


def graph_train_after(writer, model, data_loader, device):
    model.eval()
    graph_next(writer, model, data_loader, device)
    model.train()


def graph_of_the_dataset(writer, model, data_loader, device):
    features, _label = data_loader.dataset[0]
    writer.add_graph(model, features.unsqueeze(0).to(device))


GRAPH = Answers(
    right={
        "next": graph_next,
        "for and break, a tuple": graph_for,
        "class, another batch, device of the model": GraphLog(),
        "partial": functools.partial(graph_next),
        "lambda": lambda w, m, loader, d: w.add_graph(
            m, next(iter(loader))[0].to(d)
        ),
        "mode put back": graph_mode,
        "a copy": graph_of_copy,
        "enumerate": graph_enumerated,
        "all batches, each mode put back": graph_of_all,
    },
    wrong={
        "no_input": lambda w, m, loader, d: w.add_graph(m),
        "no_tensor": lambda w, m, loader, d: w.add_graph(
            m, (next(iter(loader)),)
        ),
        "whole_batch": graph_whole_batch,
        "whole_batch as it is": lambda w, m, loader, d: w.add_graph(
            m, next(iter(loader))
        ),
        "whole_batch moved": graph_of(lambda batch: batch),
        "no_tensor but the loader": lambda w, m, loader, d: w.add_graph(
            m, loader
        ),
        "no_input but another model": lambda w, m, loader, d: w.add_graph(
            nn.Linear(1, 1), next(iter(loader))[0]
        ),
        "no_input but its state": lambda w, m, loader, d: w.add_graph(
            m.state_dict(), next(iter(loader))[0]
        ),
        "no_input but swapped": lambda w, m, loader, d: w.add_graph(
            next(iter(loader))[0].to(d), m
        ),
        "labels by names": graph_of(lambda batch: [*batch][-1]),
        "model_changed by a look": graph_after_a_look,
        "mode_changed to train": graph_train_after,
        "other_input from a row": graph_of_the_dataset,
        "model_changed freezes": graph_of(
            features_of,
            after=lambda writer, model: model.requires_grad_(False),
        ),
        "moves_model": lambda w, m, loader, d: graph_next(
            w, m.cpu(), loader, torch.device("cpu")
        ),
        "other_input from the data": lambda w, m, loader, d: w.add_graph(
            m, loader.dataset[:6][0].to(d) + 0
        ),
        "other_shape all batches": lambda w, m, loader, d: w.add_graph(
            m, torch.cat([features for features, _ in loader]).to(d)
        ),
        "no_graph of a part": graph_of(
            features_of, model_of=lambda model: model.layers
        ),
        "labels": graph_of(lambda batch: batch[1]),
        "other_shape": graph_of(lambda batch: batch[0][0]),
        "other_shape but a batch": graph_of(lambda batch: batch[0][:1]),
        "other_input": graph_of(lambda batch: torch.zeros_like(batch[0])),
        "not_moved": graph_of(features_of, move=lambda features, _: features),
        "not_moved in place": lambda w, m, loader, d: graph_next(
            w, m, loader, page_device
        ),
        "mode_changed": graph_of(
            features_of, after=lambda writer, model: model.eval()
        ),
        "model_changed": graph_trains,
        "no_graph": graph_of(features_of, model_of=lambda model: page_model),
        "no_graph at all": graph_forgotten,
        "other_graph": graph_of(features_of, model_of=Around),
        "many_graphs": graph_every,
        "many_files": graph_of(
            features_of, after=lambda writer, model: writer.close()
        ),
        "other_writer": graph_own_writer,
        "shared": graph_only_once,
        "no_iterator": graph_no_iter,
        "indexed": graph_indexed,
        "signature": lambda writer, model: writer.add_graph(model),
        "raises": lambda w, m, loader, d: w.add_graph(m, loader.features),
    },
)

# ------------------------------------------------------------------- 07.3


def weights_named(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter, epoch)


def weights_numpy(writer, model, epoch):
    for name, parameter in model.named_parameters():
        values = parameter.detach().cpu().numpy().flatten()
        writer.add_histogram(tag=name, values=values, global_step=epoch)
    writer.flush()


class WeightLog:
    def __init__(self, bins):
        self.bins = bins

    def __call__(self, writer, model, epoch):
        for name, parameter in dict(model.named_parameters()).items():
            writer.add_histogram(name, parameter.data, epoch, bins=self.bins)


def weights_state(writer, model, epoch):
    parameters = {name for name, _ in model.named_parameters()}
    for name, values in model.state_dict().items():
        if name in parameters:
            writer.add_histogram(name, values, epoch)


def weights_by_module(writer, model, epoch):
    for prefix, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            values = parameter.flatten()
            writer.add_histogram(f"{prefix}.{name}", values, epoch)


def weights_with(
    tag=lambda name: name,
    step=lambda epoch: epoch,
    change=lambda parameter: parameter,
    keep=lambda name, parameter: True,
):
    """Build an answer that differs from the right one in one place."""

    def log_weights(writer, model, epoch):
        for name, parameter in model.named_parameters():
            if keep(name, parameter):
                values = change(parameter)
                writer.add_histogram(tag(name), values, step(epoch))

    return log_weights


def weights_all_state(writer, model, epoch):
    for name, values in model.state_dict().items():
        writer.add_histogram(name, values.float(), epoch)


def weights_first(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter, epoch)
        return


def weights_numbered(writer, model, epoch):
    for number, parameter in enumerate(model.parameters()):
        writer.add_histogram(str(number), parameter, epoch)


def weights_scalars(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_scalar(name, parameter.mean(), epoch)


def weights_images(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_image(name, parameter.detach().reshape(1, 1, -1), epoch)


def weights_and_gradients(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter, epoch)
        if parameter.grad is not None:
            writer.add_histogram(f"{name}.grad", parameter.grad, epoch)


def weights_gradients(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter.grad, epoch)


def weights_in_place(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter.detach_().numpy(), epoch)


def weights_zero_grad(writer, model, epoch):
    weights_named(writer, model, epoch)
    model.zero_grad()


def weights_eval(writer, model, epoch):
    model.eval()
    weights_named(writer, model, epoch)


def weights_close(writer, model, epoch):
    weights_named(writer, model, epoch)
    writer.close()


def weights_own_writer(writer, model, epoch):
    with SummaryWriter("weights") as own:
        weights_named(own, model, epoch)


def weights_kept_writer(writer, model, epoch):
    weights_named(first_writer.setdefault("weights", writer), model, epoch)


def weights_by_numpy(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter.numpy(), epoch)


def weights_twice(writer, model, epoch):
    for _ in range(2):
        weights_named(writer, model, epoch)


stale = {}


def weights_stale(writer, model, epoch):
    if epoch in (0, 2):
        stale.clear()
    for name, parameter in model.named_parameters():
        copy = stale.setdefault(name, parameter.detach().clone())
        writer.add_histogram(name, copy, epoch)


def weights_counter(writer, model, epoch):
    n = first_writer[writer] = first_writer.get(writer, itertools.count())
    weights_named(writer, model, next(n))


def weights_got(writer, model, epoch):
    for name in dict(model.named_parameters()):
        values = model.get_parameter(name)
        writer.add_histogram(name, values, epoch, max_bins=64)


def weights_of_state_kept(writer, model, epoch):
    for name, values in model.state_dict(keep_vars=True).items():
        if isinstance(values, nn.Parameter):
            writer.add_histogram(name, values, epoch)


def weights_tag_second(writer, model, epoch):
    for name, parameter in model.named_parameters():
        writer.add_histogram(parameter, name, epoch)


def weights_every_tenth(writer, model, epoch):
    if epoch % 10 == 0:
        weights_named(writer, model, epoch)


def weights_joined(writer, model, epoch):
    parts = [parameter.flatten() for parameter in model.parameters()]
    writer.add_histogram("parameters", torch.cat(parts), epoch)


def weights_of_linear(writer, model, epoch):
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            writer.add_histogram(f"{name}.weight", module.weight, epoch)
            writer.add_histogram(f"{name}.bias", module.bias, epoch)


def weights_layers_eval(writer, model, epoch):
    for layer in model.children():
        layer.eval()
    weights_named(writer, model, epoch)


def weights_no_gradients(writer, model, epoch):
    weights_named(writer, model, epoch)
    for parameter in model.parameters():
        parameter.grad = None


def weights_in_other_order(model, writer, epoch):
    weights_named(writer, model, epoch)


WEIGHTS = Answers(
    right={
        "named_parameters": weights_named,
        "numpy, flush": weights_numpy,
        "class, bins": WeightLog("auto"),
        "partial": functools.partial(weights_named),
        "lambda": lambda w, m, e: [
            w.add_histogram(n, p, e) for n, p in m.named_parameters()
        ],
        "state_dict without buffers": weights_state,
        "by module": weights_by_module,
        "get_parameter": weights_got,
        "state_dict with parameters": weights_of_state_kept,
        "clone": weights_with(change=lambda p: p.detach().clone().double()),
    },
    wrong={
        "no_step": weights_with(step=lambda epoch: None),
        "other_steps": weights_with(step=lambda epoch: epoch + 1),
        "uses_page_objects": weights_counter,
        "other_steps twice": weights_twice,
        "some_missing": weights_first,
        "some_missing biases": weights_with(
            keep=lambda name, _: name.endswith("weight")
        ),
        "some_missing frozen": weights_with(keep=lambda _, p: p.requires_grad),
        "one_tag": weights_with(tag=lambda name: "weights"),
        "buffers": weights_all_state,
        "other_tags": weights_numbered,
        "other_tags in a group": weights_with(tag=lambda n: f"weights/{n}"),
        "other_tags short": weights_with(tag=lambda n: n.split(".")[-1]),
        "other_tags and gradients": weights_and_gradients,
        "no_histogram": weights_scalars,
        "gradients": weights_gradients,
        "not_all_values": weights_with(change=lambda p: p.mean()),
        "not_all_values once each": weights_with(change=lambda p: p.unique()),
        "no_histogram but images": weights_images,
        "not_all_values one row": weights_with(change=lambda p: p[0]),
        "other_values": weights_with(change=lambda p: p.abs()),
        "uses_page_objects of before": weights_stale,
        "model_changed": weights_in_place,
        "model_changed gradients": weights_zero_grad,
        "mode_changed": weights_eval,
        "many_files": weights_close,
        "other_writer": weights_own_writer,
        "shared": weights_kept_writer,
        "nothing_logged": lambda w, m, e: print(list(m.named_parameters())),
        "tag_not_first": weights_tag_second,
        "epochs_missing": weights_every_tenth,
        "one_tag joined": weights_joined,
        "some_missing but linear ones": weights_of_linear,
        "mode_changed of layers": weights_layers_eval,
        "model_changed no gradients": weights_no_gradients,
        "model_changed values": weights_with(change=lambda p: p.data.abs_()),
        "parameters_in_other_order": weights_in_other_order,
        "raises": weights_by_numpy,
        "signature": lambda model, epoch: print(model, epoch),
    },
)

ANSWERS = {"07.1": EPOCH, "07.2": GRAPH, "07.3": WEIGHTS}
