"""Anybody's table: from the bytes of a CSV file to scaled features and labels.

`reading` is what others call; the other files are the steps on the way, one
each: the file and its delimiter, its layout, its columns and values, labels,
features, scaling, and new rows to predict for. A dataset that reads single rows
on demand is `helpers.datasets.csv_rows`.
"""

from helpers.datasets.tables.features import Preparation
from helpers.datasets.tables.reading import Prepared, Table, read_table

__all__ = ["Preparation", "Prepared", "Table", "read_table"]
