"""What JupyterLab saves of a page: what holds without kernel and server.

A quiz is a widget while its kernel runs, and TensorBoard a frame. Saved as they
are, they come back on the next day as "model not found" and as a broken frame.
JupyterLab calls `before_saving` with every page it saves, when it is started as
README and `make lab` start it, with
``--ContentsManager.pre_save_hook=helpers.page.saving.before_saving``. What is
on the screen stays as it is.
"""

WIDGET = "application/vnd.jupyter.widget-view+json"
# Left in place of the frame that the %tensorboard magic shows.
FRAME_NOTE = (
    "<p>TensorBoard was open here while the page ran. Run this cell to open it "
    "again; the picture below shows what was to be seen.</p>"
)


def before_saving(model: dict, **_) -> None:
    """Leave what needs a kernel or a server out of a page that is saved.

    Args:
        model: a file as Jupyter's contents API describes it; changed in place
            if it is a notebook.
    """
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    for cell in content.get("cells", []):
        outputs = cell.get("outputs", [])
        cell_outputs = [kept for one in outputs if (kept := _stored(one))]
        if outputs:
            cell["outputs"] = cell_outputs


def _stored(output: dict) -> dict | None:
    """Return what is stored of an output; None if nothing is."""
    data = output.get("data")
    if not isinstance(data, dict):
        return output
    if WIDGET in data:
        rest = {key: value for key, value in data.items() if key != WIDGET}
        # a progress bar has no other form that would tell anything
        return {**output, "data": rest} if "text/html" in rest else None
    if "tensorboard-frame-" in _text(data.get("text/html", "")):
        return {**output, "data": {"text/html": FRAME_NOTE}}
    return output


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
