"""What a live widget puts into the output of a cell."""

from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"


def bundle_of(widget: Any) -> dict[str, Any]:
    """Return what shows a widget, by MIME type.

    ipywidgets 7, which Colab has, shows a widget in another way than version 8
    does, so the reference to its model is written down here.
    """
    if hasattr(widget, "_repr_mimebundle_"):
        return dict(widget._repr_mimebundle_() or {})
    reference = {"version_major": 2, "version_minor": 0}
    return {VIEW: {**reference, "model_id": widget.model_id}}
