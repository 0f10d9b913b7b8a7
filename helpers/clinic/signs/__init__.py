"""Signs of sick loops: ordered tables, one line per kind of finding.

A sign looks at what was seen and returns the evidence for the words of its
kind, or None. The order is that of causes: what stands first explains what
comes after. Symptoms, which something else usually explains, come last.
"""

from helpers.clinic.signs import (
    batches,
    curves,
    gradients,
    losses,
    lost,
    modes,
    schedules,
    updates,
)

CAUSES = {
    **losses.CAUSES,
    **{
        kind: sign
        for kind, sign in gradients.SIGNS.items()
        if sign[0] == "fault"
    },
    **modes.SIGNS,
    **schedules.SIGNS,
    **batches.SIGNS,
    **gradients.SIGNS,
    **updates.SIGNS,
    **lost.SIGNS,
    **gradients.COMMON,
    **batches.LAST,
}
# what one finding makes of others that follow from it
EXPLAINS = {
    "inputs_constant": ("dead_relu", "gradients_zero", "same_batch"),
    "dead_relu": ("gradients_zero",),
    "nan": ("gradients_zero",),
    "outputs_cannot_reach": ("dead_relu", "gradients_zero"),
    "activations_large": ("saturated", "dead_relu", "gradients_explode"),
}
SYMPTOMS = curves.SYMPTOMS
SIGNS = {**CAUSES, **SYMPTOMS}
