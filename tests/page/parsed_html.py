"""Reads HTML as strictly as a page needs it."""

from html.parser import HTMLParser

VOID = {"img", "br", "hr", "input"}


class Reader(HTMLParser):
    """Collects tags, texts and attributes; every tag has to be closed."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.texts.append((tuple(self.open), data))

    @property
    def text(self) -> str:
        """What a reader sees, folds opened."""
        return "".join(text for _, text in self.texts)

    def find(self, name: str) -> list[dict]:
        """The attributes of every tag of a name."""
        return [attributes for tag, attributes in self.tags if tag == name]


def assert_safe(text: str) -> Reader:
    """Check that JupyterLab shows it in a page that nobody trusts."""
    page = Reader(text)
    for tag, attributes in page.tags:
        assert tag not in ("script", "style", "iframe", "link")
        assert not any(name.startswith("on") for name in attributes)
        # JupyterLab drops colours that are names of its theme
        assert "var(" not in (attributes.get("style") or "")
    return page
