"""Exercise 09.2: mean and spread on board."""

import copy
from types import SimpleNamespace

import torch
from torch import nn

from helpers.check.chapter_09.common import UNITS
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong


@exercise(
    "09.2",
    "Mean and spread on board",
    minutes=8,
    level="medium",
    look=UNITS,
)
def standardised(Standardised):
    """Check the module ``Standardised(model, mean, spread)``."""
    for n_features in (1, 2):
        _check_module(Standardised, n_features)
    one, two = (_build(Standardised, 1, seed) for seed in (1, 5))
    _check_formula(one, "after a second `Standardised` was built")
    _check_formula(two, "for a second `Standardised`")
    _check_load(one, two)
    return (
        "The two buffers travel with the model: into its `state_dict`, to its "
        "device, and into whatever is exported."
    )


def _build(make, n_features: int, seed: int = 1):
    """Build their module around a model; return what is needed to look."""
    numbers = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(n_features, 4), nn.Tanh(), nn.Linear(4, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=numbers))
    mean = [50.0 + 3 * seed, 7.5][:n_features]
    spread = [20.0, 2.5 + seed][:n_features]
    twin = copy.deepcopy(model)
    shown = f"Standardised(model, {mean}, {spread})"
    try:
        made = call(make, model, list(mean), list(spread), shown=shown)
    except AttributeError as error:
        if "before Module.__init__" not in str(error):
            raise
        wrong(
            "no_super",
            expected="`Standardised` is a module of PyTorch.",
            found=f"PyTorch says: {error}.",
            cause="`super().__init__()` is missing, or not the first line of "
            "`__init__`. It makes the places for submodules and buffers.",
        )
    if not isinstance(made, nn.Module):
        wrong(
            "no_module",
            expected=f"{code(shown)} gives a module, an `nn.Module`.",
            found=f"It gives {kind(made)}.",
            cause="The class has to inherit: `class Standardised(nn.Module):`.",
        )
    x = 30 + 50 * torch.rand(5, n_features, generator=numbers)
    if not model.training:
        wrong(
            "sets_mode",
            expected="Building the module leaves `model` in its mode.",
            found="It was in train mode, and is in eval mode.",
            cause="`eval()` stands in `__init__`. Leave the mode to whoever "
            "predicts or trains.",
        )
    return SimpleNamespace(
        made=made, model=model, twin=twin, mean=mean, spread=spread, x=x
    )


def _forward(built, x):
    """Ask their module; a missing forward is named."""
    try:
        return call(built.made, x, shown="module(readings)")
    except TypeError as error:
        if "'Tensor' and 'list'" not in str(error):
            raise
        wrong(
            "plain_attributes",
            expected="`forward` computes with tensors.",
            found=f"One of the two is a list: {code(str(error))}.",
            cause="`mean` and `spread` were kept as lists. "
            "`self.register_buffer(name, torch.tensor(...))` makes a tensor of "
            "each, and a part of the module.",
        )
    except NotImplementedError as error:
        if "forward" not in str(error):
            raise
        wrong(
            "no_forward",
            expected="`Standardised` has a method `forward(self, readings)`.",
            found="PyTorch did not find one.",
            cause="The method is missing, has another name, or is indented "
            "into `__init__`.",
        )


def _check_module(make, n_features: int) -> None:
    built = _build(make, n_features)
    before = built.twin.state_dict()
    for name, value in built.model.state_dict().items():
        if name not in before:
            wrong(
                "changes_model",
                expected="`model` stays as it was.",
                found=f"It has something new: `{name}`.",
                cause="The buffer was registered in the model. `self` is the "
                "module around it: `self.register_buffer(...)`.",
            )
        if not torch.equal(value, before[name]):
            wrong(
                "changes_model",
                expected="`model` stays as it was.",
                found=f"Its `{name}` has changed.",
                cause="The scaling was worked into the weights of the model, "
                "which may be used elsewhere too.",
            )
    _check_formula(built, "")
    _check_parameters(built)
    _check_state(built)
    _check_modes(built)


def _check_formula(built, when: str) -> None:
    x_before = built.x.clone()
    first = _forward(built, built.x)
    if not torch.equal(built.x, x_before):
        built.x = x_before
        wrong(
            "changes_input",
            expected="The readings stay as they were.",
            found="The tensor that was passed holds other numbers now.",
            cause="`-=`, `/=`, `sub_` and `div_` write into the caller's "
            "tensor. `readings - self.mean` makes a new one.",
        )
    if not isinstance(first, torch.Tensor):
        wrong(
            "no_tensor",
            expected="`forward` returns what `model` returns, a tensor.",
            found=f"It returns {kind(first)}.",
            cause="Is `return` missing in `forward`?",
        )
    with torch.no_grad():
        mean, spread = torch.tensor(built.mean), torch.tensor(built.spread)
        expected = built.twin((x_before - mean) / spread)  # [N, 1]
    again = _forward(built, x_before.clone())
    if close(first, expected) and close(again, expected):
        if len(x_before) > 1:
            built_row = SimpleNamespace(**{**vars(built), "x": x_before[:1]})
            _check_formula(built_row, "for a single row")
        return
    _diagnose_formula(built, first, expected, when)


def _diagnose_formula(built, found, expected, when: str) -> None:
    x, model = built.x, built.twin
    mean, spread = torch.tensor(built.mean), torch.tensor(built.spread)
    asked = "`model((readings - mean) / spread)`"
    if found.shape != expected.shape and found.numel() == expected.numel():
        wrong(
            "other_shape",
            expected=f"{asked} has the shape {list(expected.shape)}.",
            found=f"{_numbers(found)}.",
            cause="The answer was squeezed or flattened. Return what `model` "
            "returns.",
        )
    if close(found, expected):
        wrong(
            "remembers",
            expected="The same readings get the same answer, call after call.",
            found="The second time it was another one.",
            cause="`forward` changes a buffer, or keeps something. Mean and "
            "spread stay what they were at the start.",
        )
    suspects = {
        "not_scaled": (model(x), "as if the readings were not scaled"),
        "multiplied": (model((x - mean) * spread), "`(x - mean) * spread`"),
        "other_order": (model(x / spread - mean), "`x / spread - mean`"),
        "brackets": (model(x - mean / spread), "`x - mean / spread`"),
        "added": (model((x + mean) / spread), "`(x + mean) / spread`"),
        "swapped": (model((x - spread) / mean), "`(x - spread) / mean`"),
        "no_model": ((x - mean) / spread, "the scaled readings themselves"),
        "variance": (
            model((x - mean) / spread**2),
            "`(x - mean) / spread ** 2`",
        ),
        "first_only": (
            model((x - mean[0]) / spread[0]),
            "with the mean and spread of the first feature for all",
        ),
        "turned_round": (model((mean - x) / spread), "`(mean - x) / spread`"),
        "of_the_batch": (
            model((x - x.mean(0)) / x.std(0)) if len(x) > 1 else model(x),
            "scaled by the mean and spread of the batch",
        ),
        "scales_answer": (
            (model(x) - mean[:1]) / spread[:1],
            "the *answer* of the model scaled, not the readings",
        ),
    }
    for diagnosis, (values, what) in suspects.items():
        if close(found, values):
            wrong(
                diagnosis,
                expected=f"{asked} gives {_numbers(expected)}.",
                found=f"{_numbers(found)}: {what}.",
                cause="First minus the mean, then divided by the spread, and "
                "then the model. Each feature has a mean and a spread of its "
                "own, which were passed.",
            )
    wrong(
        "shared" if "second" in when else "other_formula",
        expected=f"{asked} gives {_numbers(expected)}{when and ', ' + when}.",
        found=f"{_numbers(found)}.",
        cause="Mean and spread are kept in one place for all, such as the "
        "class or a global name. `self` is a place for each."
        if "second" in when
        else "The formula differs, or something is remembered between two "
        "calls.",
    )


def _numbers(values) -> str:
    """Show the first numbers of a tensor, with its shape if it is no column."""
    if values.ndim != 2 or values.shape[1] != 1:
        return f"a tensor of shape {list(values.shape)}"
    listed = ", ".join(f"{v:.4f}" for v in values.flatten().tolist()[:3])
    return listed + (" and so on" if len(values) > 3 else "")


def _check_parameters(built) -> None:
    theirs = {id(p) for p in built.made.parameters()}
    ours = {id(p) for p in built.model.parameters()}
    n_theirs, n_ours = len(theirs), len(ours)
    if theirs == ours:
        return
    if ours < theirs:
        wrong(
            "trained",
            expected="The parameters are those of `model` and no others: "
            f"{n_ours} tensors.",
            found=f"{n_theirs}.",
            cause="Mean or spread are `nn.Parameter`s, which an optimizer is "
            "given and may move. They are known and fixed: "
            "`register_buffer`.",
        )
    if n_theirs >= n_ours:
        wrong(
            "copies_model",
            expected="The very `model` that was passed stands inside.",
            found="Another one does, with parameters of its own.",
            cause="It was copied. Whatever trains `model` then trains "
            "something else.",
        )
    wrong(
        "model_not_registered",
        expected=f"`.parameters()` gives the {n_ours} tensors of `model`.",
        found=f"It gives {n_theirs}.",
        cause="The model is kept in a list, a dictionary or a function, where "
        "PyTorch does not look. `self.model = model` is seen.",
    )


def _check_state(built) -> None:
    state = built.made.state_dict()
    wanted = {
        "mean": torch.tensor(built.mean),
        "spread": torch.tensor(built.spread),
    }
    missing = [name for name in wanted if name not in state]
    if missing:
        _diagnose_state(built, state, wanted, missing)
    for name, value in wanted.items():
        if state[name].dtype != torch.float32 or not close(
            state[name].flatten(), value
        ):
            wrong(
                "other_buffer",
                expected=f"`{name}` in the `state_dict` holds "
                f"{value.tolist()}, in float32.",
                found=f"It holds {[round(v, 4) for v in state[name].flatten().tolist()]}, "  # noqa: E501
                f"in {str(state[name].dtype).removeprefix('torch.')}.",
                cause="The buffer should hold the numbers as they were passed.",
            )
    n_model = len(built.model.state_dict())
    if len(state) > n_model + 2:
        wrong(
            "more_entries",
            expected=f"The `state_dict` has {n_model + 2} entries: those of "
            "`model`, `mean` and `spread`.",
            found=f"It has {len(state)}.",
            cause="Another buffer was registered, or the model twice. Whoever "
            "reads the file expects these two and no more.",
        )
    if len(state) < n_model + 2:
        wrong(
            "model_not_registered",
            expected="The `state_dict` has the entries of `model` too.",
            found=f"It has {len(state)} of {n_model + 2}.",
            cause="`self.model = model` makes the model a part of the module.",
        )


def _diagnose_state(built, state, wanted, missing) -> None:
    names = " and ".join(f"`{name}`" for name in missing)
    found = f"It has {', '.join(f'`{name}`' for name in state)}."
    buffers = dict(built.made.named_buffers())
    if any(name in buffers for name in missing):
        wrong(
            "not_persistent",
            expected=f"{names} in the `state_dict`.",
            found="The buffers are there, and are not saved.",
            cause="`persistent=False` keeps a buffer out of the `state_dict`. "
            "Leave it out.",
        )
    values = [wanted[name] for name in missing]
    others = [k for k, v in state.items() if _is_one_of(v, values)]
    if others:
        wrong(
            "other_names",
            expected=f"{names} in the `state_dict`.",
            found=found,
            cause="The buffers have other names, or lie in a submodule. Files "
            "are read by name.",
        )
    wrong(
        "plain_attributes",
        expected=f"{names} in the `state_dict`.",
        found=found,
        cause="A tensor or a list in a plain attribute is not a part of the "
        "module: it is not saved, and stays behind on `.to(device)`. "
        "`self.register_buffer(name, tensor)` registers it.",
    )


def _is_one_of(value, tensors) -> bool:
    return any(close(value.flatten(), tensor) for tensor in tensors)


def _check_modes(built) -> None:
    """Look whether training goes through, and modes reach the model."""
    made, model = built.made, built.model
    for mode in (True, False):
        made.train(mode)
        yhat = made(built.x)
        if model.training is not mode:
            wrong(
                "sets_mode",
                expected="The mode of `model` is that of the module around it.",
                found=f"After `.{'train' if mode else 'eval'}()` and a call, "
                "it is in the other one.",
                cause="`forward` sets a mode. Leave that to whoever predicts "
                "or trains.",
            )
        if not yhat.requires_grad:
            wrong(
                "no_graph",
                expected="Gradients reach the parameters of `model`.",
                found="The answer of the module has no graph.",
                cause="`forward` runs under `no_grad` or detaches, or the "
                "model was frozen. Leave that to whoever predicts: the model "
                "may be trained on.",
            )


def _check_load(one, two) -> None:
    """Load the state of one into the other: both have to answer the same."""
    state = copy.deepcopy(one.made.state_dict())
    two.made.load_state_dict(state)
    found, expected = two.made(one.x), one.made(one.x)
    if not close(found, expected):
        wrong(
            "buffer_not_used",
            expected="With the `state_dict` of another `Standardised`, a "
            "module answers as that one does.",
            found="It still scales by numbers of its own.",
            cause="`forward` uses a second copy of mean and spread, such as a "
            "list that `__init__` kept, in place of the buffers.",
        )
    # a device without numbers: what is not registered stays behind
    try:
        elsewhere = one.made.to("meta")(one.x.to("meta"))
    except RuntimeError:
        elsewhere = None
    if elsewhere is None or elsewhere.device.type != "meta":
        wrong(
            "stays_behind",
            expected="After `.to(device)` all of the module is there.",
            found="A part of it stayed on the CPU.",
            cause="A tensor in a plain attribute, or a `.cpu()` in `forward`.",
        )
