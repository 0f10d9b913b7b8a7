"""A connection of the service: refusals in JSON, and a limit on slow clients.

uvicorn itself refuses what is not HTTP in plain text, and waits for ever for a
request that stops in the middle.
"""

import asyncio
import json
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_SECONDS = (
    10  # from the first byte of a request, or the connection, to its end
)


class Connection(H11Protocol):
    """One client of the service."""

    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a client that says nothing is slow as well."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, and stop the clock if the request is whole."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, "This is not a request in HTTP.")

    def _watch(self) -> None:
        is_waiting = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if not is_waiting:
            self._stop_clock()
        elif self._clock is None:
            self._clock = self.loop.call_later(MAX_SECONDS, self._give_up)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The request was not complete after {MAX_SECONDS} seconds.",
        )

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Send a refusal and close, whatever was going on."""
        if self.transport.is_closing():
            return
        body = json.dumps({"error": sentence})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "connection: close",
        )
        self.transport.write("\r\n".join([*head, "", body]).encode())
        self.transport.close()
