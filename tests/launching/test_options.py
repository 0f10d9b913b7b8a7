"""Options: a refusal names the option, what it takes, and the near one."""

import json

import pytest

from helpers.launching.command_line import read_options
from helpers.launching.options import TASKS, OptionError, fields_of
from helpers.runs import run_folder
from tests.launching.running import new_name, predicted, trained

NEVER = ("--run-name", "launching/never-begun")


def refused(capsys, *words):
    """Run what has to be refused; return what was said, on one line."""
    ended = trained(capsys, *words, *NEVER)
    assert ended.status == 2
    assert not ended.out
    assert "Traceback" not in ended.err
    assert not run_folder(NEVER[1]).exists()
    return " ".join(ended.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        # what was given, what is allowed
        (["--lr", "0"], ["--lr", "above 0", "is 0"]),
        (["--lr", "-0.1"], ["--lr", "above 0", "-0.1"]),
        (["--lr", "nan"], ["--lr", "finite", "nan"]),
        (["--lr", "inf"], ["--lr", "finite", "inf"]),
        (["--lr", "abc"], ["--lr should be a number", "'abc'"]),
        (["--lr", "0,01"], ["--lr", "'0,01'", "Did you mean 0.01?"]),
        (["--lr", "1_0"], ["--lr should be a number", "'1_0'"]),
        (["--lr", ""], ["--lr should be a number", "''"]),
        (["--lr"], ["--lr needs a value"]),
        (["--n-epochs", "0"], ["--n-epochs", "from 1 to", "is 0"]),
        (["--n-epochs", "-3"], ["--n-epochs", "from 1 to", "is -3"]),
        (["--n-epochs", "2.5"], ["--n-epochs", "whole number", "'2.5'"]),
        (["--n-epochs", "1_0"], ["--n-epochs", "whole number", "'1_0'"]),
        (["--n-epochs", "\u0663"], ["--n-epochs", "whole number"]),
        (["--n-epochs", "9" * 5000], ["--n-epochs", "whole number"]),
        (["--n-epochs", "9" * 30], ["--n-epochs", "to 1,000,000"]),
        (["--batch-size", "0"], ["--batch-size", "from 1 to", "is 0"]),
        (["--momentum", "1", "--optimizer", "sgd"], ["--momentum", "below 1"]),
        (["--momentum", "0.9"], ["--momentum 0.9", "--optimizer sgd"]),
        (["--weight-decay", "-1"], ["--weight-decay", "at least 0", "-1"]),
        (["--optimizer", "adm"], ["--optimizer", "adam or sgd", "mean adam?"]),
        (["--kernel-size", "5"], ["--kernel-size", "from 1 to 4", "is 5"]),
        (["--seed", "-1"], ["--seed", "from 0 to", "is -1"]),
        (["--n-threads", "0"], ["--n-threads", "from 1", "is 0"]),
        (["--device", "gpu"], ["--device", "'gpu'", "this machine has cpu"]),
        (["--device", "cpu:x"], ["--device", "cpu"]),
        (["--learning-rate", "1"], ["--learning-rate"]),
        (["--n-epoch", "1"], ["--n-epoch.", "Did you mean --n-epochs?"]),
        (["--n-hidden", "8"], ["--n-hidden", "train mnist-1d and train table"]),
        (["-lr", "1"], ["-lr", "Did you mean --lr?"]),
        (["--optimizer", "-x"], ["--optimizer needs", "--option=VALUE"]),
        (["--no-resume"], ["--no-resume", "no option"]),
        (["--no-lr"], ["--no-lr", "no option"]),
        (["--dropp-last"], ["--dropp-last", "mean --drop-last?"]),
        (["extra"], ["'extra'", "no use for"]),
        (["--resume=yes"], ["--resume is a switch", "'yes'"]),
        (["--config="], ["--config should name a file"]),
    ],
    ids=" ".join,
)
def test_a_wrong_value_names_option_and_allowed_values(capsys, words, parts):
    said = refused(capsys, "digits", *words)
    for part in parts:
        assert part in said
    assert "╭" not in said


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["digit"], ["'digit'", "line, digits", "Did you mean digits?"]),
        (["fashion_mnist"], ["Did you mean fashion-mnist?"]),
        (["Table"], ["Did you mean table?"]),
        (["--lr", "1"], ["first word", "line, digits"]),
        (["mnist-1d", "--model", "cnn"], ["--model", "conv or mlp or linear"]),
        (["mnist-1d", "--model", "mpl"], ["Did you mean mlp?"]),
        (["mnist-1d", "--n-hidden", "0"], ["--n-hidden", "from 1 to 10,000"]),
        (["mnist-1d", "--kernel-size", "4"], ["--kernel-size", "odd", "is 4"]),
        (["fashion-mnist", "--kernel-size", "15"], ["from 1 to 14"]),
        (["table", "--data", "x.csv"], ["needs --label COLUMN"]),
        (["table", "--label", "x"], ["needs --data FILE.csv"]),
        (["table"], ["needs --data FILE.csv and --label COLUMN"]),
        (["mnist-1d", "--n-hidden", "8"], ["--n-hidden 8", "--model mlp"]),
        (
            ["mnist-1d", "--model", "linear", "--kernel-size", "3"],
            ["--kernel-size 3", "--model conv"],
        ),
        (
            ["mnist-1d", "--model=mlp", "--n-layers=0", "--n-hidden=8"],
            ["--n-hidden 8", "--n-layers is 0"],
        ),
    ],
    ids=str,
)
def test_a_wrong_task_or_an_option_of_one_is_refused(capsys, words, parts):
    said = refused(capsys, *words)
    for part in parts:
        assert part in said


@pytest.mark.parametrize("name", ["../up", "a b", "con", "", "x" * 200])
def test_a_run_name_that_leaves_runs_is_refused(capsys, name):
    ended = trained(capsys, "line", f"--run-name={name}", "--n-epochs", 1)
    assert ended.status == 2 and "--run-name" in ended.err


def test_a_batch_that_is_never_full_is_refused_before_training(capsys):
    words = ("--batch-size", 1439, "--drop-last")
    said = refused(capsys, "digits", *words)
    assert "--batch-size 1,439 with --drop-last" in said
    assert "1,438 rows to train on" in said
    name = new_name()
    # the largest that fits, and the same without --drop-last
    words = ("--n-epochs", 1, "--run-name", name)
    fits = trained(capsys, "digits", "--batch-size=1438", "--drop-last", *words)
    assert fits.status == 0
    name = new_name()
    words = ("--batch-size", 1439, "--n-epochs", 1, "--run-name", name)
    assert trained(capsys, "digits", *words).status == 0


# --------------------------------------------------------------------- help


def test_the_data_are_listed_with_a_line_each(capsys):
    for words in ([], ["--help"], ["-h"]):
        ended = trained(capsys, *words)
        assert ended.status == 0
        for name in TASKS:
            assert f"  {name} " in ended.out
        assert all(len(line) <= 80 for line in ended.out.splitlines())


@pytest.mark.parametrize("task", TASKS)
def test_help_fits_a_terminal_and_says_what_each_option_is_for(
    capsys, monkeypatch, task
):
    monkeypatch.setenv("COLUMNS", "80")
    ended = trained(capsys, task, "--help")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(ended.out.replace("│", " ").split())
    for name in fields_of(TASKS[task]):
        assert f"--{name.replace('_', '-')}" in text, name
    # the two kinds stand apart, under their names
    assert "hyperparameters options" in text and "settings options" in text
    assert text.index("--lr") < text.index("settings options")
    assert text.index("--device") > text.index("settings options")
    # a described option is more than its name and default
    assert text.count("(default:") + text.count("(required)") == len(
        fields_of(TASKS[task])
    )


def test_help_of_predict_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ended = predicted(capsys, "--help")
    assert ended.status == 0
    assert all(len(line) <= 80 for line in ended.out.splitlines())


# ------------------------------------------------------------ a file of them


@pytest.fixture
def config(tmp_path):
    def write(content):
        path = tmp_path / "run.json"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text)
        return path

    return write


def test_a_file_gives_options_and_the_command_line_counts_more(config):
    path = config({"lr": 0.5, "n-epochs": 7, "drop_last": True, "seed": 3})
    options = read_options(
        ["digits", "--config", str(path), "--lr", "0.25", "--no-drop-last"]
    )
    hyperparameters = options.hyperparameters
    assert (hyperparameters.lr, hyperparameters.n_epochs) == (0.25, 7)
    assert hyperparameters.drop_last is False
    assert options.settings.seed == 3
    # what neither names has its default
    assert hyperparameters.batch_size == 32


def test_options_before_the_file_count_as_well(config):
    path = config({"lr": 0.5})
    options = read_options(["line", "--lr=0.25", f"--config={path}"])
    assert options.hyperparameters.lr == 0.25


def test_a_file_may_name_the_data(config):
    path = config({"task": "mnist-1d", "model": "mlp", "run_name": None})
    options = read_options(["--config", str(path)])
    assert options.NAME == "mnist-1d"
    assert options.hyperparameters.model == "mlp"
    # the word that was typed counts more
    path = config({"task": "mnist-1d"})
    assert read_options(["line", "--config", str(path)]).NAME == "line"


def test_a_file_gives_what_is_required_and_lists(config):
    path = config(
        {
            "data": "-odd.csv",
            "label": "-2",
            "header": False,
            "ignore": ["a", "b c"],
            "delimiter": ";",
            "decimal": None,
        }
    )
    source = read_options(["table", "--config", str(path)]).source
    assert str(source.data) == "-odd.csv" and source.label == "-2"
    assert source.header is False and source.ignore == ("a", "b c")
    assert source.delimiter == ";" and source.decimal is None
    source = read_options(
        ["table", "--config", str(path), "--header", "--ignore", "d"]
    ).source
    assert source.header is True and source.ignore == ("d",)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ({"learning_rate": 1}, ["'learning_rate'", "not an option", "lr,"]),
        ({"n_epoch": 1}, ["'n_epoch'", "Did you mean n_epochs?"]),
        ({"kernel_size": 3}, ["'kernel_size'", "train line"]),
        ({"config": "x"}, ["'config'"]),
        ({"lr": "fast"}, ["--lr", "'fast'", "run.json gives: --lr"]),
        ({"lr": -1}, ["--lr", "above 0", "-1"]),
        ({"lr": True}, ["lr in", "a number or a text", "True"]),
        ({"lr": [0.1, 0.2]}, ["lr in", "a number or a text"]),
        ({"lr": {"a": 1}}, ["lr in", "a number or a text"]),
        ({"drop_last": 1}, ["drop_last in", "true or false", "1"]),
        ({"drop_last": "yes"}, ["drop_last in", "true or false"]),
        ({"task": "lime"}, ["'lime'", "Did you mean line?"]),
        ({"task": 3}, ["called 3"]),
        ('{"lr": NaN}', ["--lr", "finite", "nan"]),
        ('{"lr": 1e999}', ["--lr", "finite", "inf"]),
        ('{"lr": 1, "lr": 2}', ["'lr' is there twice"]),
        ("[1, 2]", ["should hold an object", "[1, 2]"]),
        ("lr = 1", ["is not JSON"]),
        ({"n-epochs": 1, "n_epochs": 2}, ["names an option twice"]),
        ({"seed": 1.5}, ["--seed should be a whole", "run.json gives: --seed"]),
        ("[" * 100_000, ["is not JSON"]),
        ("", ["is empty"]),
        ("\udcff".encode("utf-16", "surrogatepass").hex(), ["is not JSON"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_that_cannot_be_used_is_refused(capsys, config, content, parts):
    path = config(content)
    names_task = isinstance(content, dict) and "task" in content
    words = [] if names_task else ["line"]
    said = refused(capsys, *words, "--config", path)
    for part in parts:
        assert part in said


def test_a_file_that_is_not_there_is_refused(capsys, tmp_path):
    said = refused(capsys, "line", "--config", tmp_path / "none.json")
    assert "There is no none.json" in said and "--config" in said
    said = refused(capsys, "line", "--config", tmp_path)
    assert "is a folder" in said


def test_defaults_are_those_of_part_1():
    hyperparameters = read_options(["line"]).hyperparameters
    assert (hyperparameters.lr, hyperparameters.batch_size) == (0.1, 16)
    assert hyperparameters.optimizer == "sgd"


def test_options_cannot_be_changed_afterwards():
    options = read_options(["line"])
    with pytest.raises(AttributeError):
        options.hyperparameters.lr = 1.0
    with pytest.raises(OptionError):
        type(options.hyperparameters)(lr=0.0)
