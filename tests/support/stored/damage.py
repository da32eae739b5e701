"""Damage to the stored files of a checkpoint: another value, column, bytes, or kind of thing."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Random = np.random.Generator

EVALUATION = "evaluations/digits-val"
_TEXTS = (
    *("card.json", "history.csv", "progress.json", "local.json", ".examples/local.json"),
    *(f"{EVALUATION}/{name}" for name in ("metrics.json", "evaluation.json", "local.json")),
)
_TABLES = ("examples.parquet", f"{EVALUATION}/predictions.parquet")
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


def damage(folder: Path, random: Random) -> str:
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
