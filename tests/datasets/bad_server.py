"""A server on 127.0.0.1 that behaves, or misbehaves in one way.

It speaks HTTP by hand, as a library would not let it lie. An answer is a
function of a connection and of the byte from which the file is wanted, or None
if the request has no range.
"""

import contextlib
import re
import socket
import struct
import threading
import time

# Looks like what gzip compressed; 200,000 bytes that differ everywhere.
CONTENT = b"\x1f\x8b" + b"".join(struct.pack(">I", i) for i in range(50_000))
CONTENT = CONTENT[:200_000]


class Server:
    """Answer every request in the same way, each in a thread of its own."""

    def __init__(self, answer):
        self.answer = answer
        self.starts = []  # of each request: from which byte, or None
        self.requests = []
        self.is_over = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def address(self, name="file.gz"):
        return f"http://127.0.0.1:{self.port}/{name}"

    def _accept(self):
        while not self.is_over.is_set():
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536)
            found = re.search(rb"(?i)\r\nrange: bytes=(\d+)-\r\n", request)
            start = int(found[1]) if found else None
            self.starts.append(start)
            self.requests.append(request)
            self.answer(Connection(connection, self), start)


class Connection:
    """What an answer writes to."""

    def __init__(self, connection, server):
        self.socket, self.server = connection, server

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)

    def head(self, status="200 OK", **headers):
        """Send a status and headers, such as Content_Length=5."""
        lines = [f"HTTP/1.1 {status}"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def chunk(self, piece):
        self.send(f"{len(piece):x}\r\n".encode(), piece, b"\r\n")

    def drip(self, content, pause=0.02):
        """Send byte after byte, until the other side hangs up."""
        for i in range(len(content)):
            if self.server.is_over.is_set():
                return
            self.send(content[i : i + 1])
            time.sleep(pause)

    def wait(self):
        """Say nothing more until the test is over."""
        self.server.is_over.wait(20)

    def reset(self):
        """Break the connection off, as a crash does."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


# -------------------------------------------------------------- good answers


def sends(content=CONTENT, at_most=None, pause=0.0):
    """Send what is wanted; hang up after so many bytes."""

    def answer(c, start):
        wanted = content[start or 0 :]
        headers = {"Content_Length": len(wanted), "Accept_Ranges": "bytes"}
        if start is None:
            c.head(**headers)
        else:
            last, n = len(content) - 1, len(content)
            range_ = f"bytes {start}-{last}/{n}"
            c.head("206 Partial Content", Content_Range=range_, **headers)
        if not pause:
            c.send(wanted[:at_most])
        for i in range(0, len(wanted) if pause else 0, 10_000):
            c.send(wanted[i : i + 10_000])
            time.sleep(pause)

    return answer


def ignores_ranges(c, start):
    sends()(c, None)


def knows_no_length(c, start):
    c.head()
    c.send(CONTENT)


def in_chunks(c, start):
    c.head(Transfer_Encoding="chunked")
    for i in range(0, len(CONTENT), 30_000):
        c.chunk(CONTENT[i : i + 30_000])
    c.chunk(b"")


def redirects_on_this_machine(c, start):
    if "/moved/" in c.server.requests[-1].decode():
        sends()(c, start)
    else:
        c.head("302 Found", Location="/moved/file.gz", Content_Length=0)


# --------------------------------------------------------------- bad answers

LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:" + b"3aede38d" * 8 + b"\nsize 200000\n"
)
HTML = b"<!DOCTYPE html><html><body>Please log in.</body></html>"
OTHER = CONTENT[:-1] + b"!"  # of the right length


def status(said, **headers):
    def answer(c, start):
        c.head(said, Content_Length=5, **headers)
        c.send(b"Sorry")

    return answer


def body(content, **headers):
    """Send this, whatever is wanted, with these headers only."""

    def answer(c, start):
        c.head(**headers)
        c.send(content)

    return answer


def whole(content, **headers):
    return body(content, Content_Length=len(content), **headers)


def to(address):
    """Send everybody on to another address."""
    return lambda c, start: c.head(
        "302 Found", Location=address, Content_Length=0
    )


def sends_in_circles(c, start):
    c.head("307 Temporary Redirect", Location="/file.gz", Content_Length=0)


def endless(c, start):
    c.head(Transfer_Encoding="chunked")
    for _ in range(1000):  # 50 MB, in case nobody hangs up
        c.chunk(CONTENT[:50_000])


def silent(c, start):
    c.wait()


def stalls(c, start):
    c.head(Content_Length=len(CONTENT))
    c.send(CONTENT[:70_000])
    c.wait()


def drips(c, start):
    c.head(Content_Length=len(CONTENT))
    c.drip(CONTENT)


def drips_headers(c, start):
    c.drip(b"HTTP/1.1 200 OK\r\nX-Wait: " + b"x" * 50_000)


def drips_a_chunk_header(c, start):
    c.head(Transfer_Encoding="chunked")
    c.drip(b"5;" + b"x" * 50_000)


def informs_forever(c, start):
    while not c.server.is_over.is_set():
        c.head("102 Processing")
        time.sleep(0.02)


def hangs_up(c, start):
    pass


def breaks_off(c, start):
    c.head(Content_Length=len(CONTENT))
    c.reset()


def no_http(c, start):
    c.send(b"220 mail.example ESMTP\r\n" * 10)


def another_part(c, start):
    wanted = CONTENT[:10]
    range_ = f"bytes 0-9/{len(CONTENT)}"
    c.head("206 Partial Content", Content_Range=range_, Content_Length=10)
    c.send(wanted)


def middle(c, start):
    range_ = f"bytes 100-{len(CONTENT) - 1}/{len(CONTENT)}"
    rest = CONTENT[100:]
    c.head(
        "206 Partial Content", Content_Range=range_, Content_Length=len(rest)
    )
    c.send(rest)


def part_of_another_file(c, start):
    c.head(
        "206 Partial Content",
        Content_Range=f"bytes {start or 0}-999999/1000000",
        Content_Length=5,
    )
    c.send(b"Sorry")


def part_without_range(c, start):
    c.head("206 Partial Content", Content_Length=5)
    c.send(b"Sorry")


def lies_that_more_comes(c, start):
    # the right length, and too little
    c.head(Content_Length=len(CONTENT))
    c.send(CONTENT[:1000])


# name: answer, and what the sentence says
BAD = {
    "wrong content": (whole(OTHER), "SHA-256"),
    "wrong content, part by part": (sends(OTHER), "SHA-256"),
    "web page": (whole(HTML, Content_Type="text/html"), "HTML"),
    "web page without its type": (whole(HTML), "HTML"),
    "web page without its length": (body(HTML), "HTML"),
    "git-LFS": (whole(LFS, Content_Type="text/plain"), "git-LFS"),
    "git-LFS without its length": (body(LFS), "git-LFS"),
    "an empty answer": (whole(b""), "0 bytes"),
    "404": (status("404 Not Found"), "404 (Not Found)"),
    "403": (status("403 Forbidden"), "403"),
    "429": (status("429 Too Many Requests", Retry_After=3600), "429"),
    "500": (status("500 Internal Server Error"), "500"),
    "204": (lambda c, start: c.head("204 No Content"), "204"),
    "304": (lambda c, start: c.head("304 Not Modified"), "304"),
    "416": (status("416 Range Not Satisfiable"), "416"),
    "to http": (to("http://example.org/file.gz"), "not https"),
    "to a file": (to("file:///etc/passwd"), "not https"),
    "to nowhere": (to("http://"), "http|HTTP"),
    "to no address": (to("http://[::1/"), "HTTP"),
    "in circles": (sends_in_circles, "circles"),
    "shorter file": (whole(CONTENT[:-5]), "199,995 bytes"),
    "longer file": (whole(CONTENT + b"more"), "200,004 bytes"),
    "longer in chunks": (endless, "more than"),
    "shorter without length": (body(CONTENT[:50]), "hung up too early"),
    "too little": (lies_that_more_comes, "hung up too early"),
    "no length": (body(CONTENT, Content_Length="many"), "not HTTP"),
    "two lengths": (
        lambda c, start: c.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
            b"Content-Length: 200000\r\n\r\nSorry"
        ),
        "not HTTP",
    ),
    "huge headers": (body(CONTENT, X_Much="x" * 200_000), "not HTTP"),
    "no HTTP": (no_http, "not HTTP"),
    "hangs up": (hangs_up, "hung up"),
    "breaks off": (breaks_off, "hung up"),
    "says nothing": (silent, "stalls"),
    "stalls": (stalls, "stalls"),
    "drips": (drips, "stalls"),
    "drips headers": (drips_headers, "stalls"),
    "drips a chunk's header": (drips_a_chunk_header, "stalls"),
    "informs forever": (informs_forever, "stalls"),
    "another part": (another_part, "another part|hung up too early"),
    "middle": (middle, "another part"),
    "part of another file": (part_of_another_file, "1,000,000 bytes"),
    "part without range": (part_without_range, "another part"),
}
