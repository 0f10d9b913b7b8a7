"""Data: drawn by formula, read from a file, or downloaded first.

One file per dataset (``line``, ``rides``, ``digits``, ``fashion_mnist``) or per
way of getting one: CSV rows, IDX files, downloads. What splits, batches or
scales data for training belongs in `helpers.data_preparation`.
"""

from helpers.datasets.csv_rows import CSVDataset
from helpers.datasets.in_memory import CustomDataset, Item

__all__ = ["CSVDataset", "CustomDataset", "Item"]
