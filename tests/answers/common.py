"""How answers are written down: right ones in several styles, wrong ones."""

from dataclasses import dataclass, field


@dataclass
class Answers:
    """Answers to one exercise.

    Each is what a page passes to the checker; a tuple is passed as several
    arguments.

    Attributes:
        right: style -> answer; all of them are solved.
        wrong: diagnosis -> answer; each gets that diagnosis and no other. Two
            answers with one diagnosis: "plain_mean", "plain_mean again".
        stub: the empty answer of the page; None takes the one in the page.
    """

    right: dict = field(default_factory=dict)
    wrong: dict = field(default_factory=dict)
