"""TensorBoard in a page, opened on the curves that the text speaks of."""

import html
import json
from pathlib import Path
from urllib.parse import urlencode

from IPython.display import HTML
from tensorboard import manager

from helpers.errors import ServiceError
from helpers.paths import display_path
from helpers.runs import tensorboard_server

HEIGHT = 560  # pixels: on a laptop's screen as a whole


def show_tensorboard(
    logdir: str | Path,
    *,
    tags: str = "",
    runs: str = "",
    tab: str = "timeseries",
) -> HTML:
    """Return TensorBoard's view of a folder, to be shown in the page.

    A server that reads the folder already is used, else one is started; it
    ends with the kernel. The frame takes the theme of JupyterLab. It is built
    by a script, so that a page that is opened later, without the server, shows
    a sentence and not a broken frame.

    Args:
        logdir: the folder with the event files.
        tags: a regular expression; only curves whose tag it fits are shown.
        runs: a regular expression; only runs whose name it fits are checked.
        tab: "timeseries", "scalars", "graphs", "images", "histograms", ...

    Raises:
        ServiceError: the server does not start.

    Source: https://www.tensorflow.org/tensorboard/tensorboard_in_notebooks
    """
    url = _start(logdir)
    wanted = {"smoothing": "0", "tagFilter": tags, "runFilter": runs}
    query = urlencode({key: text for key, text in wanted.items() if text})
    return HTML(_frame(f"{url}/?{query}", tab, display_path(logdir)))


def _start(logdir: str | Path) -> str:
    """Return the address of a server of this folder, started if need be."""
    tensorboard_server.use_this_environment()
    try:
        return tensorboard_server.find_server(logdir)
    except ServiceError:
        pass
    # as %tensorboard starts it, so that either finds the server of the other
    started = manager.start(["--logdir", str(logdir)])
    if not isinstance(started, (manager.StartLaunched, manager.StartReused)):
        said = getattr(started, "stderr", "") or getattr(started, "stdout", "")
        last = (said or "it said nothing").strip().splitlines()[-1]
        raise ServiceError(
            f"TensorBoard did not start for {display_path(logdir)}. {last}"
        )
    return tensorboard_server.find_server(logdir)


def _frame(address: str, tab: str, name: str) -> str:
    # what begins with tensorboard-frame- is left out of a page that is saved
    identity = f"tensorboard-frame-{name}"
    shown = html.escape(f"{address}#{tab}")
    parts = {
        "id": identity,
        "url": address,
        "tab": tab,
        "title": f"TensorBoard of {name}",
        "height": HEIGHT,
    }
    return f"""
<div id="{html.escape(identity)}">
<p>TensorBoard is at <a href="{shown}" target="_blank">{shown}</a>, as long as
the kernel of this page runs. Run this cell to open it here.</p>
</div>
<script>
(function (parts) {{
  const box = document.getElementById(parts.id);
  const isDark = document.body.dataset.jpThemeLight === "false";
  const frame = document.createElement("iframe");
  frame.title = parts.title;
  frame.width = "100%";
  frame.height = parts.height;
  frame.style.border = "0";
  const url = new URL(parts.url);
  // a frame of another host may store nothing, and TensorBoard needs to
  const here = window.location.hostname;
  if (["localhost", "127.0.0.1"].includes(here)) url.hostname = here;
  if (isDark) url.searchParams.set("darkMode", "true");
  url.hash = parts.tab;
  frame.src = url.href;
  const show = () => box.replaceChildren(frame);
  fetch(url.origin, {{mode: "no-cors"}}).then(show).catch(() => {{}});
}})({json.dumps(parts)});
</script>
"""
