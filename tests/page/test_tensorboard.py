"""TensorBoard in a page: its own server, the view that was asked for."""

import re

import pytest
from torch.utils.tensorboard import SummaryWriter

from helpers.errors import ServiceError
from helpers.page import tensorboard
from helpers.page.saving import before_saving
from helpers.page.tensorboard import show_tensorboard
from helpers.runs import tensorboard_server
from helpers.runs.curves import log_losses


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    with SummaryWriter(str(folder / "simple")) as writer:
        log_losses(writer, 0, 1.0, 2.0)
    yield folder
    tensorboard_server.stop_server(folder)


def test_a_server_is_started_once_and_found_again(logdir):
    first = show_tensorboard(logdir, tags="loss", runs="simple").data
    second = show_tensorboard(logdir, tab="graphs").data
    url = tensorboard_server.find_server(logdir)
    assert (
        f'"url": "{url}/?smoothing=0&tagFilter=loss&runFilter=simple"' in first
    )
    assert (
        f'"url": "{url}/?smoothing=0"' in second and '"tab": "graphs"' in second
    )
    assert tensorboard_server.served_tags(logdir) == {
        "simple": ["loss/training", "loss/validation"]
    }


def test_without_a_script_it_is_a_sentence(logdir):
    """In a page that is not trusted, or without the server, no frame breaks."""
    shown = show_tensorboard(logdir).data
    still = re.sub(r"(?s)<script>.*?</script>", "", shown)
    assert "<iframe" not in shown
    assert "Run this cell to open it here" in " ".join(still.split())
    assert re.search(
        r'href="http://localhost:\d+/\?smoothing=0#timeseries"', still
    )


def test_it_is_left_out_of_a_page_that_is_saved(logdir):
    data = {"text/html": show_tensorboard(logdir).data}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    page = {"cells": [{"outputs": [output]}]}
    before_saving({"type": "notebook", "content": page})
    (stored,) = page["cells"][0]["outputs"]
    assert "localhost" not in stored["data"]["text/html"]


def test_a_server_that_does_not_start_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(
        tensorboard.tensorboard_server, "use_this_environment", lambda: None
    )
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho no such option >&2\nexit 2\n")
    program.chmod(0o755)
    monkeypatch.setenv("TENSORBOARD_BINARY", str(program))
    said = r"did not start for .* no such option"
    with pytest.raises(ServiceError, match=said):
        show_tensorboard(tmp_path)
    monkeypatch.setenv("TENSORBOARD_BINARY", str(tmp_path / "missing"))
    with pytest.raises(ServiceError, match="did not start"):
        show_tensorboard(tmp_path)
