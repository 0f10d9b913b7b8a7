"""What a watch makes of a layer, a batch or a loss at one close look.

Everything here runs without gradients and changes nothing that it is given.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch._C._functorch import (  # pyright: ignore[reportMissingImports]
    is_functorch_wrapped_tensor,
)
from torch.nn.modules.batchnorm import _BatchNorm

from helpers.clinic.hooks import Hook, quietly
from helpers.clinic.numbers import (
    is_finite,
    low_and_high,
    mean_and_std,
    n_different,
    rows_differ,
    share_of_zeros,
    weighted_sum,
)
from helpers.clinic.seen import MOST_ROWS, Activations, LossCall, Seen

MOST_LAYERS = 64
MOST_ACTIVATIONS = 4000
RELUS = (nn.ReLU, nn.ReLU6)
VIEWS = ("View", "Squeeze", "Unsqueeze", "Reshape", "Select", "Slice")
VIEWS = (*VIEWS, "TBackward", "ToCopy", "Alias", "Clone", "Transpose")


# -------------------------------------------------------------- the layers


def follow_layers(
    seen: Seen, model: nn.Module, stack: contextlib.ExitStack
) -> None:
    """Put a hook on each innermost layer; closing the stack removes them."""
    if is_compiled(model):
        return
    before = _prefix(seen, model)
    n = 0
    for name, module in model.named_modules():
        is_inner = not any(True for _ in module.children())
        if not is_inner or n >= MOST_LAYERS:
            continue
        n += 1
        hook = Hook(seen, _at_layer, seen, before + (name or "model"))
        stack.callback(module.register_forward_hook(hook).remove)


def is_compiled(model: nn.Module) -> bool:
    """Tell whether the layers of a model are not called one by one."""
    return (
        hasattr(model, "_orig_mod")
        or getattr(model, "_compiled_call_impl", None) is not None
        or isinstance(model, torch.jit.ScriptModule)
    )


def _prefix(seen: Seen, model: nn.Module) -> str:
    if len(seen.models) == 1:
        return ""
    number = next(i for i, m in enumerate(seen.models) if m is model)
    return f"model {number}: "


@quietly
def _look_at_layer(seen: Seen, name: str, module, args, output) -> None:
    step = seen.rounds
    inputs = args[0] if args and isinstance(args[0], torch.Tensor) else None
    has_weights = any(True for _ in module.parameters(recurse=False))
    if name not in seen.layers_called:
        seen.layers_called[name] = type(module).__name__
    if has_weights and inputs is not None:
        if not seen.first_layer:
            seen.first_layer = name
        if seen.first_layer == name and inputs.is_floating_point():
            _look_at_inputs(seen, inputs.detach())
    if isinstance(module, nn.RNNBase) and inputs is not None:
        seen.recurrent.append(
            {
                "layer": name,
                "batch_first": module.batch_first or inputs.ndim < 3,
                "shape": tuple(inputs.shape),
            }
        )
        del seen.recurrent[:-40]
        output = output[0]
    normalizes = isinstance(module, _BatchNorm) and module.training
    if normalizes and inputs is not None and inputs.ndim > 1:
        sizes = seen.batch_norm_sizes.setdefault(name, [])
        values = inputs.numel() // max(1, inputs.shape[1])
        sizes.append((inputs.shape[0], values))
        del sizes[:-40]
    if not isinstance(output, torch.Tensor) or not output.numel():
        return
    if not output.is_floating_point() or output.is_meta:
        return
    out = output.detach().float()
    seen.output_shape = tuple(out.shape)
    if len(seen.activations) < MOST_ACTIVATIONS:
        mean, spread = mean_and_std(out)
        seen.activations.append(
            Activations(step, name, mean, spread, share_of_zeros(out))
        )
    if isinstance(module, RELUS) and out.ndim > 1:
        units = 1 if out.ndim == 4 else out.ndim - 1  # the axis they lie on
        if (name, out.shape[units]) not in seen.awake:
            others = [axis for axis in range(out.ndim) if axis != units]
            _still_silent(seen, name, out.amax(others) == 0)
    if isinstance(module, (nn.Sigmoid, nn.Tanh)):
        low = 0.0 if isinstance(module, nn.Sigmoid) else -1.0
        ends = (out - low < 0.005) | (1 - out < 0.005)
        seen.saturated.setdefault(name, []).append(float(ends.float().mean()))
        del seen.saturated[name][:-40]


def _at_layer(seen: Seen, name: str, module, args, output) -> None:
    if torch.compiler.is_compiling():
        return
    if not torch.is_grad_enabled():
        seen.quiet_layers.add(name)
        return
    if _is_plain(output):
        _look_at_layer(seen, name, module, args, output)


def _is_plain(value: Any) -> bool:
    """Tell whether numbers can be read, which they cannot inside vmap."""
    return not isinstance(value, torch.Tensor) or not (
        is_functorch_wrapped_tensor(value)
    )


def _still_silent(seen: Seen, name: str, mask: torch.Tensor) -> None:
    """Keep which units were silent at every look, while there are any."""
    known = seen.silent_units.get(name)
    if known is not None and known.shape == mask.shape:
        mask = known & mask
    seen.silent_units[name] = mask
    if not mask.any():
        seen.awake.add((name, len(mask)))


def _look_at_inputs(seen: Seen, x: torch.Tensor) -> None:
    if len(seen.inputs) >= 30 or x.numel() < 2:
        return
    x = x.float()
    columns = x.reshape(-1, x.shape[-1]) if x.ndim < 4 else None
    mean, std = mean_and_std(x)
    seen.inputs.append(
        {
            "mean": mean,
            "std": std,
            "finite": is_finite(*low_and_high(x)),
            "rows_differ": rows_differ(x),
            "n": x.shape[0],
            "means": columns.mean(0)[:512] if columns is not None else None,
            "stds": columns.std(0)[:512]
            if columns is not None and len(columns) > 1
            else None,
        }
    )


# ------------------------------------------------------------- the batches


def tensors_in(*values: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in nested lists, tuples and dictionaries."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, dict):
            yield from tensors_in(*value.values())
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(*value)


def print_of(args: Any, kwargs: Any) -> float:
    """Return a number that two batches share only if they are alike."""
    total = 0.0
    for i, x in enumerate(tensors_in(args, kwargs)):
        if not _is_plain(x) or x.is_sparse or x.is_meta or i > 3:
            continue
        total += weighted_sum(x.detach().reshape(-1)[:4096]) * (1 + i)
    return total


def at_batch(seen: Seen, args: Any, kwargs: Any) -> None:
    """See what the model is given in training."""
    seen.pending = None
    x = next(tensors_in(args, kwargs), None)
    if x is None or not _is_plain(x) or x.is_sparse or x.is_meta:
        return
    if len(seen.batches) < 200:
        seen.batches.append(print_of(args, kwargs))
    if x.ndim and not x.requires_grad:
        seen.pending = x.detach()


# -------------------------------------------------------------- the losses


def _pair(args: Any, kwargs: Any) -> tuple[Any, Any]:
    yhat = args[0] if args else kwargs.get("input")
    y = args[1] if len(args) > 1 else kwargs.get("target")
    return yhat, y


@quietly
def at_loss(
    seen: Seen, name: str, args: Any, kwargs: Any, value: Any, training: bool
) -> None:
    """See a loss of torch, with what it compares."""
    yhat, y = _pair(args, kwargs)
    for one in (yhat, y):
        if not isinstance(one, torch.Tensor) or not _is_plain(one):
            return
        if one.is_meta or not one.numel():
            return
    is_number = isinstance(value, torch.Tensor) and value.numel() == 1
    is_classes = name in ("cross_entropy", "nll_loss")
    z, t = yhat.detach().float(), y.detach()
    low, high = low_and_high(z)
    facts: dict[str, Any] = {
        "reduction": kwargs.get("reduction", "mean"),
        "function": last_function(yhat),
        "finite": is_finite(low, high),
        "y_finite": not t.is_floating_point()
        or is_finite(*low_and_high(t.float())),
        "records": yhat.requires_grad,
        "y_records": y.requires_grad,
        "low": low,
        "high": high,
    }
    if is_classes and z.ndim >= 2:
        _class_facts(seen, z, t, facts, training)
    else:
        _value_facts(seen, name, z, t, facts, training)
    call = LossCall(
        name,
        training,
        seen.rounds,
        float(value.detach()) if is_number else None,
        tuple(yhat.shape),
        tuple(y.shape),
        facts,
    )
    few = len(seen.first_calls) < 30
    (seen.first_calls if few else seen.loss_calls).append(call)
    if training:
        _keep_pair(seen, t)


def last_function(yhat: torch.Tensor) -> str:
    """Name the operation that gave a prediction, past mere views."""
    node = yhat.grad_fn
    while node is not None and any(v in node.name() for v in VIEWS):
        node = node.next_functions[0][0] if node.next_functions else None
    return node.name().removesuffix("Backward0") if node is not None else ""


def _class_facts(seen: Seen, z, t, facts: dict, training: bool) -> None:
    facts["n_outputs"] = z.shape[1]
    # no share is below 0 and no logarithm of one above it: soon found out
    may_be_share, may_be_log = facts["low"] >= 0, facts["high"] <= 1e-3
    facts["sums_to_one"] = may_be_share and _are_zero(z.sum(1) - 1)
    facts["is_log"] = may_be_log and _are_zero(z.logsumexp(1))
    if z.ndim == 2 and not facts["is_log"] and not facts["sums_to_one"]:
        facts["over_rows"] = (may_be_log and _are_zero(z.logsumexp(0))) or (
            may_be_share and _are_zero(z.sum(0) - 1)
        )
    rows = z.transpose(1, -1).reshape(-1, z.shape[1]) if z.ndim > 2 else z
    facts["spread"] = float(rows.std(0).max()) if len(rows) > 1 else None
    facts["size"] = float(rows.abs().mean())
    facts["n_rows"] = len(rows)
    answers = rows.argmax(1)
    facts["n_answers"] = n_different(answers)
    if t.is_floating_point():
        t = t.argmax(1)
    t = t.reshape(-1)
    known = t if int(t.min() if len(t) else 0) >= 0 else t[t >= 0]
    facts["n_classes"] = n_different(known)
    if len(answers) == len(t) and len(t):
        facts["hits"] = float((answers == t).float().mean())
    if not training or not len(known):
        return
    n = z.shape[1]
    if n <= 10_000 and int(known.max()) < n:
        counts = known.bincount(minlength=n).cpu()
        if seen.class_counts is None or len(seen.class_counts) != n:
            seen.class_counts = counts * 0
        seen.class_counts = seen.class_counts + counts
    if len(known) >= 4 and z.ndim == 2:
        seen.n_class_batches += 1
        seen.n_single_class += facts["n_classes"] == 1


def _are_zero(values: torch.Tensor) -> bool:
    return bool((values.abs() < 1e-3).all())


def _value_facts(seen: Seen, name, z, t, facts: dict, training: bool) -> None:
    t = t.float()
    facts["y_low"], facts["y_high"] = low_and_high(t)
    rows = z.reshape(len(z), -1) if z.ndim else z.reshape(1, 1)
    facts["n_rows"] = len(rows)
    facts["spread"] = float(rows.std(0).max()) if len(rows) > 1 else None
    facts["size"] = float(rows.abs().mean())
    facts["y_mean"], facts["y_std"] = mean_and_std(t)
    if t.ndim and len(t) > 1:
        facts["y_rows"] = float(t.reshape(len(t), -1).std(0).max())
    facts["broadcasts"] = _broadcasts(z, t)
    ranges = {"Sigmoid": (0, 1), "Tanh": (-1, 1), "Relu": (0, math.inf)}
    low, high = ranges.get(facts["function"], (-math.inf, math.inf))
    outside = (t < low - 0.01) | (t > high + 0.01)
    facts["out_of_reach"] = float(outside.float().mean())
    if name.startswith("binary"):
        facts["n_classes"] = n_different(t) if t.numel() < 1e6 else 3
        facts["positives"] = float(t.mean())


def _broadcasts(yhat: torch.Tensor, y: torch.Tensor) -> bool:
    if yhat.shape == y.shape or y.ndim == 0 or yhat.ndim == 0:
        return False
    return not (
        y.ndim == yhat.ndim
        and all(n in (1, m) for n, m in zip(y.shape, yhat.shape, strict=True))
    )


def _keep_pair(seen: Seen, y: torch.Tensor) -> None:
    n = sum(map(len, seen.kept_targets))
    if y.ndim and n < MOST_ROWS and (not n or _same_kind(seen, y)):
        flat = y.reshape(len(y), -1)[: MOST_ROWS - n, :1024]
        seen.kept_targets.append(flat.detach().cpu().clone())
    x, seen.pending = seen.pending, None
    if x is None or not y.ndim or len(x) != len(y) or len(x) < 2:
        return
    n = sum(map(len, seen.kept_rows))
    if n >= MOST_ROWS:
        return
    x = x.reshape(len(x), -1)[:, :1024].float().cpu()
    if not n or x.shape[1] == seen.kept_rows[0].shape[1]:
        labels = y.reshape(len(y), -1)[:, :16].float().cpu()
        if not n or labels.shape[1] == seen.kept_labels[0].shape[1]:
            seen.kept_rows.append(x.clone())
            seen.kept_labels.append(labels.clone())


def _same_kind(seen: Seen, y: torch.Tensor) -> bool:
    width = y[:1].numel()
    first = seen.kept_targets[0]
    return first.shape[1] == min(width, 1024) and first.dtype == y.dtype


@quietly
def baseline(seen: Seen) -> float | None:
    """Return the loss of the best constant answer, or None if unknown."""
    calls = seen.training_calls()
    names = {call.name for call in calls}
    if len(names) != 1 or any(c.facts["reduction"] != "mean" for c in calls):
        return None
    (name,) = names
    if name in ("cross_entropy", "nll_loss"):
        counts = seen.class_counts
        if counts is None or not counts.sum():
            return None
        p = counts.double() / counts.sum()
        return float(-(p * p.clamp_min(1e-300).log()).sum())
    if not seen.kept_targets:
        return None
    y = torch.cat(seen.kept_targets).double()
    if name == "mse_loss":
        return float(y.var(0, correction=0).mean())
    if name == "l1_loss":
        return float((y - y.median(0).values).abs().mean())
    if name.startswith("binary"):
        p = y.mean(0).clamp(1e-9, 1 - 1e-9)
        return float(-(p * p.log() + (1 - p) * (1 - p).log()).mean())
    return None


# ------------------------------------------------------------- the weights


def was_reset(seen: Seen, parameter: Any, first: torch.Tensor) -> None:
    """See whether a parameter stands where it stood before its first step."""
    now = parameter.detach().reshape(-1)[: len(first)]
    if torch.equal(now, first):
        seen.was_reset += 1


def silent_rows(seen: Seen, optimizer: Any) -> None:
    """See which units of a layer have got no gradient at any look."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = seen.names.get(id(parameter))
            if name is None or parameter.ndim < 2:
                continue
            if (f"{name} ", len(parameter)) in seen.awake:
                continue
            gradient = parameter.grad
            if gradient is None or gradient.is_sparse:
                continue
            if gradient.ndim <= 5 and gradient.numel() <= 1_000_000:
                rows = gradient.detach().reshape(len(gradient), -1)
                silent = ~rows.any(1)
                _still_silent(seen, f"{name} ", silent)


def alike_at_first(seen: Seen, optimizer: Any) -> None:
    """See which layers start with units that are all the same, but not zero."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = seen.names.get(id(parameter))
            if name is None or parameter.ndim < 2 or len(parameter) < 2:
                continue
            rows = parameter.detach().reshape(len(parameter), -1)
            is_drawn = rows.shape[1] < 2 or not bool(rows.any())
            if not is_drawn and bool((rows == rows[:1]).all()):
                seen.same_at_first.add(name)


@quietly
def identical_units(seen: Seen) -> None:
    """See which layers have units that are all the same, by their weights."""
    seen.same_rows.clear()
    for model in seen.models:
        for parameter in model.parameters():
            name = seen.names.get(id(parameter))
            if name is None or parameter.ndim < 2 or len(parameter) < 2:
                continue
            rows = parameter.detach().reshape(len(parameter), -1)
            if rows.is_meta or rows.shape[1] < 2:
                continue
            if bool((rows == rows[:1]).all()) and parameter.requires_grad:
                seen.same_rows.add(name)
