"""What the prediction service answers to a request: no server, no network.

`Answers` makes the form of a request from the features of a model, compares
each request with it, and answers, or says which field is wrong. The service
(`helpers.deployment.service`) puts it on a port; a test, or a checker, asks it
directly, or through `client_without_network`.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from helpers.deployment.prediction import Exported, Feature
from helpers.errors import DataError

MAX_ROWS = 1000  # in one request
MAX_BYTES = 1_000_000  # of one request
NOT_HERE = "There is nothing here. Ask GET / or POST /predict."
NO_SUCH_METHOD = "Ask GET / what there is, and POST /predict for predictions."
NOT_SENT_AS_JSON = (
    "body should be an object with names and values, but is not sent as "
    "application/json."
)
TOO_LONG = f"A request may have {MAX_BYTES:,} bytes at most. Ask in parts."


class Refused(Exception):
    """A request that is not answered, and why.

    Attributes:
        status: of HTTP; 422 for bad input.
        sentence: what is wrong.
        field: where, such as ``rows[0].x_percent``; may be empty.
    """

    def __init__(self, status: int, sentence: str, field: str = ""):
        super().__init__(sentence)
        self.status, self.sentence, self.field = status, sentence, field

    def content(self) -> dict[str, str]:
        """Return what is sent: the sentence, and the field if there is one."""
        place = {"field": self.field} if self.field else {}
        return {"error": self.sentence, **place}


class Answers:
    """What one model answers.

    ``GET /`` tells names, units and ranges. ``POST /predict`` takes
    ``{"rows": [{"x_percent": 34.0}, ...]}``, with the names of the features; a
    feature with a shape, such as an image, is nested lists. The answer is that
    of `helpers.deployment.prediction.Exported.answer`, such as
    ``{"y": [1.69, ...], "unit": ...}``.

    Args:
        exported: the model.
    """

    def __init__(self, exported: Exported):
        self.exported = exported
        self.form = make_form(exported.features)

    def about(self) -> dict[str, Any]:
        """Answer ``GET /``."""
        features = [
            {
                "name": feature.name,
                "unit": feature.unit,
                "lowest": feature.lowest,
                "highest": feature.highest,
                **({"shape": feature.shape} if feature.shape else {}),
            }
            for feature in self.exported.features
        ]
        outputs = [
            {"name": output.name, "unit": output.unit}
            for output in self.exported.outputs
        ]
        names = self.exported.class_names
        return {
            "features": features,
            "outputs": outputs,
            **({"class_names": names} if names else {}),
        }

    def predict(
        self, body: bytes, content_type: str = "application/json"
    ) -> dict[str, Any]:
        """Answer ``POST /predict``.

        Raises:
            Refused: something is wrong with the request.
        """
        if "json" not in content_type:
            raise Refused(422, NOT_SENT_AS_JSON, "body")
        try:
            question = self.form.model_validate(_read_json(body))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise _explain(first, self.exported.features) from None
        rows = question.model_dump(by_alias=True)["rows"]
        names = [feature.name for feature in self.exported.features]
        readings = [[row[name] for name in names] for row in rows]
        if self.exported.features[0].shape:
            readings = [row[0] for row in readings]
        try:
            return self.exported.answer(readings)
        except DataError as error:
            raise Refused(422, str(error), "rows") from error

    def respond(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
    ) -> tuple[int, dict[str, Any]]:
        """Answer any request, as the service does.

        Returns:
            status, and what is sent as JSON.
        """
        try:
            if path not in ("/", "/predict"):
                raise Refused(404, NOT_HERE)
            if (method, path) == ("GET", "/"):
                return 200, self.about()
            if (method, path) != ("POST", "/predict"):
                raise Refused(405, NO_SUCH_METHOD)
            if len(body) > MAX_BYTES:
                raise Refused(413, TOO_LONG)
            return 200, self.predict(body, content_type)
        except Refused as refused:
            return refused.status, refused.content()


def client_without_network(
    answers: Answers,
    note: Callable[[httpx.Request, httpx.Response], None] | None = None,
) -> httpx.Client:
    """Return a client whose requests are answered in this process.

    Args:
        answers: what answers them.
        note: called with each request and its response.
    """

    def handle(request: httpx.Request) -> httpx.Response:
        status, content = answers.respond(
            request.method,
            request.url.path,
            request.content,
            request.headers.get("content-type", ""),
        )
        response = httpx.Response(status, json=content)
        if note is not None:
            note(request, response)
        return response

    return httpx.Client(
        transport=httpx.MockTransport(handle),
        base_url="http://service.test",
        headers={"content-type": "application/json"},
        trust_env=False,
    )


# ----------------------------------------------------------------- the form


def make_form(features: tuple[Feature, ...]) -> type[BaseModel]:
    """Make the form of a request from the features of a model."""
    form = ConfigDict(extra="forbid", protected_namespaces=())
    # by alias: a feature may be called like a method of pydantic
    columns: dict[str, Any] = {
        f"column_{i}": (_kind_of(feature), Field(alias=feature.name))
        for i, feature in enumerate(features)
    }
    row = create_model("Row", __config__=form, **columns)
    rows: Any = Annotated[list[row], Field(min_length=1, max_length=MAX_ROWS)]
    return create_model("Question", __config__=form, rows=(rows, ...))


def _kind_of(feature: Feature) -> Any:
    # strict: the text "34" and the value true are not numbers
    number = Field(
        strict=True,
        allow_inf_nan=False,
        ge=feature.lowest,
        le=feature.highest,
        description=feature.unit,
    )
    kind: Any = Annotated[float, number]
    for size in reversed(feature.shape):
        length = Field(min_length=size, max_length=size)
        kind = Annotated[list[kind], length]
    return kind


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_without_doubles)
    except ValueError:
        raise Refused(422, "The body is not JSON.", "body") from None
    except RecursionError:
        raise Refused(400, "The body is nested too deeply.") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary; of a doubled name, json would keep the last value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)[:80]
        raise Refused(422, f"{doubled} is there twice in one object.", doubled)
    return found


# ------------------------------------------------------------------ refusals


def _explain(error: Any, features: tuple[Feature, ...]) -> Refused:
    """Say where in a request something is wrong, and what.

    Args:
        error: what pydantic says of the first fault.
        features: of the model.
    """
    place = error["loc"]
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in place
    )
    field = field.lstrip(".")[:80] or "body"
    names = [part for part in place if isinstance(part, str)]
    by_name = {feature.name: feature for feature in features}
    feature = by_name.get(names[-1]) if len(names) > 1 else None
    return Refused(422, _sentence(error, field, feature, by_name), field)


def _sentence(error, field: str, feature: Feature | None, by_name) -> str:
    kind, found = error["type"], error.get("input")
    if kind == "missing":
        return f"{field} is missing."
    if kind == "extra_forbidden":
        known = ", ".join(by_name) if len(error["loc"]) > 1 else "rows"
        return f"{field} is not known here; known is {known}."
    if kind == "string_unicode":
        return f"{field} has a name with half a character in it."
    if kind in ("too_short", "too_long"):
        wanted = f"1 to {MAX_ROWS} rows"
        if feature is not None:
            limits = error["ctx"]  # both are the same
            length = limits.get("min_length", limits.get("max_length"))
            wanted = f"{length} items"
        return f"{field} should hold {wanted}, but holds {len(found)}."
    if kind == "list_type":
        wanted = "a list" if feature else "a list of rows"
    elif feature is not None:
        wanted = f"a number, {feature.range()}"
    else:
        wanted = "an object with names and values"
    return f"{field} should be {wanted}, but is {_shown(found)}."


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"a {'list' if isinstance(value, list) else 'JSON object'}"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."
