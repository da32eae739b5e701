"""How long an answer takes, against an older checkout: ``python tests/benchmarks/waits.py OLD_CHECKOUT``.

Each checkout is copied to a temporary folder and runs its pages in a process of its own. The two take turns:
a busy machine slows both. Measured is one run of the page's script, from the choice until all is drawn,
without the browser: in seconds, and in seconds of processor time, which other programs disturb less.
"""

import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO

from PIL import Image
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
EVALUATION = "waits"
PHOTOS = {"chelsea.png": "Egyptian cat", "coffee.png": "espresso", "rocket.jpg": "missile"}
CLASSES = (
    "lynx",
    "tabby",
    "Persian cat",
    "red fox",
    "hen",
    "cock",
    "cup",
    "eggnog",
    "llama",
    "lion",
    "tiger",
)
VIEWS = 4  # Of each photo.


@dataclass(frozen=True, slots=True)
class Wait:
    """What one run of a page took."""

    seconds: float
    processor: float


class Pages:
    """The pages of one checkout, in a process of their own."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), "--serve"]
        self._process = subprocess.Popen(  # noqa: S603 - this file
            command,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, what: str, choice: str) -> Wait:
        """Make a choice on a page, and say how long its script ran."""
        stdin, stdout = _pipes(self._process)
        print(json.dumps([what, choice]), file=stdin, flush=True)
        return Wait(*json.loads(stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes")
    return process.stdin, process.stdout


def main(old: Path) -> None:
    """Print a row per wait: medians of the old checkout and of this one."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        samples = draw_photos(Path(folder) / "photos")
        both = []
        for name, root in (("old", old), ("new", ROOT)):
            copy = evaluated(root, Path(folder) / name, Path(folder) / "photos")
            both.append(Pages(copy))
            ends.callback(both[-1].close)
        print("| wait | old, s | new, s | old, processor s | new, processor s | n |")
        print("| --- | --- | --- | --- | --- | --- |")
        rows = {"sample": samples, "class": list(CLASSES), "against": list(CLASSES[::-1])}
        for what, choices in rows.items():
            # The first of each loads the network and the page.
            waits = [taken(both, what, choice, turn) for turn, choice in enumerate(choices)][1:]
            print(row(NAMES[what], waits))


NAMES = {
    "sample": "Mistakes: a sample to its four pictures",
    "class": "Explain: another class",
    "against": "Explain: a class against another",
}


def taken(both: list[Pages], what: str, choice: str, turn: int) -> list[Wait]:
    """The waits of old and new for the same choice; the one that goes first changes."""
    order = both if turn % 2 else both[::-1]
    waits = {id(pages): pages.ask(what, choice) for pages in order}
    return [waits[id(pages)] for pages in both]


def row(name: str, waits: list[list[Wait]]) -> str:
    """One line of the table."""
    seconds = [statistics.median(each[side].seconds for each in waits) for side in (0, 1)]
    processor = [statistics.median(each[side].processor for each in waits) for side in (0, 1)]
    numbers = " | ".join(f"{each:.2f}" for each in (*seconds, *processor))
    return f"| {name} | {numbers} | {len(waits)} |"


def draw_photos(folder: Path) -> list[str]:
    """Four views of each of scikit-image's photos, in a folder a class; their names there."""
    names = []
    for file, class_name in PHOTOS.items():
        photo = Image.open(str(files("skimage.data") / file)).convert("RGB")
        (folder / class_name).mkdir(parents=True)
        for view in range(VIEWS):
            left = 20 * view
            crop = photo.crop((left, left // 2, photo.width - left // 3, photo.height - left // 4))
            crop.save(folder / class_name / f"{view}.png")
            names.append(f"{class_name}/{view}.png")
    return names


def evaluated(root: Path, copy: Path, photos: Path) -> Path:
    """A copy of a checkout whose built-in network has been evaluated on the photos."""
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache"))
    command = [
        sys.executable,
        "-m",
        "core",
        "evaluate",
        "imagenet",
        "--data",
        str(photos),
        "--as",
        EVALUATION,
    ]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)  # noqa: S603 - our own words
    return copy


def serve() -> None:
    """Answer ``[what, choice]`` on each line with what the run took, until the input ends."""
    explain = opened("pages/explain.py", photo="chelsea.png", checkpoint="imagenet")
    mistakes = opened("pages/mistakes.py", checkpoint="imagenet", evaluation=EVALUATION)
    for line in sys.stdin:
        what, choice = json.loads(line)
        page = mistakes if what == "sample" else explain
        if what == "sample":
            page.query_params["sample"] = choice
        else:
            page.selectbox(key=f"{what}-imagenet").select(choice)
        with _measured() as taken:
            page.run()
        if page.exception or page.error:
            raise RuntimeError(f"{what} {choice}: {page.exception or page.error}")
        print(json.dumps(taken), flush=True)


@contextlib.contextmanager
def _measured() -> Iterator[list[float]]:
    taken: list[float] = []
    started, processor = time.perf_counter(), time.process_time()
    yield taken
    taken += [time.perf_counter() - started, time.process_time() - processor]


def opened(path: str, **address: str) -> AppTest:
    """A page of the checkout in the working folder, as a link with these names opens it."""
    app = AppTest.from_file(str(Path.cwd() / "app.py"), default_timeout=300)
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page(path).run()


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        sys.path.insert(0, str(Path.cwd()))
        serve()
    else:
        main(Path(sys.argv[1]))
