"""How an optimizer that exercise 08.2 resumed goes on."""

from helpers.practice import Seen, judge
from helpers.practice.probes.states import same_tensors
from helpers.practice.probes.training_runs import TrainingRun, train_on

GOES_ON = {
    "other_parameters": lambda s: s.has_new_parameters,
    "other_optimizer": lambda s: s.has_rate and s.has_memory,
    "optimizer_partly.settings": lambda s: s.has_rate,
    "optimizer_partly.memory": lambda s: s.has_memory,
    "no_optimizer": lambda s: True,
}


def judge_optimizer(model, optimizer, parameters: list, run) -> None:
    """Go on with both; explain a difference.

    Args:
        model: whose values are right.
        optimizer: that was given with it.
        parameters: of the model before it was resumed.
        run: the training run that was saved, a `TrainingRun`.

    Raises:
        Wrong: the next steps are not those of a run without a stop.
    """
    state, saved = optimizer.state_dict(), run.optimizer.state_dict()
    pairs = zip(model.parameters(), parameters, strict=True)
    seen = Seen(
        rate=state["param_groups"][0]["lr"],
        saved_rate=saved["param_groups"][0]["lr"],
        has_memory=bool(state["state"]),
        has_new_parameters=any(now is not before for now, before in pairs),
    )
    seen.has_rate = seen.rate == seen.saved_rate
    straight = TrainingRun(run.number)
    straight.go_on()
    try:
        train_on(model, optimizer)
    except Exception:  # a state that fits no parameter
        judge(GOES_ON, seen)
    if not same_tensors(model.state_dict(), straight.model.state_dict()):
        judge(GOES_ON, seen)
