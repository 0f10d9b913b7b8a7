"""Bad input: one clear sentence, and nothing is changed anywhere."""

import copy
import itertools
import os
import re

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from helpers.datasets.line import generate_data, split_data
from helpers.devices import find_device
from helpers.errors import (
    CourseError,
    DataError,
    DeviceError,
    DivergenceError,
    PairingError,
    RunNameError,
)
from helpers.mini_batch import v0 as mini_batch_v0
from helpers.mini_batch import v1 as mini_batch_v1
from helpers.paths import RUNS
from helpers.runs import (
    checkpoint_path,
    clear_run,
    open_writer,
    read_scalars,
    run_folder,
)
from tests.tools import (
    assert_one_sentence,
    configure,
    identical,
    state_of,
    version,
)

# From the ladder of the curriculum: each training takes the data of one
# version, and a configuration of one version or any later one. (A loader of
# version 2 is as good as one of version 1, once it is taken out of the pair.)
NEEDS = {0: (0, 0), 1: (0, 1), 2: (1, 1), 3: (1, 1), 4: (2, 2), 5: (2, 3)}
NEEDS[6] = NEEDS[5]
CONFIGURATIONS, DATA = range(4), range(3)
ALL = list(itertools.product(NEEDS, CONFIGURATIONS, DATA))


def prepare(number, *points, **options):
    """Prepare the points, and return what comes of it as a tuple."""
    x, y = points or generate_data()
    data = version("data_preparation", number).prepare_data(x, y, **options)
    return data if isinstance(data, tuple) else (data,)


def train(number, *arguments, **options):
    return version("model_training", number).train(*arguments, **options)


def files():
    """List all that lies below runs/, with sizes."""
    return {path: path.lstat().st_size for path in RUNS.rglob("*")}


def refuses(kind, function, configuration=None, says=""):
    """Check that a call is refused in a sentence and changes nothing."""
    before = None
    if configuration is not None:
        before = state_of(configuration)
        parts = {**configuration.__dict__}
    on_disk = files()
    with pytest.raises(kind) as caught:
        function()
    said = assert_one_sentence(caught.value)
    assert re.search(says, said), said
    if configuration is not None:
        assert identical(state_of(configuration), before)
        assert configuration.__dict__ == parts
        assert all(p.grad is None for p in configuration.model.parameters())
    assert files() == on_disk
    return said


# --------------------------------------------------------------- pairings


@pytest.mark.parametrize(("training", "model", "data"), ALL)
def test_every_pairing_works_or_says_what_is_wrong(training, model, data):
    needed_data, needed_model = NEEDS[training]
    configuration, prepared = configure(model), prepare(data)

    def call():
        return train(training, configuration, *prepared, n_epochs=2)

    if data == needed_data and model >= needed_model:
        call()
        return
    said = refuses(PairingError, call, configuration)
    # what is missing, and which version has it
    if model < needed_model and "helpers.model_configuration" in said:
        assert f"model_configuration v{model}" in said
        assert f"helpers.model_configuration import v{needed_model}" in said
    else:
        assert data != needed_data
        assert f"data_preparation v{needed_data}" in said


@pytest.mark.parametrize(("training", "model", "data"), ALL)
def test_other_ways_of_calling_never_fail_in_python(training, model, data):
    """Forgotten stars, forgotten or swapped arguments, words for numbers."""
    configuration, prepared = configure(model), prepare(data)
    calls = [
        lambda: train(training, configuration, prepared, n_epochs=1),
        lambda: train(training, *prepared, configuration, n_epochs=1),
        lambda: train(training, configuration, n_epochs=1),
        lambda: train(training, n_epochs=1),
        lambda: train(training),
        lambda: train(training, None, *prepared, n_epochs=1),
        lambda: train(training, configuration, *prepared, "few"),
        lambda: train(training, configuration, *prepared, n_epochs=1.5),
        lambda: train(training, configuration, *prepared, n_epochs=0),
        lambda: train(training, configuration, *prepared, n_epochs=-1),
        lambda: train(training, configuration, *prepared, n_epochs=None),
        lambda: train(training, configuration, *prepared, n_epochs=True),
        lambda: train(training, configuration, *prepared, n_epoch=1),
        lambda: train(training, configuration, *prepared, 1, n_epochs=1),
        lambda: train(training, configuration.model, *prepared, n_epochs=1),
        lambda: train(
            training,
            version("model_configuration", model).configure_model,
            *prepared,
            n_epochs=1,
        ),
        lambda: train(training, configuration, *generate_data(), n_epochs=1),
        lambda: train(training, configuration, list(prepared), n_epochs=1),
    ]
    # one loader for both purposes is odd, and runs
    if not (data == 1 and training >= 4 and model >= NEEDS[training][1]):
        calls.append(lambda: train(training, configuration, *prepared * 2))
    for call in calls:
        refuses(CourseError, call, configuration)


def test_a_training_never_runs_on_data_of_an_earlier_call():
    """Nothing is kept between calls: a call without data has none."""
    configuration = configure(3)
    train(4, configuration, *prepare(2), n_epochs=1)
    refuses(PairingError, lambda: train(4, configuration, n_epochs=1))


@pytest.mark.parametrize("model", CONFIGURATIONS)
def test_asking_a_configuration_for_a_part_it_has_not(model):
    configuration = configure(model)
    parts = ["optimizer", "train_step_fn", "val_step_fn", "writer"]
    for number, part in enumerate(parts):
        if number <= model:
            assert part in configuration.__dict__
            continue
        said = refuses(PairingError, lambda p=part: getattr(configuration, p))
        assert part in said
        assert f"v{number}" in said
    # what no version has is an ordinary error, so that hasattr and copy work
    assert not hasattr(configuration, "optimiser")
    assert copy.copy(configuration).version == configuration.version


@pytest.mark.parametrize("resume_from", [3, "checkpoint.pt", {}, (1, [], [])])
def test_resuming_from_what_is_no_checkpoint(resume_from):
    configuration = configure(3)
    refuses(
        CourseError,
        lambda: train(
            6, configuration, *prepare(2), n_epochs=2, resume_from=resume_from
        ),
        configuration,
        says="load_checkpoint",
    )


@pytest.mark.parametrize(
    "options",
    [
        {"checkpoint_every": 0},
        {"checkpoint_every": -1},
        {"checkpoint_every": "often"},
        {"seed": -1},
        {"seed": "thirteen"},
        {"seed": 1.5},
    ],
)
def test_settings_of_version_6_that_make_no_sense(options):
    configuration = configure(3)
    path = checkpoint_path("senseless")
    refuses(
        CourseError,
        lambda: train(
            6,
            configuration,
            *prepare(2),
            n_epochs=2,
            checkpoint_path=path,
            **options,
        ),
        configuration,
    )


# ------------------------------------------------------------------- data

X, Y, X_VAL, _ = split_data(*generate_data())


@pytest.mark.parametrize("number", DATA)
@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (X, Y[:-1], "80 features and 79 labels"),
        (X[:3], Y, "3 features and 80 labels"),
        (X_VAL, Y, "20 features and 80 labels"),
        (X[::-1], Y[::-1], "copy"),
        (X.ravel(), Y, r"\[80\].*reshape\(-1, 1\)"),
        (X.ravel(), Y.ravel(), r"\[80\]"),
        (X[0], Y[0], r"\[1\]"),
        (X[0, 0], Y[0, 0], ""),
        (X[:0], Y[:0], "no points"),
        (list(X), list(Y), "list"),
        (None, None, "NoneType"),
        ("x", "y", "str"),
        (X, np.where(Y > 2, np.nan, Y), "nan or inf"),
        (np.where(X > 0.9, np.inf, X), Y, "nan or inf"),
        (X.astype(str), Y, "numbers"),
        (X.astype(object), Y, "numbers"),
        ((X, Y), (X, Y), "tuple"),
        (torch.as_tensor(X), torch.as_tensor(Y)[:5], "80 features and 5"),
    ],
)
def test_features_and_labels_that_do_not_fit(number, x, y, says):
    refuses(DataError, lambda: prepare(number, x, y), says=says)


def test_data_that_are_unusual_and_right():
    for x, y in (
        (X.astype(np.float32), Y.astype(np.float16)),
        (X[::2], Y[::2]),
        (torch.as_tensor(X), torch.as_tensor(Y)),
        (np.round(X).astype(int), np.round(Y).astype(int)),
        (X > 0.5, Y > 1),
        (X[:1], Y[:1]),
        (np.asfortranarray(np.hstack([X, X])), Y),
    ):
        for number in DATA:
            if len(x) == 1 and number == 2:
                continue  # nothing is left to validate on
            prepare(number, x, y)


def test_one_point_cannot_be_split():
    """80 % of it and 20 % of it: none is left to validate on."""
    train_loader, val_loader = prepare(2, X[:1], Y[:1])
    configuration = configure(2)
    refuses(
        DataError,
        lambda: train(4, configuration, train_loader, val_loader, n_epochs=1),
        configuration,
        says="no batch",
    )


def loader(x=X, y=Y, **options):
    tensors = [torch.as_tensor(a, dtype=torch.float32) for a in (x, y)]
    return DataLoader(TensorDataset(*tensors), **{"batch_size": 16, **options})


class Stream(IterableDataset):
    def __iter__(self):
        return iter(())


BAD_LOADERS = {
    "empty": (lambda: loader(X[:0], Y[:0]), "no batch"),
    "drop_last drops all": (
        lambda: loader(X[:5], Y[:5], drop_last=True),
        "drop_last",
    ),
    "labels [N]": (
        lambda: loader(X, Y.ravel()),
        r"\[16, 1\] and the labels \[16\].*reshape",
    ),
    "an empty stream": (lambda: DataLoader(Stream()), "no batch"),
    "a tensor": (lambda: torch.ones(5, 1), "Tensor|tensor"),
    "a number": (lambda: 5, "int"),
    "nothing": (lambda: None, "no|None"),
    "an empty list": (list, "no batch|list"),
    "a data set": (lambda: loader().dataset, "TensorDataset"),
    "features nan": (lambda: loader(X * np.nan, Y), "nan"),
}


@pytest.mark.parametrize("name", BAD_LOADERS)
@pytest.mark.parametrize("training", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("place", ["training", "validation"])
def test_loaders_that_cannot_be_used(name, training, place):
    make, says = BAD_LOADERS[name]
    good, bad = loader(), make()
    if training in (2, 3):
        if place == "validation":
            return
        loaders = [bad]
    else:
        loaders = [bad, good] if place == "training" else [good, bad]
    configuration = configure(NEEDS[training][1])
    refuses(
        CourseError,
        lambda: train(training, configuration, *loaders, n_epochs=1),
        configuration,
        says=says,
    )


# what only a step can tell is for the look at the first batches
SEEN_IN_A_BATCH = {"features nan", "labels [N]"}


@pytest.mark.parametrize("module", [mini_batch_v0, mini_batch_v1])
@pytest.mark.parametrize("name", sorted(BAD_LOADERS.keys() - SEEN_IN_A_BATCH))
def test_mini_batch_alone_refuses_them_too(module, name):
    make, says = BAD_LOADERS[name]
    calls = []
    refuses(
        DataError,
        lambda: module.mini_batch("cpu", make(), calls.append),
        says=says,
    )
    assert not calls


def test_looking_at_a_loader_draws_no_random_number():
    train_loader = prepare(1, X, Y)[0]
    before = train_loader.generator.get_state(), torch.get_rng_state()
    refuses(
        CourseError, lambda: train(4, configure(2), train_loader, n_epochs=1)
    )
    after = train_loader.generator.get_state(), torch.get_rng_state()
    # configure_model seeds torch, hence the order of the two lines above
    assert torch.equal(before[0], after[0])


@pytest.mark.parametrize("training", [0, 1])
def test_tensors_that_do_not_fit_each_other(training):
    x, y = prepare(0, X, Y)
    configuration = configure(1)
    for bad in ((x, y.ravel()), (x, y[:-1]), (x[:-1], y), (x.ravel(), y)):
        refuses(
            CourseError,
            lambda bad=bad: train(training, configuration, *bad, n_epochs=1),
            configuration,
        )


# ---------------------------------------------------------------- devices


@pytest.mark.parametrize(
    "name",
    ["gpu", "cuda:99", "cuda:-1", "", "CPU:x", "tpu", "meta", 3.5, []],
)
def test_unknown_devices(name):
    refuses(DeviceError, lambda: find_device(name), says="this machine|on this")
    for number in CONFIGURATIONS:
        random_state = torch.get_rng_state()
        refuses(DeviceError, lambda n=number: configure(n, device=name))
        assert torch.equal(torch.get_rng_state(), random_state)
    for module in (mini_batch_v0, mini_batch_v1):
        refuses(
            DeviceError,
            lambda m=module: m.mini_batch(name, loader(), lambda x, y: 0.0),
        )


def test_an_unknown_device_opens_no_log():
    refuses(
        DeviceError,
        lambda: configure(3, device="gpu", run_name="never_opened"),
    )


def test_every_machine_has_a_cpu():
    assert find_device("cpu") == torch.device("cpu")
    assert find_device(torch.device("cpu")) == torch.device("cpu")
    assert isinstance(find_device(), torch.device)


# -------------------------------------------------------------- run names

BAD_NAMES = [
    *("", ".", "..", "../x", "a/../..", "a/../../x", "/tmp/x", "/", "a//b"),
    *("a/", "/a", "./a", "a/.", "~", "~/x", ".hidden", "a/.hidden", "-rf"),
    *("a\\b", "..\\x", "C:x", "C:\\x", "C:/x", "a:b", "\\\\host\\share"),
    *("a b", "a\nb", "a\n", "a\0b", "a*", "a?", 'a"', "a|b", "<a>", "$HOME"),
    *("con", "NUL", "aux.txt", "COM1", "lpt9.log", "a/prn", "ends.", "a./b"),
    *("ä", "a\u202eb", "\ud800", "x" * 121, "a/" * 80 + "a"),
    *(None, 3, b"run", ["a"], True),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_run_names_that_leave_runs_or_fail_elsewhere(name):
    outside = set(os.listdir(RUNS.parent))
    calls = [
        lambda: run_folder(name),
        lambda: checkpoint_path(name),
        lambda: clear_run(name),
        lambda: read_scalars(name),
    ]
    if name is not None:  # None means: no log
        calls += [
            lambda: open_writer(name),
            lambda: configure(3, run_name=name),
        ]
    for call in calls:
        refuses(RunNameError, call)
    assert set(os.listdir(RUNS.parent)) == outside


def test_run_names_that_are_good():
    for name in (
        "a",
        "lr=0.1",
        "sweep/lr=0.1+m=0.9",
        "2024-01-31_run.2",
        "x" * 120,
    ):
        folder = run_folder(name)
        assert folder == RUNS / name
        assert not folder.exists()  # a name is only a name
    assert configure(3, run_name=None).writer is None


@pytest.fixture
def link(tmp_path):
    """A link inside runs/ that leads out of it, to a file worth keeping."""
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "checkpoint.pt").write_bytes(b"precious")
    RUNS.mkdir(parents=True, exist_ok=True)
    link = RUNS / "a_link"
    link.symlink_to(tmp_path / "keep", target_is_directory=True)
    yield tmp_path / "keep"
    link.unlink()


@pytest.mark.parametrize("name", ["a_link", "a_link/run"])
def test_a_link_does_not_lead_out_of_runs(link, name):
    for call in (
        lambda: run_folder(name),
        lambda: clear_run(name),
        lambda: open_writer(name),
        lambda: configure(3, run_name=name),
    ):
        refuses(RunNameError, call, says="link")
    assert os.listdir(link) == ["checkpoint.pt"]
    assert (link / "checkpoint.pt").read_bytes() == b"precious"


def test_clearing_a_run_takes_that_run_only(tmp_path):
    run, other = run_folder("clear/this"), run_folder("clear/other")
    for folder in (run, other):
        folder.mkdir(parents=True)
        (folder / "events.out.tfevents.1.x").write_bytes(b"log")
        (folder / "checkpoint.pt").write_bytes(b"state")
    clear_run("clear/this")
    assert not run.exists()
    assert len(os.listdir(other)) == 2
    clear_run("clear/this")  # nothing to do
    # a file that no run wrote: all of it stays
    (other / "thesis.docx").write_text("years of work")
    refuses(RunNameError, lambda: clear_run("clear/other"), says="thesis.docx")
    (other / "thesis.docx").unlink()
    (tmp_path / "elsewhere.pt").write_text("kept")
    (other / "link.pt").symlink_to(tmp_path / "elsewhere.pt")
    refuses(RunNameError, lambda: clear_run("clear/other"), says="link.pt")
    (other / "link.pt").unlink()
    clear_run("clear")
    assert not run_folder("clear").exists()
    assert (tmp_path / "elsewhere.pt").read_text() == "kept"


def test_reading_a_run_that_is_not_there():
    refuses(RunNameError, lambda: read_scalars("no_such_run"))


# ------------------------------------------------------------- divergence


@pytest.mark.parametrize("training", NEEDS)
@pytest.mark.parametrize("lr", [5.0, 1e30])
def test_a_learning_rate_that_makes_the_loss_nan(training, lr):
    data, model = NEEDS[training]
    configuration = configure(model, lr=lr)
    refuses(
        DivergenceError,
        lambda: train(training, configuration, *prepare(data), n_epochs=300),
        configuration,
        says=re.escape(f"{lr:g}"),
    )


def test_divergence_writes_no_checkpoint_over_a_good_one():
    path = checkpoint_path("diverges")
    good = configure(3)
    train(6, good, *prepare(2), n_epochs=10, checkpoint_path=path)
    before = path.read_bytes()
    configuration = configure(3, lr=5.0)
    refuses(
        DivergenceError,
        lambda: train(
            6,
            configuration,
            *prepare(2),
            n_epochs=300,
            checkpoint_path=path,
            checkpoint_every=200,
        ),
        configuration,
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("training", NEEDS)
@pytest.mark.parametrize("lr", [float("nan"), float("inf")])
def test_a_rate_that_ruins_the_model_in_its_first_step(training, lr):
    """The loss of one full batch is still finite, and the weights are not."""
    data, model = NEEDS[training]
    configuration = configure(model, lr=lr)
    refuses(
        DivergenceError,
        lambda: train(training, configuration, *prepare(data), n_epochs=1),
        configuration,
    )
