"""Data: drawn by formula, read from a file, or downloaded first.

One file per dataset (``line``, ``rides``, ``digits``, ``fashion_mnist``,
``mnist_1d``, ``letters``) or per way of getting one: CSV rows, IDX files,
downloads. ``tables`` reads anybody's CSV file. What splits or batches data for
training belongs in `helpers.data_preparation`.
"""

from helpers.datasets.csv_rows import CSVDataset
from helpers.datasets.in_memory import CustomDataset, Item

__all__ = ["CSVDataset", "CustomDataset", "Item"]
