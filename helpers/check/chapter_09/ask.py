"""Exercise 09.3: a small client."""

import json

import httpx

from helpers.deployment.answers import (
    NOT_SENT_AS_JSON,
    Answers,
    client_without_network,
)
from helpers.deployment.prediction import About, Exported, Feature
from helpers.practice import Seen, agree, call, exercise, judge

CALLED = {
    "other_client": lambda s: isinstance(s.error, httpx.TransportError),
    "changes_input": lambda s: s.given != s.readings,
    "closes_client": lambda s: s.client.is_closed,
    "fixed_address": lambda s: {r.url.host for r in s.requests} - {s.host},
    "many_requests": lambda s: len(s.asked) > 1,
}
SENT = {
    "no_request": lambda s: not s.requests,
    "other_path": lambda s: not s.asked,
    "get": lambda s: s.asked[0].method != "POST",
    "content_type": lambda s: s.sentence == NOT_SENT_AS_JSON,
    "not_json": lambda s: s.body is None,
    "no_rows.text": lambda s: isinstance(s.body, str),
    "no_rows": lambda s: not isinstance(s.body, dict) or {*s.body} != {"rows"},
    "bare_numbers": lambda s: not all(isinstance(r, dict) for r in s.rows),
    "field_name": lambda s: any({*row} != {"x_percent"} for row in s.rows),
}
NUMBERS = {
    "text_numbers": lambda s: any(isinstance(x, str) for x in s.numbers),
    "one_row": lambda s: any(isinstance(x, list) for x in s.numbers),
    "one_row.no_list": lambda s: s.rows is not s.body["rows"],
    "fractions": lambda s: (
        _are_numbers(s.numbers)
        and agree(s.numbers, [x / 100 for x in s.readings])
        and any(s.readings)
    ),
    "other_numbers": lambda s: s.numbers != s.readings,
}
FAILED = {"takes_answer_for_refusal": lambda s: s.error.args == ("error",)}
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "returns_response": lambda s: isinstance(s.result, httpx.Response),
    "returns_body": lambda s: isinstance(s.result, dict) and "y" in s.result,
    "no_list": lambda s: not isinstance(s.result, list),
    "other_answers": lambda s: (
        not (_are_numbers(s.result) and agree(s.result, s.right, 1e-9))
    ),
}
REFUSED = {
    "no_request.judged": lambda s: not s.requests,
    "changes_readings": lambda s: not s.sentence,
    "ignores_refusal": lambda s: s.error is None,
    "other_error.key": lambda s: isinstance(s.error, KeyError),
    "other_error.httpx": lambda s: isinstance(s.error, httpx.HTTPError),
    "other_error": lambda s: not isinstance(s.error, ValueError),
    "other_message": lambda s: str(s.error) != s.sentence,
}


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

    def note(self, request, response) -> None:
        """Keep a request, and what the service refused last."""
        self.requests.append(request)
        self.sentence = response.json().get("error", self.sentence)


@exercise
def ask(answer):
    """Check ``ask(client, readings)``, against a service without a network."""
    for readings in ([20, 34, 57], [34], [0, 100, 12.5, 80]):
        _judge_answers(answer, _Service(), readings)
    _judge_answers(answer, _Service(b=2, w=5), [20, 34, 57])
    service = _Service()
    for readings in ([34, 140], [-3], []):
        judge(REFUSED, _ask(answer, service, readings))
    _judge_answers(answer, service, [50, 60])
    judge(REFUSED, _ask(answer, _Service(highest=50), [20, 30, 57]))


def _ask(answer, service: _Service, readings: list) -> Seen:
    """Ask once, and look at what happened to client and readings."""
    service.requests.clear()
    service.sentence = ""
    seen = Seen(client=service.client, host=service.client.base_url.host)
    seen.readings, seen.given = readings, [*readings]
    seen.result = seen.error = None
    try:
        shown = f"ask(client, {readings})"
        seen.result = call(answer, seen.client, seen.given, shown=shown)
    except Exception as error:
        known = isinstance(error, (ValueError, httpx.TransportError))
        if not (service.requests or known):
            raise
        seen.error = error
    seen.requests, seen.sentence = [*service.requests], service.sentence
    seen.asked = [r for r in seen.requests if r.url.path == "/predict"]
    judge(CALLED, seen, n_requests=len(seen.asked))
    return seen


def _judge_answers(answer, service: _Service, readings: list) -> None:
    """Send readings that are fine; the list of answers has to come back."""
    seen = _ask(answer, service, readings)
    if seen.error is not None and not seen.requests:
        raise seen.error
    good = {"rows": [{"x_percent": reading} for reading in readings]}
    seen.body = _body_of(seen.asked)
    rows = seen.body.get("rows", []) if isinstance(seen.body, dict) else []
    seen.rows = rows if isinstance(rows, list) else [rows]
    texts = {"good": json.dumps(good), "sent": json.dumps(seen.body)}
    judge(SENT, seen, **texts)
    seen.numbers = [row["x_percent"] for row in seen.rows]
    judge(NUMBERS, seen, **texts)
    if seen.error is not None:  # the request was fine, what followed was not
        judge(FAILED, seen)
        raise seen.error
    seen.right = service.exported.answer([[x] for x in readings])["y"]
    judge(RETURNED, seen)


def _body_of(requests: list):
    """Return what the first request sent; None if that is not JSON."""
    try:
        return json.loads(requests[0].content) if requests else None
    except ValueError:
        return None


def _are_numbers(values) -> bool:
    return all(isinstance(value, (int, float)) for value in values)
