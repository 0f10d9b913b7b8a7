"""The zip file around a checkpoint: whole, uncompressed, and of plain values.

``torch.load`` checks no checksum, and believes whatever the pickle in the file
says. What is looked at here is looked at before it reads a byte.
"""

import io
import pickletools
import zipfile
from pathlib import Path

from helpers.errors import CheckpointError
from helpers.paths import display_path

# Steps of the pickle, the table of contents of a checkpoint: room for 60,000
# tensors or a million epochs. A hostile file of so many costs a few seconds,
# and half a gigabyte more than its own size.
MOST_STEPS = 2_000_000
# What torch.save names in a file of plain values, and nothing else may be.
NAMES = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v3",
}
# How the files of torch began before it used zip files.
BEFORE_1_6 = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
# Steps that name something to call in a way that torch.save does not use.
FOREIGN_STEPS = {"STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"}


def check_archive(content: bytes, path: Path) -> None:
    """Check a file of ``torch.save`` before it is read.

    Args:
        content: the bytes of the file.
        path: its name, for the message.

    Raises:
        CheckpointError: damaged, foreign, compressed, or with something in it
            that is not plain numbers and tensors.
    """
    if content.startswith(BEFORE_1_6):
        raise CheckpointError(
            f"{display_path(path)} was written by torch before version 1.6, "
            "which knew no checksums, so that nobody can tell whether it is "
            "whole. Read it with torch.load(path, weights_only=True), and pass "
            "on what you need."
        )
    if not content.startswith(b"PK\x03\x04"):
        raise CheckpointError(
            f"{display_path(path)} is not a checkpoint: it does not begin like "
            "a file of torch.save. Is it a web page, a text, or a pointer that "
            "git-lfs left in place of the file? Fetch the file itself."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            is_whole = _is_whole(archive, len(content))
            pickled = _pickle_of(archive) if is_whole else None
    except Exception:  # a damaged file raises almost anything
        is_whole, pickled = False, None
    if not is_whole:
        raise CheckpointError(
            f"{display_path(path)} is damaged: its checksums do not agree, a "
            "part of it is missing, or two files were joined. Copy it again, "
            "or take an older checkpoint."
        )
    if pickled is None:
        raise CheckpointError(
            f"{display_path(path)} is a zip file, but not one of torch.save. "
            "Load only what save_checkpoint wrote."
        )
    _check_pickle(pickled, path)


def _is_whole(archive: zipfile.ZipFile, size: int) -> bool:
    """Compare every part with its checksum, and the parts with the file."""
    parts = archive.infolist()
    names = [part.filename.lower() for part in parts]
    return (
        # a second file joined to the first is found by one of two readers
        min((part.header_offset for part in parts), default=0) == 0
        # of two parts with one name, the checksum of one would be compared
        and len(names) == len(set(names))
        # torch compresses nothing: a small part cannot unpack into a huge one
        and all(part.compress_type == zipfile.ZIP_STORED for part in parts)
        and all(part.compress_size == part.file_size for part in parts)
        and sum(part.file_size for part in parts) <= size
        # One bit, in no checksum, turns a part into a folder. torch then
        # reads nothing, and gives what was in memory as the weights.
        and not any(part.external_attr & 0x10 for part in parts)
        and archive.testzip() is None
    )


def _pickle_of(archive: zipfile.ZipFile) -> bytes | None:
    """Return the pickle that torch will read; None in another archive."""
    names = archive.namelist()
    folder = names[0].split("/")[0] if names else ""
    inside = all(name.startswith(f"{folder}/") for name in names)
    if not inside or f"{folder}/data.pkl" not in names:
        return None
    return archive.read(f"{folder}/data.pkl")


def _check_pickle(pickled: bytes, path: Path) -> None:
    """Go through the steps of a pickle without taking one of them."""
    try:
        for number, (step, value, _) in enumerate(pickletools.genops(pickled)):
            is_named = step.name != "GLOBAL" or _is_plain_name(value)
            if number >= MOST_STEPS or step.name in FOREIGN_STEPS:
                is_named = False
            if not is_named:
                break
        else:
            return
    except Exception:  # no pickle at all
        pass
    raise CheckpointError(not_plain(path))


def _is_plain_name(name: object) -> bool:
    module, _, attribute = str(name).partition(" ")
    is_storage = module in ("torch", "torch.storage") and (
        attribute.endswith("Storage") and attribute.isidentifier()
    )
    # of the newest kinds of numbers, the kind itself is named
    is_dtype = module == "torch" and attribute.startswith(("float", "uint"))
    return name in NAMES or is_storage or is_dtype


def not_plain(path: Path) -> str:
    """Say that a file holds more than plain values."""
    return (
        f"{display_path(path)} is a zip file, but holds something that is not "
        "plain numbers and tensors, so that it was not opened further. Load "
        "only what save_checkpoint wrote."
    )
