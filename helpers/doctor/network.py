"""This machine's own network: free ports, and proxies that catch them."""

from __future__ import annotations

import contextlib
import socket
import urllib.request

from helpers.doctor.findings import Finding

OWN = ("127.0.0.1", "localhost")
# JupyterLab and TensorBoard begin to look for a free port at these, and try
# so many.
FIRST_PORTS = {"JupyterLab": 8888, "TensorBoard": 6006}
N_PORTS = 10


def look_at_ports() -> Finding:
    """Connect this machine with itself; look for free ports."""
    try:
        _connect_with_itself()
    except OSError as error:
        return Finding(
            "ports",
            f"this machine cannot connect to itself ({error})",
            "Allow Python to listen on 127.0.0.1: a firewall or a sandbox "
            "forbids it.",
        )
    if not _localhost_is_here():
        return Finding(
            "ports",
            "the name localhost does not lead to this machine",
            "Put the line `127.0.0.1 localhost` back into the hosts file.",
        )
    for program, first in FIRST_PORTS.items():
        if not any(map(_is_free, range(first, first + N_PORTS))):
            return Finding(
                "ports",
                f"{program} finds none from {first} to {first + N_PORTS - 1}",
                f"End what holds them, most likely earlier ones of {program}.",
            )
    return Finding("ports", "free on 127.0.0.1")


def _connect_with_itself() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        server.settimeout(5)
        with socket.create_connection(server.getsockname(), timeout=5) as one:
            other, _ = server.accept()
            with other:
                one.sendall(b"x")
                other.settimeout(5)
                if other.recv(1) != b"x":
                    raise OSError("what was sent did not arrive")


def _localhost_is_here() -> bool:
    try:
        found = socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return {entry[4][0] for entry in found} <= {"127.0.0.1", "::1"}


def _is_free(port: int) -> bool:
    with socket.socket() as one, contextlib.suppress(OSError):
        one.bind(("127.0.0.1", port))
        return True
    return False


def look_at_proxies() -> Finding:
    """Look whether requests to this machine would go through a proxy."""
    proxies = urllib.request.getproxies()
    address = proxies.get("http") or proxies.get("all")
    caught = [name for name in OWN if not urllib.request.proxy_bypass(name)]
    if not address:
        return Finding("proxy", "none")
    if not caught:
        return Finding("proxy", "none for 127.0.0.1 and localhost")
    return Finding(
        "proxy",
        f"a proxy catches what is meant for {' and '.join(caught)}",
        "Set NO_PROXY=127.0.0.1,localhost in the terminal, and the same "
        "exceptions in the browser. Otherwise pages may not open.",
    )
