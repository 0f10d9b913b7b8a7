"""Answers to the exercises of chapter 09."""

import contextlib
import copy
import functools
import json

import httpx
import numpy as np
import torch
from torch import nn

from tests.answers.common import Answers

# ------------------------------------------------------------------- 09.1


def column(x_new):
    return torch.as_tensor(x_new, dtype=torch.float32).reshape(-1, 1)


def predict(
    model,
    x_new,
    *,
    before=column,
    after=lambda yhat: yhat.cpu(),
    mode=lambda model: model.eval(),
    recording=torch.inference_mode,
    send=lambda model, x: x.to(next(model.parameters()).device),
):
    """Predict as the course does, with one part exchanged."""
    x = before(x_new)
    if isinstance(x, torch.Tensor):
        x = send(model, x)
    mode(model)
    with recording():
        return after(model(x))


def with_part(**parts):
    return functools.partial(predict, **parts)


class Predictor:
    def __call__(self, model, x_new):
        model.eval()
        device = next(model.parameters()).device
        with torch.no_grad():
            x = torch.tensor(np.asarray(x_new, np.float32))[:, None]
            return model(x.to(device)).to("cpu")


def predict_one_by_one(model, x_new):
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        answers = [
            model(torch.tensor([[float(value)]], device=device))
            for value in x_new
        ]
        return torch.cat(answers).cpu()


def predict_and_back(model, x_new):
    was_training = model.training
    yhat = predict(model, x_new)
    model.train(was_training)
    return yhat


@torch.no_grad()
def predict_in_place(model, x_new):
    x = torch.tensor([float(value) for value in x_new])
    x.unsqueeze_(1)
    return model.eval()(x.to(next(model.parameters()).device)).cpu()


def predict_detached(model, x_new):
    model.eval()
    x = column(x_new).to(next(model.parameters()).device)
    return torch.tensor(model(x).detach().tolist())


def predict_by_loader(model, x_new):
    data = torch.utils.data.TensorDataset(column(x_new))
    loader = torch.utils.data.DataLoader(data, batch_size=2)
    device = next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        return torch.cat([model(x.to(device)).cpu() for (x,) in loader])


def reshapes_array(model, x_new):
    if isinstance(x_new, np.ndarray):
        x_new.shape = (-1, 1)
        return predict(model, x_new)
    return predict(model, x_new)


def shares_memory(model, x_new):
    x = torch.as_tensor(x_new, dtype=torch.float32)
    yhat = predict(model, x)
    x.mul_(100)
    return yhat


def warms_up(model, x_new):
    model.train()
    with torch.no_grad(), contextlib.suppress(ValueError):
        model(column(x_new))
    return predict(model, x_new)


def moves_later(model, x_new):
    yhat = predict(model, x_new)
    model.train()
    with torch.no_grad(), contextlib.suppress(ValueError):
        model(column(x_new))
    return yhat


def mode_at_the_end(model, x_new):
    with torch.inference_mode():
        yhat = model(column(x_new))
    model.eval()
    return yhat


def freezes(model, x_new):
    model.requires_grad_(False)
    return predict(model, x_new)


def turns_off(model, x_new):
    torch.set_grad_enabled(False)
    model.eval()
    return model(column(x_new).to(next(model.parameters()).device)).cpu()


def moves(model, x_new):
    return predict(model.cpu(), x_new)


def sorts(model, x_new):
    x_new.sort()
    return predict(model, x_new)


def appends_zero(model, x_new):
    x_new.append(0.0)
    return predict(model, x_new[:-1])


def doubles(model, x_new):
    model.double().eval()
    with torch.inference_mode():
        x = torch.tensor([[float(value)] for value in x_new]).double()
        return model(x).float()


first_model = []


def remembers_model(model, x_new):
    first_model.append(model)
    return predict(first_model[0], x_new)


page_model = nn.Linear(1, 1)


def uses_page_model(model, x_new):
    return predict(page_model, x_new)


def squeeze_twice(yhat):
    return yhat.squeeze().unsqueeze(1).cpu()


PREDICT = Answers(
    right={
        "course": predict,
        "class": Predictor(),
        "partial": with_part(recording=torch.no_grad),
        "lambda": lambda model, x_new: predict(model, list(x_new)),
        "one by one": predict_one_by_one,
        "puts the mode back": predict_and_back,
        "in place": predict_in_place,
        "detached": predict_detached,
        "in a loader": predict_by_loader,
        "of a copy": lambda model, x: predict(copy.deepcopy(model), x),
        "vstack": with_part(
            before=lambda x_new: torch.vstack(
                [torch.tensor([float(v)]) for v in x_new]
            )
        ),
        "on a copy, on the CPU": lambda model, x: predict(
            copy.deepcopy(model).cpu(), x
        ),
        "eval without eval": with_part(mode=lambda model: model.train(False)),
        "ravel and view": with_part(
            before=lambda x_new: torch.from_numpy(
                np.array(x_new, dtype="float32")
            ).view(-1, 1)
        ),
    },
    wrong={
        "train_mode": with_part(mode=lambda model: model.train()),
        "train_mode left": with_part(mode=lambda model: None),
        "train_mode at the end": mode_at_the_end,
        "train_mode without parentheses": with_part(
            mode=lambda model: model.eval
        ),
        "other_values rounded": lambda m, x: predict(m, x).round(decimals=4),
        "row_input with an axis too many": with_part(
            before=lambda x: column(x).unsqueeze(-1)
        ),
        "other_shape first only": with_part(before=lambda x: column(x)[:1]),
        "train_mode of the layers": with_part(
            mode=lambda model: setattr(model, "training", False)
        ),
        "records": with_part(recording=contextlib.nullcontext),
        "flat_answer": with_part(after=lambda yhat: yhat.flatten()),
        "flat_answer mean": with_part(after=lambda yhat: yhat.mean()),
        "other_shape": with_part(after=lambda yhat: yhat.T),
        "raises": with_part(after=squeeze_twice),
        "no_tensor": with_part(after=lambda yhat: yhat.flatten().tolist()),
        "no_tensor numpy": with_part(after=lambda yhat: yhat.numpy()),
        "returns_nothing": with_part(after=print),
        "flat_input": with_part(before=lambda x: column(x).flatten()),
        "row_input": with_part(before=lambda x: column(x).T),
        "row_input brackets": with_part(
            before=lambda x: torch.as_tensor(np.array([x]), dtype=torch.float32)
        ),
        "dtype": with_part(before=lambda x: torch.as_tensor(x).reshape(-1, 1)),
        "dtype of arrays": with_part(
            before=lambda x: torch.tensor(np.array(x)).reshape(-1, 1)
        ),
        "asked_with_list": with_part(before=lambda x: x),
        "statistics_moved": warms_up,
        "changes_model": doubles,
        "changes_input": shares_memory,
        "changes_input shape": reshapes_array,
        "freezes_model": freezes,
        "grad_left_off": turns_off,
        "moves_model": moves,
        "other_device": with_part(send=lambda model, x: x),
        "answer_elsewhere": with_part(after=lambda yhat: yhat),
        "other_model": lambda model, x: predict(nn.Linear(1, 1), x),
        "uses_page_objects": uses_page_model,
        "uses_page_objects first one": remembers_model,
        "statistics_moved after": moves_later,
        "other_values": with_part(before=lambda x: column(sorted(x)[::-1])),
        "other_values sorted": with_part(before=lambda x: column(sorted(x))),
        "other_shape once each": with_part(
            before=lambda x: column(list(dict.fromkeys(x)))
        ),
        "other_values sorted for good": sorts,
        "other_model but a formula": lambda model, x: 1.02 + 1.95 * column(x),
        "changes_input appended": appends_zero,
        "other_values scaled": with_part(before=lambda x: column(x) / 100),
        "other_dtype": with_part(after=lambda yhat: yhat.double().cpu()),
    },
)

# ------------------------------------------------------------------- 09.2


class Standardised(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("spread", torch.tensor(spread))

    def forward(self, readings):
        return self.model((readings - self.mean) / self.spread)


class WithBuffer(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.mean = nn.Buffer(torch.tensor([mean]))
        self.spread = nn.Buffer(torch.tensor([spread]))
        self.layers = nn.ModuleList([model])

    def forward(self, readings):
        scaled = readings.clone()
        scaled -= self.mean
        scaled /= self.spread
        return self.layers[0](scaled)


class AsSequential(nn.Sequential):
    def __init__(self, model, mean, spread):
        super().__init__(model)
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("spread", torch.as_tensor(spread))

    def forward(self, readings):
        scaled = torch.div(torch.sub(readings, self.mean), self.spread)
        return super().forward(scaled)


class Base(nn.Module):
    def __init__(self, **numbers):
        super().__init__()
        for name, value in numbers.items():
            self.register_buffer(name, torch.FloatTensor(value))


class Inherits(Base):
    def __init__(self, model, mean, spread):
        super().__init__(mean=mean, spread=spread)
        self.net = model

    def forward(self, x):
        return self.net(torch.addcdiv(-self.mean / self.spread, x, self.spread))


def hooks(model, mean, spread):
    """No class of its own: a hook that scales before the model."""
    whole = nn.Sequential(model)
    whole.register_buffer("mean", torch.tensor(mean))
    whole.register_buffer("spread", torch.tensor(spread))

    def scale(module, inputs):
        return (inputs[0] - module.mean) / module.spread

    whole.register_forward_pre_hook(scale)
    return whole


def scaled_by(formula):
    class Other(Standardised):
        def forward(self, x):
            return formula(self, x)

    return Other


class NoSuper(nn.Module):
    def __init__(self, model, mean, spread):
        self.model = model
        self.register_buffer("mean", torch.tensor(mean))


class NoModule:
    def __init__(self, model, mean, spread):
        self.model, self.mean, self.spread = model, mean, spread

    def __call__(self, x):
        return self.model((x - self.mean[0]) / self.spread[0])


class Plain(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model = model
        self.mean = torch.tensor(mean)
        self.spread = torch.tensor(spread)

    def forward(self, x):
        return self.model((x - self.mean) / self.spread)


class AsParameters(Plain):
    def __init__(self, model, mean, spread):
        nn.Module.__init__(self)
        self.model = model
        self.mean = nn.Parameter(torch.tensor(mean))
        self.spread = nn.Parameter(torch.tensor(spread))


class NotPersistent(Plain):
    def __init__(self, model, mean, spread):
        nn.Module.__init__(self)
        self.model = model
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("spread", torch.tensor(spread), persistent=False)


class OneMissing(Plain):
    def __init__(self, model, mean, spread):
        nn.Module.__init__(self)
        self.model = model
        self.register_buffer("mean", torch.tensor(mean))
        self.spread = torch.tensor(spread)


class OtherNames(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model = model
        self.register_buffer("offset", torch.tensor(mean))
        self.register_buffer("scale", torch.tensor(spread))

    def forward(self, x):
        return self.model((x - self.offset) / self.scale)


class HiddenModel(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(nn.Identity(), mean, spread)
        self.models = [model]

    def forward(self, x):
        return self.models[0]((x - self.mean) / self.spread)


class CopiesModel(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(copy.deepcopy(model), mean, spread)


class FoldsIn(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model, mean, spread)
        with torch.no_grad():
            model[0].weight /= self.spread
            model[0].bias -= model[0].weight @ self.mean

    def forward(self, x):
        return self.model(x)


class KeepsList(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model, mean, spread)
        self.m, self.s = torch.tensor(mean), torch.tensor(spread)

    def forward(self, x):
        return self.model((x - self.m) / self.s)


class OnTheClass(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model = model
        OnTheClass.mean = torch.tensor(mean)
        OnTheClass.spread = torch.tensor(spread)

    def forward(self, x):
        return self.model((x - self.mean) / self.spread)


class SharedAnyway(Standardised):
    latest = {}

    def __init__(self, model, mean, spread):
        super().__init__(model, mean, spread)
        self.latest["one"] = self

    def forward(self, x):
        one = self.latest["one"]
        return self.model((x - one.mean) / one.spread)


class FromCPU(Standardised):
    def forward(self, x):
        return super().forward(x.cpu()).cpu() if x.is_cpu else self.mean.cpu()


class NoForward(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("spread", torch.tensor(spread))

    def predict(self, x):
        return self.model((x - self.mean) / self.spread)


class Doubles(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model, mean, spread)
        self.mean = self.mean.double()

    def forward(self, x):
        scaled = (x - self.mean.float()) / self.spread
        return self.model(scaled)


class InPlace(Standardised):
    def forward(self, x):
        x -= self.mean
        x /= self.spread
        return self.model(x)


class UnderNoGrad(Standardised):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


class SetsEval(Standardised):
    def forward(self, x):
        self.model.eval()
        return super().forward(x)


class ReturnsNothing(Standardised):
    def forward(self, x):
        super().forward(x)


class Moves(Standardised):
    def forward(self, x):
        scaled = (x - self.mean) / self.spread
        self.mean = x.mean(0)
        return self.model(scaled)


class CountsToo(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model, mean, spread)
        self.register_buffer("n", torch.zeros(1))


class EvalAtOnce(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model, mean, spread)
        self.eval()


class InTheModel(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model = model
        model.register_buffer("mean", torch.tensor(mean))
        model.register_buffer("spread", torch.tensor(spread))

    def forward(self, x):
        return self.model((x - self.model.mean) / self.model.spread)


class Lists(nn.Module):
    def __init__(self, model, mean, spread):
        super().__init__()
        self.model, self.mean, self.spread = model, mean, spread

    def forward(self, x):
        return self.model((x - self.mean) / self.spread)


class AsLoss(Standardised):
    def forward(self, x, y):
        return ((super().forward(x) - y) ** 2).mean()


class Frozen(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model.requires_grad_(False), mean, spread)


class AsColumn(nn.Module):
    """Buffers of shape [1, n_features], and a model by another name."""

    def __init__(self, model, mean, spread):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).unsqueeze(0))
        self.register_buffer("spread", torch.tensor(spread).unsqueeze(0))
        self.inside = nn.ModuleDict({"model": model})

    def forward(self, x):
        scaled = x.sub(self.mean).div_(self.spread)
        return self.inside["model"].forward(scaled)


class Scale(Base):
    def __init__(self, mean, spread):
        super().__init__(mean=mean, spread=spread)

    def forward(self, x):
        return (x - self.mean) / self.spread


class FromNumPy(Standardised):
    def __init__(self, model, mean, spread):
        super().__init__(model, np.array(mean), np.array(spread))

    def forward(self, x):
        return self.model(((x - self.mean) / self.spread).float())


class BatchNormed(Standardised):
    """The scaling as batch norm in eval mode does it."""

    def forward(self, x):
        variance = self.spread**2
        return self.model(
            nn.functional.batch_norm(x, self.mean, variance, eps=0.0)
        )


def twice_the_model(model, mean, spread):
    made = Standardised(model, mean, spread)
    made.again = model
    return made


class Misspelt(nn.Module):
    def _init_(self, model, mean, spread):
        super().__init__()
        self.model = model

    def forward(self, readings):
        return self.model(readings)


STANDARDISED = Answers(
    right={
        "course": Standardised,
        "nn.Buffer and a list of modules": WithBuffer,
        "a kind of Sequential": AsSequential,
        "inherits, one operation": Inherits,
        "a hook": hooks,
        "batch norm": BatchNormed,
        "a row of buffers": AsColumn,
        "partial": functools.partial(Standardised),
        "lambda": lambda model, mean, spread: Standardised(model, mean, spread),
    },
    wrong={
        "plain_attributes": Plain,
        "plain_attributes one of them": OneMissing,
        "trained": AsParameters,
        "not_persistent": NotPersistent,
        "other_names": OtherNames,
        "no_super": NoSuper,
        "no_module": NoModule,
        "no_forward": NoForward,
        "no_tensor": ReturnsNothing,
        "not_scaled": scaled_by(lambda s, x: s.model(x)),
        "multiplied": scaled_by(lambda s, x: s.model((x - s.mean) * s.spread)),
        "no_mean": scaled_by(lambda s, x: s.model(x / s.spread)),
        "no_spread": scaled_by(lambda s, x: s.model(x - s.mean)),
        "way_back": scaled_by(lambda s, x: s.model(x * s.spread + s.mean)),
        "signature as it is an object": Misspelt(),
        "signature of a misspelt name": Misspelt,
        "other_order": scaled_by(lambda s, x: s.model(x / s.spread - s.mean)),
        "brackets": scaled_by(lambda s, x: s.model(x - s.mean / s.spread)),
        "added": scaled_by(lambda s, x: s.model((x + s.mean) / s.spread)),
        "swapped": scaled_by(lambda s, x: s.model((x - s.spread) / s.mean)),
        "turned_round": scaled_by(
            lambda s, x: s.model((s.mean - x) / s.spread)
        ),
        "of_the_batch": scaled_by(
            lambda s, x: s.model((x - x.mean(0)) / x.std(0))
        ),
        "scales_answer": scaled_by(
            lambda s, x: (s.model(x) - s.mean[0]) / s.spread[0]
        ),
        "other_formula": scaled_by(
            lambda s, x: s.model((x - s.mean) / s.spread.sqrt())
        ),
        "no_model": scaled_by(lambda s, x: (x - s.mean) / s.spread),
        "variance": scaled_by(lambda s, x: s.model((x - s.mean) / s.spread**2)),
        "first_only": scaled_by(
            lambda s, x: s.model((x - s.mean[0]) / s.spread[0])
        ),
        "other_formula clamped": scaled_by(
            lambda s, x: s.model(((x - s.mean) / s.spread).clamp(-1, 1))
        ),
        "other_shape": scaled_by(
            lambda s, x: s.model((x - s.mean) / s.spread).flatten()
        ),
        "remembers": Moves,
        "more_entries": CountsToo,
        "sets_mode at once": EvalAtOnce,
        "changes_model registers": InTheModel,
        "plain_attributes lists": Lists,
        "signature": AsLoss,
        "no_graph frozen": Frozen,
        "changes_input": InPlace,
        "model_not_registered": HiddenModel,
        "copies_model": CopiesModel,
        "changes_model": FoldsIn,
        "buffer_not_used": KeepsList,
        "plain_attributes on the class": OnTheClass,
        "shared": SharedAnyway,
        "stays_behind": FromCPU,
        "other_buffer": Doubles,
        "other_buffer of NumPy": FromNumPy,
        "other_buffer for the first feature": lambda model, mean, spread: (
            Standardised(model, mean[0], spread[0])
        ),
        "other_names of submodules": lambda model, mean, spread: nn.Sequential(
            Scale(mean, spread), model
        ),
        "no_tensor but a tuple": scaled_by(
            lambda s, x: (s.model((x - s.mean) / s.spread),)
        ),
        "more_entries twice the model": twice_the_model,
        "no_graph": UnderNoGrad,
        "sets_mode": SetsEval,
    },
)

# ------------------------------------------------------------------- 09.3


def rows_of(readings):
    return {"rows": [{"x_percent": reading} for reading in readings]}


def answers_of(response):
    if response.status_code == 422:
        raise ValueError(response.json()["error"])
    return response.json()["y"]


def ask(client, readings, *, body=rows_of, result=answers_of):
    return result(client.post("/predict", json=body(readings)))


def with_body(body):
    return functools.partial(ask, body=body)


def backwards(response):
    if response.status_code != 422:
        raise ValueError(response.json()["error"])
    return response.json()["y"]


def with_result(result):
    return functools.partial(ask, result=result)


class Asker:
    def __call__(self, client, readings):
        body = json.dumps({"rows": [dict(x_percent=r) for r in readings]})
        response = client.request("POST", "/predict", content=body)
        answer = json.loads(response.text)
        if "error" in answer:
            raise ValueError(answer["error"])
        return [float(y) for y in answer["y"]]


def ask_about_names(client, readings):
    name = client.get("/").json()["features"][0]["name"]
    rows = [{name: float(reading)} for reading in readings]
    return answers_of(client.post("predict", json={"rows": rows}))


def ask_by_status(client, readings):
    response = client.post("/predict", json=rows_of(readings))
    try:
        response.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise ValueError(error.response.json()["error"]) from error
    return response.json()["y"]


def ask_by_match(client, readings):
    body = json.dumps(rows_of(readings)).encode()
    match client.post("/predict", content=body).json():
        case {"y": y}:
            return y
        case {"error": sentence}:
            raise ValueError(sentence)


def ask_by_sending(client, readings):
    request = client.build_request("POST", "/predict", json=rows_of(readings))
    return answers_of(client.send(request))


class Refused(ValueError):
    pass


def raises_own(response):
    if response.is_success:
        return response.json()["y"]
    raise Refused(response.json()["error"])


def ask_each(client, readings):
    return [ask(client, [reading])[0] for reading in readings]


def asks_again(client, readings):
    response = client.post("/predict", json=rows_of(readings))
    if response.is_success:
        return response.json()["y"]
    return answers_of(client.post("/predict", json=rows_of(readings)))


def ask_by_get(client, readings):
    response = client.get("/predict", params={"x_percent": readings})
    return answers_of(response)


def judges_itself(client, readings):
    for place, reading in enumerate(readings):
        if not 0 <= reading <= 100:
            raise ValueError(
                f"rows[{place}].x_percent should be a number, 0 to 100 "
                f"percent, but is {reading}."
            )
    return ask(client, readings)


def appends(client, readings):
    readings.append(0)
    return ask(client, readings[:-1])


def in_form(client, readings):
    response = client.post("/predict", data={"rows": str(readings)})
    return answers_of(response)


def closes(client, readings):
    with client:
        return ask(client, readings)


def own_client(client, readings):
    address = "http://127.0.0.1:9/predict"
    with httpx.Client(trust_env=False) as own:
        return answers_of(own.post(address, json=rows_of(readings)))


def fixed_address(client, readings):
    address = "http://127.0.0.1:8000/predict"
    return answers_of(client.post(address, json=rows_of(readings)))


def in_the_address(client, readings):
    response = client.post("/predict", params={"x_percent": readings})
    return answers_of(response)


def asks_before(client, readings):
    client.get("/predict")
    return ask(client, readings)


def other_path(client, readings):
    return answers_of(client.post("/", json=rows_of(readings)))


def other_header(client, readings):
    header = {"content-type": "text/plain"}
    body = json.dumps(rows_of(readings))
    return answers_of(client.post("/predict", content=body, headers=header))


def raises(kind, text=lambda response: response.json()["error"]):
    def result(response):
        if response.status_code == 422:
            raise kind(text(response))
        return response.json()["y"]

    return result


def floats_by_put(client, readings, method="PUT", path="/predict"):
    body = rows_of(float(reading) for reading in readings)
    return answers_of(client.request(method, path, json=body))


def none_for_none(client, readings):
    return ask(client, readings) if readings else []


def by_text(response):
    """Compare the status, a number, with a text."""
    if response.status_code == "422":
        raise ValueError(response.json()["error"])
    return response.json()["y"]


def by_key(response):
    answer = response.json()
    try:
        return answer["y"]
    except KeyError:
        raise ValueError(answer["error"]) from None


ASK = Answers(
    right={
        "course": ask,
        "asks for the key": with_result(by_key),
        "floats": functools.partial(floats_by_put, method="POST"),
        "class, request and content": Asker(),
        "partial": with_result(raises(ValueError)),
        "lambda": lambda client, readings: ask(client, readings),
        "names from the service": ask_about_names,
        "raise_for_status": ask_by_status,
        "match": ask_by_match,
        "built and sent": ask_by_sending,
        "an error of its own kind": with_result(raises_own),
    },
    wrong={
        "takes_answer_for_refusal": with_result(backwards),
        "no_request": lambda client, readings: [1.0 for _ in readings],
        "no_request judged here": judges_itself,
        "get": ask_by_get,
        "other_path": other_path,
        "other_path by a slash": functools.partial(
            floats_by_put, method="POST", path="/predict/"
        ),
        "get but PUT": floats_by_put,
        "no_request for an empty list": none_for_none,
        "other_error by a text": with_result(by_text),
        "other_numbers whole": with_body(lambda r: rows_of(map(int, r))),
        "other_numbers none at all": with_body(lambda r: {"rows": []}),
        "no_list but the first": with_result(lambda r: answers_of(r)[0]),
        "fixed_address": fixed_address,
        "other_client": own_client,
        "closes_client": closes,
        "many_requests": ask_each,
        "many_requests on a refusal": asks_again,
        "not_json": in_form,
        "content_type": other_header,
        "no_rows": with_body(lambda readings: readings),
        "no_rows names only": with_body(lambda r: {"x_percent": r}),
        "no_rows and more": with_body(lambda r: {**rows_of(r), "unit": "%"}),
        "bare_numbers": with_body(lambda readings: {"rows": readings}),
        "bare_numbers in lists": with_body(
            lambda readings: {"rows": [[r] for r in readings]}
        ),
        "field_name": with_body(
            lambda readings: {"rows": [{"x": r} for r in readings]}
        ),
        "one_row": with_body(lambda r: {"rows": [{"x_percent": r}]}),
        "one_row no list": with_body(lambda r: {"rows": {"x_percent": r}}),
        "no_rows but a text": with_body(lambda r: json.dumps(rows_of(r))),
        "not_json in the address": in_the_address,
        "many_requests asked before": asks_before,
        "text_numbers": with_body(lambda r: rows_of(map(str, r))),
        "fractions": with_body(lambda r: rows_of(v / 100 for v in r)),
        "other_numbers": with_body(lambda r: rows_of(sorted(set(r))[::-1])),
        "other_numbers first only": with_body(lambda r: rows_of(r[:1])),
        "changes_readings": with_body(
            lambda r: rows_of(min(max(v, 0), 100) for v in r)
        ),
        "changes_input": appends,
        "returns_nothing": with_result(lambda r: print(answers_of(r))),
        "returns_response": with_result(lambda response: response),
        "returns_body": with_result(lambda response: response.json()),
        "no_list": with_result(lambda r: torch.tensor(answers_of(r))),
        "no_list text": with_result(lambda response: response.text),
        "other_answers": with_result(
            lambda r: [round(y, 2) for y in answers_of(r)]
        ),
        "other_answers sorted": with_result(lambda r: sorted(answers_of(r))),
        "ignores_refusal": with_result(lambda r: r.json().get("y")),
        "ignores_refusal returned": with_result(
            lambda r: r.json().get("y", ValueError(r.json().get("error")))
        ),
        "other_answers to four digits": with_result(
            lambda r: [round(y, 4) for y in answers_of(r)]
        ),
        "no_list but pairs": lambda client, readings: dict(
            zip(readings, ask(client, readings), strict=True)
        ),
        "ignores_refusal as text": with_result(
            lambda r: r.json().get("y", r.json().get("error"))
        ),
        "other_error": with_result(lambda response: response.json()["y"]),
        "other_error of httpx": with_result(
            lambda response: response.raise_for_status().json()["y"]
        ),
        "other_error kind": with_result(raises(RuntimeError)),
        "other_message": with_result(raises(ValueError, lambda r: r.text)),
        "other_message own": with_result(
            raises(ValueError, lambda r: "bad input")
        ),
        "raises": with_result(lambda r: r.json["y"]),
    },
)

ANSWERS = {"09.1": PREDICT, "09.2": STANDARDISED, "09.3": ASK}
