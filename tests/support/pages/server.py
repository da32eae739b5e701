"""A server of this app in a process of its own, and how Chromium is started beside it."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.programs import waiting

CHROMIUM = Path("/usr/bin/chromium")
HEADLESS = Path("/usr/bin/chromium-headless-shell")  # The same without windows: it takes 0.9 of the time.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """What it has used of the processors so far; Linux only."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """What it has in memory; Linux only."""
        return (
            int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        )


@contextmanager
def running_app(log: Path) -> Iterator[str]:
    """Start the app on a free port, give its address once it answers, and end it afterwards."""
    with running_server(log) as server:
        yield server.url


@contextmanager
def running_server(log: Path, root: Path = ROOT) -> Iterator[Server]:
    """Start the app of a checkout on a free port, and end it afterwards.

    What it keeps on disk lies beside its ``log``, and not where the user's own is.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with log.open("wb") as sink:
        kept = os.environ | {"SEEWHY_CACHE": str(log.parent / "cache")}
        server = subprocess.Popen(command, cwd=root, env=kept, stdout=sink, stderr=sink)  # noqa: S603
        try:
            url = f"http://127.0.0.1:{port}"
            waiting.until(lambda: _is_healthy(url), is_alive=lambda: server.poll() is None)
            yield Server(url, server.pid)
        finally:
            server.terminate()
            server.wait()


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=60) as answer:  # noqa: S310
            return bool(answer.read() == b"ok")
    except OSError:
        return False
