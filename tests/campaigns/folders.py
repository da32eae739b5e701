"""Folders as they lie on disks: ``python tests/campaigns/folders.py [--num N] [--seed S]``.

Each folder holds good images of known classes in a usual layout, and among them what other people's disks
hold: dead links, cycles, pipes, sockets, empty and huge files, names that are not UTF-8, thumbnails of a NAS,
notes. All good images must be found, under their classes, within 20 seconds, whatever lies among them. Where
further folders lie beside the class folders, a question in words is an answer too.
"""

import os
import shutil
import socket
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.data.sources import catalogue
from core.data.survey.image_facts import survey
from core.errors import CoreError
from tests.campaigns.tally import Tally, options

_SLOW_S = 20
_CLASSES = ("ant", "bee", "café", "Dog", "7", "10", "a b", "x.y", "日本")
_LAYOUTS = ("", "train", "train+val", "Training+Testing", "images/train+images/val", "data/set")
_SYSTEM = ("@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information", ".git", "__MACOSX")
_BESIDE = ("runs", "results", "unlabeled", "labels", "annotations", "docs", "tmp")
_Random = np.random.Generator


def main() -> int:
    """Try the folders, and print the summary line."""
    asked = options(__doc__ or "", num=576)
    random, tally = np.random.default_rng(asked.seed), Tally("folders", asked.seed)
    with tempfile.TemporaryDirectory() as place:
        os.environ["SEEWHY_CACHE"] = f"{place}/cache"
        for number in range(asked.num):
            root = Path(place) / f"{number}"
            _try(root, random, tally)
            shutil.rmtree(root)
    return tally.close()


def _try(root: Path, random: _Random, tally: Tally) -> None:
    planted, homes = _plant(root, random)
    odd = [str(random.choice(list(_ODD))) for _ in range(int(random.integers(0, 6)))]
    for kind in odd:
        home = homes[random.integers(len(homes))]
        _ODD[kind](home / f"odd-{random.integers(10**6)}", random)
    beside = [str(each) for each in random.choice(_BESIDE, int(random.integers(0, 3)), replace=False)]
    for name in beside:
        _beside(root / name, random)
    told = f"{root.name}: {', '.join([*odd, *beside]) or 'nothing odd'}"
    began = time.monotonic()
    try:
        found = _found(root)
    except CoreError as error:
        if beside:
            tally.add("asked")
        else:
            tally.fault(f"{told}: refused: {error}")
        return
    except Exception as error:
        tally.fault(f"{told}: {type(error).__name__}: {error}")
        return
    if found != planted:
        tally.fault(f"{told}: planted {dict(planted)}, found {dict(found)}")
    elif time.monotonic() - began > _SLOW_S:
        tally.fault(f"{told}: took {time.monotonic() - began:.0f} s")
    else:
        tally.add("right")


def _found(root: Path) -> Counter[str]:
    """Readable images by class, with class names in one Unicode form."""
    images = catalogue.load(catalogue.recognise(root), root)
    whole = [each.index for each in survey(images, workers=1) if each.error is None]
    names = [images.class_names[images.labels[index]] for index in whole]
    return Counter(unicodedata.normalize("NFC", name) for name in names)


def _plant(root: Path, random: _Random) -> tuple[Counter[str], list[Path]]:
    """Good images in a usual layout: how many of each class, and the folders that they lie in."""
    layout = str(random.choice(_LAYOUTS))
    classes = random.choice(_CLASSES, int(random.integers(2, 6)), replace=False)
    planted: Counter[str] = Counter()
    homes = []
    for part in layout.split("+"):
        for each in classes:
            form = str(random.choice(["NFC", "NFD"]))
            home = root / part / unicodedata.normalize(form, str(each))
            home.mkdir(parents=True)
            num = int(random.integers(1, 5))
            for number in range(num):
                _picture(home / f"{number}{random.choice(['.png', '.JPG', '.jpeg', '.bmp'])}", random)
            planted[str(each)] += num
            homes.append(home)
    return planted, homes


def _picture(path: Path, random: _Random) -> None:
    kind = {".png": "PNG", ".bmp": "BMP"}.get(path.suffix, "JPEG")
    Image.fromarray(random.integers(0, 255, (12, 12, 3), np.uint8)).save(path, kind)


def _beside(folder: Path, random: _Random) -> None:
    """A folder that is no class: with notes, with pictures, or with folders of pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = random.integers(3)
    if kind == 0:
        (folder / "notes.txt").write_text("notes")
    elif kind == 1:
        _picture(folder / "curve.png", random)
    else:
        (folder / "one").mkdir()
        _picture(folder / "one" / "curve.png", random)


def _socket(path: Path, _random: _Random) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path.with_suffix(".png")))


def _huge(path: Path, _random: _Random) -> None:
    with path.with_suffix(".tif").open("wb") as file:
        file.truncate(10 * 2**30)


def _not_utf8(path: Path, random: _Random) -> None:
    os.mkdir(os.fsencode(path.parent) + b"/caf\xe9" + str(random.integers(10**6)).encode())  # noqa: PTH102


def _system(path: Path, random: _Random) -> None:
    folder = path.parent / str(random.choice(_SYSTEM))
    folder.mkdir(exist_ok=True)
    _picture(folder / "thumb.png", random)


def _names(path: Path, random: _Random) -> None:
    """Files that are no images, under the names that people give them."""
    for name in ("Thumbs.db", ".DS_Store", "README.md", "labels.csv", "photos.zip", "clip.mp4"):
        if random.random() < 0.5:
            (path.parent / name).write_bytes(random.bytes(20))


_ODD: dict[str, Callable[[Path, _Random], object]] = {
    "a dead link": lambda path, _: path.with_suffix(".png").symlink_to("/nowhere/1.png"),
    "a link to itself": lambda path, _: path.with_suffix(".png").symlink_to(path.with_suffix(".png")),
    "a cycle of folders": lambda path, _: path.symlink_to(path.parent, target_is_directory=True),
    "a cycle to the root": lambda path, _: path.symlink_to(path.parents[1], target_is_directory=True),
    "a folder named like an image": lambda path, _: path.with_suffix(".png").mkdir(),
    "a pipe": lambda path, _: os.mkfifo(path.with_suffix(".png")),
    "a device": lambda path, _: path.with_suffix(".png").symlink_to("/dev/zero"),
    "a socket": _socket,
    "an empty file": lambda path, _: path.with_suffix(".png").touch(),
    "10 GB": _huge,
    "a text named like an image": lambda path, _: path.with_suffix(".jpg").write_text("no image"),
    "a folder that is not UTF-8": _not_utf8,
    "an empty folder": lambda path, _: path.mkdir(),
    "a folder of the system": _system,
    "other files": _names,
}


if __name__ == "__main__":
    sys.exit(main())
