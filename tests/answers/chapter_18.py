"""Answers to the exercises of chapter 18."""

import functools
import math

import numpy as np
import torch

from tests.answers.common import Answers

# ------------------------------------------------------------------- 18.1


def share_course(n_rows, rank, world_size):
    size, rest = divmod(n_rows, world_size)
    start = rank * size + min(rank, rest)
    return start, start + size + (rank < rest)


def share_by_products(n_rows, rank, world_size):
    return n_rows * rank // world_size, n_rows * (rank + 1) // world_size


def share_numpy(n_rows, rank, world_size):
    parts = np.array_split(np.arange(n_rows), world_size)
    sizes = [len(part) for part in parts]
    bounds = np.cumsum([0, *sizes])
    return bounds[rank], bounds[rank + 1]


def share_torch(n_rows, rank, world_size):
    parts = torch.arange(n_rows).tensor_split(world_size)
    start = sum(len(part) for part in parts[:rank])
    return [start, start + len(parts[rank])]


def share_by_dealing(n_rows, rank, world_size):
    """Give one row after the other to the ranks, then lay them side by side."""
    sizes = [0] * world_size
    for row in range(n_rows):
        sizes[row % world_size] += 1
    start = sum(sizes[:rank])
    return start, start + sizes[rank]


def share_last_larger(n_rows, rank, world_size):
    size, rest = divmod(n_rows, world_size)
    start = rank * size + max(0, rank - (world_size - rest))
    return start, start + size + (rank >= world_size - rest)


def share_with(share):
    """Build an answer out of what it makes of (size, rest, n_rows, rank, n)."""

    def share_of(n_rows, rank, world_size):
        size, rest = divmod(n_rows, world_size)
        return share(size, rest, n_rows, rank, world_size)

    return share_of


def share_padded(n_rows, rank, world_size):
    size = math.ceil(n_rows / world_size)
    return rank * size, (rank + 1) * size


def share_chunk(n_rows, rank, world_size):
    size = math.ceil(n_rows / world_size)
    return min(rank * size, n_rows), min((rank + 1) * size, n_rows)


def share_chunk_negative(n_rows, rank, world_size):
    size = math.ceil(n_rows / world_size)
    return rank * size, min((rank + 1) * size, n_rows)


def share_repeats(n_rows, rank, world_size):
    """Move the last shares back until they are full."""
    size = math.ceil(n_rows / world_size)
    start = min(rank * size, n_rows - size)
    return start, start + size


def share_rounded(n_rows, rank, world_size):
    size = n_rows / world_size
    return round(rank * size), round((rank + 1) * size)


def share_last_all(size, rest, n_rows, rank, n):
    return rank * size, n_rows if rank == n - 1 else (rank + 1) * size


def share_first_all(size, rest, n_rows, rank, n):
    start = rank * size + rest if rank else 0
    return start, (rank + 1) * size + rest


def share_prints(n_rows, rank, world_size):
    print(share_course(n_rows, rank, world_size))


def share_backwards(n_rows, rank, world_size):
    return share_course(n_rows, world_size - 1 - rank, world_size)


def share_gap(size, rest, n_rows, rank, n):
    """Forget that the ranks before took rows of the remainder."""
    start = rank * (size + (rank < rest))
    return start, start + size + (rank < rest)


def share_overlaps(size, rest, n_rows, rank, n):
    start = rank * size
    return start, start + size + (rank < rest)


SHARE_OF = Answers(
    right={
        "course": share_course,
        "products": share_by_products,
        "NumPy": share_numpy,
        "torch": share_torch,
        "dealt": share_by_dealing,
        "larger last": share_last_larger,
        "rounded": share_rounded,
        "partial": functools.partial(share_course),
    },
    wrong={
        "returns_nothing": share_prints,
        "no_pair of a range": lambda n_rows, rank, world_size: range(
            *share_course(n_rows, rank, world_size)
        ),
        "no_pair of a slice": lambda n_rows, rank, world_size: slice(
            *share_course(n_rows, rank, world_size)
        ),
        "no_pair of rows": lambda n_rows, rank, world_size: list(
            range(*share_course(n_rows, rank, world_size))
        ),
        "no_pair of a size": share_with(lambda size, *_: size),
        "no_integers": lambda n_rows, rank, world_size: (
            rank * n_rows / world_size,
            (rank + 1) * n_rows / world_size,
        ),
        "ignores_rank": share_with(lambda size, *_: (0, size)),
        "last_included": lambda n_rows, rank, world_size: (
            share_course(n_rows, rank, world_size)[0],
            share_course(n_rows, rank, world_size)[1] - 1,
        ),
        "start_and_size": lambda n_rows, rank, world_size: (
            share_course(n_rows, rank, world_size)[0],
            n_rows // world_size + (rank < n_rows % world_size),
        ),
        "from_one": lambda n_rows, rank, world_size: share_course(
            n_rows, max(rank - 1, 0), world_size
        ),
        "rest_dropped": share_with(
            lambda size, rest, n_rows, rank, n: (rank * size, (rank + 1) * size)
        ),
        "rest_to_last": share_with(share_last_all),
        "uneven with the rest first": share_with(share_first_all),
        "rounded_up beyond the end": share_padded,
        "rounded_up": share_chunk,
        "rounded_up into the negative": share_chunk_negative,
        "rows_twice": share_repeats,
        "rows_twice by overlap": share_with(share_overlaps),
        "rows_twice as ranks before are forgotten": share_with(share_gap),
        "rows_missing": share_with(
            lambda size, rest, n_rows, rank, n: (
                rank * size + min(rank, rest),
                rank * size + min(rank, rest) + size,
            )
        ),
        "other_order": share_backwards,
        "signature": lambda rank, world_size: (0, 1),
        "parameters_in_other_order": lambda rank, world_size, n_rows: (
            share_course(n_rows, rank, world_size)
        ),
    },
)

# ------------------------------------------------------------------- 18.2


def mean_course(rank, values):
    pair = torch.tensor([values.sum(), len(values)])
    rank.all_reduce(pair)
    total, n = pair.tolist()
    return total / n


def mean_tensors(rank, values):
    pair = torch.stack([values.sum(), torch.tensor(float(values.numel()))])
    rank.all_reduce(pair)
    return (pair[0] / pair[1]).item()


def mean_float64(rank, values):
    pair = torch.tensor(
        [sum(values.tolist()), values.shape[0]], dtype=torch.float64
    )
    rank.all_reduce(pair)
    return float(pair[0] / pair[1])


def mean_weighted(rank, values):
    """Weight the mean of each rank by its rows."""
    n = len(values)
    mean = values.mean() if n else torch.tensor(0.0)
    weighted = torch.zeros(2)
    weighted[0], weighted[1] = n * mean, n
    rank.all_reduce(weighted)
    return weighted[0].item() / weighted[1].item()


def mean_in_columns(rank, values):
    table = torch.stack([values, torch.ones_like(values)], dim=1)
    sums = table.sum(0)
    rank.all_reduce(sums)
    return sums[0].div(sums[1]).item()


def mean_with(finish, give=lambda v: [v.sum(), len(v)]):
    """Build an answer out of what is given, and what is made of the sums."""

    def global_mean(rank, values):
        given = torch.tensor(give(values), dtype=torch.float32)
        rank.all_reduce(given)
        return finish(given.tolist(), values, rank)

    return global_mean


def mean_alone(rank, values):
    return values.mean().item() if len(values) else 0.0


def mean_forgets_in_place(rank, values):
    total = values.sum().reshape(1)
    rank.all_reduce(total.clone())
    return total.item() / max(len(values), 1)


def mean_of_means(rank, values):
    mean = values.mean().reshape(1)
    rank.all_reduce(mean)
    return mean.item() / rank.world_size


def mean_of_some(rank, values):
    mean = values.mean() if len(values) else torch.tensor(0.0)
    pair = torch.stack([mean, torch.tensor(float(len(values) > 0))])
    rank.all_reduce(pair)
    return (pair[0] / pair[1]).item()


def mean_leaves(rank, values):
    if len(values) == 0:
        return 0.0
    return mean_course(rank, values)


def mean_only_first(rank, values):
    mean = mean_course(rank, values)
    return mean if rank.number == 0 else None


def mean_twice(rank, values):
    total, n = values.sum(), torch.tensor(float(len(values)))
    rank.all_reduce(total)
    rank.all_reduce(n)
    return (total / n).item()


def mean_gathers(rank, values):
    return rank.all_gather(values).mean().item()


def mean_sends(rank, values):
    pair = torch.tensor([values.sum(), len(values)])
    others = [r for r in range(rank.world_size) if r != rank.number]
    for other in others:
        rank.send(pair, to=other)
    for other in others:
        pair = pair + rank.receive(source=other)
    return (pair[0] / pair[1]).item()


def mean_padded(rank, values):
    """Lay all values into one long tensor, each rank in rows of its own."""
    wide = torch.zeros(rank.world_size, 9, 2)
    wide[rank.number, : len(values), 0] = values
    wide[rank.number, : len(values), 1] = 1
    rank.all_reduce(wide)
    return (wide[..., 0].sum() / wide[..., 1].sum()).item()


def mean_changes(rank, values):
    n = len(values)
    pair = torch.tensor([values.sum(), n])
    values.zero_()
    rank.all_reduce(pair)
    return (pair[0] / pair[1]).item()


SHELF: list = []


def mean_by_a_shelf(rank, values):
    SHELF.append(values)
    pair = torch.tensor([0.0, 0.0])
    rank.all_reduce(pair)
    return torch.cat(SHELF).mean().item()


def mean_by_a_default(rank, values, shelf=[]):  # noqa: B006
    shelf.append(values)
    pair = torch.tensor([0.0, 0.0])
    rank.all_reduce(pair)
    return torch.cat(shelf).mean().item()


def mean_integers(rank, values):
    pair = torch.tensor([int(values.sum()), len(values)])
    rank.all_reduce(pair)
    return pair[0].item() / pair[1].item()


GLOBAL_MEAN = Answers(
    right={
        "course": mean_course,
        "tensors": mean_tensors,
        "float64": mean_float64,
        "weighted": mean_weighted,
        "columns": mean_in_columns,
        "parts": mean_with(lambda sums, values, rank: sums[0] / sums[1]),
    },
    wrong={
        "returns_nothing": lambda rank, values: print(
            mean_course(rank, values)
        ),
        "returns_tensor": lambda rank, values: torch.tensor(
            mean_course(rank, values)
        ),
        "only_some": mean_only_first,
        "alone": mean_alone,
        "alone as nothing is returned": mean_forgets_in_place,
        "mean_of_means": mean_of_means,
        "mean_of_means of some": mean_of_some,
        "empty_is_nan": mean_with(
            lambda sums, values, rank: sums[0] / sums[1],
            give=lambda v: [v.mean() * len(v), len(v)],
        ),
        "not_divided": mean_with(lambda sums, values, rank: sums[0]),
        "by_ranks": mean_with(
            lambda sums, values, rank: sums[0] / rank.world_size
        ),
        "own_count": mean_with(
            lambda sums, values, rank: sums[0] / max(len(values), 1)
        ),
        "own_sum": mean_with(
            lambda sums, values, rank: values.sum().item() / sums[1]
        ),
        "own_sum undivided": mean_with(
            lambda sums, values, rank: values.sum().item()
        ),
        "twice_divided": mean_with(
            lambda sums, values, rank: sums[0] / sums[1] / rank.world_size
        ),
        "sum_of_means": mean_with(
            lambda sums, values, rank: sums[0], give=lambda v: [v.mean()]
        ),
        "upside_down": mean_with(lambda sums, values, rank: sums[1] / sums[0]),
        "means_by_count": mean_with(
            lambda sums, values, rank: sums[0] / sums[1],
            give=lambda v: [v.sum() / max(1, len(v)), len(v)],
        ),
        "empty_counts": mean_with(
            lambda sums, values, rank: sums[0] / sums[1],
            give=lambda v: [v.sum(), max(1, len(v))],
        ),
        "empty_is_zero": mean_with(
            lambda sums, values, rank: sums[0] / sums[1] if len(values) else 0.0
        ),
        "raises as nothing is returned": lambda rank, values: rank.all_reduce(
            values.sum()
        )[0],
        "rounded": mean_with(
            lambda sums, values, rank: round(sums[0] / sums[1], 2)
        ),
        "rounded as integers": mean_integers,
        "deadlock": mean_leaves,
        "several": mean_twice,
        "gathers": mean_gathers,
        "sends": mean_sends,
        "too_many_numbers": mean_padded,
        "values_changed": mean_changes,
        "cannot_exchange": lambda rank, values: rank.all_reduce(
            float(values.sum())
        ),
        "cannot_exchange of all values": lambda rank, values: rank.all_reduce(
            values
        ),
        "trespass": mean_by_a_default,
        "uses_page_objects": mean_by_a_shelf,
        "signature": lambda values: values.mean().item(),
    },
)

# ------------------------------------------------------------------- 18.3


def neighbours(rank):
    n = rank.world_size
    return (rank.number + 1) % n, (rank.number - 1) % n


def ring_course(rank, mine):
    n, number = rank.world_size, rank.number
    right, left = neighbours(rank)
    parts = mine.tensor_split(n)
    for step in range(n - 1):
        rank.send(parts[(number - step) % n], to=right)
        parts[(number - step - 1) % n].add_(rank.receive(source=left))
    for step in range(n - 1):
        rank.send(parts[(number - step + 1) % n], to=right)
        parts[(number - step) % n].copy_(rank.receive(source=left))
    return mine


def ring_of_lists(rank, mine):
    """Nothing is changed in place; the parts are joined at the end."""
    n, k = rank.world_size, rank.number
    right, left = neighbours(rank)
    parts = list(torch.tensor_split(mine, n))
    for _ in range(n - 1):
        rank.send(parts[k], right)
        k = (k - 1) % n
        parts[k] = parts[k] + rank.receive(left)
    for _ in range(n - 1):
        rank.send(parts[k], right)
        k = (k - 1) % n
        parts[k] = rank.receive(left)
    return torch.cat(parts)


def ring_padded(rank, mine):
    n, number = rank.world_size, rank.number
    right, left = neighbours(rank)
    size = -(-len(mine) // n)
    table = torch.zeros(n * size)
    table[: len(mine)] = mine
    table = table.reshape(n, size)
    for step in range(n - 1):
        rank.send(table[(number - step) % n], to=right)
        table[(number - step - 1) % n] += rank.receive(source=left)
    for step in range(n - 1):
        rank.send(table[(number - step + 1) % n], to=right)
        table[(number - step) % n] = rank.receive(source=left)
    return table.flatten()[: len(mine)]


def ring_to_the_left(rank, mine):
    n, number = rank.world_size, rank.number
    right, left = neighbours(rank)
    parts = mine.clone().tensor_split(n)
    for step in range(n - 1):
        rank.send(parts[(number + step) % n], to=left)
        parts[(number + step + 1) % n].add_(rank.receive(source=right))
    for step in range(n - 1):
        rank.send(parts[(number + step - 1) % n], to=left)
        parts[(number + step) % n].copy_(rank.receive(source=right))
    return torch.cat(parts)


def each_adds_a_part(rank, mine):
    """No ring: every part goes straight to the rank that adds it up."""
    n, number = rank.world_size, rank.number
    parts = mine.tensor_split(n)
    others = [(number + k) % n for k in range(1, n)]
    for other in others:
        rank.send(parts[other], other)
    for other in others[::-1]:
        parts[number].add_(rank.receive(other))
    for other in others:
        rank.send(parts[number], other)
    for other in others[::-1]:
        parts[other].copy_(rank.receive(other))
    return mine


def ring_with(
    split=lambda mine, n: mine.tensor_split(n),
    n_adding=lambda n: n - 1,
    n_handing=lambda n: n - 1,
    put=lambda part, received: part.copy_(received),
    result=lambda mine, parts, rank: mine,
):
    """Build an answer out of its parts."""

    def ring_all_reduce(rank, mine):
        n, number = rank.world_size, rank.number
        right, left = neighbours(rank)
        parts = split(mine, n)
        for step in range(n_adding(n)):
            rank.send(parts[(number - step) % n], to=right)
            parts[(number - step - 1) % n].add_(rank.receive(source=left))
        for step in range(n_handing(n)):
            rank.send(parts[(number - step + 1) % n], to=right)
            put(parts[(number - step) % n], rank.receive(source=left))
        return result(mine, parts, rank)

    return ring_all_reduce


def ring_of_whole(rank, mine):
    right, left = neighbours(rank)
    total, moving = mine.clone(), mine
    for _ in range(rank.world_size - 1):
        rank.send(moving, right)
        moving = rank.receive(left)
        total += moving
    return total


def ring_once_too_far(rank, mine):
    right, left = neighbours(rank)
    total, moving = mine.clone(), mine
    for _ in range(rank.world_size if rank.world_size > 1 else 0):
        rank.send(moving, right)
        moving = rank.receive(left)
        total += moving
    return total


def only_the_left(rank, mine):
    if rank.world_size == 1:
        return mine
    right, left = neighbours(rank)
    rank.send(mine, right)
    return mine + rank.receive(left)


def only_the_received(rank, mine):
    if rank.world_size == 1:
        return mine
    right, left = neighbours(rank)
    rank.send(mine, right)
    return rank.receive(left)


def all_to_the_first(rank, mine):
    others = range(1, rank.world_size)
    if rank.number > 0:
        rank.send(mine, 0)
        return rank.receive(0)
    for other in others:
        mine = mine + rank.receive(other)
    for other in others:
        rank.send(mine, other)
    return mine


def to_the_first_alone(rank, mine):
    if rank.number > 0:
        rank.send(mine, 0)
        return None
    for other in range(1, rank.world_size):
        mine = mine + rank.receive(other)
    return mine


def receives_first(rank, mine):
    right, left = neighbours(rank)
    for _ in range(rank.world_size - 1):
        mine = mine + rank.receive(left)
        rank.send(mine, right)
    return mine


def no_way_around(rank, mine):
    if rank.world_size > 1:
        rank.send(mine, rank.number + 1)
        mine += rank.receive(rank.number - 1)
    return mine


def by_the_collective(rank, mine):
    rank.all_reduce(mine)
    return mine


def by_gathering(rank, mine):
    return rank.all_gather(mine.unsqueeze(0)).sum(0)


def by_a_chain(rank, mine):
    """Part by part, each goes down a chain and back, before the next."""
    n, number = rank.world_size, rank.number
    for part in mine.tensor_split(n):
        if number > 0:
            part += rank.receive(number - 1)
        if number < n - 1:
            rank.send(part, number + 1)
            part.copy_(rank.receive(number + 1))
        if number > 0:
            rank.send(part, number - 1)
    return mine


def ring_by_turns(rank, mine):
    """Even ranks send first, odd ones receive first."""
    n, number = rank.world_size, rank.number
    right, left = neighbours(rank)
    parts = mine.tensor_split(n)
    for step in range(2 * n - 2):
        part, other = (number - step) % n, (number - step - 1) % n
        if number % 2 == 0:
            rank.send(parts[part], to=right)
            received = rank.receive(source=left)
        else:
            received = rank.receive(source=left)
            rank.send(parts[part], to=right)
        if step < n - 1:
            parts[other].add_(received)
        else:
            parts[other].copy_(received)
    return mine


def one_send_too_many(rank, mine):
    total = ring_course(rank, mine)
    if rank.world_size > 3:
        rank.send(total[:0], neighbours(rank)[0])
    return total


def rebinds_parts(rank, mine):
    ring_of_lists(rank, mine)
    return mine


def all_at_once_to_the_same(rank, mine):
    """As each_adds_a_part, but all begin with rank 0."""
    n, number = rank.world_size, rank.number
    parts = mine.tensor_split(n)
    others = [other for other in range(n) if other != number]
    for other in others:
        rank.send(parts[other], other)
    for other in others:
        parts[number].add_(rank.receive(other))
    for other in others:
        rank.send(parts[number], other)
    for other in others:
        parts[other].copy_(rank.receive(other))
    return mine


def butterfly(rank, mine):
    """Whole tensors between pairs, where ranks are a power of two."""
    n, distance = rank.world_size, 1
    if n & (n - 1):
        return ring_course(rank, mine)
    while distance < n:
        rank.send(mine, rank.number ^ distance)
        mine = mine + rank.receive(rank.number ^ distance)
        distance *= 2
    return mine


def ring_interleaved(rank, mine):
    """Part k has every n-th number, from k on."""
    n, k = rank.world_size, rank.number
    right, left = neighbours(rank)
    for step in range(n - 1):
        rank.send(mine[(k - step) % n :: n], to=right)
        mine[(k - step - 1) % n :: n] += rank.receive(source=left)
    for step in range(n - 1):
        rank.send(mine[(k - step + 1) % n :: n], to=right)
        mine[(k - step) % n :: n] = rank.receive(source=left)
    return mine


RING = Answers(
    right={
        "course": ring_course,
        "lists": ring_of_lists,
        "padded": ring_padded,
        "to the left": ring_to_the_left,
        "each adds a part": each_adds_a_part,
        "interleaved": ring_interleaved,
        "parts": ring_with(),
    },
    wrong={
        "returns_nothing": ring_with(result=lambda *_: None),
        "returns_nothing but on one": to_the_first_alone,
        "no_tensor": ring_with(result=lambda mine, parts, rank: list(parts)),
        "one_part": ring_with(
            result=lambda mine, parts, rank: parts[
                (rank.number + 1) % rank.world_size
            ]
        ),
        "other_shape": ring_with(
            split=lambda mine, n: mine.reshape(n, -1),
            result=lambda mine, parts, rank: parts,
        ),
        "not_handed_on": ring_with(n_handing=lambda n: 0),
        "not_handed_on far enough": ring_with(n_handing=lambda n: n - 2),
        "unchanged": rebinds_parts,
        "a_mean": ring_with(
            result=lambda mine, parts, rank: mine / rank.world_size
        ),
        "counted_twice": ring_once_too_far,
        "neighbours": only_the_left,
        "neighbours alone": only_the_received,
        "other_value": ring_with(
            put=lambda part, received: part.add_(received)
        ),
        "too_many_exchanges by a round": ring_with(n_adding=lambda n: n),
        "ragged": ring_with(
            split=lambda mine, n: mine.reshape(n, -1),
            result=lambda mine, parts, rank: parts.flatten(),
        ),
        "ragged by chunks": ring_with(split=lambda mine, n: mine.chunk(n)),
        "deadlock": receives_first,
        "cannot_exchange": no_way_around,
        "collective": by_the_collective,
        "collective of gathering": by_gathering,
        "one_for_all": all_to_the_first,
        "sends_whole": ring_of_whole,
        "sends_whole between pairs": butterfly,
        "rest_left_out": ring_with(
            split=lambda mine, n: mine.split(len(mine) // n)
        ),
        "too_many_exchanges": by_a_chain,
        "too_many_exchanges by turns": ring_by_turns,
        "too_many_exchanges to the same": all_at_once_to_the_same,
        "unread": one_send_too_many,
        "signature": lambda mine: mine,
    },
)

# ------------------------------------------------------------------- 18.4


def forward_course(rank, x, shards):
    for shard in shards:
        weight = rank.all_gather(shard)
        x = torch.relu(x @ weight.T)
    return x


def forward_one_line(rank, x, shards):
    for shard in shards:
        x = (x @ rank.all_gather(shard).T).clamp(min=0)
    return x


def forward_linear(rank, x, shards):
    for shard in shards:
        weight = rank.all_gather(shard)
        x = torch.nn.functional.linear(x, weight).relu()
        del weight
    return x


def forward_recursive(rank, x, shards):
    if not shards:
        return x
    x = torch.relu(x @ rank.all_gather(shards[0]).T)
    return forward_recursive(rank, x, shards[1:])


def forward_reduce(rank, x, shards):
    return functools.reduce(
        lambda x, shard: (rank.all_gather(shard) @ x).relu(), shards, x.T
    ).T


def forward_prefetching(rank, x, shards):
    """Gather the next layer before this one computes."""
    following = rank.all_gather(shards[0])
    for shard in [*shards[1:], None]:
        weight = following
        following = None if shard is None else rank.all_gather(shard)
        x = torch.relu(x @ weight.T)
    return x


def forward_with(
    weight=lambda rank, shard: rank.all_gather(shard),
    layer=lambda x, weight: torch.relu(x @ weight.T),
    order=lambda shards: shards,
    result=lambda x, rank: x,
):
    """Build an answer out of its parts."""

    def sharded_forward(rank, x, shards):
        for shard in order(shards):
            x = layer(x, weight(rank, shard))
        return result(x, rank)

    return sharded_forward


def forward_gathers_first(rank, x, shards):
    for weight in [rank.all_gather(shard) for shard in shards]:
        x = torch.relu(x @ weight.T)
    return x


def forward_keeps(rank, x, shards):
    weights = []
    for shard in shards:
        weights.append(rank.all_gather(shard))
        x = torch.relu(x @ weights[-1].T)
    return x


def forward_fills_shards(rank, x, shards):
    for place, shard in enumerate(shards):
        shards[place] = rank.all_gather(shard)
        x = torch.relu(x @ shards[place].T)
    return x


def forward_last_linear(rank, x, shards):
    for shard in shards[:-1]:
        x = torch.relu(x @ rank.all_gather(shard).T)
    return x @ rank.all_gather(shards[-1]).T


def forward_only_last(rank, x, shards):
    for shard in shards:
        x = x @ rank.all_gather(shard).T
    return torch.relu(x)


def forward_returns_early(rank, x, shards):
    for shard in shards:
        x = torch.relu(x @ rank.all_gather(shard).T)
        return x


def forward_last_share(rank, x, shards):
    for shard in shards[:-1]:
        x = torch.relu(x @ rank.all_gather(shard).T)
    return torch.relu(x @ shards[-1].T)


def forward_gathers_x(rank, x, shards):
    return forward_course(rank, rank.all_gather(x), shards)


def forward_gathers_x_too(rank, x, shards):
    n = len(x)
    first = rank.number * n
    return forward_course(rank, rank.all_gather(x)[first : first + n], shards)


def forward_others_x(rank, x, shards):
    return forward_course(rank, rank.all_gather(x)[: len(x)], shards)


def forward_twice(rank, x, shards):
    for shard in shards:
        yhat = x @ rank.all_gather(shard).T
        x = yhat * (x @ rank.all_gather(shard).T > 0)
    return x


def forward_sends(rank, x, shards):
    others = [r for r in range(rank.world_size) if r != rank.number]
    for shard in shards:
        for other in others:
            rank.send(shard, to=other)
        parts = {other: rank.receive(source=other) for other in others}
        parts[rank.number] = shard
        weight = torch.cat([parts[r] for r in sorted(parts)])
        del parts
        x = torch.relu(x @ weight.T)
    return x


def forward_not_all(rank, x, shards):
    return forward_course(rank, x, shards[rank.number // 4 :])


FORWARD = Answers(
    right={
        "course": forward_course,
        "one line": forward_one_line,
        "linear": forward_linear,
        "recursive": forward_recursive,
        "reduce": forward_reduce,
        "prefetching": forward_prefetching,
        "transposed copies": forward_with(
            weight=lambda rank, shard: rank.all_gather(shard).T.contiguous(),
            layer=lambda x, weight: torch.relu(x @ weight),
        ),
        "parts": forward_with(),
    },
    wrong={
        "returns_nothing": forward_with(result=lambda x, rank: None),
        "returns_nothing but on one": forward_with(
            result=lambda x, rank: x if rank.number == 0 else None
        ),
        "no_tensor": forward_with(result=lambda x, rank: x.tolist()),
        "a_share": forward_last_share,
        "rows_of_all": forward_gathers_x,
        "other_shape": forward_with(result=lambda x, rank: x.sum(1)),
        "transposed": forward_with(layer=lambda x, w: torch.relu(x @ w)),
        "no_relu": forward_with(layer=lambda x, w: x @ w.T),
        "last_linear": forward_last_linear,
        "only_last": forward_only_last,
        "backwards": forward_with(order=lambda shards: shards[::-1]),
        "layer_left_out": forward_with(order=lambda shards: shards[1:]),
        "layer_left_out at the end": forward_with(
            order=lambda shards: shards[:-1]
        ),
        "one_layer": forward_returns_early,
        "other_x": forward_others_x,
        "other_value": forward_with(layer=lambda x, w: torch.sigmoid(x @ w.T)),
        "holds_too_much": forward_gathers_first,
        "holds_too_much in a list": forward_keeps,
        "holds_too_much in the shards": forward_fills_shards,
        "too_many_gathers": forward_twice,
        "too_many_gathers of x": forward_gathers_x_too,
        "sends": forward_sends,
        "deadlock": forward_not_all,
        "misfit": forward_with(weight=lambda rank, shard: shard),
        "raises as nothing is returned": forward_with(
            weight=lambda rank, shard: rank.all_reduce(shard)
        ),
        "signature": lambda x, shards: x,
        "parameters_in_other_order": lambda rank, shards, x: forward_course(
            rank, x, shards
        ),
    },
)

ANSWERS = {
    "18.1": SHARE_OF,
    "18.2": GLOBAL_MEAN,
    "18.3": RING,
    "18.4": FORWARD,
}
