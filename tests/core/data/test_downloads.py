"""Downloads in processes of their own: joined, followed, cancelled, and what is said where they fail."""

import contextlib
import hashlib
import io
import os
import queue
import signal
import socket
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError

import pytest
from PIL import Image

from core.data.downloads import background, fetching, progress
from core.data.downloads.progress import DownloadProgress
from core.data.sources import catalogue
from core.errors import DataError
from tests.support.paths import ROOT
from tests.support.programs.waiting import until, until_over


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for data."""
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(catalogue, "_SYSTEM", tmp_path / "system")
    return tmp_path / "data"


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_S", 0.02)


def archive() -> bytes:
    """Malaria, one cell of each class, among a megabyte of other things."""
    picture, file = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("cell_images/notes.txt", bytes(2**20))
        for name in ("Parasitized", "Uninfected"):
            packed.writestr(f"cell_images/{name}/C1_cell_1.png", picture.getvalue())
    return file.getvalue()


@dataclass
class Publisher:
    """A server on this machine that gives the first half of the archive, and the rest when it may."""

    content: bytes
    url: str = ""
    asked: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """Where the processes that are started download malaria from."""
    found = Publisher(archive())

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            found.asked.set()
            half = len(found.content) // 2
            self.wfile.write(found.content[:half])
            found.may_end.wait()
            with contextlib.suppress(ConnectionError):  # It has been cancelled.
                self.wfile.write(found.content[half:])

        def log_message(self, *_args: object) -> None:
            """Nothing to be said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}/cell_images.zip"
    from_there(tmp_path, monkeypatch, found.url, found.content)
    yield found
    found.may_end.set()
    server.shutdown()
    server.server_close()


def from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, content: bytes) -> None:
    """Let processes that are started know another address of the data set."""
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / "sitecustomize.py").write_text(
        f"from core.data.sources.public import malaria\nmalaria._URL, malaria._SHA256 = {url!r}, {digest!r}\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    size = replace(catalogue.SOURCES["malaria"], num_bytes=len(content))
    monkeypatch.setitem(catalogue.SOURCES, "malaria", size)


def is_under_way() -> bool:
    return background.under_way("malaria") is not None


def some_has_come() -> bool:
    """Whether its process has reported bytes."""
    download = background.under_way("malaria")
    return download is not None and download.progress.done > 0


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.is_dir())


def test_what_can_be_downloaded_says_how_large_it_is_and_under_which_licence() -> None:
    for source in catalogue.SOURCES.values():
        assert (source.fetch is not None) == (source.num_bytes > 0) == bool(source.licence), source.name
    assert background.can_be("malaria")
    assert not background.can_be("digits")
    assert not background.can_be("dogs-vs-cats")
    assert not background.can_be("nothing of this name")


# In a process of its own.


@pytest.mark.slow
def test_a_second_press_joins_and_the_data_set_appears_whole(
    root: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    background.start("malaria")
    with monkeypatch.context() as only_once:
        only_once.delattr(subprocess, "Popen")
        background.start("malaria")
    until(some_has_come, is_alive=is_under_way)
    assert not catalogue.find("malaria")
    publisher.may_end.set()
    until_over(is_under_way)
    assert catalogue.find("malaria") == root / "malaria" / "cell_images"
    assert folders(root) == ["malaria"]
    assert background.complaint("malaria") == ""
    assert not background.can_be("malaria")


@pytest.mark.slow
def test_cancelled_nothing_is_left_and_nothing_complained_about(root: Path, publisher: Publisher) -> None:
    background.start("malaria")
    publisher.asked.wait()
    background.cancel("malaria")
    until_over(is_under_way)
    assert folders(root) == []
    assert background.complaint("malaria") == ""
    assert background.can_be("malaria")


@pytest.mark.parametrize("cause", [socket.gaierror(-3, "?"), ConnectionRefusedError(), TimeoutError()])
def test_without_a_network_one_sentence_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, cause: OSError
) -> None:
    def fetch(_folder: Path) -> None:
        raise URLError(cause)

    monkeypatch.setitem(catalogue.SOURCES, "malaria", replace(catalogue.SOURCES["malaria"], fetch=fetch))
    with pytest.raises(DataError) as caught:
        fetching.fetch("malaria")
    (root / ".malaria.log").write_text(f"error: {caught.value}\n")
    assert background.complaint("malaria").startswith(
        "malaria was not downloaded (its server cannot be reached; check this machine's network connection); "
        "get it from http"
    )
    assert folders(root) == []
    os.utime(root / ".malaria.log", (0, 0))
    assert background.complaint("malaria") == ""  # Of days ago.


# What it says of itself.


@pytest.mark.usefixtures("often")
def test_archives_are_counted_and_deleting_one_takes_nothing_back(root: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    target = root / "malaria"
    (root / "part").mkdir(parents=True)
    with progress.watched(root / "part", target, 4 * 2**20, lambda now: said.put(str(now))):
        (root / "part" / "a.zip").write_bytes(bytes(2**20))
        (root / "part" / "picture.png").write_bytes(bytes(2**20))
        wait_for("1 MB of 4 MB, 25%", said)
        assert progress.read(target) == DownloadProgress(2**20, 4 * 2**20)
        (root / "part" / "a.zip").unlink()
        for _ in range(3):  # The first may have been on its way.
            assert said.get() == "1 MB of 4 MB, 25%"
        (root / "part" / "b.tar.gz").write_bytes(bytes(5 * 2**20))
        wait_for("4 MB downloaded; unpacking and checking", said)
    assert progress.read(target) is None


def wait_for(sentence: str, said: "queue.Queue[str]") -> None:
    while said.get() != sentence:
        pass


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["in front", "in the background"])
def _started(request: pytest.FixtureRequest) -> Iterator[None]:
    """A program that a shell has started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("often", "_started")
def test_asked_to_stop_a_download_is_interrupted_where_it_waits(root: Path) -> None:
    target = root / "malaria"
    (root / "part").mkdir(parents=True)
    with (
        pytest.raises(KeyboardInterrupt),
        progress.watched(root / "part", target, 1, lambda _progress: progress.ask_to_stop(target)),
    ):
        threading.Event().wait()
    assert not progress.is_asked_to_stop(target)


def test_what_a_killed_process_left_can_be_deleted(root: Path) -> None:
    (root / ".malaria.part-killed").mkdir(parents=True)
    assert background.is_interrupted("malaria")
    background.forget("malaria")
    assert folders(root) == []
    assert not background.is_interrupted("malaria")
