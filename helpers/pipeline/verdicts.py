"""Which judge speaks when, and what follows from it.

A judge takes what was seen (`helpers.pipeline.seen`) and returns a sentence, or
None if it has nothing to say. Here belong the lists of them: a new fault is one
function in the file of its kind, and its name in one of these lists.
"""

from collections.abc import Callable, Iterable, Iterator

from helpers.errors import FirstBatchError
from helpers.pipeline.class_judges import (
    answers_out_of_range,
    later_class_out_of_range,
    one_hot_beside_metrics,
    one_output_of_classes,
    rows_of_no_distribution,
    supposed_class_out_of_range,
    unfit_answers,
    unfit_classes,
)
from helpers.pipeline.layers import images_without_channels, unscaled_pixels
from helpers.pipeline.loss_judges import broadcast_labels
from helpers.pipeline.losses import (
    BCE,
    BCE_WITH_LOGITS,
    CROSS_ENTROPY,
    NLL,
    known_loss,
)
from helpers.pipeline.output_judges import (
    no_log_probabilities,
    no_probabilities,
    sigmoid_before_logits,
    softmax_before_cross_entropy,
    softmax_over_rows,
)
from helpers.pipeline.seen import Seen
from helpers.pipeline.step_judges import (
    eval_mode_in_training,
    foreign_optimizer,
    gradients_in_validation,
    last_batch_of_one_row,
    loss_is_a_number,
    never_cleared,
    stepped_without_gradient,
    train_mode_in_validation,
    validation_updates,
    values_not_finite,
)

GO_ON = "If this is intended, set configuration.first_look = False."
BE_SILENT = "If it is meant, configuration.first_look = False silences this."

Judge = Callable[[Seen], str | None]

BEFORE: list[Judge] = [values_not_finite, foreign_optimizer]
BEFORE_VALIDATION: list[Judge] = [values_not_finite]

AT_LAYER: list[Judge] = [images_without_channels]

# Between prediction and loss: an accelerator computes later than Python, and
# ends the process over a class out of range.
AT_PREDICTION: list[Judge] = [supposed_class_out_of_range]
AT_LOSS: dict[str, list[Judge]] = {
    CROSS_ENTROPY: [one_output_of_classes],
    NLL: [],
    BCE: [answers_out_of_range],
    BCE_WITH_LOGITS: [answers_out_of_range],
}
# what torch refuses anyway, and nobody can intend
AT_LOSS_REFUSED: dict[str, list[Judge]] = {
    CROSS_ENTROPY: [unfit_classes],
    NLL: [unfit_classes],
    BCE: [unfit_answers, no_probabilities],
    BCE_WITH_LOGITS: [unfit_answers],
}

# After the step: by kind of the loss, None for those that are not known.
AFTER_LOSS: dict[str | None, list[Judge]] = {
    CROSS_ENTROPY: [
        one_output_of_classes,
        softmax_before_cross_entropy,
        softmax_over_rows,
    ],
    NLL: [softmax_over_rows, no_log_probabilities],
    BCE: [answers_out_of_range],
    BCE_WITH_LOGITS: [answers_out_of_range, sigmoid_before_logits],
    None: [
        broadcast_labels,
        softmax_before_cross_entropy,
        no_log_probabilities,
    ],
}
TRAINING: list[Judge] = [
    loss_is_a_number,
    stepped_without_gradient,
    eval_mode_in_training,
    never_cleared,
    last_batch_of_one_row,
]
LATER_BATCHES: list[Judge] = [later_class_out_of_range]
VALIDATION: list[Judge] = [
    train_mode_in_validation,
    validation_updates,
    gradients_in_validation,
]
RETURNED: list[Judge] = [loss_is_a_number]

# Worth a word, but not worth stopping for: after the first training step.
DOUBTS: list[Judge] = [
    unscaled_pixels,
    rows_of_no_distribution,
    one_hot_beside_metrics,
]


def judge(seen: Seen, judges: Iterable[Judge], go_on: str = GO_ON) -> None:
    """Raise the first fault that a judge names.

    Args:
        seen: what the judges look at.
        judges: are heard in this order.
        go_on: how to go on in spite of it; "" where torch would not.

    Raises:
        FirstBatchError: a fault.
    """
    for sentence in sentences(seen, judges):
        raise FirstBatchError(f"{sentence} {go_on}".rstrip())


def judge_before_loss(seen: Seen) -> None:
    """Raise the first fault in what a loss is about to compare.

    Raises:
        FirstBatchError: a fault.
    """
    loss = known_loss(seen.comparing)
    if loss is not None:
        judge(seen, AT_LOSS[loss.kind])
        judge(seen, AT_LOSS_REFUSED[loss.kind], go_on="")


def judge_after_loss(seen: Seen) -> None:
    """Raise the first fault in what a loss has compared.

    Raises:
        FirstBatchError: a fault.
    """
    loss = known_loss(seen.comparing)
    judge(seen, AFTER_LOSS[None if loss is None else loss.kind])


def sentences(seen: Seen, judges: Iterable[Judge]) -> Iterator[str]:
    """Yield what the judges say."""
    for judged in judges:
        try:
            sentence = judged(seen)
        except (RuntimeError, TypeError, ValueError):
            # tensors that cannot be looked into, such as those of vmap, are
            # no reason to stop a run
            continue
        if sentence is not None:
            yield sentence
