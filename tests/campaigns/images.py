"""Damaged and odd image files: ``python tests/campaigns/images.py [--num N] [--seed S]``.

Each file is a real picture in one of the formats that SeeWhy reads, changed at random. It must open as
upright RGB, or be refused with a sentence, within 5 seconds and 1.5 GB, without a word on stderr.
Files are read in child processes: a decoder that crashes or hangs is a counted fault and not the end.
"""

import subprocess
import sys
import tempfile
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns.tally import ROOT, Tally, options

_PER_PROCESS, _SECONDS_EACH = 50, 5
# Formats with the settings that change what a decoder does.
_FORMATS: dict[str, list[dict[str, object]]] = {
    "JPEG": [{}, {"progressive": True}, {"quality": 20, "subsampling": 2}],
    "PNG": [{}, {"optimize": True}],
    "WEBP": [{}, {"lossless": True}],
    "BMP": [{}],
    "GIF": [{}],
    "TIFF": [{}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"compression": "tiff_deflate"}],
    "PPM": [{}],
}
_MODES = ("RGB", "L", "P", "RGBA", "CMYK", "I;16", "1")
# What a child does with each file that is named on its standard input.
_CHILD = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
from pathlib import Path
from core import images
from core.errors import ImageError
for line in sys.stdin:
    began = time.monotonic()
    try:
        image = images.read(Path(line.strip()))
        is_sound = image.mode == "RGB" and min(image.size)
        said = "opened" if is_sound else f"FAULT gave {image.mode} {image.size}"
    except ImageError as error:
        said = "refused" if len(str(error)) > 20 and "\\n" not in str(error) else f"FAULT says {error!r}"
    except BaseException as error:
        said = f"FAULT {type(error).__name__}: {str(error)[:120]!r}"
    took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if took > 5: said = f"FAULT took {took:.1f} s"
    if peak > 1.5: said = f"FAULT {peak:.1f} GB at the peak"
    print(said, flush=True)
"""


def main() -> int:
    """Try the files, and print the summary line."""
    asked = options(__doc__ or "", num=2000)
    random, tally = np.random.default_rng(asked.seed), Tally("images", asked.seed)
    originals = _originals(random)
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, asked.num, _PER_PROCESS):
            paths = []
            for number in range(start, min(start + _PER_PROCESS, asked.num)):
                kind, data = originals[random.integers(len(originals))]
                path = Path(folder) / f"{number}.{kind.lower()}"
                path.write_bytes(changed(data, random))
                paths.append(path)
            _try(paths, tally)
            for path in paths:
                path.unlink()
    return tally.close()


def _originals(random: np.random.Generator) -> list[tuple[str, bytes]]:
    """Small real pictures in every format, mode and setting that Pillow writes."""
    made = []
    for name in ("chelsea.png", "coffee.png", "rocket.jpg"):
        with Image.open(str(files("skimage.data") / name)) as opened:
            picture = opened.convert("RGB").resize(
                (int(random.integers(40, 300)), int(random.integers(40, 300)))
            )
        for kind, settings in _FORMATS.items():
            for each in settings:
                for mode in _MODES:
                    data = _saved(picture, kind, mode, each)
                    made += [(kind, data)] if data else []
    return made


def _saved(picture: Image.Image, kind: str, mode: str, settings: dict[str, object]) -> bytes | None:
    """The picture as a file; None where the format does not have the mode."""
    if settings.get("compression") == "jpeg" and mode not in ("RGB", "L"):
        return None  # libtiff would say so on stderr.
    stream, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    more = {"exif": exif.tobytes()} if kind in ("JPEG", "PNG", "WEBP") else {}
    try:
        as_mode = picture.convert("L").convert("I").convert(mode) if mode == "I;16" else picture.convert(mode)
        as_mode.save(stream, kind, **settings, **more)
    except (OSError, ValueError, KeyError):
        return None
    return stream.getvalue()


def changed(data: bytes, random: np.random.Generator) -> bytes:
    """The file after one to four random changes; more often near its beginning, where the headers are."""
    content = bytearray(data)
    for _ in range(int(random.integers(1, 5))):
        if not content:
            break
        place = int(len(content) * random.random() ** random.choice([1, 4]))
        length = int(random.integers(1, 64))
        random.choice([_flip, _cut, _remove, _repeat, _fill, _insert, _number])(
            content, place, length, random
        )
    return bytes(content)


def _flip(content: bytearray, place: int, _length: int, random: np.random.Generator) -> None:
    content[place] ^= 1 << int(random.integers(8))


def _cut(content: bytearray, place: int, _length: int, _random: np.random.Generator) -> None:
    del content[max(place, 4) :]


def _remove(content: bytearray, place: int, length: int, _random: np.random.Generator) -> None:
    del content[place : place + length]


def _repeat(content: bytearray, place: int, length: int, random: np.random.Generator) -> None:
    content[place:place] = content[place : place + length] * int(random.integers(1, 200))


def _fill(content: bytearray, place: int, length: int, random: np.random.Generator) -> None:
    content[place : place + length] = bytes([int(random.choice([0, 0x7F, 0xFF]))]) * length


def _insert(content: bytearray, place: int, length: int, random: np.random.Generator) -> None:
    content[place:place] = random.bytes(length)


def _number(content: bytearray, place: int, _length: int, random: np.random.Generator) -> None:
    """A size, an offset or a count that is far too large, or zero."""
    value = int(random.choice([0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 100_000]))
    content[place : place + 4] = value.to_bytes(4, str(random.choice(["big", "little"])))


def _try(paths: list[Path], tally: Tally) -> None:
    """Read the files in one child; those behind one that ends or hangs it, in another."""
    while paths:
        answers, noise, ended = _answers(paths)
        for path, answer in zip(paths, answers, strict=False):
            if answer.startswith("FAULT"):
                tally.fault(f"{path.name}: {answer.removeprefix('FAULT ')}")
            else:
                tally.add(answer)
        if noise:
            tally.fault(f"{paths[0].name} to {paths[-1].name}: wrote to stderr: {noise[:120]}")
        if len(answers) < len(paths):
            tally.fault(f"{paths[len(answers)].name}: {ended}")
        paths = paths[len(answers) + 1 :]


def _answers(paths: list[Path]) -> tuple[list[str], str, str]:
    """What the child said of the files, what it wrote to stderr, and why it said no more."""
    names = "".join(f"{path}\n" for path in paths)
    command, limit = [sys.executable, "-c", _CHILD], 30 + _SECONDS_EACH * len(paths)
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, input=names, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        return said.splitlines(), "", f"no answer in {limit} s"
    return done.stdout.splitlines(), done.stderr.strip(), f"the process ended with {done.returncode}"


if __name__ == "__main__":
    sys.exit(main())
