"""How every patient is examined: run, measured, and its illness named.

A patient returns its trained model and a list, one number per epoch.
"""

import torch

from helpers.check.challenge_3.record import Patient
from helpers.check.challenge_3.trial import run
from helpers.practice import Seen, judge, wrong

# What a mend leaves alone.
KEPT = {
    "grad_left_off": lambda s: not torch.is_grad_enabled(),
    "other_model": lambda s: s.model_shapes != s.shapes,
    "trains_on_validation": lambda s: s.held_out & s.learnt,
    "no_steps": lambda s: not s.rates,
    "other_optimizer": lambda s: s.kinds != [s.patient.optimizer],
    "other_rate": lambda s: not 0.3 < s.rates[0] / s.patient.lr < 3,
    "more_steps": lambda s: s.n_steps > s.most,
    "fewer_steps": lambda s: s.n_steps < s.least,
    "eval_while_training": lambda s: s.learns_in_eval,
}
# What it leaves alone, too, but an illness would have been named before.
KEPT_IN_A_HEALTHY_LOOP = {
    "other_rows": lambda s: s.n_strange,
    "same_order": lambda s: s.patient.batch_size and s.epochs[0] == s.epochs[1],
}


def examine(patient: Patient, healed, diagnosis) -> dict:
    """Judge a mended loop, and the name given to its illness.

    Returns:
        what the praise may speak of.

    Raises:
        Wrong: it is still ill, was harmed, or has another illness.
    """
    torch.set_num_threads(1)  # for models this small, more threads only wait
    named = str(diagnosis).strip(" ().").upper()[:1] == patient.right
    for seed, more in ((1, 0), (2, 1)):
        seen = run(patient, healed, seed, more)
        seen.named, seen.diagnosis = named, diagnosis
        judge({**KEPT, **patient.harmed}, seen)
        off = not abs(seen.number - seen.measured) <= patient.tolerance
        _is_well(patient, seen, off)
        judge(KEPT_IN_A_HEALTHY_LOOP, seen)
        if off:
            wrong("other_number", seen)
    if not named:
        wrong("other_illness", seen)
    return {"limit": patient.limit, "percent": 100 * patient.limit}


def _is_well(patient: Patient, seen: Seen, off: bool) -> None:
    """Raise `Wrong` if it is ill; what gives its illness away, if named."""
    is_ill, named = patient.ill(seen), seen.named
    if not patient.is_within(seen.measured):
        wrong("still_ill.named", seen) if named else wrong("still_ill", seen)
    if is_ill and named:
        wrong("still_ill.seen.named", seen)
    if off and (is_ill or patient.by_number):
        if named:
            wrong("still_ill.off.named", seen)
        wrong("still_ill.off", seen)
    if is_ill:
        wrong("still_ill.hidden", seen)
