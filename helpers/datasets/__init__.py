"""Data: drawn, read from a file, downloaded.

A file per dataset or per kind of dataset. What splits, batches or scales for
training belongs in ``data_preparation``.
"""

from helpers.datasets.indexed import CSVDataset, CustomDataset, Item

__all__ = ["CSVDataset", "CustomDataset", "Item"]
