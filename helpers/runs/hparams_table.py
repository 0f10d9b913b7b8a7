"""What TensorBoard's HPARAMS tab would show, asked of the code behind it."""

from pathlib import Path
from types import SimpleNamespace

from tensorboard.backend.event_processing.data_provider import (
    MultiplexerDataProvider,
)
from tensorboard.backend.event_processing.plugin_event_multiplexer import (
    EventMultiplexer,
)
from tensorboard.context import RequestContext
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.backend_context import Context

Value = bool | float | str


def shown_hparams(
    folder: str | Path,
) -> tuple[list[str], dict[str, dict[str, Value]]]:
    """Return the columns of HPARAMS, and what each run has written.

    Args:
        folder: as given to ``tensorboard --logdir``.

    Returns:
        the names of the columns, in alphabetical order; by run, its
        hyperparameters by name, whether there is a column for them or not.
    """
    events = EventMultiplexer()
    events.AddRunsFromDirectory(str(folder))
    events.Reload()
    provider = MultiplexerDataProvider(events, str(folder))
    backend = Context(SimpleNamespace(data_provider=provider))
    request = RequestContext()
    written = backend.hparams_metadata(request, "")
    experiment = backend.experiment_from_metadata(
        request, "", False, written, data_provider_hparams=[]
    )
    columns = sorted(info.name for info in experiment.hparam_infos)
    runs = {
        run: _values(tags[metadata.SESSION_START_INFO_TAG])
        for run, tags in sorted(written.items())
        if metadata.SESSION_START_INFO_TAG in tags
    }
    return columns, runs


def _values(content: bytes) -> dict[str, Value]:
    start = metadata.parse_session_start_info_plugin_data(content)
    return {
        name: getattr(value, value.WhichOneof("kind"))
        for name, value in sorted(start.hparams.items())
    }
