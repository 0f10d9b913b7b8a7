"""A watch for any training loop, and what it says about a sick one.

Here belongs what looks at a loop that the course did not write: through hooks
on model, loss and optimizer, without a step of its own. What knows the shape
of our own loops belongs in `helpers.pipeline`.

* `watching`: when the watch looks; `hooks`, `patches` and `diversions`: what
  reports to it;
* `looking`: what it makes of a layer, a batch or a loss; `stepping`: of an
  update; `graphs`: of the graph of a loss; `seen`: what it keeps;
* `signs`: tables of what sick loops look like; `words.toml`: how each is told;
* `history`: numbers for pictures; `report`: the findings, in order;
* `overfit`: one batch, learnt by heart.
"""

from helpers.clinic.history import History
from helpers.clinic.overfit import Overfit, can_overfit
from helpers.clinic.report import Finding, Report
from helpers.clinic.watching import Watch, WatchError, watch

__all__ = [
    "Finding",
    "History",
    "Overfit",
    "Report",
    "Watch",
    "WatchError",
    "can_overfit",
    "watch",
]
