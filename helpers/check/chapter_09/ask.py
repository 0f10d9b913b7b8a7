"""Exercise 09.3: a small client."""

import contextlib
import json

from helpers.check.chapter_09.common import UNITS
from helpers.deployment.answers import (
    NOT_SENT_AS_JSON,
    Answers,
    client_without_network,
)
from helpers.deployment.prediction import About, Exported, Feature
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

CLIENT = "chapter 09, the section *A service and a client*"


@exercise("09.3", "A small client", minutes=8, level="medium", look=CLIENT)
def ask(ask):
    """Check ``ask(client, readings)``, against a service without a network."""
    for readings in ([20, 34, 57], [34], [0, 100, 12.5, 80]):
        _check_good(ask, _Service(), readings)
    _check_good(ask, _Service(b=2, w=5), [20, 34, 57])
    service = _Service()
    for readings in ([34, 140], [-3], []):
        _check_refusal(ask, service, readings)
    _check_good(ask, service, [50, 60])
    _check_refusal(ask, _Service(highest=50), [20, 30, 57])
    return (
        "One request for all readings, its answers as a list, and a refusal "
        "becomes an error that says why."
    )


class _Service:
    """A service in this process: no port, no network."""

    def __init__(
        self, highest: float = 100, b: float = 1.0241, w: float = 1.9532
    ):
        percent = Feature("x_percent", "percent", lowest=0, highest=highest)
        self.exported = Exported(
            lambda readings: b + w * readings.double() / 100, About((percent,))
        )
        self.requests, self.sentence = [], ""
        self.client = client_without_network(Answers(self.exported), self.note)

    def predict(self, readings) -> list[float]:
        return self.exported.answer([[x] for x in readings])["y"]

    def note(self, request, response) -> None:
        self.requests.append(request)
        self.sentence = response.json().get("error", self.sentence)


def _send(ask, service: _Service, readings) -> tuple:
    """Ask once; return what came back, and what was raised."""
    service.requests.clear()
    service.sentence = ""
    before = list(readings)
    result = error = None
    try:
        shown = f"ask(client, {before})"
        result = call(ask, service.client, readings, shown=shown)
    except Exception as raised:
        if not service.requests:
            _check_connection(raised)
            if not isinstance(raised, ValueError):
                raise
        error = raised
    if readings != before:
        wrong(
            "changes_input",
            expected="The list of readings stays as it was.",
            found=f"It holds {code(str(readings))} after the call.",
            cause="Build a new list of rows.",
        )
    _check_client(service)
    return result, error


def _check_connection(raised: Exception) -> None:
    import httpx

    if isinstance(raised, httpx.TransportError):
        wrong(
            "other_client",
            expected="The request goes through the `client` that is passed.",
            found="It went elsewhere, where nobody answered.",
            cause="`httpx.post(...)`, or a client built inside of `ask` or in "
            "the page, in place of the argument.",
        )


def _check_client(service: _Service) -> None:
    if service.client.is_closed:
        wrong(
            "closes_client",
            expected="The client can be used for the next question.",
            found="It was closed.",
            cause="`with client:` and `client.close()` end it. Whoever opened "
            "it closes it.",
        )
    hosts = [r.url.host for r in service.requests]
    if any(host != "service.test" for host in hosts):
        wrong(
            "fixed_address",
            expected="The address is that of the client; the path alone is "
            "yours, `/predict`.",
            found="The request went to another host.",
            cause="The whole address stands in `ask`. The service has a new "
            "port at every start, and the client knows it.",
        )


def _check_good(ask, service: _Service, readings) -> None:
    """Send readings that are fine; the list of answers has to come back."""
    result, error = _send(ask, service, list(readings))
    if error is not None and not service.requests:
        raise error
    expected = service.predict(readings)
    asked = _asked(service)
    _check_requests(service, asked, readings)
    if error is not None:
        raise error  # the request was fine, so what followed it was not
    _check_result(result, expected)


def _asked(service: _Service) -> list:
    return [r for r in service.requests if r.url.path == "/predict"]


def _check_requests(service: _Service, asked: list, readings) -> None:
    expected = "One `POST` to `/predict`, with all readings."
    if not service.requests:
        wrong(
            "no_request",
            expected=expected,
            found="The client sent nothing.",
            cause="`client.post(...)` is missing, or is never reached.",
        )
    if not asked:
        wrong(
            "other_path",
            expected=expected,
            found=f"A request to {code(service.requests[0].url.path)}.",
            cause="The path of predictions is `/predict`.",
        )
    if not any(request.method == "POST" for request in asked):
        wrong(
            "get",
            expected=expected,
            found=f"{asked[0].method} `/predict`.",
            cause="`GET` fetches what is there and carries no body. Readings "
            "are sent by `client.post`.",
        )
    _check_one(asked, readings)
    if service.sentence == NOT_SENT_AS_JSON:
        wrong(
            "content_type",
            expected="The header `content-type: application/json`.",
            found=f"Another one. The service says: {NOT_SENT_AS_JSON}",
            cause="`headers=` replaced what the client brings along. "
            "`json=` sets the right one.",
        )
    _check_body(service, asked[0].content, readings)


def _check_one(asked: list, readings) -> None:
    if len(asked) > 1:
        wrong(
            "many_requests",
            expected="One request to `/predict`, with all readings.",
            found=f"{len(asked)} of them, for {len(readings)} readings.",
            cause="A loop sends the readings one by one, or again after a "
            "refusal, or the client is asked in two lines. Send one list of "
            "rows, and keep the response in a name.",
        )


def _check_body(service: _Service, content: bytes, readings) -> None:
    good = {"rows": [{"x_percent": reading} for reading in readings]}
    expected = f"The body {code(json.dumps(good))}."
    said = f" The service says: {service.sentence}" if service.sentence else ""
    try:
        body = json.loads(content)
    except ValueError:
        wrong(
            "not_json",
            expected=expected,
            found=f"A body that is not JSON.{said}",
            cause="`data=` sends a form, `params=` belongs to the address, and "
            "`str(...)` writes Python. `client.post(path, json=...)` writes "
            "JSON.",
        )
    if body == good:
        return
    found = f"{code(json.dumps(body))}.{said}"
    if not isinstance(body, dict) or set(body) != {"rows"}:
        wrong(
            "no_rows",
            expected=expected,
            found=found,
            cause="The service wants an object with one name, `rows`, and the "
            "list behind it."
            if not isinstance(body, str)
            else "`json=` makes JSON of an object by itself. What it gets "
            "after `json.dumps` is a text, which it puts in quotes.",
        )
    rows = body["rows"] if isinstance(body["rows"], list) else [body["rows"]]
    if not all(isinstance(row, dict) for row in rows):
        wrong(
            "bare_numbers",
            expected=expected,
            found=found,
            cause="Each row is an object that names its reading: "
            '`{"x_percent": 34}`.',
        )
    names = {name for row in rows for name in row}
    if names != {"x_percent"}:
        wrong(
            "field_name",
            expected=expected,
            found=found,
            cause="The field is called `x_percent`: the name says the unit.",
        )
    _check_numbers([row["x_percent"] for row in rows], readings, found)


def _check_numbers(sent: list, readings, found: str) -> None:
    expected = f"The readings as they are: {code(str(readings))}."
    if any(isinstance(value, str) for value in sent):
        wrong(
            "text_numbers",
            expected=expected,
            found=found,
            cause="The numbers were turned into text, by `str` or an f-string. "
            "JSON has numbers of its own.",
        )
    if any(isinstance(value, list) for value in sent):
        wrong(
            "one_row",
            expected=expected,
            found=found,
            cause="All readings stand in one row. A row is one question with "
            'one reading, so that there are as many: `[{"x_percent": reading} '
            "for reading in readings]`.",
        )
    fractions = [reading / 100 for reading in readings]
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        if close(sent, fractions):
            wrong(
                "fractions",
                expected=expected,
                found=found,
                cause="They were divided by 100. The scaling is in the model "
                "behind the service, and 0.34 percent is a fair reading, so "
                "that nobody would notice.",
                look=UNITS,
            )
    wrong(
        "other_numbers",
        expected=expected,
        found=found,
        cause="Some readings are missing, changed, or in another order.",
    )


def _rounded(values: list) -> list:
    return [round(y, 6) if isinstance(y, float) else y for y in values]


def _check_result(result, expected: list[float]) -> None:
    import httpx

    wanted = f"The list {code(str(_rounded(expected)))}."
    if result is None:
        wrong(
            "returns_nothing",
            expected=wanted,
            found="`None`.",
            cause="`return` is missing at the end.",
        )
    if isinstance(result, httpx.Response):
        wrong(
            "returns_response",
            expected=wanted,
            found="The whole response, with status, headers and body.",
            cause="`response.json()` reads its body; the answers are under "
            "`y`.",
        )
    if isinstance(result, dict) and "y" in result:
        wrong(
            "returns_body",
            expected=wanted,
            found=f"A dictionary with {', '.join(f'`{k}`' for k in result)}.",
            cause='The answers are one part of it: `["y"]`.',
        )
    if not isinstance(result, list):
        wrong(
            "no_list",
            expected=wanted,
            found=f"{kind(result)}.",
            cause="What `json()` gives is a list already. Return it as it is.",
        )
    if len(result) != len(expected) or not all(
        isinstance(y, (int, float)) and close(y, right, 1e-9)
        for y, right in zip(result, expected, strict=True)
    ):
        wrong(
            "other_answers",
            expected=wanted,
            found=f"{code(str(_rounded(result)))}.",
            cause="The answers were changed, sorted or rounded, or belong to "
            "another question.",
        )


def _cause_of_other(error: Exception) -> str:
    if isinstance(error, KeyError):
        return (
            "A refusal has no `y`, and its sentence is under `error`. Look at "
            "`response.status_code` first, a number: 422 is a refusal."
        )
    if type(error).__module__.startswith("httpx"):
        return (
            "`raise_for_status` raises an error of its own, without the "
            "sentence of the service."
        )
    return "Whoever calls `ask` waits for a `ValueError`: raise one."


def _check_refusal(ask, service: _Service, readings) -> None:
    """Send readings that the service refuses; a ValueError has to follow."""
    result, error = _send(ask, service, list(readings))
    if not service.requests:
        wrong(
            "no_request",
            expected=f"The service is asked for {code(str(readings))} too, and "
            "says what is wrong with it.",
            found="The client sent nothing.",
            cause="`ask` judges the readings itself. Only the service knows "
            "its range, which comes from the exported file.",
        )
    _check_one(_asked(service), readings)
    sentence = service.sentence
    if not sentence:
        wrong(
            "changes_readings",
            expected=f"The readings {code(str(readings))} go to the service "
            "as they are.",
            found="They were changed on the way, and passed.",
            cause="Readings were left out, converted or cut to the range. "
            "Then the answers belong to other readings.",
        )
    expected = f"`ValueError` with the sentence: {sentence}"
    if error is None:
        wrong(
            "ignores_refusal",
            expected=expected,
            found=f"No error; `ask` returned {kind(result)}.",
            cause="httpx does not raise by itself. Look at "
            "`response.status_code`: 422 is a refusal, and "
            "`raise ValueError(...)` makes an error of it. To print or return "
            "it is not enough.",
        )
    if not isinstance(error, ValueError):
        wrong(
            "other_error",
            expected=expected,
            found=f"`{type(error).__name__}`.",
            cause=_cause_of_other(error),
        )
    if str(error) != sentence:
        wrong(
            "other_message",
            expected=expected,
            found=f"`ValueError` with {code(str(error) or 'no message')}.",
            cause="The sentence is in the body of the response, under "
            "`error`. Pass it on as it is.",
        )
