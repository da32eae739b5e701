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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns.tally import ROOT, Tally, options

_PLACE = Path(tempfile.mkdtemp(prefix="seewhy-stored-files-"))
os.environ |= {"SEEWHY_CHECKPOINTS": str(_PLACE / "checkpoints"), "SEEWHY_CACHE": str(_PLACE / "cache")}

from PIL import Image  # noqa: E402 (the folders must be named before)
from streamlit.testing.v1 import AppTest  # noqa: E402

from core import error_log  # noqa: E402
from core.__main__ import main as command  # noqa: E402

_SLOW_S = 20
_PAGES = ("app.py", *(f"pages/{name}.py" for name in ("explain", "mistakes", "compare", "inside", "train")))
_EVALUATION = "evaluations/digits-val"
_TEXTS = (
    *("card.json", "history.csv", "progress.json", "local.json", ".examples/local.json"),
    *(f"{_EVALUATION}/{name}" for name in ("metrics.json", "evaluation.json", "local.json")),
)
_TABLES = ("examples.parquet", f"{_EVALUATION}/predictions.parquet")
_ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 3, 1.5, 1e308, 10**30, -(2**63), "", " ", "a", "3", [], {}, [None], {"a": 1}),
    *(
        "\ud800",
        "\0",
        "\n",
        "![x](http://127.0.0.1:9/x.png)",
        "a" * 200_000,
        "../../..",
        "/dev/zero",
        "~nobody",
    ),
    *([0] * 10_000, [["a"] * 3] * 3, {"a": {"b": {"c": [1, {"d": None}]}}}, float("nan"), float("inf")),
)
_FOREIGN = ("metrics", "recipe", "data", "training", "later_key", "format", "head", "versions")
_COMMANDS = (
    ("layers", "--checkpoint"),
    ("explain", "photo.png", "--out", "out", "--checkpoint"),
    ("train", "nothing-of-that-name", "--resume", "--out"),
    ("evaluate",),
    ("examples", "--layer", "conv2d", "--out", "out", "--checkpoint"),
    ("recipes",),
)
_UNEXPECTED = "This is a bug in SeeWhy"

Random = np.random.Generator


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
            done = _damage(_PLACE / "checkpoints" / "odd", random)
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
    for name in ("local.json", ".examples/local.json", f"{_EVALUATION}/local.json"):
        (whole / name).write_text(
            json.dumps({"data": None} if name != ".examples/local.json" else {"data": "/x"})
        )
    return whole


def _fresh(whole: Path) -> None:
    odd = _PLACE / "checkpoints" / "odd"
    shutil.rmtree(odd, ignore_errors=True)
    shutil.copytree(whole, odd, copy_function=shutil.copyfile)


def _damage(folder: Path, random: Random) -> str:
    """Change one of its files; says which and how."""
    if random.random() < 0.3:
        name = str(random.choice(_TABLES))
        return f"{name} {_change_table(folder / name, random)}"
    name = str(random.choice(_TEXTS, p=[0.35, 0.1, 0.1, 0.1, 0.05, 0.1, 0.1, 0.1]))
    path = folder / name
    if random.random() < 0.3:
        return f"{name} {_change_file(path, random)}"
    return f"{name} {_change_csv(path, random) if name.endswith('.csv') else _change_json(path, random)}"


def _change_file(path: Path, random: Random) -> str:
    """Other bytes, or another kind of thing."""
    content = path.read_bytes()
    kinds: dict[str, Callable[[], object]] = {
        "empty": lambda: path.write_bytes(b""),
        "cut": lambda: path.write_bytes(content[: int(random.integers(len(content)))]),
        "bytes": lambda: path.write_bytes(random.bytes(2_000)),
        "one byte": lambda: path.write_bytes(_flipped(content, random)),
        "UTF-16": lambda: path.write_bytes(content.decode(errors="replace").encode("utf-16")),
        "Latin-1": lambda: path.write_bytes(content + b"\xe9"),
        "nested": lambda: path.write_bytes(b"[" * 100_000),
        "twice": lambda: path.write_bytes(content + content),
        "zeros": lambda: path.write_bytes(bytes(len(content))),
        "huge": lambda: (path.touch(), os.truncate(path, 5 * 2**30)),
        "gone": path.unlink,
        "a folder": lambda: (path.unlink(), path.mkdir()),
        "a pipe": lambda: (path.unlink(), os.mkfifo(path)),
        "a link to itself": lambda: (path.unlink(), path.symlink_to(path)),
    }
    kind = str(random.choice(list(kinds)))
    kinds[kind]()
    return kind


def _flipped(content: bytes, random: Random) -> bytes:
    found = bytearray(content)
    found[int(random.integers(len(found)))] ^= 1 << int(random.integers(8))
    return bytes(found)


def _change_json(path: Path, random: Random) -> str:
    """Another value somewhere, a key less, or a key twice."""
    stored = json.loads(path.read_text())
    place, key = stored, str(random.choice([*stored, *(each for each in _FOREIGN if each in stored)]))
    while isinstance(place[key], dict) and place[key] and random.random() < 0.7:
        place, key = place[key], str(random.choice(list(place[key])))
    value = _ODD[random.integers(len(_ODD))]
    how = float(random.random())
    if how < 0.1:
        del place[key]
        told = f"without {key}"
    elif how < 0.2 and place is stored:
        path.write_text(json.dumps(stored)[:-1] + f", {json.dumps(key)}: 3}}")
        return f"{key} twice"
    elif isinstance(place[key], list) and place[key] and how < 0.8:
        place[key][int(random.integers(len(place[key])))] = value
        told = f"{key}[] = {repr(value)[:60]}"
    else:
        place[key] = value
        told = f"{key} = {repr(value)[:60]}"
    path.write_text(json.dumps(stored))
    return told


def _change_csv(path: Path, random: Random) -> str:
    """Another cell, or a row that is longer or comes twice."""
    rows = [line.split(",") for line in path.read_text().splitlines()]
    row, value = rows[int(random.integers(len(rows)))], str(_ODD[random.integers(len(_ODD))])
    if random.random() < 0.8:
        column = int(random.integers(len(row)))
        row[column] = value
        told = f"column {column} = {repr(value)[:60]}"
    else:
        row.append(value)
        told = "a longer row"
    path.write_text("\n".join(",".join(each) for each in rows), errors="surrogatepass")
    return told


def _change_table(path: Path, random: Random) -> str:
    """Another column: of other types, with other values, of other lengths; or other bytes."""
    table = pq.read_table(path)
    name = str(random.choice(table.column_names))
    num, kind = table.num_rows, table.schema.field(name).type
    row = int(random.integers(num))

    def one(value: object) -> pa.Array:
        values = table[name].to_pylist()
        values[row] = value
        return pa.array(values, kind)

    columns: dict[str, Callable[[], pa.Array]] = {
        "null": lambda: one(None),
        "all null": lambda: pa.nulls(num, kind),
        "texts": lambda: pa.array(["![x](http://127.0.0.1:9/x)"] * num),
        "bytes": lambda: pa.array([b"\xff"] * num, pa.binary()).view(pa.string()),
        "-1": lambda: one([-1] * 5 if pa.types.is_list(kind) else -1),
        "2147483647": lambda: one([2**31 - 1] * 5 if pa.types.is_list(kind) else 2**31 - 1),
        "not a number": lambda: one([np.nan] * 5 if pa.types.is_list(kind) else np.nan),
        "infinite": lambda: one([np.inf] * 5 if pa.types.is_list(kind) else np.inf),
        "empty list": lambda: one([]),
        "short lists": lambda: pa.array([[1]] * num),
        "long lists": lambda: pa.array([[1] * 50] * num),
        "lists of texts": lambda: pa.array([["a"] * 5] * num),
        "true": lambda: pa.array([True] * num),
        "decimals": lambda: pa.array([1] * num, pa.decimal128(9, 3)),
        "dictionary": lambda: table[name].combine_chunks().dictionary_encode(),
        "the same text": lambda: pa.array(["x"] * num),
        "long texts": lambda: pa.array(["x" * 20_000] * num),
        "int64": lambda: table[name].combine_chunks().cast(pa.int64()),
        "float64": lambda: table[name].combine_chunks().cast(pa.float64()),
    }
    how = float(random.random())
    if how < 0.2:
        return _change_file(path, random)
    if how < 0.3:
        metadata = {
            key: b"{" if random.random() < 0.5 else b'{"layers": 3}' for key in table.schema.metadata or {}
        }
        pq.write_table(table.replace_schema_metadata(metadata | {b"seewhy.predictions": b"9"}), path)
        return "other metadata"
    if how < 0.4:
        pq.write_table(table.drop_columns([name]) if random.random() < 0.7 else table.slice(0, 0), path)
        return f"without {name}, or any row"
    while True:
        change = str(random.choice(list(columns)))
        with contextlib.suppress(pa.ArrowException, TypeError, ValueError):
            pq.write_table(table.set_column(table.column_names.index(name), name, columns[change]()), path)
            return f"{name}: {change}"


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
