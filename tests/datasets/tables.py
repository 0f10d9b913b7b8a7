"""What the tests of tables share: files of every kind, and what is refused."""

import numpy as np
import pytest

from helpers.datasets.tables import read_table
from helpers.errors import DataError
from tests.tools import assert_one_sentence

N_ROWS = 20
# three columns, 20 rows, two classes
TABLE = "a,b,y\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(N_ROWS))


def column(values, name="a", other="b", label="y"):
    """Write a table whose first column has these values, in turn."""
    rows = [
        f'"{values[i % len(values)]}",{i * i % 7},{i % 2}'
        for i in range(max(N_ROWS, len(values)))
    ]
    return "\n".join([f"{name},{other},{label}", *rows, ""])


def store(folder, content, name="some.csv"):
    """Write a file, and return its path."""
    path = folder / name
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    return path


def read(folder, content, label="y", **options):
    """Read a table from what its file holds."""
    return read_table(store(folder, content), label, **options)


def prepare(table, n_train=None):
    """Prepare a table; the first rows are trained on."""
    return table.prepare(range(n_train or int(table.n_rows * 0.8)))


def numbers(table, name="a"):
    """Return the numbers of a column, as they were read."""
    values = {v.name: v.numbers for v in table._features}
    return values[name].tolist()


def said(notes, *words):
    """Tell whether one sentence has all of the words."""
    for note in notes:
        assert "\n" not in note and note.endswith("."), note
    return any(all(word in note for word in words) for note in notes)


def refused(folder, content, *words, label="y", **options):
    """Check that a table is refused in a sentence with these words."""
    with pytest.raises(DataError) as caught:
        prepare(read(folder, content, label, **options))
    sentence = assert_one_sentence(caught.value)
    assert "some.csv" in sentence, sentence
    for word in words:
        assert word in sentence, (word, sentence)
    return sentence


def features(table, n_train=None):
    """Return the features of a table, [N, n_features]."""
    return np.asarray(prepare(table, n_train).x)
