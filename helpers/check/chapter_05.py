"""Checkers of chapter 05: validation without traces, and the right mean."""

import contextlib
import math
import types

import torch
from torch import nn

from helpers.check.chapter_04 import expect_float, expect_step, which_value
from helpers.practice.exercise import call, code, exercise, kind
from helpers.practice.probe_loaders import (
    CountingLoader,
    NotedStep,
    check_batches_are_moved,
    check_recording,
    check_step_is_used,
    make_loader,
    numbered_dataset,
    same_batches,
)
from helpers.practice.probes import Diary, close, make_batches
from helpers.practice.verdict import wrong

STEP = "chapter 05, the section *A validation step*"
EVAL = "chapter 05, the section *What eval mode changes*"
NO_GRAD = "chapter 05, the section *Gradients off: `torch.no_grad()`*"
WITH = "chapter 05, the section *What `with` does*"
RAGGED = "chapter 05, the section *The ragged batch*"


# ----------------------------------------------------------- validation step


class _Diary(Diary):
    """One diary for a model and its copies: a copy may predict as well."""

    def __deepcopy__(self, memo):
        return self


class _LayeredModel(nn.Module):
    """A model of two features with batch norm and dropout, and a diary."""

    def __init__(self, diary: Diary, seed: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1)
        )
        self.diary = diary
        self.layers[0].bias.requires_grad_(False)  # and so it should stay
        numbers = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for tensor in (*self.parameters(), *self.buffers()):
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(tensor.shape, generator=numbers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        yhat = self.layers(x)  # [n, 1]
        self.diary.events.append("forward")
        self.diary.modes.append(any(m.training for m in self.modules()))
        self.diary.recorded.append(yhat.requires_grad)
        self.diary.inputs.append(x)
        return yhat


def _lopsided(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Compute a loss that is another one if its arguments change places."""
    error = first - second  # [n, 1]
    return (error.exp() - error - 1).mean()


class _ValBench:
    """A model and a loss with one diary, for a validation step to be tried."""

    def __init__(self, seed: int = 1):
        self.diary = _Diary()
        self.model = _LayeredModel(self.diary, seed)

    def loss_fn(self, first, second):
        self.diary.events.append("loss")
        self.diary.losses.append((first, second))
        loss = _lopsided(first, second)
        if loss.requires_grad:
            loss.register_hook(
                lambda _grad: self.diary.events.append("backward")
            )
        return loss

    def right_loss(self, x, y) -> float:
        """Compute what the step should return; leave train mode behind."""
        self.model.eval()
        with torch.no_grad():
            loss = _lopsided(self.model.layers(x), y).item()
        self.model.train()
        return loss

    def train(self, move: float) -> None:
        """Leave behind what a training does: moved weights, train mode."""
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter += move
        for parameter in self.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        self.model.train()

    def state(self) -> dict[str, list]:
        """Return copies of all that a validation step should leave alone."""
        parameters = list(self.model.parameters())
        return {
            "parameters": [p.detach().clone() for p in parameters],
            "buffers": [b.clone() for b in self.model.buffers()],
            "gradients": [
                torch.zeros(0) if p.grad is None else p.grad.clone()
                for p in parameters
            ],
            "flags": [float(p.requires_grad) for p in parameters],
        }


@exercise(
    "05.1",
    "A step that switches gradients off",
    minutes=6,
    level="easy",
    look=NO_GRAD,
)
def careful_val_step(make_careful_val_step_fn):
    """Check ``make_careful_val_step_fn(model, loss_fn)``.

    What it returns is called with features [n, 2] and labels [n, 1], and
    returns the loss of the model in eval mode, without recording.
    """
    check_val_step(
        make_careful_val_step_fn,
        shown="make_careful_val_step_fn(model, loss_fn)",
    )
    return "It measures, it records nothing, and it leaves no trace."


def check_val_step(
    make_step,
    *,
    needs_no_grad: bool = True,
    shown: str = "make_val_step_fn(model, loss_fn)",
) -> None:
    """Look at a builder of validation steps.

    Args:
        make_step: takes a model and a loss, returns a validation step.
        needs_no_grad: whether the step has to switch the recording off by
            itself, or may leave that to its caller.
        shown: the call as a reader would write it.

    Raises:
        Wrong: see the cases below.
    """
    bench = _ValBench()
    before = bench.state()
    step = call(make_step, bench.model, bench.loss_fn, shown=shown)
    expect_step(step, shown)
    if bench.diary.events:
        wrong(
            "runs_at_once",
            expected="Building the step does nothing yet.",
            found="The model was asked while the step was built.",
            cause="The prediction stands in the outer function. It belongs "
            "into the inner one, which gets the batch.",
            look=STEP,
        )
    _check_no_trace(before, bench.state())
    set_at_build = not bench.model.training
    # a caller that records, one that does not, and the first one again
    callers = (True, False, True)
    for number, batch in enumerate(make_batches(3)):
        bench.train(0.05 * number)
        once = set_at_build or number > 0
        _check_val_call(bench, step, batch, once, callers[number])
        if needs_no_grad and callers[number]:
            _check_unrecorded(bench.diary)
    _check_two_val_steps(make_step)


def _check_val_call(bench, step, batch, once: bool, recording: bool) -> None:
    """Call the step; look at what it did, returned, and left behind.

    Args:
        bench: what the step was built with.
        step: the validation step.
        batch: features [n, 2] and labels [n, 1].
        once: whether something was right before, when it was built or called.
        recording: whether autograd records when it is called.
    """
    expected = bench.right_loss(*batch)
    before = bench.state()
    bench.diary.clear()
    with torch.set_grad_enabled(recording):
        loss = call(step, *batch, shown="val_step_fn(x, y)")
        still = torch.is_grad_enabled()
        still = still and not torch.is_inference_mode_enabled()
    _check_forward(bench.diary, once)
    if "backward" in bench.diary.events:
        wrong(
            "backward",
            expected="No gradient is computed in validation.",
            found="`backward` ran.",
            cause="The line comes from a training step. Validation predicts "
            "and judges, and leaves it at that.",
            look=STEP,
        )
    _check_no_trace(before, bench.state())
    _check_recording_is_back(recording, still)
    expect_float(loss, "val_step_fn(x, y)", "the loss")
    if not math.isclose(loss, expected, rel_tol=1e-5, abs_tol=1e-6):
        _explain_val_inputs(bench.diary, *batch)
        _wrong_val_loss(loss, expected, once)


def _check_forward(diary: Diary, once: bool) -> None:
    if "forward" not in diary.events:
        wrong(
            "other_model",
            expected="The step predicts with the model that was given.",
            found="That model was never asked.",
            cause="The step uses another model, or none. Use the argument "
            "`model`.",
            look=STEP,
        )
    if any(diary.modes) and once:
        wrong(
            "mode_set_once",
            expected="Each call puts the model into eval mode.",
            found="It was done once, and then never again.",
            cause="`model.eval()` stands in the outer function, or runs in the "
            "first call only. A training step in between "
            "leaves train mode, so each validation step sets its own.",
            look=EVAL,
        )
    if any(diary.modes):
        wrong(
            "no_eval_mode",
            expected="The model and all its layers are in eval mode when they "
            "predict.",
            found="They were in train mode, where a training step had left "
            "them.",
            cause="`model.eval()` is missing, lacks its brackets, or comes "
            "after the prediction. (`model.training = False` does not reach "
            "the layers.) Switching gradients off does not change the mode.",
            look=EVAL,
        )


def _explain_val_inputs(diary: Diary, x, y) -> None:
    """Look at what model and loss were called with, if the loss is wrong."""
    if not torch.equal(diary.inputs[-1], x):
        wrong(
            "other_features",
            expected="The model gets `x` as it was passed.",
            found="It got something else.",
            cause="`x` was changed before the prediction, or the labels were "
            "given to the model.",
            look=STEP,
        )
    if "loss" not in diary.events:
        wrong(
            "other_loss",
            expected="The step uses the `loss_fn` that was given.",
            found="That was never called.",
            cause="The step computes a loss of its own, so that it only fits "
            "one kind of training.",
            look=STEP,
        )
    first, second = diary.losses[-1]
    if isinstance(first, torch.Tensor) and first is y:
        wrong(
            "swapped",
            expected="`loss_fn(yhat, y)`: predictions first, labels second.",
            found="`loss_fn(y, yhat)`.",
            cause="The two arguments changed places. The mean squared error "
            "does not mind, most other losses do.",
            look=STEP,
        )
    if first.shape != second.shape:
        wrong(
            "shapes",
            expected="Predictions and labels of one shape, [n, 1].",
            found=f"{list(first.shape)} and {list(second.shape)}.",
            cause="One of them was squeezed or flattened. The loss then pairs "
            "every label with every prediction.",
            look=STEP,
        )


def _check_unrecorded(diary: Diary) -> None:
    if not any(diary.recorded):
        return
    wrong(
        "recorded",
        expected="The prediction is not recorded, although the caller has no "
        "`no_grad` block.",
        found="It was: `yhat.requires_grad` is `True`.",
        cause="No block `with torch.no_grad():` is around the prediction. It "
        "has to be there in each call, so it belongs into the inner function; "
        "a line without `with` does nothing. (`detach` and `item` come too "
        "late: the pass is recorded by then.)",
    )


def _check_no_trace(before: dict, after: dict) -> None:
    """Compare what a validation step should leave alone."""
    parts = {
        "flags": (
            "flags_changed",
            "`requires_grad` of the parameters has changed.",
            "It was set to stop the recording, and not put back as it was: the "
            "next training will learn nothing, or too much. "
            "`torch.no_grad()` stops the recording for a block, and leaves the "
            "model alone.",
        ),
        "parameters": (
            "updates",
            "The parameters have moved.",
            "The step trains. A validation step has no update.",
        ),
        "buffers": (
            "buffers_changed",
            "The running mean of batch norm has moved.",
            "The model saw the batch in train mode as well. "
            "`no_grad` does not stop batch norm, `eval` does.",
        ),
        "gradients": (
            "gradients_changed",
            "The gradients in the parameters are others than before.",
            "`backward` or `zero_grad` ran. Gradients belong to the training "
            "step, and validation has to leave them as they are.",
        ),
    }
    for part, (diagnosis, found, cause) in parts.items():
        if close(before[part], after[part], 1e-7):
            continue
        wrong(
            diagnosis,
            expected="The model is as before.",
            found=found,
            cause=cause,
        )


def _check_recording_is_back(before: bool, after: bool) -> None:
    if before == after:
        return
    wrong(
        "recording_left_off" if before else "recording_turned_on",
        expected="After the call recording is as it was before.",
        found="It was on, and now it is off."
        if before
        else "The caller had switched it off, and now it is on.",
        cause="`torch.set_grad_enabled(False)` holds until somebody takes it "
        "back: no training step after this one can learn. A `with` block puts "
        "it back when it ends."
        if before
        else "It was set to `True` at the end, whatever it was before. A "
        "`with` block puts back what there was.",
    )


def _wrong_val_loss(loss: float, expected: float, once: bool) -> None:
    said = f"The loss of this batch, {expected:.6g}."
    if once:
        wrong(
            "stale",
            expected=said,
            found=f"{loss:.6g}, after the first call was right.",
            cause="Between the calls the model was trained. The step asks a "
            "copy that was made when the step was built, or keeps something "
            "from the call before, such as a sum of losses.",
            look=STEP,
        )
    wrong(
        "other_value",
        expected=said,
        found=f"{loss:.6g}.",
        cause="The loss was multiplied, divided or rounded on its way, or "
        "predictions or labels were changed before it.",
        look=STEP,
    )


def _check_two_val_steps(make_step) -> None:
    one, two = _ValBench(seed=1), _ValBench(seed=5)
    step, _other = (make_step(b.model, b.loss_fn) for b in (one, two))
    batch = make_batches(1)[0]
    expected = one.right_loss(*batch)
    loss = step(*batch)
    if not two.diary.events and math.isclose(loss, expected, rel_tol=1e-4):
        return
    wrong(
        "shared",
        expected="A step holds the model it was built with.",
        found="After a second step was built, the first asked the second's "
        "model.",
        cause="Model or loss are kept in a global name. The arguments of the "
        "outer function are enough.",
        look=STEP,
    )


# ---------------------------------------------------------- a mode for each

LEND = "evaluating_layers(model)"
# Which layers are in train mode, by their names; "" is the whole model.
EVERY = ("", "0", "1", "1.0", "1.1", "1.2", "1.2.0", "2")
MIXED = (
    EVERY,
    (),
    tuple(name for name in EVERY if name != "1.0"),  # batch norm kept in eval
    tuple(name for name in EVERY if name != "1"),  # but not what is in it
    ("1.2.0",),  # a single one trains
)


@exercise(
    "05.2", "A mode for each layer", minutes=10, level="medium", look=WITH
)
def evaluating_layers(evaluating_layers):
    """Check ``evaluating_layers(model)``, a context manager.

    It lends the model in eval mode, and gives each layer its own mode back.
    """
    for training in MIXED:
        _check_lending(evaluating_layers, training)
    _check_lending(evaluating_layers, EVERY[:4], changes_mode=True)
    _check_two_lent(evaluating_layers)
    for training in MIXED:
        _check_failing_block(evaluating_layers, training)
    return "Each layer gets its own mode back, whatever happens in the block."


def _make_nested(training) -> nn.Module:
    """Build layers in layers, those in ``training`` in train mode."""
    model = nn.Sequential(
        nn.Linear(2, 4),
        nn.Sequential(
            nn.BatchNorm1d(4), nn.Dropout(), nn.Sequential(nn.Dropout())
        ),
        nn.Linear(4, 1),
    )
    for name, layer in model.named_modules():
        layer.training = name in training
    return model


def _modes(model: nn.Module) -> dict[str, bool]:
    return {name: layer.training for name, layer in model.named_modules()}


def _weights(model: nn.Module) -> list:
    tensors = [t.clone() for t in model.state_dict().values()]
    flags = [float(p.requires_grad) for p in model.parameters()]
    return [*tensors, *flags]


@contextlib.contextmanager
def _entered(answer, model: nn.Module):
    """Enter the reader's context manager, and say so if it is none."""
    manager = call(answer, model, shown=LEND)
    _expect_manager(manager)
    try:
        with manager as lent:
            yield lent
    except (RuntimeError, TypeError) as error:
        text = str(error)
        if "generator didn't" not in text and "not an iterator" not in text:
            raise
        wrong(
            "no_single_yield",
            expected="The function yields once: there the block runs.",
            found="It yields more than once."
            if "stop" in text
            else "It never yields.",
            cause="Before the `yield` comes what happens when the block "
            "begins, after it what happens when the block ends.",
        )


def _expect_manager(manager) -> None:
    has_both = all(
        hasattr(type(manager), name) for name in ("__enter__", "__exit__")
    )
    if has_both:
        return
    expected = f"{code(f'with {LEND}:')} can begin a block."
    if isinstance(manager, types.GeneratorType):
        wrong(
            "no_decorator",
            expected=expected,
            found="The function returns a generator, which `with` does not "
            "take.",
            cause="`@contextmanager` is missing in the line above `def`. It "
            "makes a context manager of a function that yields.",
        )
    wrong(
        "no_context_manager",
        expected=expected,
        found=f"{code(LEND)} gives {kind(manager)}, which `with` does not "
        "take.",
        cause="A context manager has a beginning and an end: a function with "
        "`@contextmanager` that yields in between, or a class with `__enter__` "
        "and `__exit__`.",
    )


def _check_lending(answer, training, changes_mode: bool = False) -> None:
    model = _make_nested(training)
    modes, weights = _modes(model), _weights(model)
    with _entered(answer, model) as lent:
        _check_inside(lent, model)
        if changes_mode:
            model.train()
    _compare_modes(modes, _modes(model))
    if not torch.is_grad_enabled() or not close(weights, _weights(model)):
        wrong(
            "changes_more",
            expected="All but the modes is as it was.",
            found="Recording, weights, or which of them need gradients have "
            "changed.",
            cause="More was switched than the mode. `model.eval()` is enough.",
        )


def _check_inside(lent, model: nn.Module) -> None:
    if lent is None:
        wrong(
            "yields_nothing",
            expected=f"`with {LEND} as lent:` gives the model.",
            found="`lent` is `None`.",
            cause="`yield` alone hands out nothing: `yield model`. In a class, "
            "`__enter__` returns it.",
        )
    if lent is not model:
        wrong(
            "yields_other",
            expected="The block gets the model that was passed, itself.",
            found="It gets a copy, or something else.",
            cause="A copy has weights of its own. The model can be lent as it "
            "is, as long as its modes come back.",
        )
    modes = _modes(model)
    left = [name for name, training in modes.items() if training]
    if left:
        nested = "" not in left
        wrong(
            "nested_left_out" if nested else "not_in_eval_mode",
            expected="Inside the block the model and all its layers are in "
            "eval mode.",
            found=f"{len(left)} of {len(modes)} are in train mode.",
            cause="`model.children()` gives the first level only, and "
            "`model.training = False` the model without its layers. "
            "`model.eval()` reaches all."
            if nested
            else "`model.eval()` is missing before the `yield`. "
            "`torch.no_grad()` is the other switch.",
            look=EVAL,
        )
    if not torch.is_grad_enabled():
        wrong(
            "recording_off",
            expected="The mode changes, and nothing else.",
            found="Inside the block recording is off as well.",
            cause="A `torch.no_grad()` stands around the `yield`. These are "
            "two switches, and the caller may want one of them only.",
        )


def _compare_modes(before: dict, after: dict) -> None:
    if before == after:
        return
    wrong_ones = [name for name in before if before[name] != after[name]]
    found = (
        f"{len(wrong_ones)} of {len(before)} have another one than before, "
        f"such as {_shown(wrong_ones[-1])}."
    )
    expected = "After the block every layer is in its own mode again."
    if not any(after.values()):
        wrong(
            "not_put_back",
            expected=expected,
            found=f"All are in eval mode. {found}",
            cause="Nothing is put back after the `yield`, or the modes were "
            "noted only after `model.eval()`, and all were `False` by then.",
        )
    if set(after.values()) == {before[""]}:
        wrong(
            "one_mode",
            expected=expected,
            found=f"All have the mode that the whole model had. {found}",
            cause="One mode was noted, and `model.train(...)` gave it to all: "
            "note one for each of `model.modules()`, nested ones too. Or "
            "`layer.train(mode)` came for the outer layer after those in it, "
            "and reached them again. Or only one of the two modes is put back.",
        )
    if all(after.values()):
        wrong(
            "always_train",
            expected=expected,
            found=f"All are in train mode. {found}",
            cause="`model.train()` at the end puts all of them into train "
            "mode, wherever they were before.",
        )
    wrong(
        "other_modes",
        expected=expected,
        found=found,
        cause="`layer.train(mode)` changes all layers inside that layer too, "
        "so the order counts: from the outside in, as `model.modules()` goes. "
        "`layer.training = mode` changes one. Or nested layers were not noted: "
        "`model.children()` gives the first level only.",
    )


def _shown(name: str) -> str:
    place = "".join(f"[{part}]" for part in name.split(".") if part)
    return f"`model{place}`"


def _check_two_lent(answer) -> None:
    """Lend two models at once, one block in the other."""
    one, two = _make_nested(MIXED[2]), _make_nested(MIXED[4])
    before = _modes(one), _modes(two)
    with _entered(answer, one), _entered(answer, two):
        pass
    if (_modes(one), _modes(two)) == before:
        return
    wrong(
        "shared",
        expected="Two models can be lent at once, one block in the other.",
        found="One of them did not get its modes back.",
        cause="The modes are noted in a global place, where the second block "
        "overwrote those of the first. A name inside the function is enough.",
    )


class _BlockError(Exception):
    """Raised in a block on purpose."""


def _check_failing_block(answer, training) -> None:
    model = _make_nested(training)
    before = _modes(model)
    came_out = False
    try:
        with _entered(answer, model):
            raise _BlockError("an error inside the block")
    except _BlockError:
        came_out = True
    if not came_out:
        wrong(
            "swallows",
            expected="An error inside the block goes on to the caller.",
            found="It was gone after the block.",
            cause="An `except` without `raise`, a `return` in `finally`, or an "
            "`__exit__` that returns `True` swallows it.",
        )
    if _modes(model) == before:
        return
    wrong(
        "no_finally",
        expected="Every layer gets its mode back, also when the block fails.",
        found="After an error inside the block they did not.",
        cause="The error comes out of the `yield`, so what follows is skipped. "
        "Put the `yield` into `try`, and what has to be done into `finally`.",
    )


# ---------------------------------------------------------------- epoch loss

PASS = "mini_batch(device, data_loader, step_fn)"
LOSSES = [3.0, 1.0, 8.0, 2.0]


@exercise(
    "05.3", "A vote for each point", minutes=8, level="medium", look=RAGGED
)
def epoch_loss(mini_batch):
    """Check ``mini_batch(device, data_loader, step_fn)``.

    It returns the mean over all points of a pass, whatever the batch sizes.
    """
    check_epoch_loss(mini_batch)
    return "Each point has one vote, whatever batch it came in."


def check_epoch_loss(mini_batch) -> None:
    """Look at a pass over a loader that takes the mean over all points.

    Args:
        mini_batch: takes device, data_loader, step_fn; returns the mean.

    Raises:
        Wrong: see the cases below.
    """
    for make in (
        lambda: make_loader(10, 4),  # 4, 4, 2
        lambda: make_loader(10, 4, drop_last=True),  # 4, 4
        lambda: make_loader(8, 4),  # 4, 4
        lambda: make_loader(7, 4),  # 4, 3
        lambda: make_loader(10, 3),  # 3, 3, 3, 1
        lambda: make_loader(3, 5),  # 3
        _uneven_loader,
    ):
        _check_pass(mini_batch, make)
    check_batches_are_moved(mini_batch)


def _uneven_loader() -> CountingLoader:
    rows = [[3, 1], [0, 2, 4, 9, 5], [8, 6, 7]]
    return CountingLoader(numbered_dataset(10), batch_sampler=rows)


def _check_pass(answer, make) -> None:
    loader, step, batches = make(), NotedStep(LOSSES), list(make())
    mean = call(answer, torch.device("cpu"), loader, step, shown=PASS)
    if not same_batches(step.seen, batches):
        _diagnose_seen(step.seen, batches, loader)
    if loader.passes > 1 or loader.drawn > len(batches):
        wrong(
            "two_passes",
            expected="One pass over the loader.",
            found=f"{loader.passes} were begun.",
            cause="Sizes and losses can be taken in the same loop. A second "
            "pass reads all data again, and a shuffled loader gives another "
            "order.",
        )
    check_recording(step)
    expect_float(mean, PASS, "the mean")
    sizes = [len(x_batch) for x_batch, _ in batches]
    _compare_epoch_loss(mean, sizes, len(loader.dataset))


def _diagnose_seen(seen, batches, loader) -> None:
    check_step_is_used(seen, batches, loader)
    n = len(batches)
    sizes = [len(x_batch) for x_batch, _ in batches]
    times = f"{len(seen)} times" if len(seen) != 1 else "once"
    expected = f"The step runs on each of the {n} batches, once."
    if len(seen) == 1 and len(seen[0][0]) == sum(sizes):
        wrong(
            "all_at_once",
            expected=expected,
            found="It ran once, on all points together.",
            cause="The batches were joined. The loss is right that way, and a "
            "training step would update once an epoch in place of once a "
            "batch.",
        )
    if same_batches(seen, batches[: len(seen)]):
        wrong(
            "left_out" if len(seen) > 1 or n == 2 else "only_one",
            expected=expected,
            found=f"It ran {times}.",
            cause="Points that are never looked at are no better than points "
            "that count too much: the small batch is to count, with its size."
            if len(seen) > 1
            else "`return` stands inside the loop. Is it indented too far?",
        )
    twice = [batch for batch in batches for _ in (1, 2)]
    if same_batches(seen, twice):
        wrong(
            "step_twice",
            expected=expected,
            found="It ran twice on each.",
            cause="`step_fn(x_batch, y_batch)` stands there twice. A training "
            "step would update twice. Keep its result in a name.",
        )
    wrong(
        "other_batches",
        expected=expected,
        found=f"It ran {times}, on other batches, in another order, or on "
        "batches that were changed.",
        cause="The batches as the loader gives them are enough. Moving them "
        "to the device changes nothing else.",
    )


def _compare_epoch_loss(mean: float, sizes: list[int], n_rows: int) -> None:
    losses = LOSSES[: len(sizes)]
    pairs = list(zip(losses, sizes, strict=True))
    total, n = sum(loss * size for loss, size in pairs), sum(sizes)
    right = total / n
    if math.isclose(mean, right, abs_tol=1e-6):
        return
    plain = sum(losses)
    diagnoses = {
        "plain_mean": (
            [plain / len(sizes)],
            "Every batch has one vote. `data_loader.batch_size` as a weight "
            "comes to the same, as it is one number for all. Weigh each loss "
            "by the size of its own batch, `len(x_batch)`.",
        ),
        "divides_by_dataset": (
            [total / n_rows] if n_rows != n else [],
            f"The data set has {n_rows} points, and the loader gave only {n} "
            "of them. Count what came.",
        ),
        "weighs_full_size": (
            [plain * max(sizes) / n, plain * max(sizes) / n_rows],
            "The last batch was weighed as if it were full, such as by "
            "`data_loader.batch_size`. Its own size is `len(x_batch)`.",
        ),
        "divides_by_batches": (
            [total / len(sizes)],
            "The losses are weighed, and the sum is divided by the number of "
            "batches. Divide by the sum of the weights.",
        ),
        "counts_full_batches": (
            [total / (len(sizes) * max(sizes))],
            "The sum was divided as if every batch were full. Count the "
            "points that came.",
        ),
        "no_weights": (
            [plain / n, plain / n_rows],
            "The losses were added without their weights, and divided by the "
            "number of points.",
        ),
        "counts_numbers": (
            [2 * right],
            "Each batch was weighed by how many *numbers* it has, as `numel` "
            "tells, two features a point. Divide by the same, or count points.",
        ),
        "last_size": (
            [plain * sizes[-1] / n],
            "The size of the last batch was taken for all. It belongs into "
            "the loop.",
        ),
        "last_loss": ([losses[-1]], "The loss of the last batch alone."),
        "sum": ([total, plain], "The sum. It is still to be divided."),
    }
    diagnosis, cause = which_value(
        mean,
        diagnoses,
        "The mean is the sum of loss times batch size, divided by the number "
        "of points. Do both begin at 0, in each call?",
    )
    shown = [", ".join(f"{v:g}" for v in values) for values in (losses, sizes)]
    wrong(
        diagnosis,
        expected=f"Batch losses of {shown[0]} in batches of {shown[1]} points "
        f"make {right:.4f} a point.",
        found=f"{mean:.4f}.",
        cause=cause,
    )
