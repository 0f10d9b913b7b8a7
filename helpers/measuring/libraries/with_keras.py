"""Keras on torch: a model of Keras's own layers, compiled and fitted.

Source: https://keras.io/guides/training_with_built_in_methods/
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers
from torch import nn, optim

from helpers.measuring.against_plain import Parts, compare

keras.backend.set_image_data_format("channels_first")


def like(model: nn.Module, shape: tuple[int, ...]) -> keras.Model:
    """Build the same model of Keras's layers, with the same weights."""
    linear = [part for part in model.modules() if isinstance(part, nn.Linear)]
    convolutions = [p for p in model.modules() if isinstance(p, nn.Conv2d)]
    built = keras.Sequential([keras.Input(shape)])
    for part in convolutions:
        built.add(
            layers.Conv2D(
                part.out_channels, part.kernel_size, activation="relu"
            )
        )
    if convolutions:
        built.add(layers.MaxPooling2D(2))
        built.add(layers.Flatten(data_format="channels_last"))
    for part in linear[:-1]:
        built.add(layers.Dense(part.out_features, activation="relu"))
    built.add(layers.Dense(linear[-1].out_features))
    weights = []
    for part in (*convolutions, *linear):
        # Keras keeps a kernel as [inputs, outputs], torch the other way round
        order = (1, 0) if part in linear else (2, 3, 1, 0)
        weights.append(part.weight.detach().permute(order).numpy())
        weights.append(part.bias.detach().numpy())
    built.set_weights(weights)
    return built


def optimizer_like(optimizer: optim.Optimizer) -> keras.optimizers.Optimizer:
    """Return Keras's optimizer with the same settings."""
    settings = optimizer.param_groups[0]
    if isinstance(optimizer, optim.Adam):
        return keras.optimizers.Adam(settings["lr"], epsilon=settings["eps"])
    return keras.optimizers.SGD(settings["lr"], float(settings["momentum"]))


def prepare(parts: Parts):
    """Return a function that trains for so many epochs."""
    x, _ = parts.train_loader.dataset[0]
    model = like(parts.model, tuple(x.shape))
    is_line = isinstance(parts.loss_fn, nn.MSELoss)
    model.compile(
        optimizer=optimizer_like(parts.optimizer),
        loss=keras.losses.MeanSquaredError()
        if is_line
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )

    def run(n_epochs):
        history = model.fit(
            parts.train_loader,
            validation_data=parts.val_loader,
            epochs=n_epochs,
            verbose=0,
        ).history
        return history["loss"], history["val_loss"]

    return run


# Keras's Adam adds epsilon before it corrects for the start, torch's afterwards
compare("keras", prepare, adam_tolerance=0.2)
