"""A name of PyTorch leads to its documentation where it is first written."""

import re

import nbformat
import pytest
import torch
import torch.distributed as dist
from torch import nn, optim
from torch.nn import functional
from torch.utils import data

from helpers.authoring import api_links
from helpers.course import chapters
from tests.tools import read

ROOTS = {"torch": torch, "nn": nn, "F": functional, "optim": optim}
ROOTS |= {"dist": dist}
every_chapter = pytest.mark.parametrize(
    "page", chapters(), ids=lambda page: page.key
)


def cells(*texts):
    return [nbformat.v4.new_markdown_cell(text) for text in ("# Aims", *texts)]


def linked(*texts):
    made = cells(*texts)
    api_links.link_names(made)
    return [cell.source for cell in made[1:]]


@every_chapter
def test_first_mentions_have_their_link(page):
    """`python -m helpers navigation` mends a difference."""
    stored = read(page.path).cells
    before = [cell.source for cell in stored]
    api_links.link_names(stored)
    assert [cell.source for cell in stored] == before


@every_chapter
def test_every_name_with_a_prefix_is_known(page):
    assert api_links.unknown_names(read(page.path).cells) == []


def test_the_first_mention_is_linked_and_no_other():
    base = api_links.BASE
    assert linked("`nn.Linear` and `nn.Linear(1, 1)`", "`nn.Linear`") == [
        f"[`nn.Linear`]({base}generated/torch.nn.Linear.html) and "
        "`nn.Linear(1, 1)`",
        "`nn.Linear`",
    ]


def test_headings_code_and_other_links_stay_as_they_are():
    for text in (
        "## The `DataLoader`",
        "```python\n`nn.Linear`\n```",
        "[the `DataLoader` of chapter 03](03_dataloader.ipynb)",
        "`my.DataLoader` and `loader`, DataLoader",
        f"[`torch.save`]({api_links.BASE}generated/torch.save.html)",
    ):
        assert linked(text) == [text]
    made = cells("`nn.Linear`")
    made[1].metadata["tags"] = ["quiz"]
    api_links.link_names(made)
    assert made[1].source == "`nn.Linear`"
    # the aims name what is to come
    aims = [nbformat.v4.new_markdown_cell("`nn.Linear`")]
    api_links.link_names(aims)
    assert aims[0].source == "`nn.Linear`"


def test_a_link_that_stands_is_enough():
    here = f"[a loss]({api_links.addresses()['nn.MSELoss']}), `nn.MSELoss`"
    assert linked(here) == [here]


def test_a_name_without_an_address_is_told():
    assert api_links.unknown_names(cells("`nn.Linnear(1)`, `mine.Linear`")) == [
        "nn.Linnear"
    ]


@pytest.mark.parametrize("name", api_links.addresses())
def test_names_exist_and_their_addresses_speak_of_them(name):
    """A name that torch drops, or a page of another name, is a slip."""
    address = api_links.addresses()[name].removeprefix(api_links.BASE)
    own = name.removesuffix("()").rpartition(".")[2]
    first = name.split(".")[0]
    if first in ROOTS:
        found = ROOTS[first]
        for part in name.split(".")[1:]:
            if part == "tensorboard":  # a module that is imported when used
                continue
            found = getattr(found, part)
    elif "#torch.utils.data" in address and "distributed" not in address:
        assert hasattr(data, own)
    if "generated/" in address:
        page = re.search(r"generated/(torch\.[\w.]+)\.html", address)[1]
        target = address.partition("#")[2] or page
        assert target.rpartition(".")[2] == own
    else:
        assert re.fullmatch(r"[\w./]+\.html(#[\w.]+)?", address)
        last = address.partition("#")[2].rpartition(".")[2]
        assert last in ("", own)
