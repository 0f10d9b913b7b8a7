"""All labels of a loader, where they lie in memory.

Here belongs reaching them without fetching an item: what a dataset reads,
draws or computes on the way is never touched.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
    default_convert,
)

from helpers.processes import Shares

# what changes no label on the way from the dataset into the batch
PLAIN = (default_collate, default_convert)
# what leaves out no item for good
COMPLETE = (RandomSampler, SequentialSampler, DistributedSampler)


@dataclass(frozen=True)
class Labels:
    """Labels that lie in memory.

    Attributes:
        name: of their loader, for a message.
        stored: labels [N, ...] of a dataset, perhaps more than the loader has.
        chosen: returns those of the loader, which may take a while.
    """

    name: str
    stored: torch.Tensor
    chosen: Callable[[], torch.Tensor]


def labels_in_memory(loaders: Iterable[tuple[str, Any]]) -> Iterator[Labels]:
    """Yield the labels of each loader that keeps them in a tensor.

    Args:
        loaders: their names, and what is perhaps a loader.
    """
    for name, loader in loaders:
        if not isinstance(loader, DataLoader) or loader.collate_fn not in PLAIN:
            continue
        # without batches of its own, a loader may take them from its sampler
        sampler: Any = loader.batch_sampler or loader.sampler
        if type(sampler) in (BatchSampler, Shares):
            sampler = sampler.sampler
        dataset, chosen = loader.dataset, []
        while type(dataset) is Subset:
            chosen.append(dataset.indices)
            dataset = dataset.dataset
        is_stored = type(dataset) is TensorDataset and len(dataset.tensors) == 2
        if is_stored and type(sampler) in COMPLETE:
            stored = dataset.tensors[1]  # type: ignore[attr-defined]
            yield Labels(name, stored, partial(_choose, stored, chosen[::-1]))


def _choose(labels: torch.Tensor, chosen: list) -> torch.Tensor:
    for indices in chosen:
        labels = labels[torch.as_tensor(indices)]
    return labels
