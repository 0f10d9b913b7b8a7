"""Columns of tables: numbers in every style, dates, words, missing values."""

import math
import time

import pytest

from helpers.datasets.tables.columns import Column
from helpers.datasets.tables.words import Form, form_of, is_date, to_number
from tests.datasets.tables import (
    N_ROWS,
    TABLE,
    column,
    features,
    numbers,
    prepare,
    read,
    refused,
    said,
)

# ---------------------------------------------------- how numbers are written


@pytest.mark.parametrize(
    ("text", "dot", "comma"),
    [
        ("12", 12, 12),
        ("-12", -12, -12),
        ("+1234", 1234, 1234),
        ("\N{MINUS SIGN}1.5", -1.5, None),
        ("1.5", 1.5, None),
        ("1,5", None, 1.5),
        (".5", 0.5, None),
        (",5", None, 0.5),
        ("5.", 5, None),
        ("0.125", 0.125, None),
        ("0,125", None, 0.125),
        ("1.234", 1.234, 1234),
        ("1,234", 1234, 1.234),
        ("1234.567", 1234.567, None),
        ("1,234.5", 1234.5, None),
        ("1.234,5", None, 1234.5),
        ("1,234,567", 1234567, None),
        ("1.234.567", None, 1234567),
        ("1 234 567,5", None, 1234567.5),
        ("1'234.5", 1234.5, None),
        ("1\xa0234", 1234, 1234),
        ("1e3", 1000, 1000),
        ("1.5E-3", 0.0015, None),
        ("1,5e3", None, 1500),
        ("1.234e3", 1234, None),
    ],
)
def test_numbers(text, dot, comma):
    form = form_of(text)
    assert form is not None
    against = {
        ".": Form.COMMA_IS_DECIMAL | Form.DOT_PARTS_THOUSANDS,
        ",": Form.DOT_IS_DECIMAL | Form.COMMA_PARTS_THOUSANDS,
    }
    for mark, expected in ((".", dot), (",", comma)):
        found = None if form & against[mark] else to_number(text, mark)
        assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        *("abc", "12kg", "inf", "nan", "-", "--", "+", ".", ",", "", " 1"),
        *("1_000", "0x10", "1+1", "1/2", "1-2", "1e", "1e999", "1e5.0"),
        *("1.2.3", "1,2,3", "1..2", "1,23,456", "1,234,5", "0123.456.789"),
        *("1 2", "12 345 6", "1234 567", "''1", "1'2'3", "١٢"),
    ],
)
def test_what_is_not_a_number(text):
    assert form_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-31", "31.1.2024", "1/2/24", "2024/1/31", "31-01-2024"),
        *("2024-01-31 10:00", "2024-01-31T10:00:00.5Z", "10:00:59 pm"),
        *("2024-01-31 10:00:00+01:00", "31 Jan 2024", "January 31, 2024"),
        "12:30",
    ],
)
def test_dates(text, tmp_path):
    assert is_date(text)
    refused(
        tmp_path,
        column([text, text]),
        'line 2, column "a"',
        "date",
        "--ignore a",
    )


@pytest.mark.parametrize("text", ["2024", "1.2", "1-2", "May", "12", "a:b"])
def test_what_is_not_a_date(text):
    assert not is_date(text)


# ------------------------------------------------------------- decimal marks


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "1,234"], [1.5, 1234]),
        (["1,5", "1.234"], [1.5, 1234]),
        (["1,234", "2.25"], [1234, 2.25]),
        (["1.234", "2,25"], [1234, 2.25]),
        (["1,234,567", "1.234"], [1234567, 1.234]),
        (["1.234.567", "1,234"], [1234567, 1.234]),
        (["1,234.5", "1,234"], [1234.5, 1234]),
        (["1 234,5", "1 234"], [1234.5, 1234]),
        # 1234 is written without a mark, so the others part no thousands
        (["1,234", "1234"], [1.234, 1234]),
        (["1.234", "1234"], [1.234, 1234]),
        (["0,125", "1,234"], [0.125, 1.234]),
        (["1.234", "2.345"], [1.234, 2.345]),  # commas separate the columns
    ],
)
def test_the_column_tells_what_its_marks_mean(values, expected, tmp_path):
    table = read(tmp_path, column(values))
    assert numbers(table)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (["1,234", "2,345"], ("--decimal .", "--decimal ,", "1234", "1.234")),
        (["1,234", "2,345", "12"], ("--decimal",)),
        (["1,234", "1.234"], ("--decimal",)),
    ],
)
def test_numbers_that_can_be_read_in_two_ways(values, options, tmp_path):
    text = column(values)
    refused(tmp_path, text, 'line 2, column "a"', *options)
    first = values[0].replace(",", "")
    assert numbers(read(tmp_path, text, decimal="."))[0] == float(first)
    comma = values[0].replace(".", "").replace(",", ".")
    assert numbers(read(tmp_path, text, decimal=","))[0] == float(comma)


def test_a_lone_dot_is_ambiguous_where_semicolons_separate(tmp_path):
    text = column(["1.234", "2.345"]).replace(",", ";")
    refused(tmp_path, text, "1234", "1.234", "--decimal")
    assert numbers(read(tmp_path, text, decimal=","))[:2] == [1234, 2345]


def test_other_columns_decide_for_one_that_leaves_it_open(tmp_path):
    rows = "".join(f"1.{i:03d};{i},5;{i % 2}\n" for i in range(N_ROWS))
    table = read(tmp_path, "a;b;y\n" + rows)
    assert numbers(table)[:2] == [1000, 1001]
    assert said(table.notes, "comma", "b", "--decimal")
    rows = "".join(f'"1,{i:03d}",{i}.5,{i % 2}\n' for i in range(N_ROWS))
    assert numbers(read(tmp_path, "a,b,y\n" + rows))[1] == 1001
    # the labels are a column as well
    rows = "".join(f'"1,{i:03d}",{i},{i}.5\n' for i in range(N_ROWS))
    assert numbers(read(tmp_path, "a,b,y\n" + rows))[1] == 1001


def test_columns_may_differ_if_each_says_so(tmp_path):
    rows = "".join(f"{i}.5;{i},5;{i % 2}\n" for i in range(N_ROWS))
    table = read(tmp_path, "a;b;y\n" + rows)
    assert numbers(table) == numbers(table, "b")
    # and then say nothing about a third
    rows = rows.replace(";", ";1.234;", 1).replace("\n", "\n").splitlines()
    rows = [f"{r.rsplit(';', 1)[0]};1.234;0" for r in rows[1:]] * 2
    rows = [r[:-1] + str(i % 2) for i, r in enumerate(rows)]
    refused(tmp_path, "a;b;c;y\n" + "\n".join(rows), 'column "c"')


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1.5", "1,5"], ('"1.5"', '"1,5"', "line 2", "line 3")),
        (["1.5", "1.234.567"], ("line 3",)),
        (["1,234,567", "1.234.567"], ("line 3",)),
    ],
)
def test_marks_that_contradict_each_other(values, words, tmp_path):
    refused(tmp_path, column(values), 'column "a"', *words)


def test_a_given_mark_that_cannot_be(tmp_path):
    text = column(["1.5", "2"])
    refused(tmp_path, text, 'line 2, column "a"', '"1.5"', decimal=",")
    with pytest.raises(Exception, match="--decimal takes"):
        read(tmp_path, text, decimal=";")


def test_a_late_number_decides(tmp_path):
    rows = ['"1,234"'] * 70_000 + ['"1,5"']
    text = "a,y\n" + "".join(f"{r},{i % 2}\n" for i, r in enumerate(rows))
    assert numbers(read(tmp_path, text))[0] == 1.234
    rows[0], rows[-1] = '"1,5"', '"1.5"'
    text = "a,y\n" + "".join(f"{r},{i % 2}\n" for i, r in enumerate(rows))
    refused(tmp_path, text, "line 70002")
    rows = ["1234"] * 70_000 + ['"1,234"']
    text = "a,y\n" + "".join(f"{r},{i % 2}\n" for i, r in enumerate(rows))
    assert numbers(read(tmp_path, text))[-1] == 1.234


# -------------------------------------------------- values that are not there


@pytest.mark.parametrize(
    "word",
    [
        *("", " ", "NA", "n/a", "NaN", "nan", "null", "NULL", "None"),
        *("?", "-", "--", "#N/A", "<NA>", ".", "\N{EN DASH}"),
    ],
)
def test_missing_values(word, tmp_path):
    table = read(tmp_path, column(["1", word, "3"]))
    assert numbers(table)[0] == 1 and math.isnan(numbers(table)[1])
    assert said(prepare(table).notes, "missing", "mean", "a (7)")
    x = features(table)[:, 0]
    assert x[1] == 0  # the mean of the training part, scaled
    words = read(tmp_path, column(["u", word, "v"]))
    names = prepare(words).preparation.feature_names
    assert names[:3] == ("a = u", "a = v", "a is missing")
    assert features(words)[1, :3].tolist() == [0, 0, 1]


def test_rows_without_a_label(tmp_path):
    table = read(tmp_path, TABLE + "7,7,\n8,8,?\n")
    assert table.n_rows == N_ROWS and said(table.notes, "2 rows", '"y"')
    assert said(table.notes, '("?")')
    one = read(tmp_path, TABLE.replace("0,0,0", "0,0,NA"))
    assert numbers(one)[0] == 1 and said(one.notes, "1 row has")
    empty = "a,y\n" + "1,\n2,NA\n" * 9
    refused(tmp_path, empty, '"y"', "no row has a label")


def test_columns_without_a_value_or_a_difference(tmp_path):
    table = read(tmp_path, column(["", "NA"]))
    assert said(table.notes, "no row has a value", "a")
    assert prepare(table).preparation.feature_names == ("b",)
    # a computer finds a spread of 1e-17 here
    rounded = prepare(read(tmp_path, column(["0.1"])), 18)
    assert rounded.preparation.feature_names == ("b",)
    for values in (["7", "7.0"], ["x"], ["yes"]):
        prepared = prepare(read(tmp_path, column(values)))
        assert prepared.preparation.feature_names == ("b",)
        assert said(prepared.notes, "constant", "a")
    # constant where it is trained on is constant
    table = read(tmp_path, column(["1"] * 16 + ["2"] * 4))
    assert prepare(table, 16).preparation.feature_names == ("b",)


# ------------------------------------------------------------------- words


def test_words_become_categories(tmp_path):
    table = read(tmp_path, column(["red", " blue ", "green"]))
    prepared = prepare(table)
    names = ("a = blue", "a = green", "a = red", "b")
    assert prepared.preparation.feature_names == names
    assert prepared.x[:3, :3].tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert said(prepared.notes, "categories", "a (3)")


@pytest.mark.parametrize(
    "pair",
    [("true", "false"), ("TRUE", "False"), ("yes", "no"), ("Y", "n"), "TF"],
)
def test_yes_and_no_become_a_number(pair, tmp_path):
    table = read(tmp_path, column(list(pair)))
    assert numbers(table)[:2] == [1, 0]
    assert prepare(table).preparation.feature_names == ("a", "b")


def test_too_many_words(tmp_path):
    text = column([f"name {i}" for i in range(51)])
    words = ('line 52, column "a"', "more than 50", '"name 0"', "--ignore a")
    refused(tmp_path, text, *words)
    assert read(tmp_path, text, max_categories=51)
    assert read(tmp_path, text, ignore="a")
    # numbers among them count as well
    refused(tmp_path, column(["x", "y", "z", "7", "8"]), max_categories=4)
    for most in (1, 0, -1, True):
        with pytest.raises(Exception, match="2 or more"):
            read(tmp_path, text, max_categories=most)


def test_a_column_keeps_few_of_its_texts():
    column = Column("a", "some.csv", most=50)
    for start in range(0, 9000, 100):
        lines = range(start, start + 100)
        column.look([f"name {line}" for line in lines], lines)
    assert column.n_others == 9000 and len(column.texts) == 51


def test_everything_that_has_to_go_is_named_at_once(tmp_path):
    rows = "".join(
        f"name {i},2024-01-{i % 28 + 1:02d},{i},ticket {i},{i % 2}\n"
        for i in range(60)
    )
    text = "name,day,a,the ticket,y\n" + rows
    option = "--ignore name day 'the ticket'"
    refused(tmp_path, text, 'line 52, column "name"', option)
    names = ["name", "day", "the ticket"]
    assert prepare(read(tmp_path, text, ignore=names)).x.shape == (60, 1)
    refused(
        tmp_path,
        text.replace("day", "y").replace(",y\n", ",z\n", 1),
        'line 2, column "y"',
        "date",
        "another column the label",
    )


def test_an_option_in_a_sentence_can_be_pasted(tmp_path):
    text = column(["2024-01-31"], name="the day's date")
    refused(tmp_path, text, "--ignore 'the day'\"'\"'s date'")


@pytest.mark.parametrize(
    ("values", "line"), [(["1", "2", "abc"], 4), (["12 kg", "1", "2"], 2)]
)
def test_a_word_among_numbers(values, line, tmp_path):
    words = (f'line {line}, column "a"', "number", "--categorical a")
    refused(tmp_path, column(values), *words)
    table = read(tmp_path, column(values), categorical=["a"])
    assert (
        prepare(table).preparation.feature_names[:1] == ("a = 1",) or line == 2
    )


@pytest.mark.parametrize("text", ["1_0", "\N{ARABIC-INDIC DIGIT ONE}", "3\n4"])
def test_what_python_takes_for_numbers_and_people_do_not(text, tmp_path):
    refused(tmp_path, column(["1", "2", text]), "line 4", '"a"', "number")


@pytest.mark.parametrize(
    "values",
    [
        ["$1.50", "$2", "$-3"],
        ["1,5 €", "1.234,50 €"],
        ["5%", "7.5 %", "-1%"],
        ["£5", "£7", "6"],
        ["USD 5", "7 USD"],
        ["-$5", "$1,200"],
    ],
    ids=str,
)
def test_numbers_with_a_currency_or_a_percent_sign(values, tmp_path):
    said = refused(tmp_path, column(values), 'column "a"', "percent sign")
    assert "--ignore a" in said and "--categorical a" in said
    table = read(tmp_path, column(values), categorical=["a"])
    assert len(prepare(table).preparation.features) == 2
    # as labels: amounts are no classes, unless the reader says so
    labels = column(values, name="y", label="c")
    said = refused(tmp_path, labels, 'column "y"', "percent sign")
    assert "--ignore" not in said
    assert read(tmp_path, labels, categorical="y").task == "classification"


@pytest.mark.parametrize("text", ["$", "5 euro", "100% wool", "€uro", "a5%"])
def test_words_with_such_a_sign_stay_words(text, tmp_path):
    values = [text, "other", "5%"]
    assert len(features(read(tmp_path, column(values)))[0]) == 4


def test_a_long_text_is_looked_at_in_little_time(tmp_path):
    # one field of a wide table, split at the wrong delimiter
    begun = time.perf_counter()
    assert form_of("0.25," * 20_000 + "x") is None
    assert time.perf_counter() - begun < 1


def test_a_column_of_nan_alone_is_empty(tmp_path):
    table = read(tmp_path, column([" nan "]))
    assert said(table.notes, "no row has a value", "a")


def test_few_numbers_among_words_are_words(tmp_path):
    table = read(tmp_path, column(["A1", "B", "7", "C"]))
    assert "a = 7" in prepare(table).preparation.feature_names


@pytest.mark.parametrize(
    "word", ["inf", "-Inf", "+infinity", "\N{INFINITY}", "1e999", "-1E999"]
)
def test_numbers_that_are_not_finite(word, tmp_path):
    refused(tmp_path, column(["1", "2", word]), "line 4", '"a"', "finite")
    refused(tmp_path, column([word, word]), "line 2", "finite")


def test_huge_numbers(tmp_path):
    refused(tmp_path, column(["1e308", "-1e308", "3"]), '"a"', "1e+308")
    tiny = prepare(read(tmp_path, column(["1e-300", "2e-300"])))
    assert tiny.preparation.feature_names == ("b",)
    text = column(["1", "2"] * 9 + ["1e300", "2"])
    refused(tmp_path, text, "too far from the mean", '"a"')


def test_numbers_that_differ_little(tmp_path):
    """The mean is taken before numbers become float32, or nothing is left."""
    table = read(tmp_path, column(["1700000000", "1700000001"]))
    assert set(features(table)[:, 0].tolist()) == {-1, 1}
