"""Ask a server for the rest of a file, and believe it nothing.

Only https, or http from this machine itself. A server may stall, hang up, send
a web page, lie about the length or ignore what it was asked for: each is a
`TransferError` that says so in half a sentence.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from helpers.datasets.idx_files import looks_like

CONNECT_WITHIN = 10.0  # seconds
STALLED_AFTER = 20.0  # seconds in which fewer than this many bytes came
STALLED_BELOW = 20_000  # bytes
MAX_REDIRECTS = 5
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class TransferError(Exception):
    """Why nothing more of a file came: half a sentence about the server.

    Attributes:
        was_cut: the connection broke; it may be worth asking for the rest.
        begin_again: what is there already does not fit what the server has.
    """

    def __init__(
        self, reason: str, *, was_cut: bool = False, begin_again: bool = False
    ):
        super().__init__(reason)
        self.was_cut, self.begin_again = was_cut, begin_again


@contextlib.contextmanager
def rest_of(
    address: str, n_bytes: int, n_before: int
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Ask a server for what is missing of a file.

    Args:
        address: of the whole file.
        n_bytes: of the whole file, known from elsewhere.
        n_before: how many of them are here already.

    Yields:
        where the answer begins: at ``n_before``, or at 0 if the server ignores
        what it was asked for; and the pieces of it, as they come.

    Raises:
        TransferError: here, or while the pieces come.
    """
    url = _checked(address)
    watch = _Watch()
    try:
        with _client(url) as client, watch:
            response = _ask(client, url, n_before, watch)
            with contextlib.closing(response):
                start = _start_of(response, n_bytes, n_before)
                yield start, _pieces(response, watch, n_bytes - start)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _in_words(error, watch, url.host) from error


def _checked(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError) as error:
        raise TransferError(f"{address!r} is not an address") from error
    if not url.host or not (url.scheme == "https" or _is_loopback(url)):
        raise TransferError(
            f"{url.scheme}://{url.host} is not an https address, so anybody "
            "on the way could change the file"
        )
    return url


def _is_loopback(url: httpx.URL) -> bool:
    return url.scheme == "http" and url.host in LOOPBACK


def _client(url: httpx.URL) -> httpx.Client:
    """Make a client that heeds the proxies of the network it is in."""
    timeout = httpx.Timeout(STALLED_AFTER, connect=CONNECT_WITHIN)
    try:
        # a proxy has nothing to do with what this machine asks itself
        return httpx.Client(timeout=timeout, trust_env=not _is_loopback(url))
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        raise TransferError(
            "the settings of the network cannot be used: look at HTTPS_PROXY, "
            f"ALL_PROXY and SSL_CERT_FILE ({error})"
        ) from error


def _ask(
    client: httpx.Client, url: httpx.URL, n_before: int, watch: "_Watch"
) -> httpx.Response:
    """Send the request, and follow redirects that stay with https."""
    # the bytes themselves, not compressed once more on the way
    headers = {"Accept-Encoding": "identity"}
    if n_before:
        headers["Range"] = f"bytes={n_before}-"
    request = client.build_request(
        "GET", url, headers=headers, extensions={"trace": watch.trace}
    )
    for _ in range(MAX_REDIRECTS + 1):
        response = client.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        request = response.next_request
        target = request.url
        if target.scheme != "https" and not (
            _is_loopback(target) and _is_loopback(url)
        ):
            raise TransferError(
                f"{url.host} sends us on to {target.scheme}://{target.host}, "
                "which is not https; perhaps it is the login page of a network"
            )
    raise TransferError(f"{url.host} sends us in circles")


def _start_of(response: httpx.Response, n_bytes: int, n_before: int) -> int:
    """Return where an answer begins, if it is one of the file.

    Raises:
        TransferError: it is a refusal, a web page or another file.
    """
    host, status = response.url.host, response.status_code
    headers = response.headers
    if status == 416 and n_before:  # there is no such range
        raise TransferError(f"{host} has no such part", begin_again=True)
    if status not in (200, 206):
        raise TransferError(
            f"{host} answers {status} ({response.reason_phrase or 'no reason'})"
        )
    if "html" in headers.get("content-type", "").lower():
        raise TransferError(
            f"{host} sends a web page (HTML) and not the file; perhaps it is "
            "the login page of a network"
        )
    if status == 206:
        part = headers.get("content-range", "")
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", part)
        if not found or int(found[1]) != n_before:
            raise TransferError(
                f"{host} sends another part than it was asked for",
                begin_again=True,
            )
        _compare_length(response, found[2], n_bytes)
        return n_before
    _compare_length(response, headers.get("content-length", ""), n_bytes)
    return 0


def _compare_length(
    response: httpx.Response, announced: str, n_bytes: int
) -> None:
    """Refuse a file of another length before it is downloaded."""
    if announced.isdecimal() and int(announced) != n_bytes:
        what = looks_like(next(response.iter_raw(), b""))
        raise TransferError(
            f"{response.url.host} offers {int(announced):,} bytes in place of "
            f"the {n_bytes:,} of the file: {what or 'another or a cut one'}",
            begin_again=True,
        )


def _pieces(
    response: httpx.Response, watch: "_Watch", n_most: int
) -> Iterator[bytes]:
    """Yield what comes, and no more than there should be."""
    n_bytes = 0
    for piece in response.iter_raw():
        n_bytes += len(piece)
        watch.n_bytes = n_bytes
        if n_bytes > n_most:
            raise TransferError(
                f"{response.url.host} sends more than the file should have",
                begin_again=True,
            )
        yield piece


def _in_words(error: Exception, watch: "_Watch", host: str) -> TransferError:
    """Say what an error of the network means."""
    if watch.hung_up or isinstance(
        error, (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout)
    ):
        reason = f"{host} stalls: next to nothing came for a while"
    elif isinstance(error, httpx.ConnectTimeout):
        reason = f"{host} does not answer (is there a network?)"
    elif isinstance(error, httpx.ProxyError):
        reason = f"the proxy of this network refuses ({error})"
    elif "CERTIFICATE" in str(error):
        reason = (
            f"{host} cannot prove who it is; a proxy that looks into https "
            "needs its certificate in SSL_CERT_FILE"
        )
    elif isinstance(error, httpx.ConnectError):
        reason = (
            f"{host} cannot be reached: {error} (is there a network, and does "
            "it need a proxy, HTTPS_PROXY?)"
        )
    elif watch.n_bytes:
        return TransferError(f"{host} hung up too early", was_cut=True)
    else:
        reason = f"{host} hung up, or answers with something that is not HTTP"
    return TransferError(reason)


class _Watch:
    """Hangs up where next to nothing comes.

    A time limit for each read is not enough: a server that sends one byte now
    and then would keep a page waiting for days.

    Attributes:
        n_bytes: of the file, that have come; the caller counts them.
        hung_up: whether it had to.
    """

    def __init__(self):
        self.n_bytes = 0
        self.hung_up = False
        self._stream: Any = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def trace(self, event: str, details: dict[str, Any]) -> None:
        """Keep the connection; httpx tells about each step of it."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = details["return_value"]

    def _look(self) -> None:
        n_before = 0
        while not self._is_over.wait(STALLED_AFTER):
            if self.n_bytes - n_before < STALLED_BELOW and self._stream:
                self.hung_up = True
                self._hang_up()
            n_before = self.n_bytes

    def _hang_up(self) -> None:
        connection = self._stream.get_extra_info("socket")
        with contextlib.suppress(OSError):
            # as a plain socket: that of TLS would first forget its state,
            # which the thread that reads still needs
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
