"""Data: drawn by formula, or read from a file.

A file per dataset (``line``, ``rides``) or per way of reading one. What splits,
batches or scales data for training belongs in `helpers.data_preparation`.
"""

from helpers.datasets.csv_rows import CSVDataset
from helpers.datasets.in_memory import CustomDataset, Item

__all__ = ["CSVDataset", "CustomDataset", "Item"]
