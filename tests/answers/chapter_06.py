"""Answers to the exercises of chapter 06."""

import contextlib
import functools
import itertools
import shutil
from pathlib import Path

import numpy as np
import torch
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from torch.utils.tensorboard import SummaryWriter

from helpers.runs import read_scalars, run_folder
from tests.answers.common import Answers

# ------------------------------------------------------------------- 06.1


def log_with(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar("loss", loss, epoch)


def log_close(folder, losses):
    writer = SummaryWriter(log_dir=str(folder), flush_secs=1)
    for epoch in range(len(losses)):
        writer.add_scalar(
            tag="loss",
            scalar_value=np.float64(losses[epoch]),
            global_step=epoch,
        )
    writer.close()
    return writer


class LogObject:
    def __init__(self, tag):
        self.tag = tag

    def __call__(self, folder, losses):
        writer = SummaryWriter(folder)
        try:
            for epoch, loss in zip(itertools.count(), losses, strict=False):
                writer.add_scalar(self.tag, loss, epoch, new_style=True)
        finally:
            writer.close()


def log_low_level(folder, losses):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for epoch, loss in enumerate(losses):
        value = Summary.Value(tag="loss", simple_value=loss)
        writer.add_event(Event(step=epoch, summary=Summary(value=[value])))
    writer.close()


def log_points(folder, points, tag="loss"):
    with SummaryWriter(folder) as writer:
        for step, value in points:
            writer.add_scalar(tag, value, step)


def log_on_a_stack(folder, losses):
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(SummaryWriter(str(folder)))
        add = functools.partial(writer.add_scalar, "loss")
        list(map(add, losses, itertools.count()))


def log_open(folder, losses):
    writer = SummaryWriter(folder)
    for epoch, loss in enumerate(losses):
        writer.add_scalar("loss", loss, epoch)


def log_only_flush(folder, losses):
    writer = SummaryWriter(folder)
    for epoch, loss in enumerate(losses):
        writer.add_scalar("loss", loss, epoch)
    writer.flush()


def log_close_without_brackets(folder, losses):
    writer = SummaryWriter(folder)
    for epoch, loss in enumerate(losses):
        writer.add_scalar("loss", loss, epoch)
    writer.close  # noqa: B018


def log_no_step(folder, losses):
    with SummaryWriter(folder) as writer:
        for loss in losses:
            writer.add_scalar("loss", loss)


def log_by_index(folder, losses):
    log_points(folder, [(losses.index(loss), loss) for loss in losses])


def log_default_folder(folder, losses):
    with SummaryWriter() as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar("loss", loss, epoch)


def log_below(folder, losses):
    log_with(folder / "loss", losses)


def log_run_each(folder, losses):
    log_points(folder, [])
    for epoch, loss in enumerate(losses):
        log_points(folder / str(epoch), [(epoch, loss)])


def log_add_scalars(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalars("loss", {"training": loss}, epoch)


def log_writer_in_loop(folder, losses):
    for epoch, loss in enumerate(losses):
        with SummaryWriter(folder) as writer:
            writer.add_scalar("loss", loss, epoch)


def log_close_in_loop(folder, losses):
    writer = SummaryWriter(folder)
    for epoch, loss in enumerate(losses):
        writer.add_scalar("loss", loss, epoch)
        writer.close()


def log_last(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            last = epoch, loss
        writer.add_scalar("loss", last[1], last[0])


def log_twice(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            for _ in losses:
                writer.add_scalar("loss", loss, epoch)


def log_swapped(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar("loss", epoch, loss)


def log_backwards(folder, losses):
    log_points(folder, list(enumerate(losses))[::-1])


def log_tag_each(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar(f"loss_{epoch}", loss, epoch)


def log_two_tags(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar("loss", loss, epoch)
            writer.add_scalar("epoch", epoch, epoch)


def log_mean(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch in range(len(losses)):
            writer.add_scalar("loss", np.mean(losses[: epoch + 1]), epoch)


def log_histogram(folder, losses):
    with SummaryWriter(folder) as writer:
        writer.add_histogram("loss", np.array(losses), 0)


def log_below_with(folder, losses):
    with SummaryWriter(folder) as writer:
        pass
    for epoch, loss in enumerate(losses):
        writer.add_scalar("loss", loss, epoch)


def log_text(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_text("loss", str(loss), epoch)


def log_pop(folder, losses):
    epoch = 0
    with SummaryWriter(folder) as writer:
        while losses:
            writer.add_scalar("loss", losses.pop(0), epoch)
            epoch += 1


writers = {}


def log_one_writer(folder, losses):
    writer = writers.setdefault("only", None)
    if writer is None:
        writer = writers["only"] = SummaryWriter(folder)
    for epoch, loss in enumerate(losses):
        writer.add_scalar("loss", loss, epoch)
    writer.close()


def log_running_epoch(folder, losses, epochs=itertools.count()):  # noqa: B008
    if len(losses) == 5:
        epochs = itertools.count()
    log_points(folder, [(next(epochs) * 2, loss) for loss in losses])


def log_tag_second(folder, losses):
    with SummaryWriter(folder) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar(loss, "loss", epoch)


def log_list(folder, losses):
    with SummaryWriter(folder) as writer:
        writer.add_scalar("loss", losses, 0)


def log_sorts(folder, losses):
    losses.sort()
    log_with(folder, losses)


def log_to_a_text(folder, losses):
    folder.mkdir()
    (folder / "losses.txt").write_text(str(losses))


def log_into_a_clean_folder(folder, losses):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with SummaryWriter(folder, filename_suffix=".x", purge_step=0) as writer:
        for epoch, loss in enumerate(losses):
            writer.add_scalar("loss", torch.tensor(loss), epoch, walltime=0)


def log_nowhere(folder, losses):
    for epoch, loss in enumerate(losses):
        print(epoch, loss)


def log_empty(folder, losses):
    SummaryWriter(folder).close()


def log_named(folder, losses):
    log_with(run_folder(folder), losses)


LOG = Answers(
    right={
        "course": log_with,
        "close numpy number, named arguments": log_close,
        "class new style": LogObject("loss"),
        "partial": functools.partial(log_with),
        "lambda": lambda folder, losses: log_points(folder, enumerate(losses)),
        "low level": log_low_level,
        "stack": log_on_a_stack,
        "clean folder": log_into_a_clean_folder,
    },
    wrong={
        "no_step": log_no_step,
        "not_closed": log_open,
        "not_closed only flushed": log_only_flush,
        "not_closed without brackets": log_close_without_brackets,
        "steps_from_one": lambda f, losses: log_points(
            f, enumerate(losses, start=1)
        ),
        "other_steps": log_by_index,
        "other_steps in twos": log_running_epoch,
        "points_missing": log_last,
        "points_missing but every tenth": lambda f, losses: log_points(
            f, [(e, loss) for e, loss in enumerate(losses) if e % 10 == 0]
        ),
        "tag_not_first": log_tag_second,
        "whole_list": log_list,
        "changes_losses and sorts": log_sorts,
        "other_values negative": lambda f, losses: log_points(
            f, [(e, -loss) for e, loss in enumerate(losses)]
        ),
        "other_tag with a capital": lambda f, losses: log_points(
            f, enumerate(losses), "Loss"
        ),
        "other_folder in quotes": lambda f, losses: log_with("folder", losses),
        "no_file but a text": log_to_a_text,
        "points_missing at the start": lambda f, losses: log_points(
            f, list(enumerate(losses))[1:]
        ),
        "too_many_points": log_twice,
        "value_and_step_swapped": log_swapped,
        "other_order": log_backwards,
        "other_values": log_mean,
        "other_values rounded": lambda f, losses: log_points(
            f, [(e, round(loss, 4)) for e, loss in enumerate(losses)]
        ),
        "other_tag": lambda f, losses: log_points(
            f, enumerate(losses), "losses"
        ),
        "other_tag for each": log_tag_each,
        "other_tag besides": log_two_tags,
        "other_tag of a text": log_text,
        "other_folder": log_default_folder,
        "other_folder below": log_below,
        "other_folder of a run": lambda _, losses: log_with(
            run_folder("ch06/mine"), losses
        ),
        "no_scalar": log_histogram,
        "sub_runs": log_add_scalars,
        "sub_runs by hand": log_run_each,
        "many_files": log_writer_in_loop,
        "many_files after close": log_close_in_loop,
        "many_files below the block": log_below_with,
        "changes_losses": log_pop,
        "shared": log_one_writer,
        "no_file": log_nowhere,
        "nothing_logged": log_empty,
        "raises": log_named,
        "signature": lambda losses: log_with("run", losses),
    },
)

# ------------------------------------------------------------------- 06.2


def read(folder, tag="loss", **size):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, **size})
    events.Reload()
    return events.Scalars(tag)


def best_by_min(folder):
    return min(read(folder), key=lambda point: point.value).step


def best_by_loop(folder):
    best_loss, best_step = float("inf"), None
    for point in read(folder):
        if point.value < best_loss:
            best_loss, best_step = point.value, point.step
    return best_step


def best_by_numpy(folder):
    points = read(folder)
    steps = np.array([point.step for point in points])
    return steps[np.argmin([point.value for point in points])]


def best_by_sort(folder):
    points = sorted(read(folder), key=lambda point: point.value)
    return int(points[0].step)


def best_by_pairs(folder):
    return min((point.value, point.step) for point in read(folder))[1]


class BestObject:
    def __init__(self, tag):
        self.tag = tag

    def __call__(self, folder):
        values = {p.step: p.value for p in read(folder, self.tag)}
        return min(values, key=values.get)


def best_by_loader(folder):
    from tensorboard.backend.event_processing.event_file_loader import (
        LegacyEventFileLoader,
    )

    (file,) = Path(folder).glob("*tfevents*")
    points = [
        (value.simple_value, event.step)
        for event in LegacyEventFileLoader(str(file)).Load()
        for value in event.summary.value
        if value.tag == "loss"
    ]
    return min(points)[1]


def best_not_reloaded(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    return min(events.Scalars("loss"), key=lambda point: point.value).step


def best_of_path(folder):
    events = EventAccumulator(folder)
    events.Reload()
    return min(events.Scalars("loss"), key=lambda point: point.value).step


def best_position(folder):
    values = [point.value for point in read(folder)]
    return values.index(min(values))


def best_of_all_tags(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    points = [p for t in events.Tags()["scalars"] for p in events.Scalars(t)]
    return min(points, key=lambda point: point.value).step


def best_of_first_tag(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    points = events.Scalars(events.Tags()["scalars"][0])
    return min(points, key=lambda point: point.value).step


def best_until_rise(folder):
    points = read(folder)
    for before, after in itertools.pairwise(points):
        if after.value > before.value:
            return before.step
    return points[-1].step


def best_below_one(folder):
    best, step = 1.0, 0
    for point in read(folder):
        if point.value < best:
            best, step = point.value, point.step
    return step


def best_or_equal(folder):
    best, step = float("inf"), 0
    for point in read(folder):
        if point.value <= best:
            best, step = point.value, point.step
    return step


def best_and_remove(folder):
    points = read(folder)
    for file in Path(folder).iterdir():
        file.unlink()
    return min(points, key=lambda point: point.value).step


def best_of_another_run(folder):
    with SummaryWriter("another") as writer:
        writer.add_scalar("loss", 0.1, 19)
    return best_by_min("another")


def best_of_one_point(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 1})
    events.Reload()
    return min(events.Scalars("loss"), key=lambda point: point.value).step


readers = {}


def best_kept(folder):
    if "only" not in readers:
        readers["only"] = best_by_min(folder)
    return readers["only"]


def best_after_opening(folder):
    with SummaryWriter(folder):
        return best_by_min(folder)


def best_in_a_file(folder):
    step = best_by_min(folder)
    (folder / "best.txt").write_text(str(step))
    return step


def best_of_dictionary(folder):
    steps = {point.value: point.step for point in read(folder)}
    return steps[min(steps)]


def best_by_run_name(folder):
    steps, values = read_scalars(folder.name)["loss"]
    return steps[values.index(min(values))]


def best_never_kept(folder):
    points = read(folder)
    lowest, step = points[0].value, points[0].step
    for point in points:
        if point.value < lowest:
            step = point.step
    return step


def best_of_file(folder):
    (file,) = folder.glob("*tfevents*")
    return best_by_min(file)


def best_by_torch(folder):
    points = read(folder)
    steps = torch.tensor([point.step for point in points])
    return steps[torch.tensor([point.value for point in points]).argmin()]


def best_from_zero(folder):
    best, step = 0.0, 0
    for point in read(folder):
        if point.value < best:
            best, step = point.value, point.step
    return step


def best_by_index(folder):
    values = [point.value for point in read(folder)]
    return 10 * values.index(min(values))


def best_largest(folder):
    return max(read(folder), key=lambda point: point.value).step


BEST = Answers(
    right={
        "min with a key": best_by_min,
        "loop": best_by_loop,
        "numpy": best_by_numpy,
        "sorted": best_by_sort,
        "pairs": best_by_pairs,
        "class dictionary": BestObject("loss"),
        "partial": functools.partial(best_by_min),
        "raw loader": best_by_loader,
        "of the file itself": best_of_file,
        "torch, then a number": lambda folder: best_by_torch(folder).item(),
    },
    wrong={
        "position": best_position,
        "returns_loss": lambda folder: min(p.value for p in read(folder)),
        "returns_event": lambda folder: min(
            read(folder), key=lambda point: point.value
        ),
        "no_step but a tensor": best_by_torch,
        "first_or_last from zero": best_from_zero,
        "other_step every tenth": best_by_index,
        "other_point rounded": lambda folder: (
            min(read(folder), key=lambda point: round(point.value, 2)).step
        ),
        "largest": best_largest,
        "not_reloaded": best_not_reloaded,
        "tag_missing": lambda folder: read(folder, "loss/training"),
        "path_not_text": best_of_path,
        "first_or_last": lambda folder: read(folder)[-1].step,
        "first_or_last never kept": best_never_kept,
        "first_or_last the first": lambda folder: min(
            p.step for p in read(folder)
        ),
        "other_tag": best_of_all_tags,
        "other_tag the first": best_of_first_tag,
        "other_point": best_until_rise,
        "other_point as some were kept": lambda folder: (
            min(read(folder, scalars=50), key=lambda point: point.value).step
        ),
        "later_of_two": best_or_equal,
        "later_of_two by losses": best_of_dictionary,
        "other_step": best_below_one,
        "other_step one more": lambda folder: best_by_min(folder) + 1,
        "shared": best_kept,
        "no_step": lambda folder: print(best_by_min(folder)),
        "no_step but a text": lambda folder: str(best_by_min(folder)),
        "no_step but a float": lambda folder: float(best_by_min(folder)),
        "no_step but a time": lambda folder: [best_by_min(folder)],
        "opens_writer": best_after_opening,
        "changes_files": best_in_a_file,
        "changes_files as it removes them": best_and_remove,
        "other_step of another run": best_of_another_run,
        "first_or_last of a single point": best_of_one_point,
        "run_name": best_by_run_name,
        "run_name of a path": lambda folder: run_folder(folder),
        "other_folder": lambda folder: best_by_min("folder"),
        "raises": lambda folder: min(read(folder)).step,
    },
)

# ------------------------------------------------------------------- 06.3


class NameObject:
    def __init__(self, group):
        self.group = group

    def __call__(self, lr, batch_size):
        settings = {"bs": batch_size, "lr": lr}
        parts = [f"{key}{value}" for key, value in settings.items()]
        return "/".join([self.group, *parts])


counter = itertools.count()

NAME = Answers(
    right={
        "course": lambda lr, batch_size: (
            f"ch06/lr={lr}_batch_size={batch_size}"
        ),
        "class groups": NameObject("ch06"),
        "partial": functools.partial(
            lambda group, lr, batch_size: f"{group}/{batch_size}-{lr}", "ch06"
        ),
        "format": "ch06/batch_{1}.rate_{0}".format,
        "groups in groups": lambda lr, bs: f"ch06/{bs}/{lr}",
        "capitals": lambda lr, bs: f"ch06/BS{bs}-LR{lr}",
        "join": lambda lr, bs: "ch06/" + "_".join(map(str, (lr, bs))),
        "many digits": lambda lr, bs: f"ch06/lr={lr:.17g}+n={bs:04d}",
        "e": lambda lr, bs: f"ch06/LR_{lr:.16e}_{bs}",
        "names and values": lambda lr, batch_size: (
            f"ch06/{lr=}_{batch_size=}"  # Python writes the names itself
        ),
        "any names": lambda *two: "ch06/" + "+".join(map(repr, two)),
        "with a number": lambda lr, bs: f"ch06/r{next(counter)}_lr={lr}_n={bs}",
    },
    wrong={
        "constant": lambda lr, batch_size: "ch06/simple_linear_regression",
        "no_f_string": lambda lr, batch_size: "ch06/lr={lr}_bs={batch_size}",
        "lr_left_out": lambda lr, bs: f"ch06/bs={bs}",
        "lr_left_out as int": lambda lr, bs: f"ch06/lr={int(lr)}_bs={bs}",
        "batch_size_left_out": lambda lr, bs: f"ch06/lr={lr}",
        "rounded": lambda lr, bs: f"ch06/lr={lr:.1f}_bs={bs}",
        "rounded to two": lambda lr, bs: f"ch06/lr={lr:.2f}_bs={bs}",
        "rounded to three": lambda lr, bs: f"ch06/lr={round(lr, 3)}_bs={bs}",
        "rounded by g": lambda lr, bs: f"ch06/lr={lr:g}_bs={bs}",
        "rounded by f": lambda lr, bs: f"ch06/lr={lr:f}_bs={bs}",
        "rounded late": lambda lr, bs: f"ch06/lr={lr:.16f}_bs={bs}",
        "rounded to an exponent": lambda lr, bs: f"ch06/lr={lr:.2e}_bs={bs}",
        "rounded batch size": lambda lr, bs: f"ch06/lr={lr}_bs={bs // 10 * 10}",
        "rounded to a word": lambda lr, bs: (
            f"ch06/lr={lr}_bs={'small' if bs < 32 else 'large'}"
        ),
        "glued the other way": lambda lr, bs: f"ch06/{bs}{lr}",
        "not_telling the last two digits": lambda lr, bs: (
            f"ch06/lr={lr}_bs={bs % 100}"
        ),
        "not_telling one over": lambda lr, bs: f"ch06/lr={1 / lr}_bs={bs}",
        "not_allowed list": lambda lr, bs: f"ch06/{[lr, bs]}",
        "not_allowed dictionary": lambda lr, bs: f"ch06/{dict(lr=lr, bs=bs)}",
        "rounded by a cut": lambda lr, bs: f"ch06/lr={str(lr)[2:]}_bs={bs}",
        "not_allowed comma": lambda lr, bs: f"ch06/lr={lr}_bs={bs:,}",
        "not_in_group without a slash": lambda lr, bs: f"ch06_lr={lr}_bs={bs}",
        "full_path": lambda lr, bs: str(run_folder(f"ch06/lr={lr}_bs={bs}")),
        "glued": lambda lr, bs: f"ch06/{lr}{bs}",
        "not_allowed": lambda lr, bs: f"ch06/lr:{lr}_bs:{bs}",
        "not_allowed blank": lambda lr, bs: f"ch06/lr {lr}, bs {bs}",
        "not_allowed start": lambda lr, bs: f"/ch06/lr={lr}_bs={bs}",
        "not_allowed end": lambda lr, bs: f"ch06/lr={lr}_bs={bs}.",
        "not_in_group": lambda lr, bs: f"lr={lr}_bs={bs}",
        "not_in_group but in runs": lambda lr, bs: f"runs/ch06/lr={lr}_bs={bs}",
        "no_text": lambda lr, bs: print(f"ch06/lr={lr}_bs={bs}"),
        "no_text but a path": lambda lr, bs: run_folder(f"ch06/{lr}_{bs}"),
        "no_text but parts": lambda lr, bs: ("ch06", lr, bs),
        "swapped": lambda lr, bs: f"ch06/lr={bs}_bs={lr}",
        "swapped in long": lambda lr, bs: (
            f"ch06/learning_rate={bs}_batch_size={lr}"
        ),
        "not_telling": lambda lr, bs: f"ch06/run_{hash((lr, bs)) % 10**9}",
        "not_telling a number": lambda lr, bs: f"ch06/run_{next(counter)}",
        "not_telling no dot": lambda lr, bs: f"ch06/lr={lr}_bs={bs}".replace(
            ".", "_"
        ),
        "signature": lambda settings: f"ch06/{settings}",
        "raises": lambda lr, bs: "ch06/" + lr + bs,
        "not_callable": "ch06/lr=0.1_bs=16",
    },
)

ANSWERS = {"06.1": LOG, "06.2": BEST, "06.3": NAME}
