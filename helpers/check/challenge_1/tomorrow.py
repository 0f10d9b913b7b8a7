"""Challenge 1, what the model is good for."""

from helpers import plots
from helpers.check.challenge_1.prediction import held_out_rides, prediction
from helpers.datasets.rides import RIDES


def tomorrow(fit, predict, km: float = 12.0, metres: float = 150.0):
    """Predict the charge of a ride, and draw predictions for held-out rides.

    Args:
        fit: takes a path, returns a trained model.
        predict: takes a model and rides, returns percent [N, 1].
        km: how far the ride goes.
        metres: how much it climbs.

    Returns:
        the figure; None while task C1.9 is not solved.
    """
    if not prediction(fit, predict).solved:
        print("Solve task C1.9 first: then this cell shows what it predicts.")
        return None
    model = fit(RIDES)
    charge = predict(model, [[km, metres]]).item()
    print(f"{km:g} km with {metres:g} m of climb: {charge:.0f} percent")
    rides, used = held_out_rides()
    return plots.predictions(used, predict(model, rides))
