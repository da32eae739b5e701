"""Many people at once: ``python tests/campaigns/sessions.py [--num N] [--seed S] [--photos N] [--root DIR]``.

Each session is a real websocket that opens Explain; then all drop photos of their own at the same time, and
wait for their maps. Every map must be the session's own photo's, without an exception, within two minutes.
The summary says how many photos the server has explained a second.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns.tally import ROOT, Tally
from tests.support.pages.server import Server, running_server
from tests.support.pages.web_client import Visitor, visit

_PHOTOS = ("chelsea.png", "coffee.png", "rocket.jpg", "astronaut.png")


@dataclass(slots=True)
class _Load:
    """What all sessions together waited for."""

    tally: Tally
    seconds: list[float] = field(default_factory=list)


def main() -> int:
    """Let them come, and print the summary line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=50, help="sessions (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--photos", type=int, default=3, help="of each session (default: %(default)s)")
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout, to compare with")
    asked = parser.parse_args()
    load = _Load(Tally("sessions", asked.seed))
    random = np.random.default_rng(asked.seed)
    photos = [[_photo(random) for _ in range(asked.photos)] for _ in range(asked.num)]
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "log", asked.root) as server:
        asyncio.run(_campaign(server, photos, load))
    return load.tally.close()


async def _campaign(server: Server, photos: list[list[bytes]], load: _Load) -> None:
    visitors = [await visit(server.url) for _ in photos]
    for each in visitors:
        await each.open()
    cpu, started = server.cpu_seconds(), time.perf_counter()
    sessions = enumerate(zip(visitors, photos, strict=True))
    await asyncio.gather(*(_session(number, *each, load) for number, each in sessions))
    seconds, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
    total = max(len(load.seconds), 1)
    waited = f"{statistics.median(load.seconds or [0]):.1f} s, slowest {max(load.seconds or [0]):.1f} s"
    print(
        f"{len(visitors)} sessions: {total / seconds:.1f} photos/s, {cpu / total:.2f} CPU s a photo, "
        f"{cpu / seconds:.1f} processors used; median to the map {waited}; {server.megabytes():.0f} MB"
    )


async def _session(number: int, visitor: Visitor, photos: list[bytes], load: _Load) -> None:
    """One photo after the other; each map must carry the name that this session alone has given."""
    for turn, content in enumerate(photos):
        try:
            load.seconds.append(await visitor.drop(f"{number}-{turn}.jpg", content))
            load.tally.add("explained")
        except TimeoutError:
            load.tally.fault(f"session {number}, photo {turn}: no map after two minutes")
    strangers = {name for name in visitor.names if not name.startswith(f"{number}-")}
    if strangers:
        load.tally.fault(f"session {number} saw {sorted(strangers)}")
    for exception in visitor.exceptions:
        load.tally.fault(f"session {number}: {exception}")


def _photo(random: np.random.Generator) -> bytes:
    """A random part of a photo that ships with scikit-image, as a JPEG file."""
    name = _PHOTOS[random.integers(len(_PHOTOS))]
    photo = Image.open(BytesIO((files("skimage.data") / name).read_bytes())).convert("RGB")
    left, top = random.integers(0, 100, 2).tolist()
    file = BytesIO()
    photo.crop((left, top, photo.width - 20, photo.height - 20)).save(file, "JPEG", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
