"""What one dropped photo costs the server: ``python tests/benchmarks/photo.py [OTHER_CHECKOUT] [--turns N]``.

Through a real websocket, without a browser. With another checkout of this project, both servers run and take
turns, photo by photo: read the ratio, as the machine may be busy.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.pages.server import ROOT, Server, running_server
from tests.support.pages.web_client import Visitor, visit

_PHOTOS = ("chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg", "astronaut.png")
_WARM_UP = 3


@dataclass(slots=True)
class _Contestant:
    name: str
    server: Server
    visitor: Visitor
    cpu: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    async def drop(self, turn: int) -> None:
        """One photo, unlike all before, until the page has come to rest."""
        name = _PHOTOS[turn % len(_PHOTOS)]
        content = (files("skimage.data") / name).read_bytes() + turn.to_bytes(2, "big")
        before = self.server.cpu_seconds()
        seconds = await self.visitor.drop(f"{turn}-{name}", content)
        await self.visitor.settle()
        if turn >= _WARM_UP:
            self.seconds.append(seconds)
            self.cpu.append(self.server.cpu_seconds() - before)


def main() -> None:
    """Print one row per checkout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", nargs="?", type=Path, help="a checkout to compare with")
    parser.add_argument("--turns", type=int, default=15, help="photos (default: %(default)s)")
    asked = parser.parse_args()
    roots = {"this checkout": ROOT, **({"other checkout": asked.other.resolve()} if asked.other else {})}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {
            name: stack.enter_context(running_server(_log(Path(folder), name), root))
            for name, root in roots.items()
        }
        contestants = asyncio.run(_take_turns(servers, asked.turns))
    print(
        "| what | CPU s a photo | s to the map, median | slowest | of this |\n| --- | --- | --- | --- | --- |"
    )
    for each in contestants:
        ratio = statistics.mean(each.cpu) / statistics.mean(contestants[0].cpu)
        median, slowest = statistics.median(each.seconds), max(each.seconds)
        cpu = statistics.mean(each.cpu)
        print(f"| {each.name} | {cpu:.3f} | {median:.2f} | {slowest:.2f} | {ratio:.2f} |")


def _log(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name / "log"


async def _take_turns(servers: dict[str, Server], turns: int) -> list[_Contestant]:
    contestants = [_Contestant(name, server, await visit(server.url)) for name, server in servers.items()]
    for each in contestants:
        await each.visitor.open()
        await each.visitor.settle()
    for turn in range(_WARM_UP + turns):
        for each in contestants:
            await each.drop(turn)
    return contestants


if __name__ == "__main__":
    main()
