"""A checkpoint of the digits for a while that was evaluated on its own images and on a street."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.checkpoints import paths
from core.predictions import evaluations

OWN, STREET = "digits-val", "street-val"
NUM_STREET = 120


@contextmanager
def two_evaluations(name: str) -> Iterator[str]:
    """A copy of ``digits`` under the name that is given: on the street every third 7 and no 1 is right."""
    folder = paths.root() / name
    shutil.copytree(paths.root() / "digits", folder)
    try:
        own = evaluations.find(folder, OWN)
        place = evaluations.place(folder, STREET)
        place.mkdir()
        table = pq.read_table(own.table)
        changed = pa.Table.from_pandas(_street(table.to_pandas()), table.schema, preserve_index=False)
        pq.write_table(changed, place / paths.PREDICTIONS)
        facts = replace(
            own.facts, data="street", source="folder", fingerprint="5" * 32, num_images=NUM_STREET,
            date="2026-11-24T10:00:00+00:00",
        )  # fmt: skip
        evaluations.write_facts(place, facts)
        yield name
    finally:
        shutil.rmtree(folder)


def _street(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.iloc[:NUM_STREET].copy()
    rows["sample_id"] = [f"street/{each}.png" for each in range(len(rows))]
    sevens = rows.index[rows["label"] == 7]
    for wrong in (sevens.delete(slice(None, None, 3)), rows.index[rows["label"] == 1]):
        rows.loc[wrong, "predicted"] = (rows.loc[wrong, "label"] + 1) % 10
        rows.loc[wrong, "p_label"] = 0.1
        rows.loc[wrong, "loss"] = 2.3
    return rows
