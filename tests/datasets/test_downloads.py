"""Downloads: whole and right, or one sentence and nothing under the name."""

import gzip
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from helpers.datasets import downloads, fashion_mnist, http_ranges
from helpers.datasets.downloads import RemoteFile, fetch
from helpers.datasets.fashion_mnist import is_downloaded, load_fashion_mnist
from helpers.errors import DataError
from helpers.page.progress_bar import progress_in_bytes
from tests.datasets import bad_server
from tests.datasets.bad_server import BAD, CONTENT, HTML, LFS, Server, sends
from tests.datasets.test_images import idx
from tests.tools import assert_one_sentence

SUM = hashlib.sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait for fractions of a second where a reader would wait longer."""
    monkeypatch.setattr(http_ranges, "STALLED_AFTER", 0.4)
    monkeypatch.setattr(http_ranges, "CONNECT_WITHIN", 1.0)


def remote(server, content=CONTENT, name="file.gz", **more):
    digest = hashlib.sha256(content).hexdigest()
    return RemoteFile(server.address(name), len(content), digest, **more)


def refusal(file, folder):
    """Fetch what cannot be fetched, and return the sentence."""
    with pytest.raises(DataError) as caught:
        fetch(file, folder)
    assert type(caught.value) is DataError
    return assert_one_sentence(caught.value)


def names(folder):
    return sorted(set(os.listdir(folder)) - {".lock"})


# --------------------------------------------------------------- it goes well


@pytest.mark.parametrize(
    "answer",
    [
        sends(),
        bad_server.in_chunks,
        bad_server.knows_no_length,
        bad_server.redirects_on_this_machine,
    ],
)
def test_a_file_comes_once(answer, tmp_path):
    folder = tmp_path / "new" / "folder"
    with Server(answer) as server:
        file = remote(server)
        assert fetch(file, folder) == CONTENT
        n_requests = len(server.starts)
        assert fetch(file, folder) == CONTENT
        assert len(server.starts) == n_requests
    assert fetch(file, folder) == CONTENT  # nobody listens any more
    assert names(folder) == ["file.gz"]


@pytest.mark.parametrize(
    ("answer", "start"),
    [
        (sends(), HALF),
        (bad_server.ignores_ranges, HALF),
        (bad_server.in_chunks, HALF),
    ],
)
def test_it_goes_on_where_it_stopped(answer, start, tmp_path):
    (tmp_path / "file.gz.part").write_bytes(CONTENT[:HALF])
    with Server(answer) as server:
        assert fetch(remote(server), tmp_path) == CONTENT
        assert server.starts == [start]
    assert names(tmp_path) == ["file.gz"]


def test_a_connection_that_breaks_is_taken_up_again(tmp_path):
    with Server(sends(at_most=60_000)) as server:
        assert fetch(remote(server), tmp_path) == CONTENT
        assert server.starts == [None, 60_000, 120_000, 180_000]


def test_not_for_ever(tmp_path):
    with Server(sends(at_most=10)) as server:
        said = refusal(remote(server), tmp_path)
        assert len(server.starts) == downloads.MAX_REQUESTS
    assert "after 50 of 200,000 bytes" in said


@pytest.mark.parametrize(
    ("before", "starts"),
    [
        (b"x" * HALF, [HALF, None]),  # its sum shows at the end
        (CONTENT[:-1] + b"!", [None]),
        (CONTENT + b"more", [None]),
        (CONTENT, []),  # only its name was missing
    ],
)
def test_a_part_that_is_something_else(before, starts, tmp_path):
    (tmp_path / "file.gz.part").write_bytes(before)
    with Server(sends()) as server:
        assert fetch(remote(server), tmp_path) == CONTENT
        assert server.starts == starts
    assert names(tmp_path) == ["file.gz"]


# ----------------------------------------------------- a server that misbehaves


@pytest.mark.parametrize("n_before", [0, 1000], ids=["new", "goes on"])
@pytest.mark.parametrize(("answer", "said"), BAD.values(), ids=BAD)
def test_a_bad_server(answer, said, n_before, tmp_path):
    part = tmp_path / "file.gz.part"
    if n_before:
        part.write_bytes(CONTENT[:n_before])
    if answer is bad_server.another_part:
        said = "another part" if n_before else "hung up too early"
    begun = time.monotonic()
    with Server(answer) as server:
        sentence = refusal(remote(server), tmp_path)
        assert len(server.starts) <= 2 * downloads.MAX_REQUESTS
    assert time.monotonic() - begun < 8
    assert any(word in sentence for word in said.split("|")), sentence
    assert "127.0.0.1" in sentence
    assert names(tmp_path) in ([], ["file.gz.part"])
    # what is kept is the beginning of the file, and goes on from there
    kept = part.read_bytes() if part.exists() else b""
    assert CONTENT.startswith(kept)
    assert bool(kept) == ("to go on" in sentence)
    with Server(sends()) as server:
        assert fetch(remote(server), tmp_path) == CONTENT
        assert server.starts == [len(kept) or None]
    assert names(tmp_path) == ["file.gz"]


@pytest.mark.parametrize(
    "name", ["404", "stalls", "hangs up", "to http", "web page"]
)
def test_what_was_there_is_kept(name, tmp_path):
    (tmp_path / "file.gz.part").write_bytes(CONTENT[:HALF])
    answer = BAD[name][0] if name != "stalls" else bad_server.silent
    with Server(answer) as server:
        said = refusal(remote(server), tmp_path)
    assert "after 100,000 of 200,000 bytes" in said
    assert (tmp_path / "file.gz.part").read_bytes() == CONTENT[:HALF]


def test_a_slow_server_is_not_one_that_stalls(monkeypatch, tmp_path):
    monkeypatch.setattr(http_ranges, "STALLED_BELOW", 2000)
    with Server(sends(pause=0.05)) as server:  # 1 s, longer than the limit
        assert fetch(remote(server), tmp_path) == CONTENT


# -------------------------------------------------------------- no network


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_nobody_listens(tmp_path):
    address = f"http://127.0.0.1:{free_port()}/file.gz"
    said = refusal(RemoteFile(address, 5, SUM), tmp_path)
    assert "cannot be reached" in said and address in said
    assert names(tmp_path) == []


def test_a_name_that_nobody_knows(monkeypatch, tmp_path):
    def unknown(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    file = RemoteFile("https://data.example/file.gz", 5, SUM)
    said = refusal(file, tmp_path)
    assert "name resolution" in said and "is there a network" in said


def test_a_server_that_cannot_prove_who_it_is(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
    with Server(sends()) as server:
        address = server.address().replace("http:", "https:")
        said = refusal(RemoteFile(address, 5, SUM), tmp_path)
    assert "prove who it is" in said


@pytest.mark.parametrize(
    "address",
    [
        "http://data.example/file.gz",
        "ftp://data.example/file.gz",
        "file:///etc/passwd",
        "http://127.0.0.1.data.example/file.gz",
        "https:///file.gz",
        "data.example/file.gz",
        "https://[::1/file.gz",
    ],
)
def test_only_https_is_asked(address, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **_: asked.append(a))
    said = refusal(RemoteFile(address, 5, SUM), tmp_path)
    assert "https" in said or "not an address" in said
    assert asked == []


def test_the_proxy_of_the_network_is_used(monkeypatch, tmp_path):
    """It is asked for the server, and what it says is passed on."""
    with Server(bad_server.status("403 Forbidden")) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        file = RemoteFile("https://data.example/file.gz", 5, SUM)
        said = refusal(file, tmp_path)
        assert proxy.requests[0].startswith(b"CONNECT data.example:443")
    assert "proxy" in said and "403" in said


@pytest.mark.parametrize(
    "settings", [{"HTTPS_PROXY": "gopher://x"}, {"SSL_CERT_FILE": "/nowhere"}]
)
def test_settings_that_cannot_be_used(settings, monkeypatch, tmp_path):
    monkeypatch.delenv("https_proxy", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    file = RemoteFile("https://data.example/file.gz", 5, SUM)
    assert next(iter(settings)) in refusal(file, tmp_path)


def test_no_proxy_stands_between_a_machine_and_itself(monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Server(sends()) as server:
        assert fetch(remote(server), tmp_path) == CONTENT


# ---------------------------------------------------------------- no space


def test_no_space_is_noticed_before(monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=HALF)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with Server(sends()) as server:
        said = refusal(remote(server), tmp_path)
        assert server.starts == []
        assert "room" in said and "100,000" in said
        # the other half is there already
        (tmp_path / "file.gz.part").write_bytes(CONTENT[:HALF])
        assert fetch(remote(server), tmp_path) == CONTENT


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_fills_meanwhile(tmp_path):
    (tmp_path / "file.gz.part").symlink_to("/dev/full")
    with Server(sends()) as server:
        said = refusal(remote(server), tmp_path)
    assert "No space left" in said
    assert not (tmp_path / "file.gz").exists()


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "folder").write_bytes(b"a file")
    with Server(sends()) as server:
        assert "stored" in refusal(remote(server), tmp_path / "folder")
        (tmp_path / "file.gz").mkdir()
        assert "folder" in refusal(remote(server), tmp_path)
        (tmp_path / "other.gz.part").mkdir()
        said = refusal(remote(server, name="other.gz"), tmp_path)
        assert "stored" in said


# ------------------------------------------------- what lies there already

MNIST_LIKE = b"\x1f\x8bdigits"
LOOK_ALIKE = {hashlib.sha256(MNIST_LIKE).hexdigest(): "the file of MNIST"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (MNIST_LIKE, "MNIST"),
        (LFS, "git-LFS"),
        (HTML, "HTML"),
        (CONTENT[:HALF], "100,000 bytes"),
        (CONTENT[:-1] + b"!", "SHA-256"),
        (b"", "0 bytes"),
    ],
)
def test_a_wrong_file_is_named_and_left(content, said, tmp_path):
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with Server(sends()) as server:
        file = remote(server, look_alikes=LOOK_ALIKE)
        sentence = refusal(file, tmp_path)
        assert said in sentence and "file.gz" in sentence
        assert server.starts == []
        assert path.read_bytes() == content
        path.unlink()
        assert fetch(file, tmp_path) == CONTENT


def test_a_server_that_has_mnist(tmp_path):
    with Server(bad_server.body(MNIST_LIKE + CONTENT[8:])) as server:
        digest = hashlib.sha256(MNIST_LIKE + CONTENT[8:]).hexdigest()
        file = remote(server, look_alikes={digest: "the file of MNIST"})
        assert "MNIST" in refusal(file, tmp_path)
    assert names(tmp_path) == []


# ------------------------------------------------------------ interruptions


def test_ctrl_c_goes_on_its_way(monkeypatch, tmp_path):
    def interrupted(pieces, *_):
        for _ in range(2):
            yield next(pieces)
        raise KeyboardInterrupt

    with Server(sends(pause=0.01)) as server:
        with monkeypatch.context() as patched:
            patched.setattr(downloads, "progress_in_bytes", interrupted)
            with pytest.raises(KeyboardInterrupt):
                fetch(remote(server), tmp_path)
        assert names(tmp_path) == ["file.gz.part"]
        n_kept = os.path.getsize(tmp_path / "file.gz.part")
        assert 0 < n_kept < len(CONTENT)
        assert fetch(remote(server), tmp_path) == CONTENT
        assert server.starts == [None, n_kept]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_process_that_is_killed(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from helpers.datasets.downloads import RemoteFile, fetch\n"
        "fetch(RemoteFile(sys.argv[1], 200_000, sys.argv[2]), Path('.'))"
    )
    part = tmp_path / "file.gz.part"
    with Server(sends(pause=0.1)) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", program, server.address(), SUM],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        limit = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.02)
        assert "Another program" in refusal(remote(server), tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == ["file.gz.part"]
    n_kept = part.stat().st_size
    with Server(sends()) as server:
        assert fetch(remote(server), tmp_path) == CONTENT
        assert server.starts == [n_kept]


def test_two_at_once(tmp_path):
    """One downloads; the other one says so, and spoils nothing."""
    done, said = [], []

    def get(file):
        try:
            done.append(fetch(file, tmp_path))
        except DataError as error:
            said.append(assert_one_sentence(error))

    with Server(sends(pause=0.02)) as server:
        file = remote(server)
        threads = [threading.Thread(target=get, args=(file,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.starts) == 1
    assert done and set(done) == {CONTENT}
    assert all("Another program" in sentence for sentence in said)
    assert len(done) + len(said) == 3


# ------------------------------------------------------------ progress bar


def test_the_bar_knows_how_much_there_is(monkeypatch, tmp_path):
    seen = []

    def bar(pieces, *told):
        seen.append(told)
        return pieces

    monkeypatch.setattr(downloads, "progress_in_bytes", bar)
    (tmp_path / "file.gz.part").write_bytes(CONTENT[:HALF])
    with Server(sends()) as server:
        fetch(remote(server), tmp_path)
    assert seen == [("file.gz", len(CONTENT), HALF)]


@pytest.mark.parametrize("off", ["0", "1"])
def test_the_bar_passes_everything_on(off, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", off)
    pieces = [b"a" * 10, b"b", b"c" * 5]
    assert list(progress_in_bytes(iter(pieces), "file.gz", 26, 10)) == pieces


# ------------------------------------------------------------ Fashion-MNIST


def test_the_addresses_are_pinned():
    files = [file for pair in fashion_mnist.FILES.values() for file in pair]
    assert len({file.sha256 for file in files}) == 4
    assert sum(file.n_bytes for file in files) == 30_878_645
    for file in files:
        assert file.address.startswith("https://raw.githubusercontent.com/")
        assert "/b2617bb6d3ffa2e429640350f613e3291e10b141/" in file.address
        assert int(file.sha256, 16) < 2**256 and len(file.sha256) == 64
        assert file.sha256 not in fashion_mnist.MNIST


def served(files, monkeypatch):
    """Serve files by name in place of the real ones of the test part."""
    contents = {f"t10k-{k}-ubyte.gz": v for k, v in files.items()}

    def answer(c, start):
        path = c.server.requests[-1].split()[1].decode().strip("/")
        sends(contents[path])(c, start)

    server = Server(answer)
    pair = tuple(remote(server, v, k) for k, v in contents.items())
    monkeypatch.setitem(fashion_mnist.FILES, "test", pair)
    return server


def test_fashion_mnist_has_the_form_of_the_digits(monkeypatch, tmp_path):
    images = np.zeros((10_000, 28, 28), np.uint8)
    images[7, 1, 2] = 255
    labels = np.arange(10_000, dtype=np.uint8) % 10
    files = {
        "images-idx3": gzip.compress(idx(images)),
        "labels-idx1": gzip.compress(idx(labels)),
    }
    assert not is_downloaded("test", tmp_path)
    with served(files, monkeypatch):
        data = load_fashion_mnist("test", tmp_path)
    assert is_downloaded("test", tmp_path)
    assert np.array_equal(data.images, images)
    assert data.images.dtype == np.uint8 and data.images.flags.writeable
    assert np.array_equal(data.labels, labels) and data.labels.dtype == np.int64
    assert data.class_names[9] == "Ankle boot" and data.highest == 255
    assert names(tmp_path) == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (np.zeros((10, 28, 28)), np.zeros(10), "10000, 28, 28"),
        (np.zeros((10_000, 28, 28)), np.full(10_000, 10), "0 to 9"),
        (np.zeros((10_000, 28, 28)), np.zeros(9_999), "9999"),
        (np.zeros(10_000), np.zeros(10_000), "dimensions"),
    ],
)
def test_files_of_another_form(images, labels, said, monkeypatch, tmp_path):
    files = {
        "images-idx3": gzip.compress(idx(images.astype(np.uint8))),
        "labels-idx1": gzip.compress(idx(labels.astype(np.uint8))),
    }
    with served(files, monkeypatch), pytest.raises(DataError) as caught:
        load_fashion_mnist("test", tmp_path)
    assert said in assert_one_sentence(caught.value)


def test_there_are_two_parts(tmp_path):
    for wrong in ("validation", None, 0, ["test"]):
        with pytest.raises(DataError, match="two parts"):
            load_fashion_mnist(wrong, tmp_path)
