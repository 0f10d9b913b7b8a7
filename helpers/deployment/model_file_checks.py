"""Tell a whole file of `export_model` from anything else.

The file is a zip archive as ``torch.export.save`` writes it, with two parts
more: ``about.json``, and a SHA-256 of everything else. So a file that was
damaged, cut, joined or edited is refused before torch sees it.

That does not protect against somebody who means harm: ``torch.export.load``
can run code of a hostile file, and a hostile file can carry a right SHA-256.
Load only what you made yourselves.

Source: https://docs.pytorch.org/docs/stable/export/pt2_archive.html
"""

import hashlib
import io
import json
import zipfile
from typing import Any

from helpers.errors import ModelFileError
from helpers.paths import display_path

ABOUT = "archive/extra/about.json"
DIGEST = "archive/extra/sha256"
ADVICE = "Copy it again, or export the model again."


def seal(content: bytes, about: dict[str, Any]) -> bytes:
    """Add about.json and a SHA-256 to what ``torch.export.save`` wrote.

    The result depends on nothing else: no date, no name of this machine.
    """
    parts = _unpack(content)
    # float: a range may have been computed by NumPy
    parts[ABOUT] = json.dumps(about, indent=2, default=float).encode()
    parts[DIGEST] = _digest(parts)
    return _pack(parts)


def unseal(content: bytes, path: Any) -> dict[str, Any]:
    """Check that a file is ours and whole; return what about.json says.

    Args:
        content: the file.
        path: its name, for messages.

    Raises:
        ModelFileError: it is foreign, a checkpoint, or damaged.
    """
    name = display_path(path)
    if not content.startswith(b"PK\x03\x04"):
        raise ModelFileError(
            f"{name} is not an exported model: it does not begin like a file "
            "of torch.export.save. Is it a web page, a text, or a pointer that "
            "git-lfs left in place of the file?"
        )
    try:
        parts = _unpack(content)
    except Exception as error:  # a damaged file raises almost anything
        raise ModelFileError(
            f"{name} is damaged: its checksums do not agree, or a part of it "
            f"is missing. {ADVICE}"
        ) from error
    if any(part.endswith("/data.pkl") for part in parts):
        raise ModelFileError(
            f"{name} is a checkpoint, and a checkpoint holds numbers only. "
            "Load it into its model, and export that with export_model."
        )
    try:
        about = json.loads(parts[ABOUT])
        is_ours = isinstance(about, dict)
    except (KeyError, ValueError, RecursionError):
        about, is_ours = {}, False
    if not is_ours:
        raise ModelFileError(
            f"{name} was not opened: export_model did not write it. Load only "
            "what you exported yourself."
        )
    # files of format 1 were written without a SHA-256
    if about.get("format") != 1 and parts.pop(DIGEST, b"") != _digest(parts):
        raise ModelFileError(
            f"{name} has changed since it was exported: its SHA-256 is "
            f"different. {ADVICE}"
        )
    return about


def _unpack(content: bytes) -> dict[str, bytes]:
    """Return the parts of a file by name, their checksums compared."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        # torch compresses nothing: what is compressed may fill the memory
        if any(m.compress_type != zipfile.ZIP_STORED for m in members):
            raise ValueError("compressed")
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("sizes")
        # of two files joined into one, torch would read the first
        if min(member.header_offset for member in members) != 0:
            raise ValueError("offset")
        parts = {member.filename: archive.read(member) for member in members}
        if len(parts) != len(members):
            raise ValueError("a part is there twice")
    return parts


def _digest(parts: dict[str, bytes]) -> bytes:
    sha = hashlib.sha256()
    for name, part in sorted(parts.items()):
        # with its length, so that nothing can move from one part to the next
        sha.update(f"{name}\n{len(part)}\n".encode())
        sha.update(part)
    return sha.hexdigest().encode()


def _pack(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in sorted(parts.items()):
            # a ZipInfo made from a name alone has a fixed date
            archive.writestr(zipfile.ZipInfo(name), part)
    return buffer.getvalue()
