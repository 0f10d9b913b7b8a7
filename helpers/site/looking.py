"""Look at a site that was built: requests, links, alternative texts, size."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# tags and the attribute with which they load something
LOADS = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "link": ("href",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
# links that only name something, and load nothing
NAMES = ("canonical", "index", "search", "next", "prev", "license")
_IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
_LOADS_IN_JS = re.compile(
    r"(?:fetch|import|open)\(\s*['\"`]((?:https?:)?//[^'\"`]+)"
)


@dataclass
class Seen:
    """What one page has.

    Attributes:
        ids: of its elements.
        links: addresses that a reader may follow.
        loads: addresses that a browser loads at once.
        no_alt: pictures without an alternative text.
    """

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    no_alt: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = Seen()
        self._in = ""

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        seen, self._in = self.seen, tag
        if "id" in found:
            seen.ids.add(found["id"])
        if tag == "a" and "href" in found:
            seen.links.append(found["href"])
        names_only = found.get("rel", "") in NAMES
        seen.loads += [
            found[name]
            for name in LOADS.get(tag, ())
            if found.get(name) and not names_only
        ]
        seen.loads += _in_css(found.get("style", ""))
        if tag == "img" and not found.get("alt"):
            seen.no_alt.append(found.get("src", "")[:60])

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "style":
            self.seen.loads += _in_css(data)
        elif self._in == "script":
            self.seen.loads += _LOADS_IN_JS.findall(data)


def _in_css(text: str) -> list[str]:
    return [one or other for one, other in _IN_CSS.findall(text)]


def look_at(path: Path) -> Seen:
    """Return what a page has."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    return reader.seen


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*"))


def faults_of(folder: Path, largest: int) -> list[str]:
    """Return sentences about what is wrong with a site; none if nothing is.

    Args:
        folder: of the site.
        largest: bytes that it may have.
    """
    pages = {
        path.relative_to(folder).as_posix(): look_at(path)
        for path in sorted(folder.rglob("*.html"))
    }
    wrong = [
        f"{name}: a picture without an alternative text, {source!r}."
        for name, seen in pages.items()
        for source in seen.no_alt
    ]
    wrong += _requests(folder, pages)
    for name, seen in pages.items():
        wrong += [
            f"{name}: the link {link!r} leads nowhere."
            for link in seen.links
            if not _leads(link, name, folder, pages)
        ]
    size = size_of(folder)
    if size > largest:
        wrong.append(
            f"The site has {size / 1e6:.1f} MB, and at most {largest / 1e6:g} "
            "are meant: is a picture larger than it needs to be?"
        )
    return wrong


def _requests(folder: Path, pages: dict[str, Seen]) -> Iterator[str]:
    """Yield a sentence for each request that leaves the folder."""
    loads = [(name, one) for name, seen in pages.items() for one in seen.loads]
    for path in sorted(folder.rglob("*.css")):
        name = path.relative_to(folder).as_posix()
        loads += [(name, one) for one in _in_css(path.read_text("utf-8"))]
    for path in sorted(folder.rglob("*.js")):
        name = path.relative_to(folder).as_posix()
        text = path.read_text(encoding="utf-8")
        loads += [(name, one) for one in _LOADS_IN_JS.findall(text)]
    for name, address in loads:
        parts = urlsplit(address)
        if parts.scheme in ("data", ""):
            if parts.netloc:
                yield f"{name}: {address!r} is asked of another host."
            elif not parts.scheme and not _there(address, name, folder):
                yield f"{name}: {address!r} is not there."
        else:
            yield f"{name}: {address!r} is asked of another host."


def _there(address: str, name: str, folder: Path) -> bool:
    path = unquote(urlsplit(address).path)
    return not path or (folder / posixpath.dirname(name) / path).exists()


def _leads(link: str, name: str, folder: Path, pages: dict[str, Seen]) -> bool:
    parts = urlsplit(link)
    if parts.scheme in ("https", "http", "mailto"):
        return True
    if parts.scheme or parts.netloc:
        return False
    place = posixpath.join(posixpath.dirname(name), unquote(parts.path))
    target = posixpath.normpath(place) if parts.path else name
    if target not in pages:
        return (folder / target).exists() and not parts.fragment
    fragment = unquote(parts.fragment)
    return not fragment or fragment in pages[target].ids
