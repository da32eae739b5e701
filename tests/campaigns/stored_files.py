"""Damaged files of a checkpoint: ``python tests/campaigns/stored_files.py [--num N] [--seed S]``.

A checkpoint ``odd`` lies beside a good one. Each time one of its files is changed: a value, a column, bytes,
or what kind of thing it is. Then pages are opened that show it, and a command is run on it. Nothing may end
in an exception or in an error that nobody expected, nothing may take 20 seconds, and the good checkpoint must
be shown as if nothing were wrong.
"""

import contextlib
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns.tally import ROOT, Tally, options
from tests.support.stored.damage import EVALUATION, Random, damage

_PLACE = Path(tempfile.mkdtemp(prefix="seewhy-stored-files-"))
os.environ |= {"SEEWHY_CHECKPOINTS": str(_PLACE / "checkpoints"), "SEEWHY_CACHE": str(_PLACE / "cache")}

from PIL import Image  # noqa: E402 (the folders must be named before)
from streamlit.testing.v1 import AppTest  # noqa: E402

from core import error_log  # noqa: E402
from core.__main__ import main as command  # noqa: E402

_SLOW_S = 20
_PAGES = ("app.py", *(f"pages/{name}.py" for name in ("explain", "mistakes", "compare", "inside", "train")))
_COMMANDS = (
    ("layers", "--checkpoint"),
    ("explain", "photo.png", "--out", "out", "--checkpoint"),
    ("train", "nothing-of-that-name", "--resume", "--out"),
    ("evaluate",),
    ("examples", "--layer", "conv2d", "--out", "out", "--checkpoint"),
    ("recipes",),
)
_UNEXPECTED = "This is a bug in SeeWhy"


def main() -> int:
    """Damage files, look at pages, and print the summary line."""
    asked = options(__doc__ or "", num=300)
    random, tally = np.random.default_rng(asked.seed), Tally("stored files", asked.seed)
    known: list[str] = []
    logging.disable(logging.CRITICAL)  # Streamlit warns that there is no browser.
    _remember_unexpected(known)
    try:
        good = _prepare()
        for _ in range(asked.num):
            _fresh(good)
            done = damage(_PLACE / "checkpoints" / "odd", random)
            known.clear()
            for told, faults in _looked_at(random):
                for fault in faults:
                    tally.fault(f"{done} | {told}: {fault} {' <- '.join(known)}")
                tally.add("looks")
            tally.add("files")
    finally:
        shutil.rmtree(_PLACE)
    return tally.close()


def _prepare() -> Path:
    """A good checkpoint where the pages look, and a copy of it with all files that there can be."""
    os.chdir(_PLACE)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (28, 28, 3), np.uint8)).save("photo.png")
    whole = Path(shutil.copytree(ROOT / "checkpoints" / "digits", _PLACE / "whole"))
    shutil.copytree(whole, _PLACE / "checkpoints" / "digits")
    (whole / ".examples").mkdir()
    card = json.loads((whole / "card.json").read_text())
    (whole / "card.json").write_text(json.dumps(card | {"status": "stopped", "format": 1, "later_key": [1]}))
    says = {"phase": "training", "epoch": 1, "epochs": 15, "share": 0.1, "images_per_s": 9.5, "left_s": 3.5}
    (whole / "progress.json").write_text(json.dumps(says | {"time": 1.0}))
    for name in ("local.json", ".examples/local.json", f"{EVALUATION}/local.json"):
        (whole / name).write_text(
            json.dumps({"data": None} if name != ".examples/local.json" else {"data": "/x"})
        )
    return whole


def _fresh(whole: Path) -> None:
    odd = _PLACE / "checkpoints" / "odd"
    shutil.rmtree(odd, ignore_errors=True)
    shutil.copytree(whole, odd, copy_function=shutil.copyfile)


def _looked_at(random: Random) -> list[tuple[str, list[str]]]:
    """What went wrong on two pages that ask for the odd one, on one that shows the good one, in a command."""
    pages = [str(page) for page in random.choice(_PAGES, 2, replace=False)]
    found = [(f"{page} of odd", _open(page, "odd")) for page in pages]
    page = str(random.choice(_PAGES))
    found.append((f"{page} of digits", _open(page, "digits")))
    asked = _COMMANDS[int(random.integers(len(_COMMANDS)))]
    arguments = [*asked, *(["odd"] if asked != ("recipes",) else [])]
    return [*found, (" ".join(arguments), _run(arguments))]


def _open(page: str, name: str) -> list[str]:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=3 * _SLOW_S)
    if page != "app.py":
        app.switch_page(page)
    app.query_params["checkpoint"] = name
    if page == "pages/train.py" and name == "odd":
        app.query_params["run"] = name
    began = time.monotonic()
    try:
        app.run()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    seconds = time.monotonic() - began
    faults = [f"took {seconds:.0f} s"] if seconds > _SLOW_S else []
    faults += [each.value.splitlines()[0] for each in app.exception]
    errors = [each.value for each in app.error]
    faults += [each[:80] for each in errors if _UNEXPECTED in each]
    if name == "digits":
        # Compare takes the other one as its second, and names what is wrong with it.
        faults += [f"not shown: {each[:200]}" for each in errors if "/odd/" not in each]
        faults += [] if "digits" in _offered(app) else ["digits is not offered"]
    return faults


def _offered(app: AppTest) -> list[str]:
    return [option for each in app.sidebar.selectbox for option in each.options]


def _run(arguments: list[str]) -> list[str]:
    said, began = io.StringIO(), time.monotonic()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            command(arguments)
        except BaseException as error:
            return [f"{type(error).__name__}: {error}"]
    if time.monotonic() - began > _SLOW_S:
        return [f"took {time.monotonic() - began:.0f} s"]
    return [said.getvalue()[:300]] if "error: unexpected " in said.getvalue() else []


def _remember_unexpected(known: list[str]) -> None:
    """Let an error that nobody expected say where it was raised."""
    record = error_log.record

    def recorded(error: BaseException, doing: str) -> error_log.LoggedError:
        frames = [each for each in traceback.extract_tb(error.__traceback__) if str(ROOT) in each.filename]
        where = [f"{Path(each.filename).name}:{each.lineno}" for each in frames[-2:]]
        known.append(f"{type(error).__name__}: {str(error)[:160]} at {', '.join(where)}")
        return record(error, doing)

    error_log.record = recorded


if __name__ == "__main__":
    sys.exit(main())
