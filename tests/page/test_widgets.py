"""Widgets of two versions of ipywidgets show themselves alike."""

import ipywidgets

from helpers.page.widgets import VIEW, bundle_of


class OfVersion7:
    """A widget as ipywidgets 7 makes it: with a model, without a bundle."""

    model_id = "a1"


def test_both_versions_refer_to_the_model():
    button = ipywidgets.Button()
    new = bundle_of(button)[VIEW]
    old = bundle_of(OfVersion7())[VIEW]
    assert new["model_id"] == button.model_id
    assert old == {**new, "model_id": "a1", "version_minor": 0}
