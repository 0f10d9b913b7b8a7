"""Features and labels of tables, and the same for new rows."""

import json
import math

import numpy as np
import pytest
import torch
from torch.utils.data import random_split

from helpers.data_preparation.v2 import FRACTIONS, SEED, prepare_data
from helpers.datasets import rides as rides_of_challenge_1
from helpers.datasets.tables import read_table
from helpers.datasets.tables.features import Preparation
from helpers.errors import DataError
from tests.datasets.tables import (
    N_ROWS,
    TABLE,
    column,
    prepare,
    read,
    refused,
    said,
    store,
)
from tests.tools import assert_one_sentence

RIDES = "km,bike,rain,charge\n" + "".join(
    f"{i * 1.5},{('old', 'new', '')[i % 3]},{('yes', 'no')[i % 2]},{3 * i}.5\n"
    for i in range(30)
)


def rides(folder):
    return prepare(read(folder, RIDES, label="charge"), 24)


# ------------------------------------------------------------------ labels


@pytest.mark.parametrize(
    ("labels", "task", "classes"),
    [
        (["0", "1"], "classification", ("0", "1")),
        (["1.0", "2.0", "10.0"], "classification", ("1", "2", "10")),
        (["-1", "1"], "classification", ("-1", "1")),
        (["b", "a", "c"], "classification", ("a", "b", "c")),
        (["yes", "No"], "classification", ("No", "yes")),
        (["0.5", "1"], "regression", ()),
        ([str(i) for i in range(21)], "regression", ()),
        ([str(i) for i in range(20)], "regression", ()),  # one row each
        ([str(i % 10) for i in range(20)], "classification", None),
    ],
)
def test_the_labels_decide(labels, task, classes, tmp_path):
    text = column(labels, name="y", label="a")
    table = read(tmp_path, text)
    assert table.task == task
    assert classes is None or table.classes == classes
    assert said(table.notes, '"y"', f"so this is {task}")


def test_the_reader_decides(tmp_path):
    table = read(tmp_path, TABLE, task="regression")
    assert table.task == "regression" and table.classes == ()
    assert said(table.notes, "this is regression, as --task says")
    halves = column(["0.5", "1.5"], name="y", label="a")
    table = read(tmp_path, halves, task="classification")
    assert table.classes == ("0.5", "1.5")
    assert read(tmp_path, TABLE, categorical="y").classes == ("0", "1")
    refused(
        tmp_path,
        column(["u", "v"], name="y", label="a"),
        "regression needs numbers",
        task="regression",
    )
    with pytest.raises(DataError, match="--task takes"):
        read(tmp_path, TABLE, task="regress")


@pytest.mark.parametrize("labels", [["7"], ["7.0", "7"], ["spam"], ["2.5"]])
def test_one_label_alone(labels, tmp_path):
    text = column(labels, name="y", label="a")
    refused(tmp_path, text, 'column "y"', f"all {N_ROWS} labels", labels[-1])


def test_labels_that_all_differ(tmp_path):
    content = "a,y\n" + "".join(f"{i * i},name{i}\n" for i in range(20))
    refused(tmp_path, content, 'column "y"', "all 20 labels are different")


def test_labels_that_capital_letters_tell_apart_are_pointed_out(tmp_path):
    rows = "".join(f"{i},{['Yes', 'yes', 'no'][i % 3]}\n" for i in range(20))
    (note,) = [n for n in read(tmp_path, "a,y\n" + rows).notes if "Yes" in n]
    assert '"Yes" and "yes" count as two classes' in note
    rows = "".join(f"{i},{['Yes', 'no'][i % 2]}\n" for i in range(20))
    assert not said(read(tmp_path, "a,y\n" + rows).notes, "count as two")


def test_too_many_classes(tmp_path):
    text = column([f"n{i}" for i in range(1001)], name="y", label="a")
    refused(tmp_path, text, '"y"', "1,000", "classes")
    text = column([f"{i}.5" for i in range(1001)], name="y", label="a")
    refused(tmp_path, text, '"y"', "1,000", task="classification")
    assert read(tmp_path, text).task == "regression"
    text = column([f"{i}" for i in range(1001)], name="y", label="a")
    refused(tmp_path, text, '"y"', "1,000", categorical=["y"])


def test_classes_that_no_training_row_has(tmp_path):
    table = read(tmp_path, TABLE.replace("19,4,1", "19,4,2"))
    prepared = prepare(table, 16)
    assert table.classes == ("0", "1", "2") and prepared.y[-1] == 2
    assert said(prepared.notes, "training part", "label 2")


def test_amounts_are_scaled_by_the_training_part(tmp_path):
    prepared = rides(tmp_path)
    amounts = np.array([3 * i + 0.5 for i in range(30)])
    mean, spread = amounts[:24].mean(), amounts[:24].std()
    assert prepared.y.shape == (30, 1) and prepared.y.dtype == np.float32
    expected = (amounts - mean) / spread
    assert np.allclose(prepared.y[:, 0], expected, atol=1e-6)
    preparation = prepared.preparation
    assert preparation.label_spread == pytest.approx(spread)
    answers = preparation.answers(torch.as_tensor(prepared.y))
    assert np.allclose(answers, amounts, atol=1e-4)
    late = column(["0.5"] * 16 + ["1.5"] * 4, name="y", label="a")
    with pytest.raises(DataError, match=r"are 0.5, so there is nothing"):
        prepare(read(tmp_path, late, task="regression"), 16)


# ---------------------------------------------------------------- features


def test_only_the_training_part_is_looked_at(tmp_path):
    text = "a,c,y\n" + "".join(
        f"{i},{'uv'[i % 2]},{i % 2}\n" for i in range(16)
    )
    other = text + "1e6,w,0\n,,1\n-5e6,x,0\n7,w,1\n"
    calm = text + "16,u,0\n17,v,1\n18,u,0\n19,v,1\n"
    one, two = (prepare(read(tmp_path, t), 16) for t in (other, calm))
    assert one.preparation == two.preparation
    assert np.array_equal(one.x[:16], two.x[:16])
    assert np.allclose(one.x[:16, 0].mean(), 0, atol=1e-6)
    assert np.allclose(one.x[:16, 0].std(), 1, atol=1e-6)
    # the words of the other part are none of the categories
    assert one.x[16:, 1:].tolist() == [[0, 0]] * 4
    assert said(one.notes, "categories", '"w"', "4 in all")
    assert one.x[17, 0] == 0 and said(one.notes, "a (1)")


def test_any_rows_can_be_the_training_part(tmp_path):
    table = read(tmp_path, TABLE)
    odd = table.prepare(np.arange(1, N_ROWS, 2))
    assert odd.preparation.features[0].mean == 10
    assert table.prepare([1, 3, 3]).preparation.features[0].mean == 2
    for rows in ([], [-1], [0, N_ROWS]):
        with pytest.raises(DataError, match="training part"):
            table.prepare(rows)


def test_the_pipeline_takes_it(tmp_path):
    """The split of version 2 is known beforehand, and scaling is its own."""
    for text, label in ((TABLE, "y"), (RIDES, "charge")):
        table = read(tmp_path, text, label=label)
        generator = torch.Generator().manual_seed(SEED)
        rows, _ = random_split(range(table.n_rows), FRACTIONS, generator)
        prepared = table.prepare(rows.indices)
        train_loader, val_loader = prepare_data(prepared.x, prepared.y)
        x, y = (torch.cat(parts) for parts in zip(*train_loader, strict=True))
        assert len(x) == len(rows) and len(val_loader.dataset) > 0
        assert torch.allclose(x[:, 0].mean(), torch.tensor(0.0), atol=1e-6)
        x_std = x[:, 0].std(unbiased=False)
        assert torch.allclose(x_std, torch.tensor(1.0), atol=1e-5)
        is_class = table.task == "classification"
        assert y.dtype == (torch.int64 if is_class else torch.float32)
        assert y.ndim == (1 if is_class else 2)
        assert prepared.preparation.n_outputs == (2 if is_class else 1)


# ------------------------------------------------------------ plain values


def test_plain_values_are_json(tmp_path):
    for text, label in ((TABLE, "y"), (RIDES, "charge")):
        preparation = prepare(read(tmp_path, text, label=label)).preparation
        plain = json.loads(json.dumps(preparation.to_plain(), allow_nan=False))
        assert Preparation.from_plain(plain) == preparation


def test_damaged_plain_values(tmp_path):
    def changed(**new):
        return {**json.loads(json.dumps(good)), **new}

    good = rides(tmp_path).preparation.to_plain()
    km, bike, _ = good["features"]
    wrong = [
        *(None, 3, [], {}, "text"),
        *(changed(features=[]), changed(features=[km, km]), changed(task="x")),
        *(changed(classes=["a", "b"]), changed(task="classification")),
        *(changed(label_spread=0), changed(label_mean=math.nan)),
        *(changed(label_spread="2..3"), changed(label_spread=10**400)),
        changed(features=[{**km, "spread": 0.0}]),
        changed(features=[{**km, "mean": math.inf}]),
        changed(features=[{**km, "mark": ";"}]),
        changed(features=[{**km, "kind": "date"}]),
        changed(features=[{**km, "name": 3}]),
        changed(features=[{**bike, "categories": []}]),
        changed(features=[{**bike, "categories": ["a", "a"]}]),
        changed(features=[{**bike, "categories": [1, 2]}]),
        changed(features=[{**bike, "has_missing": 1}]),
        changed(columns={}),
        changed(columns={**good["columns"], "label_index": 9}),
        changed(columns={**good["columns"], "delimiter": None}),
        {k: v for k, v in good.items() if k != "columns"},
    ]
    for plain in wrong:
        with pytest.raises(DataError) as caught:
            Preparation.from_plain(plain)
        assert "train again" in assert_one_sentence(caught.value), plain
    assert Preparation.from_plain(changed())


# ---------------------------------------------------------------- new rows


def again(preparation, folder, text, **options):
    """Read new rows with what is left of a preparation as JSON."""
    plain = json.loads(json.dumps(preparation.to_plain()))
    path = store(folder, text, "new.csv")
    return Preparation.from_plain(plain).read(path, **options)


def not_read(preparation, folder, text, *words, **options):
    with pytest.raises(DataError) as caught:
        again(preparation, folder, text, **options)
    sentence = assert_one_sentence(caught.value)
    for word in ("new.csv", *words):
        assert word in sentence, (word, sentence)


def test_the_same_rows_give_the_same_features(tmp_path):
    prepared = rides(tmp_path)
    x, notes = again(prepared.preparation, tmp_path, RIDES)
    assert np.array_equal(x, prepared.x)
    assert said(notes, '"charge"', "not looked at")
    lines = [line.rsplit(",", 1)[0] for line in RIDES.splitlines()]
    x, notes = again(prepared.preparation, tmp_path, "\n".join(lines))
    assert np.array_equal(x, prepared.x) and not notes


def test_columns_in_another_order_and_others(tmp_path):
    prepared = rides(tmp_path)
    rows = [line.split(",") for line in RIDES.splitlines()]
    text = "\n".join(f"{r[2]};{r[1]};extra;{r[0]}" for r in rows)
    x, notes = again(prepared.preparation, tmp_path, text)
    assert np.array_equal(x, prepared.x)
    assert said(notes, "does not use", "extra")


def test_one_row_of_one_column(tmp_path):
    preparation = prepare(read(tmp_path, TABLE, ignore="b")).preparation
    for text in ("a\n7\n", "a\n7", "a,b\n7,x\n", "b|a\n|7\n"):
        x, _ = again(preparation, tmp_path, text)
        assert x.shape == (1, 1)
        mean, spread = (
            preparation.features[0].mean,
            preparation.features[0].spread,
        )
        assert x[0, 0] == pytest.approx((7 - mean) / spread)


def test_one_column_of_decimal_commas(tmp_path):
    text = "a;y\n" + "".join(f"{i},5;{i % 2}\n" for i in range(20))
    preparation = prepare(read(tmp_path, text)).preparation
    x, _ = again(preparation, tmp_path, "a\n1,5\n2,5\n")
    assert x.shape == (2, 1)
    headless = text.split("\n", 1)[1]
    preparation = prepare(read(tmp_path, headless, label=2)).preparation
    x, _ = again(preparation, tmp_path, "1,5\n2,5\n")
    mean, spread = preparation.features[0][3:]
    assert x[:, 0] == pytest.approx([(v - mean) / spread for v in (1.5, 2.5)])


def test_unseen_and_missing_values_in_new_rows(tmp_path):
    preparation = rides(tmp_path).preparation
    names = ("km", "bike = new", "bike = old", "bike is missing", "rain")
    assert preparation.feature_names == names
    text = "km,bike,rain\n,red,yes\n2,,no\n3,blue,\n"
    x, notes = again(preparation, tmp_path, text)
    assert x[0, :4].tolist() == [0, 0, 0, 0]
    assert x[1, 1:4].tolist() == [0, 0, 1] and x[2, 4] == 0
    assert said(notes, "mean", "km (1)", "rain (1)")
    assert said(notes, "none of them", '"red"', "2 in all")
    # where nothing was missing, a missing value is unseen
    text = column(["u", "v"])
    preparation = prepare(read(tmp_path, text)).preparation
    x, notes = again(preparation, tmp_path, "a,b\n,3\nu,4\n")
    assert x[:, :2].tolist() == [[0, 0], [1, 0]]
    assert said(notes, "missing values", "1 in all")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("km,bike\n1,old\n", ('"rain"', "line 1")),
        ("km,bikes,rain\n1,old,no\n", ('"bike"', 'called "bikes"')),
        ("km,km,bike,rain\n1,2,old,no\n", ("2 columns", '"km"')),
        ("1,old,no\n2,new,yes\n", ("header",)),
        ("km,bike,rain\n", ("no rows",)),
        ("km,bike,rain\n1,old,no\nfar,old,no\n", ("line 3", '"km"', "far")),
        ("km,bike,rain\nfar,old,no\n", ("line 2", '"km"', "numbers")),
        ("km,bike,rain\n1,old,maybe\n", ("line 2", '"rain"', "yes or no")),
        ("km,bike,rain\n1,old,1\n", ('"rain"', "yes or no")),
        ("km,bike,rain\n1;5,old,1\n", ('"km"',)),
        ("km;bike;rain\n1,5;old;no\n", ('"1,5"', "a dot", "training file")),
        ("km,bike,rain\ninf,old,no\n", ("line 2", "finite")),
        ("km,bike,rain\n1e300,old,no\n", ("too far",)),
        ("km,bike,rain\n1,old\n", ("line 2", "2 fields")),
        ("", ("empty",)),
    ],
)
def test_new_rows_that_cannot_be_used(text, words, tmp_path):
    not_read(rides(tmp_path).preparation, tmp_path, text, *words)


def test_new_rows_in_another_style(tmp_path):
    prepared = rides(tmp_path)
    text = RIDES.replace(",", ";").replace(".", ",")
    not_read(prepared.preparation, tmp_path, text, "decimal mark")
    x, _ = again(prepared.preparation, tmp_path, text, decimal=",")
    assert np.array_equal(x, prepared.x)
    x, _ = again(
        prepared.preparation,
        tmp_path,
        text.replace(";", "^").encode("utf-16"),
        decimal=",",
        delimiter="^",
        encoding="utf-16",
    )
    assert np.array_equal(x, prepared.x)


def test_options_for_new_rows_that_cannot_be(tmp_path):
    preparation = rides(tmp_path).preparation
    not_read(preparation, tmp_path, RIDES, "header line", header=False)
    for options in ({"decimal": ";"}, {"delimiter": ""}, {"encoding": "x"}):
        with pytest.raises(DataError) as caught:
            again(preparation, tmp_path, RIDES, **options)
        assert f"--{next(iter(options))}" in assert_one_sentence(caught.value)


def test_a_decimal_comma_is_remembered(tmp_path):
    text = RIDES.replace(",", ";").replace(".", ",")
    prepared = prepare(read(tmp_path, text, label="charge"), 24)
    x, _ = again(prepared.preparation, tmp_path, "km;bike;rain\n1.000;old;no\n")
    mean, spread = prepared.preparation.features[0][3:]
    assert x[0, 0] == pytest.approx((1000 - mean) / spread)


@pytest.mark.parametrize("label", [1, 2, 3])
def test_new_rows_without_names(label, tmp_path):
    text = "".join(f"{i % 3};{i % 5};{i % 7}\n" for i in range(30))
    prepared = prepare(read(tmp_path, text, label=label))
    x, _ = again(prepared.preparation, tmp_path, text)
    assert np.array_equal(x, prepared.x)
    rows = [line.split(";") for line in text.splitlines()]
    short = "\n".join(";".join(row[: label - 1] + row[label:]) for row in rows)
    x, _ = again(prepared.preparation, tmp_path, short)
    assert np.array_equal(x, prepared.x)
    not_read(prepared.preparation, tmp_path, "1;2;3;4\n", "4 columns", "3")
    names = "column 3;column 1;column 2\n"
    turned = names + "\n".join(f"{c};{a};{b}" for a, b, c in rows)
    x, _ = again(prepared.preparation, tmp_path, turned, header=True)
    assert np.array_equal(x, prepared.x)


def test_rows_as_dicts(tmp_path):
    prepared = rides(tmp_path)
    rows = []
    for line in RIDES.splitlines()[1:]:
        km, bike, rain, _ = line.split(",")
        rows.append({"km": float(km), "bike": bike, "rain": rain == "yes"})
    x, notes = prepared.preparation.from_rows(rows)
    assert np.array_equal(x, prepared.x) and not notes
    texts = [{"km": "1.5", "bike": "new", "rain": "NO", "more": 3}]
    x, _ = prepared.preparation.from_rows(texts)
    assert np.array_equal(x[0], prepared.x[1])
    x, notes = prepared.preparation.from_rows(
        [{"km": None, "bike": None, "rain": math.nan}]
    )
    assert x.tolist() == [[0, 0, 0, 1, 0]] and said(notes, "km (1)")
    numbers = column(["1", "2", "x"])
    preparation = prepare(read(tmp_path, numbers, categorical="a")).preparation
    x, _ = preparation.from_rows([{"a": 2, "b": 3}, {"a": 1.0, "b": 3}])
    assert x[:, :3].tolist() == [[0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], ("dicts",)),
        ([3], ("dicts",)),
        ([{"km": 1, "bike": "old"}], ("Row 1", '"rain"')),
        (
            [{"km": "far", "bike": "old", "rain": "no"}],
            ("Row 1", '"km"', "far"),
        ),
        ([{"km": math.inf, "bike": "old", "rain": "no"}], ("finite",)),
        ([{"km": "inf", "bike": "old", "rain": "no"}], ("finite",)),
        ([{"km": "1,5", "bike": "old", "rain": "no"}], ("1,5",)),
        ([{"km": [1], "bike": "old", "rain": "no"}], ("[1]",)),
        ([{"km": 1, "bike": "old", "rain": "maybe"}], ("yes or no",)),
    ],
)
def test_dicts_that_cannot_be_used(rows, words, tmp_path):
    preparation = rides(tmp_path).preparation
    with pytest.raises(DataError) as caught:
        preparation.from_rows(rows)
    sentence = assert_one_sentence(caught.value)
    assert all(word in sentence for word in words), sentence


def test_answers(tmp_path):
    preparation = prepare(
        read(tmp_path, column(["u", "v"], name="y", label="a"))
    ).preparation
    logits = torch.tensor([[0.0, 1.0], [2.0, 1.0]], requires_grad=True)
    assert preparation.answers(logits) == ["v", "u"]
    assert preparation.answers(np.array([[1.0, 0.0]])) == ["u"]
    for shape in ((2,), (2, 1), (2, 3), (1, 2, 2)):
        with pytest.raises(DataError, match="expected"):
            preparation.answers(torch.zeros(shape))


def test_the_rides_are_a_table():
    """Those of challenge 1, which a page reads by hand."""
    table = read_table(rides_of_challenge_1.RIDES, "charge_percent")
    assert (table.n_rows, table.task) == (150, "regression")
    prepared = table.prepare(range(120))
    held_out = rides_of_challenge_1.generate_rides()[1]
    x, _ = prepared.preparation.read(rides_of_challenge_1.HELD_OUT)
    for place, feature in enumerate(prepared.preparation.features):
        found = x[:, place] * feature.spread + feature.mean
        assert np.allclose(found, held_out[:, place], atol=1e-4)
