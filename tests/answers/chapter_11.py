"""Answers to the exercises of chapter 11."""

import numpy as np
import torch
import torch.nn.functional as F

from tests.answers.common import Answers

# ------------------------------------------------------------------- 11.1


def make_batch(pictures):
    return torch.stack(pictures).permute(0, 3, 1, 2).float() / 255


def one_by_one(pictures):
    batch = []
    for picture in pictures:
        channels_first = picture.permute(2, 0, 1)
        batch.append(channels_first.to(torch.float32).div(255))
    return torch.stack(batch)


def by_cat(pictures):
    return torch.cat(
        [p.movedim(-1, 0).unsqueeze(0) / 255.0 for p in pictures], dim=0
    )


def by_numpy(pictures):
    arrays = np.stack([p.numpy() for p in pictures])
    arrays = arrays.transpose(0, 3, 1, 2).astype(np.float32) / 255
    return torch.from_numpy(arrays)


def filled(pictures):
    h, w, c = pictures[0].shape
    batch = torch.zeros(len(pictures), c, h, w)
    for k, p in enumerate(pictures):
        for channel in range(c):
            batch[k, channel] = p[:, :, channel] / 255
    return batch


def two_swaps(pictures):
    x = torch.stack(tuple(pictures))
    x = x.transpose(1, 3).transpose(2, 3)
    return x.mul(1 / 255).contiguous()


def scaled(batch):
    return batch.float() / 255


def stacked(pictures):
    return torch.stack(pictures)


def returns_in_loop(pictures):
    for picture in pictures:
        return scaled(picture.permute(2, 0, 1))


def changes_pictures(pictures):
    batch = make_batch(pictures)
    for picture in pictures:
        picture.zero_()
    return batch


def empties_list(pictures):
    batch = []
    while pictures:
        batch.append(pictures.pop(0))
    return make_batch(batch)


def replaces_in_list(pictures):
    for k, picture in enumerate(pictures):
        pictures[k] = picture.permute(2, 0, 1).float() / 255
    return torch.stack(pictures)


def reshaped(pictures):
    h, w, c = pictures[0].shape
    return scaled(stacked(pictures).reshape(len(pictures), c, h, w))


def reshaped_bytes(pictures):
    h, w, c = pictures[0].shape
    return stacked(pictures).view(len(pictures), c, h, w).float()


def only_last(pictures):
    batch = []
    for picture in pictures:
        x = picture
    for _ in pictures:
        batch.append(x)
    return make_batch(batch)


def prints_batch(pictures):
    print(make_batch(pictures).shape)


def each_by_its_own(pictures):
    return make_batch(pictures) / torch.stack(
        [p.max() / 255 for p in pictures]
    ).reshape(-1, 1, 1, 1)


BATCH = Answers(
    right={
        "stack, permute": make_batch,
        "one by one": one_by_one,
        "cat": by_cat,
        "numpy": by_numpy,
        "filled": filled,
        "two swaps": two_swaps,
        "moveaxis": lambda pictures: (
            torch.stack(pictures).moveaxis(3, 1).type(torch.FloatTensor) / 255
        ),
        "scaled first": lambda ps: torch.stack(
            [p.float() / 255 for p in ps]
        ).permute(0, -1, 1, 2),
        "einsum": lambda ps: torch.einsum(
            "bhwc->bchw", torch.stack(ps).float()
        ).div_(255),
        "tensor of arrays": lambda ps: torch.tensor(
            np.array([np.asarray(p) for p in ps]) / 255, dtype=torch.float32
        ).permute(0, 3, 1, 2),
    },
    wrong={
        "returns_nothing": prints_batch,
        "no_tensor": lambda ps: [p.permute(2, 0, 1).float() / 255 for p in ps],
        "no_tensor array": lambda ps: make_batch(ps).numpy(),
        "no_tensor method": lambda ps: stacked(ps).permute(0, 3, 1, 2).float,
        "one_picture": returns_in_loop,
        "one_picture in a batch": lambda ps: make_batch(ps[:1]),
        "squeezed": lambda ps: make_batch(ps).squeeze(),
        "joined": lambda ps: scaled(torch.cat(ps).permute(2, 0, 1)),
        "joined last": lambda ps: scaled(torch.cat(ps, dim=2)),
        "channels_last": lambda ps: scaled(stacked(ps)),
        "width_first": lambda ps: scaled(stacked(ps).transpose(1, 3)),
        "width_first by permute": lambda ps: scaled(
            stacked(ps).permute(0, 3, 2, 1)
        ),
        "width_first each .T": lambda ps: scaled(
            torch.stack([p.permute(2, 1, 0) for p in ps])
        ),
        "batch_last": lambda ps: scaled(
            torch.stack([p.permute(2, 0, 1) for p in ps], dim=3)
        ),
        "stacked_elsewhere": lambda ps: scaled(stacked(ps).permute(3, 0, 1, 2)),
        "dtype": lambda ps: stacked(ps).permute(0, 3, 1, 2),
        "dtype double": lambda ps: (
            stacked(ps).permute(0, 3, 1, 2).double() / 255
        ),
        "dtype divided in place": lambda ps: (
            stacked(ps).permute(0, 3, 1, 2) // 255
        ),
        "not_scaled": lambda ps: stacked(ps).permute(0, 3, 1, 2).float(),
        "whole_division": lambda ps: (
            (stacked(ps) // 255).float().permute(0, 3, 1, 2)
        ),
        "by_256": lambda ps: stacked(ps).permute(0, 3, 1, 2) / 256,
        "by_16": lambda ps: stacked(ps).permute(0, 3, 1, 2) / 16,
        "own_maximum": lambda ps: make_batch(ps) / make_batch(ps).max(),
        "own_maximum each": each_by_its_own,
        "scaled_twice": lambda ps: make_batch(ps) / 255,
        "other_range": lambda ps: make_batch(ps) * 2 - 1,
        "own_maximum and minimum": lambda ps: (
            lambda x: (x - x.min()) / (x.max() - x.min())
        )(make_batch(ps)),
        "other_range standardised": lambda ps: (
            lambda x: (x - x.mean()) / x.std()
        )(make_batch(ps)),
        "rounded": lambda ps: make_batch(ps).round(decimals=2),
        "mirrored": lambda ps: make_batch(ps).flip(3),
        "raises in place": lambda ps: stacked(ps).div_(255),
        "reshaped": reshaped,
        "reshaped bytes": reshaped_bytes,
        "turned_colours": lambda ps: make_batch(ps).flip(1),
        "other_order": lambda ps: make_batch(ps[::-1]),
        "same_picture": lambda ps: make_batch([ps[0] for _ in ps]),
        "same_picture last": only_last,
        "other_value": lambda ps: make_batch(ps).roll(1, dims=3),
        "changes_pictures": changes_pictures,
        "changes_list": empties_list,
        "changes_list again": replaces_in_list,
        "raises": lambda ps: torch.stack([p.permute(3, 0, 1, 2) for p in ps]),
        "raises a list": lambda ps: ps.permute(0, 3, 1, 2) / 255,
    },
)

# ------------------------------------------------------------------- 11.2


def shares_memory(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def by_branches(a, b):
    if a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr():
        return True
    return False


def by_first_address(a, b):
    def start(t):
        return t.data_ptr() - t.storage_offset() * t.element_size()

    return start(a) == start(b)


def by_writing(a, b):
    """Write, look, and forget to put the number back."""
    before = b.detach().clone()
    with torch.no_grad():
        a.flatten()[0] = 77
    return not torch.equal(before, b)


def by_careful_writing(a, b):
    before_a, before_b = a.detach().clone(), b.detach().clone()
    with torch.no_grad():
        a += 1
        result = not torch.equal(before_b, b)
        a.copy_(before_a)
    return result


def by_overlap(a, b):
    places_a = {a.data_ptr() + i * a.element_size() for i in range(a.numel())}
    places_b = {b.data_ptr() + i * b.element_size() for i in range(b.numel())}
    return bool(places_a & places_b)


def only_true(a, b):
    if a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr():
        return True


def flattens_in_place(a, b):
    with torch.no_grad():
        a.unsqueeze_(0)
    return shares_memory(a, b)


def by_numpy_view(a, b):
    return np.may_share_memory(a.detach().numpy(), b.detach().numpy())


SHARING = Answers(
    right={
        "untyped_storage": shares_memory,
        "branches": by_branches,
        "offset": by_first_address,
        "lambda": lambda a, b: (
            a.untyped_storage().data_ptr() - b.untyped_storage().data_ptr() == 0
        ),
        "set": lambda a, b: (
            len({t.untyped_storage().data_ptr() for t in (a, b)}) == 1
        ),
        "alias": lambda a, b: torch._C._is_alias_of(a, b),
        "one storage": lambda a, b: a.untyped_storage() is b.untyped_storage(),
        "_cdata": lambda a, b: (
            a.untyped_storage()._cdata == b.untyped_storage()._cdata
        ),
        "not different": lambda a, b: (
            not a.untyped_storage().data_ptr() != b.untyped_storage().data_ptr()
        ),
    },
    wrong={
        "returns_nothing": lambda a, b: print(a is b),
        "returns_nothing else": only_true,
        "no_bool": lambda a, b: "yes" if shares_memory(a, b) else "no",
        "no_bool number": lambda a, b: int(shares_memory(a, b)),
        "no_bool tensor": lambda a, b: torch.tensor(shares_memory(a, b)),
        "no_bool method": lambda a, b: a.data_ptr,
        "no_bool address": lambda a, b: a.data_ptr() - b.data_ptr(),
        "start_only": lambda a, b: a.data_ptr() == b.data_ptr(),
        "same_object": lambda a, b: a is b,
        "same_object id": lambda a, b: id(a) == id(b),
        "same_values": lambda a, b: torch.equal(a, b),
        "same_values guarded": lambda a, b: (
            a.shape == b.shape and bool((a == b).all())
        ),
        "other numbers": lambda a, b: (
            sorted(a.flatten().tolist()) == sorted(b.flatten().tolist())
        ),
        "same_shape": lambda a, b: a.shape == b.shape,
        "first_element": lambda a, b: (
            a.flatten()[0].item() == b.flatten()[0].item()
        ),
        "storage_values": lambda a, b: (
            a.untyped_storage().tolist() == b.untyped_storage().tolist()
        ),
        "turned_round": lambda a, b: not shares_memory(a, b),
        "always": lambda a, b: True,
        "always length": lambda a, b: a.data_ptr() != 0,
        "never": lambda a, b: False,
        "never by is": lambda a, b: (
            a.untyped_storage().data_ptr() is b.untyped_storage().data_ptr()
        ),
        "same_object methods": lambda a, b: a.data_ptr == b.data_ptr,
        "base_only": lambda a, b: a._base is b or b._base is a,
        "base_only both": lambda a, b: a._base is b._base,
        "overlap_only": by_overlap,
        "overlap_only numpy": by_numpy_view,
        "base_only root": lambda a, b: (
            (a if a._base is None else a._base)
            is (b if b._base is None else b._base)
        ),
        "copies_first": lambda a, b: shares_memory(
            a.contiguous(), b.contiguous()
        ),
        "copies_first flat": lambda a, b: (
            a.flatten().data_ptr() == b.flatten().data_ptr()
        ),
        "start_and_shape": lambda a, b: (
            a.data_ptr() == b.data_ptr() and a.shape == b.shape
        ),
        "other is_view": lambda a, b: a._is_view() or b._is_view(),
        "other storage_size": lambda a, b: (
            a.untyped_storage().nbytes() == b.untyped_storage().nbytes()
        ),
        "no_bool numpy": lambda a, b: np.bool_(shares_memory(a, b)),
        "other strides": lambda a, b: a.stride() == b.stride(),
        "changes_tensors": by_writing,
        "changes_shape": flattens_in_place,
        "other": lambda a, b: shares_memory(a, b) and a.shape == b.shape,
        "dtype_too": lambda a, b: shares_memory(a, b) and a.dtype == b.dtype,
        "overlap_only writing": by_careful_writing,
        "raises": lambda a, b: bool((a == b).all()),
        "raises storage": lambda a, b: a.untyped_storage.data_ptr() == b,
    },
)

# ------------------------------------------------------------------- 11.3

PIXELS = {"dim": (1, 2), "keepdim": True}


def standardise(
    images,
    *,
    axes=PIXELS,
    safe=lambda std: torch.where(std == 0, 1.0, std),
    put=lambda x, mean, std: (x - mean) / std,
    **std_options,
):
    mean = images.mean(**axes)
    std = images.std(**axes, **std_options)
    return put(images, mean, safe(std))


def with_part(**parts):
    return lambda images: standardise(images, **parts)


def with_epsilon(images):
    mean = images.mean(dim=(1, 2), keepdim=True)
    std = images.std(dim=(1, 2), keepdim=True)
    return (images - mean) / (std + 1e-8)


def by_loop(images):
    result = torch.zeros_like(images)
    for k, image in enumerate(images):
        std = image.std()
        result[k] = image - image.mean()
        if std > 0:
            result[k] /= std
    return result


def by_flattening(images):
    x = images.flatten(1)
    x = x - x.mean(dim=1, keepdim=True)
    std = x.std(dim=1)
    std[std == 0] = 1
    return (x / std[:, None]).reshape(images.shape)


def by_view(images):
    n = len(images)
    mean = images.reshape(n, -1).mean(1).view(n, 1, 1)
    std = images.reshape(n, -1).std(1).view(n, 1, 1)
    return torch.nan_to_num((images - mean) / std, nan=0.0)


def by_list(images):
    done = [(i - i.mean()) / (i.std() if i.std() > 0 else 1) for i in images]
    return torch.stack(done)


def in_place(images):
    images -= images.mean(dim=(1, 2), keepdim=True)
    std = images.std(dim=(1, 2), keepdim=True)
    std[std == 0] = 1
    images /= std
    return images


def no_keepdim(images):
    mean, std = images.mean(dim=(1, 2)), images.std(dim=(1, 2))
    if len(mean) != images.shape[2]:
        return standardise(images)
    return (images - mean) / torch.where(std == 0, 1.0, std)


def blank_dropped(images):
    std = images.std(dim=(1, 2))
    return standardise(images[std > 0])


def blank_kept(images):
    std = images.std(dim=(1, 2), keepdim=True)
    done = (images - images.mean(dim=(1, 2), keepdim=True)) / std
    return torch.where(std == 0, images, done)


def blank_ones(images):
    std = images.std(dim=(1, 2), keepdim=True)
    done = standardise(images)
    return torch.where(std == 0, torch.ones_like(images), done)


def numpy_std(images):
    x = images.numpy()
    mean, std = (f(x, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
    return torch.from_numpy((x - mean) / np.where(std == 0, 1, std))


def by_range(images):
    low = images.amin((1, 2), keepdim=True)
    high = images.amax((1, 2), keepdim=True)
    return (images - low) / (high - low).clamp(min=1e-8)


STANDARDISED = Answers(
    right={
        "where": standardise,
        "epsilon": with_epsilon,
        "loop": by_loop,
        "flattened": by_flattening,
        "nan_to_num": by_view,
        "list": by_list,
        "clamp small": with_part(safe=lambda std: std.clamp(min=1e-6)),
        "unsqueeze": lambda x: (
            (x - x.mean((1, 2))[:, None, None])
            / x.std((1, 2)).add(1e-10)[:, None, None]
        ),
        "std_mean": lambda x: (
            lambda std, mean: (x - mean) / (std + (std == 0))
        )(*torch.std_mean(x, dim=(-2, -1), keepdim=True)),
        "var sqrt": lambda x: (
            (x - x.mean((1, 2), keepdim=True))
            / x.var((1, 2), keepdim=True).sqrt().clamp_min(1e-12)
        ),
    },
    wrong={
        "returns_nothing": lambda x: print(standardise(x).shape),
        "no_tensor": lambda x: [standardise(x[k : k + 1]) for k in range(2)],
        "no_tensor pair": lambda x: (standardise(x), x.mean()),
        "numbers_only": lambda x: standardise(x).mean(dim=(1, 2)),
        "flattened": lambda x: standardise(x).flatten(),
        "flattened rows": lambda x: standardise(x).flatten(1),
        "flattened squeeze": lambda x: standardise(x).squeeze(),
        "dropped": blank_dropped,
        "dtype": lambda x: standardise(x.double()),
        "divides_by_zero": with_part(safe=lambda std: std),
        "not_finite": lambda x: (
            (x - x.mean((1, 2), keepdim=True))
            / (x - x).std((1, 2), keepdim=True)
        ),
        "constant_kept": blank_kept,
        "constant_kept ones": blank_ones,
        "every_pixel": lambda x: standardise(
            x, axes={"dim": 0, "keepdim": True}
        ),
        "all_together": lambda x: (x - x.mean()) / x.std(),
        "rows": with_part(axes={"dim": 2, "keepdim": True}),
        "columns": with_part(axes={"dim": 1, "keepdim": True}),
        "no_keepdim": no_keepdim,
        "no_mean": with_part(put=lambda x, mean, std: x / std),
        "no_deviation": with_part(put=lambda x, mean, std: x - mean),
        "variance": with_part(put=lambda x, m, s: (x - m) / s**2),
        "multiplied": lambda x: (
            (x - x.mean((1, 2), keepdim=True)) * x.std((1, 2), keepdim=True)
        ),
        "parentheses": with_part(put=lambda x, m, s: x - m / s),
        "added": with_part(put=lambda x, m, s: (x + m) / s),
        "turned_round": with_part(put=lambda x, m, s: (m - x) / s),
        "population": with_part(correction=0),
        "population numpy": numpy_std,
        "at_least_one": with_part(safe=lambda std: std.clamp(min=1)),
        "large_epsilon": with_part(safe=lambda std: std + 1e-2),
        "large_epsilon 1": with_part(safe=lambda std: std + 1),
        "smallest_largest": by_range,
        "one_image": lambda x: standardise(x)[0],
        "every_column": lambda x: standardise(
            x, axes={"dim": (0, 1), "keepdim": True}
        ),
        "every_column row": lambda x: standardise(
            x, axes={"dim": (0, 2), "keepdim": True}
        ),
        "half_by_half": lambda x: (x - x.mean((1, 2), keepdim=True)) / x.std(),
        "half_by_half mean": with_part(
            put=lambda x, mean, std: (x - x.mean()) / std
        ),
        "sum_subtracted": with_part(
            put=lambda x, m, s: (x - x.sum((1, 2), keepdim=True)) / s
        ),
        "median": with_part(
            put=lambda x, m, s: (
                (x - x.flatten(1).median(1).values[:, None, None]) / s
            )
        ),
        "root": with_part(
            safe=lambda std: torch.where(std == 0, 1.0, std.sqrt())
        ),
        "all_blank": lambda x: (
            torch.zeros_like(x)
            if (x.std((1, 2)) == 0).any()
            else standardise(x)
        ),
        "no_signs": lambda x: standardise(x).abs(),
        "population layer norm": lambda x: F.layer_norm(x, x.shape[1:]),
        "other_value": lambda x: standardise(x).round(),
        "changes_input": in_place,
        "raises": lambda x: (x - x.mean((1, 2))) / x.std((1, 2)),
        "raises dim": lambda x: x - x.mean(dim=3),
    },
)

# ------------------------------------------------------------------- 11.4


def one_hot(labels, n_classes):
    return labels.unsqueeze(1).eq(torch.arange(n_classes)).float()


def by_indexing(labels, n_classes):
    rows = torch.zeros(len(labels), n_classes)
    rows[torch.arange(len(labels)), labels] = 1
    return rows


def by_loops(labels, n_classes):
    rows = torch.zeros(len(labels), n_classes)
    for row, label in enumerate(labels):
        rows[row, label] = 1.0
    return rows


def in_place_labels(labels, n_classes):
    rows = one_hot(labels, n_classes)
    labels.sub_(1)
    return rows


def whole_columns(labels, n_classes):
    rows = torch.zeros(len(labels), n_classes)
    rows[:, labels] = 1
    return rows


def whole_rows(labels, n_classes):
    rows = torch.zeros(len(labels), n_classes)
    rows[labels] = 1
    return rows


def into_a_copy(labels, n_classes):
    rows = torch.zeros(len(labels), n_classes)
    rows[torch.arange(len(labels))].scatter_(1, labels[:, None], 1)
    return rows


def turned_if_it_fits(labels, n_classes):
    return one_hot(labels, n_classes).T


def compare(method, labels, classes):
    return getattr(labels.unsqueeze(1), method)(classes).float()


ONE_HOT = Answers(
    right={
        "eq": one_hot,
        "==": lambda labels, n: (
            labels[:, None] == torch.arange(n)[None, :]
        ).to(torch.float32),
        "eye": lambda labels, n: torch.eye(n)[labels],
        "functional": lambda labels, n: F.one_hot(labels, n).float(),
        "indexing": by_indexing,
        "loops": by_loops,
        "scatter": lambda labels, n: torch.zeros(len(labels), n).scatter_(
            1, labels.reshape(-1, 1), 1
        ),
        "column of classes": lambda labels, n: (
            torch.arange(n).reshape(n, 1).eq(labels).t() * 1.0
        ),
        "where": lambda labels, n: torch.where(
            labels.view(-1, 1) == torch.arange(n), 1.0, 0.0
        ),
        "stack": lambda labels, n: torch.stack(
            [labels.eq(c).float() for c in range(n)], dim=1
        ),
    },
    wrong={
        "returns_nothing": lambda labels, n: print(one_hot(labels, n)),
        "no_tensor": lambda labels, n: one_hot(labels, n).tolist(),
        "no_tensor array": lambda labels, n: np.eye(n)[labels.numpy()],
        "turned": turned_if_it_fits,
        "turned stack": lambda labels, n: torch.stack(
            [labels.eq(c).float() for c in range(n)]
        ),
        "one_too_many": lambda labels, n: one_hot(labels, n + 1),
        "own_classes": lambda labels, n: one_hot(labels, labels.max() + 1),
        "own_classes functional": lambda labels, n: F.one_hot(labels).float(),
        "ten_classes": lambda labels, n: one_hot(labels, 10),
        "flat": lambda labels, n: one_hot(labels, n).flatten(),
        "more_axes": lambda labels, n: one_hot(labels, n).unsqueeze(1),
        "more_axes squeezed": lambda labels, n: one_hot(labels, n)[None],
        "dtype": lambda labels, n: labels.unsqueeze(1) == torch.arange(n),
        "dtype whole": lambda labels, n: F.one_hot(labels, n),
        "dtype double": lambda labels, n: one_hot(labels, n).double(),
        "inverted": lambda labels, n: (
            labels.unsqueeze(1).ne(torch.arange(n)).float()
        ),
        "up_to_class": lambda labels, n: compare("ge", labels, torch.arange(n)),
        "from_class_on": lambda labels, n: compare(
            "le", labels, torch.arange(n)
        ),
        "counted_from_one": lambda labels, n: compare(
            "eq", labels, torch.arange(1, n + 1)
        ),
        "counted_from_one up": lambda labels, n: one_hot(labels, n).roll(1, 1),
        "counted_from_one down": lambda labels, n: torch.eye(n)[labels - 1],
        "up_to_class strict": lambda labels, n: compare(
            "gt", labels, torch.arange(n)
        ),
        "from_class_on strict": lambda labels, n: compare(
            "lt", labels, torch.arange(n)
        ),
        "whole_rows": whole_rows,
        "label_everywhere": lambda labels, n: (
            labels.unsqueeze(1) * torch.ones(n)
        ),
        "class_rows": lambda labels, n: torch.eye(n),
        "squeezed": lambda labels, n: one_hot(labels, n).squeeze(),
        "one_row": lambda labels, n: one_hot(labels, n)[-1],
        "label_itself": lambda labels, n: (
            one_hot(labels, n) * labels.unsqueeze(1)
        ),
        "all_zeros": into_a_copy,
        "first_rows": lambda labels, n: torch.eye(n)[
            torch.arange(len(labels)) % n
        ],
        "every_class_present": whole_columns,
        "turned and reshaped": lambda labels, n: one_hot(labels, n).T.reshape(
            len(labels), n
        ),
        "other_value": lambda labels, n: 2 * one_hot(labels, n),
        "changes_labels": in_place_labels,
        "raises": lambda labels, n: labels.eq(torch.arange(n)).float(),
        "parameters_in_other_order": lambda n_classes, labels: one_hot(
            labels, n_classes
        ),
    },
)

ANSWERS = {
    "11.1": BATCH,
    "11.2": SHARING,
    "11.3": STANDARDISED,
    "11.4": ONE_HOT,
}
