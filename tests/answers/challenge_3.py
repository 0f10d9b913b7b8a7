"""Answers to the tasks of challenge 3: mended loops, and their illnesses.

Right ones are the solution's and the sick loop mended in another way; wrong
ones are sick, or mended and then changed where nothing was wrong.
"""

import nbformat
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.course import NOTEBOOKS
from helpers.networks import MLP
from tests.answers.common import Answers

PAGE = NOTEBOOKS / "challenges" / "twelve_sick_loops_solution.ipynb"
CELLS = nbformat.read(PAGE, as_version=4).cells
MENDED = [c.source for c in CELLS if "task" in c.metadata.get("tags", [])]
SICK = [
    cell.source.partition("\n\n\n_, numbers")[0]
    for cell in CELLS
    if "\n\n\n_, numbers = patient_" in cell.source
]
NAMES = {
    **{"torch": torch, "F": F, "nn": nn, "optim": optim, "MLP": MLP},
    **{"DataLoader": DataLoader, "TensorDataset": TensorDataset},
}


LOOP = next(c.source for c in CELLS if c.source.startswith("# The loop of"))


def built(source, number, *changes):
    """Return the loop that a text defines, with some of it replaced."""
    if number == 6:  # its loop stands in a cell of its own
        source = f"{LOOP}\n\n\n{source}"
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    space = dict(NAMES)
    exec(compile(source, "<string>", "exec"), space)
    name = f"healed_{number}"
    return space.get(name) or space[f"patient_{number}"]


def sick(number, *changes):
    return built(SICK[number - 1], number, *changes)


def mended(number, *changes):
    return built(MENDED[number - 1], number, *changes)


def answers(number, right, model, other_ways, half=(), **more):
    """Return answers to one task.

    Args:
        number: of the patient.
        right: the letter of its illness.
        model: a text of its model, and the same larger.
        other_ways: style -> changes that mend the sick one differently.
        half: changes that leave it sick, by name.
        more: diagnosis -> changes to the mended one.
    """
    source = MENDED[number - 1]
    result = source.rpartition("return model, ")[2]
    wrong = "A" if right != "A" else "B"
    step = "optimizer.step()"
    harmful = {
        "returns_nothing": ("return model, ", "_ = model, "),
        "no_list": (f"model, {result}", f"model, {result}[-1]"),
        "other_model": model,
        "more_steps": (step, f"{step}; {step}"),
        "other_rate": ("lr=0.", "lr=10 * 0."),
        **{key.replace("__", " "): changes for key, changes in more.items()},
    }
    return Answers(
        right={
            "the solution": (mended(number), right),
            "a word": (mended(number), f" {right.lower()}. that one"),
            **{
                style: (sick(number, *changes), right)
                for style, changes in other_ways.items()
            },
        },
        wrong={
            "other_illness": (mended(number), wrong),
            "still_ill": (sick(number), right),
            "still_ill unnamed": (sick(number), wrong),
            **{
                f"still_ill {place}": (sick(number, *changes), right)
                for place, changes in enumerate(half)
            },
            **{
                key: (mended(number, *changes), right)
                for key, changes in harmful.items()
            },
        },
    )


PATIENT_1 = answers(
    1,
    "C",
    (
        "nn.Linear(1, 1)",
        ("nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))"),
    ),
    {
        "way 1": (
            "(model(x) - y)",
            "(model(x).squeeze(1) - y)",
            "(model(x_val) - y_val)",
            "(model(x_val).squeeze(1) - y_val)",
        ),
        "way 2": (
            "((model(x) - y) ** 2).mean()",
            "F.mse_loss(model(x).flatten(), y)",
            "((model(x_val) - y_val) ** 2).mean()",
            "F.mse_loss(model(x_val)[:, 0], y_val)",
        ),
    },
    half=[
        (
            "(model(x) - y)",
            "(model(x).T - y[:, None])",
        )
    ],
    other_number__in_validation=(
        "y, y_val = y[:, None], y_val[:, None]",
        "y = y[:, None]",
    ),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_number=(
        "losses.append(",
        "losses.append(0.5 * ",
    ),
)

PATIENT_2 = answers(
    2,
    "A",
    (
        "MLP(64, 10)",
        "MLP(64, 10, 128)",
    ),
    {
        "way 1": (
            "            optimizer.step()\n",
            ("            optimizer.step()\n            model.zero_grad()\n"),
        ),
        "way 2": (
            "            loss.backward()\n",
            (
                "            for p in model.parameters():\n"
                "                p.grad = None\n"
                "            loss.backward()\n"
            ),
        ),
    },
    half=[
        (
            "            optimizer.step()\n",
            ("            optimizer.step()\n        optimizer.zero_grad()\n"),
        )
    ],
    other_rows=(
        "    torch.manual_seed(seed)\n",
        "    torch.manual_seed(seed)\n    x = (x - x.mean()) / x.std()\n",
    ),
    same_order=(", shuffle=True", ""),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_number=(
        "accuracies.append(",
        "accuracies.append(0.5 * ",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_3 = answers(
    3,
    "D",
    (
        "32",
        "64",
    ),
    {
        "way 1": (
            "nn.Softmax(dim=1)",
            "nn.LogSoftmax(dim=1)",
            "F.cross_entropy",
            "F.nll_loss",
        ),
        "way 2": (
            "nn.Softmax(dim=1)",
            "nn.Identity()",
        ),
    },
    half=[
        (
            "dim=1)\n",
            "dim=0)\n",
        )
    ],
    gives_probabilities=(
        "nn.Linear(32, 10)",
        "nn.Linear(32, 10), nn.Softmax(dim=1)",
        "model(x_batch)",
        "model(x_batch).log()",
        "model(x_val)",
        "model(x_val).log()",
    ),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_number=(
        "losses.append(",
        "losses.append(0.5 * ",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_4 = answers(
    4,
    "B",
    (
        "nn.Conv2d(1, 8, 3)",
        "nn.Conv2d(1, 8, 3, bias=False)",
    ),
    {
        "way 1": (
            "        with torch.no_grad():\n",
            ("        model.eval()\n        with torch.no_grad():\n"),
            "mean().item())\n",
            ("mean().item())\n        model.train()\n"),
        ),
        "way 2": (
            "        for x_batch, y_batch in loader:\n",
            (
                "        model.train(True)\n"
                "        for x_batch, y_batch in loader:\n"
            ),
            "        with torch.no_grad():\n",
            ("        model.train(False)\n        with torch.no_grad():\n"),
        ),
    },
    half=[
        (
            "    return model, ",
            "    model.eval()\n    return model, ",
        )
    ],
    no_dropout=("nn.Dropout(0.5), ", ""),
    no_dropout__less=("nn.Dropout(0.5)", "nn.Dropout(0.4)"),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    eval_while_training=(
        "        model.train()\n",
        "",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_5 = answers(
    5,
    "E",
    (
        "256",
        "512",
    ),
    {
        "way 1": (
            "    model.out = nn.Linear(256, 10)\n",
            (
                "    model.out = nn.Linear(256, 10)\n"
                "    optimizer = optim.Adam(model.parameters(),"
                " lr=0.01)\n"
            ),
        ),
        "way 2": (
            "    model.out = nn.Linear(256, 10)\n",
            (
                "    model.out = nn.Linear(256, 10)\n"
                '    optimizer.param_groups[0]["params"] ='
                " list(model.out.parameters())\n"
            ),
        ),
    },
    half=[],
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    body_thawed=(
        "requires_grad_(False)",
        "requires_grad_(True)",
    ),
    other_number=(
        "accuracies.append(",
        "accuracies.append(0.5 * ",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_6 = answers(
    6,
    "F",
    (
        "32",
        "48",
    ),
    {
        "way 1": (
            "self.rnn(x)",
            "self.rnn(x.transpose(0, 1))",
            "states[:, -1]",
            "states[-1]",
        ),
        "way 2": (
            "states, _ = self.rnn(x)",
            "_, last = self.rnn(x.permute(1, 0, 2))",
            "states[:, -1]",
            "last[0]",
        ),
    },
    half=[
        (
            "states[:, -1]",
            "states.mean(dim=1)",
        )
    ],
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_number=(
        "accuracies.append(",
        "accuracies.append(0.5 * ",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_7 = answers(
    7,
    "A",
    (
        "MLP(64, 10)",
        "MLP(64, 10, 128)",
    ),
    {
        "way 1": (
            "        x = x[torch.randperm(len(x))]\n",
            "        order = torch.randperm(len(x))\n",
            "x[start : start + 64], y[start : start + 64]",
            ("x[order[start : start + 64]], y[order[start : start + 64]]"),
        ),
        "way 2": (
            "        x = x[torch.randperm(len(x))]\n",
            "        data = TensorDataset(x, y)\n"
            "        loader = DataLoader(data, 64, shuffle=True)\n",
            "        for start in range(0, len(x), 64):\n",
            "        for x_batch, y_batch in loader:\n",
            "            x_batch, y_batch = x[start : start + 64], "
            "y[start : start + 64]\n",
            "",
        ),
    },
    half=[
        (
            "x = x[torch.randperm(len(x))]",
            "y = y[torch.randperm(len(x))]",
        )
    ],
    same_order=("torch.randperm(len(x))", "torch.arange(len(x))"),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_number=(
        "losses.append(",
        "losses.append(0.5 * ",
    ),
    fewer_steps=(
        "range(0, len(x), 64)",
        "range(0, 500, 64)",
    ),
)

PATIENT_8 = answers(
    8,
    "D",
    (
        "MLP(40, 10)",
        "MLP(40, 10, 128)",
    ),
    {
        "way 1": (
            (
                "    train = torch.randperm(len(x))[:n_train]\n"
                "    val = torch.randperm(len(x))[n_train:]\n"
            ),
            (
                "    train, val = torch.randperm(len(x)).split([n_tra"
                "in, len(x) - n_train])\n"
            ),
        ),
        "way 2": (
            (
                "    train = torch.randperm(len(x))[:n_train]\n"
                "    val = torch.randperm(len(x))[n_train:]\n"
            ),
            (
                "    train = torch.arange(n_train)\n"
                "    val = torch.arange(n_train, len(x))\n"
            ),
        ),
    },
    half=[
        (
            "val = torch.randperm(len(x))[n_train:]",
            "val = torch.randperm(len(x))[:200]",
        ),
        (  # twenty rows are in both
            "    val = torch.randperm(len(x))[n_train:]\n",
            "    rest = set(range(len(x))) - set(train[20:].tolist())\n"
            "    val = torch.tensor(sorted(rest))\n",
        ),
    ],
    no_validation=(
        "order[n_train:]",
        "order[n_train : n_train + 9]",
    ),
    fewer_steps=(
        "train, val = order[:n_train]",
        "train, val = order[:500]",
    ),
)

PATIENT_9 = answers(
    9,
    "C",
    (
        "MLP(64, 10)",
        "MLP(64, 10, 128)",
    ),
    {
        "way 1": (
            "1 - x / 16, x_val / 16",
            "1 - x / 16, 1 - x_val / 16",
        ),
        "way 2": (
            "1 - x / 16, x_val / 16",
            "(x / 16, x_val.div(16))",
        ),
    },
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_rows=(
        "x, x_val = x / 16, x_val / 16",
        "x, x_val = x - 8, x_val - 8",
    ),
    half=[
        (
            "1 - x / 16, x_val / 16",
            "x / 16, 1 - x_val / 16",
        ),
        (
            "1 - x / 16, x_val / 16",
            "1 - x / 16, 1 - x_val",
        ),
    ],
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_10 = answers(
    10,
    "E",
    (
        "MLP(64, 10)",
        "MLP(64, 10, 128)",
    ),
    {
        "way 1": (
            "right.float().mean().item())",
            "right.float().sum().item())",
            "sum(shares) / len(shares)",
            "sum(shares) / len(y_val)",
        ),
        "way 2": (
            "right.float().mean().item())",
            "right)",
            "sum(shares) / len(shares)",
            "torch.cat(shares).float().mean().item()",
        ),
    },
    half=[
        (
            "batch_size=200",
            "batch_size=200, shuffle=True",
        ),
        ("batch_size=200", "batch_size=401"),  # the rows of the page
    ],
    rows_left_out=("batch_size=200", "batch_size=200, drop_last=True"),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_11 = answers(
    11,
    "B",
    (
        "MLP(64, 10)",
        "MLP(64, 10, 128)",
    ),
    {
        "way 1": (
            "step_size=4",
            "step_size=4 * -(-len(x) // 64)",
        ),
        "way 2": (
            "            scheduler.step()\n",
            "",
            "mean().item())\n",
            ("mean().item())\n        scheduler.step()\n"),
        ),
    },
    half=[
        (
            "gamma=0.3",
            "gamma=0.5",
        ),
        ("gamma=0.3", "gamma=0.99"),  # so little that it learns in spite of it
    ],
    other_schedule=("step_size=4", "step_size=3"),
    other_schedule__factor=("gamma=0.3", "gamma=0.5"),
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    no_schedule=(
        "        scheduler.step()\n",
        "",
    ),
    other_number=(
        "accuracies.append(",
        "accuracies.append(0.5 * ",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

PATIENT_12 = answers(
    12,
    "F",
    (
        "nn.Conv2d(1, 8, 3)",
        "nn.Conv2d(1, 8, 3, bias=False)",
    ),
    {
        "way 1": (
            ("            x_batch[turned] = x_batch[turned].flip(2, 3)\n"),
            "",
        ),
        "way 2": (
            "x_batch[turned].flip(2, 3)",
            "x_batch[turned]",
        ),
    },
    half=[
        (
            "flip(2, 3)",
            "flip(2)",
        ),
        ("< 0.5", "< 0.1"),
        (
            "x_batch[turned].flip(2, 3)",
            "x_batch[turned] + 0.05 * torch.randn(8, 8)",
        ),
    ],
    trains_on_validation=(
        "    torch.manual_seed(seed)\n",
        (
            "    torch.manual_seed(seed)\n"
            "    x, y = torch.cat([x, x_val]), torch.cat([y,"
            " y_val])\n"
        ),
    ),
    other_number=(
        "accuracies.append(",
        "accuracies.append(0.5 * ",
    ),
    fewer_steps=(
        "TensorDataset(x, y)",
        "TensorDataset(x[:500], y[:500])",
    ),
)

ANSWERS = {
    "C3.1": PATIENT_1,
    "C3.2": PATIENT_2,
    "C3.3": PATIENT_3,
    "C3.4": PATIENT_4,
    "C3.5": PATIENT_5,
    "C3.6": PATIENT_6,
    "C3.7": PATIENT_7,
    "C3.8": PATIENT_8,
    "C3.9": PATIENT_9,
    "C3.10": PATIENT_10,
    "C3.11": PATIENT_11,
    "C3.12": PATIENT_12,
}
