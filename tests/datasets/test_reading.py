"""Data sets: what chapter 02 promises of them."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.datasets import CSVDataset, CustomDataset
from helpers.datasets.line import CSV_FILE, generate_data
from helpers.errors import DataError

X = torch.arange(20.0).reshape(20, 1)
Y = 1 + 2 * X


def same(found, expected):
    return all(map(torch.equal, found, expected))


@pytest.mark.parametrize("index", [0, 19, -1, -20, slice(3, 9), slice(9, 3)])
def test_custom_dataset_gives_what_tensor_dataset_gives(index):
    ours, reference = CustomDataset(X, Y), TensorDataset(X, Y)
    assert len(ours) == len(reference)
    assert same(ours[index], reference[index])


@pytest.mark.parametrize("index", [20, -21])
def test_an_index_out_of_range(index):
    with pytest.raises(IndexError):
        CustomDataset(X, Y)[index]
    with pytest.raises(IndexError):
        CSVDataset(CSV_FILE)[5 * index]


def test_custom_dataset_refuses_lengths_that_differ():
    with pytest.raises(DataError, match=r"20.*19"):
        CustomDataset(X, Y[:-1])


@pytest.mark.parametrize(
    "index", [0, 99, -1, -100, 42, slice(5, 8), slice(8, 5), slice(0, 100, 7)]
)
def test_csv_dataset_gives_the_rows_of_the_file(index):
    x, y = (torch.as_tensor(a, dtype=torch.float32) for a in generate_data())
    dataset = CSVDataset(CSV_FILE)
    assert len(dataset) == 100
    assert same(dataset[index], (x[index], y[index]))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_csv_dataset_reads_files_of_other_systems(end, last, tmp_path):
    lines = ["a,b,y", "1,2,3", "4,5,6"]
    text = end.join(lines) + (end if last else "")
    path = tmp_path / "other.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    dataset = CSVDataset(path)
    assert [(f.tolist(), y.tolist()) for f, y in dataset] == [
        ([1.0, 2.0], [3.0]),
        ([4.0, 5.0], [6.0]),
    ]


def test_csv_dataset_reads_on_demand(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("x,y\n1,2\n3,4\n", encoding="ascii")
    dataset = CSVDataset(path)
    path.write_text("x,y\n1,2\n5,6\n", encoding="ascii")
    assert dataset[1][0].item() == 5.0


@pytest.mark.parametrize("row", ["3", "3,4,5", "3,four"])
def test_a_row_that_does_not_fit(row, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(f"x,y\n1,2\n{row}\n", encoding="ascii")
    dataset = CSVDataset(path)
    assert dataset[0][1].item() == 2.0
    with pytest.raises(DataError):
        dataset[1]


def test_a_missing_file():
    with pytest.raises(DataError):
        CSVDataset(CSV_FILE.with_name("missing.csv"))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_loader_takes_it(num_workers):
    loader = DataLoader(
        CSVDataset(CSV_FILE), batch_size=16, num_workers=num_workers
    )
    rows = torch.cat([torch.hstack(batch) for batch in loader])
    expected = np.hstack(generate_data())
    assert torch.equal(rows, torch.as_tensor(expected, dtype=torch.float32))
