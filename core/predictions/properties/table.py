"""The table of properties, ``properties.parquet``: a row a sample, a column a property."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core import files
from core.checkpoints import paths
from core.data.image_set import ImageSet
from core.errors import EvaluationError
from core.files import tables
from core.predictions.evaluations import Evaluation
from core.predictions.properties.measuring import MEASURED

if TYPE_CHECKING:  # Evaluating needs no pandas, which takes half a second to import.
    import pandas as pd

OBJECTS = ("object_size", "heat_on_object")  # Columns that are added on request, where masks exist.
_ID = "sample_id"


def read(evaluation: Evaluation) -> "pd.DataFrame | None":
    """The properties of an evaluation's samples: ``sample_id``, `MEASURED`, then metadata.

    In the rows of the predictions table, NaN where a value is unknown; None if the evaluation has no
    properties (see `missing`).

    Raises:
        EvaluationError: the table is damaged, or of other samples.
    """
    path = evaluation.folder / paths.PROPERTIES
    if not path.exists():
        return None
    try:
        table = tables.read(path)
        tables.check(table, {_ID: tables.text(1, 10_000)})
        if len(table) != pq.read_metadata(evaluation.table).num_rows:
            raise ValueError("is not of the samples of the predictions")
    except tables.FAULTS as error:
        raise EvaluationError(f"{str(path)!r}: {tables.said(error)}; evaluate again") from error
    properties: pd.DataFrame = table.to_pandas()
    return properties


def add(evaluation: Evaluation, columns: Mapping[str, NDArray[np.float64]]) -> None:
    """Add columns (N,) of numbers to the properties of an evaluation, or replace them; NaN is unknown.

    Raises:
        EvaluationError: the evaluation has no properties, or the table is damaged.
    """
    if read(evaluation) is None:
        raise EvaluationError(missing(evaluation))
    path = evaluation.folder / paths.PROPERTIES
    table = tables.read(path)
    for name, values in columns.items():
        table = table.drop_columns(name) if name in table.column_names else table
        table = table.append_column(name, pa.array(values.astype(np.float32)))
    with files.draft(path) as draft:
        pq.write_table(table, draft, compression="zstd")


def missing(evaluation: Evaluation) -> str:
    """Why an evaluation has no properties, and what to do, as one sentence."""
    return (
        f"{evaluation.name!r} has no properties: it is of an earlier version; evaluate again to measure them"
    )


def write(folder: Path, rows: pa.Table, images: ImageSet) -> None:
    """Write the properties in ``rows``, which has columns `MEASURED`, with the metadata of the images."""
    table = rows.select([_ID, *MEASURED]).replace_schema_metadata(None)
    index = pc.index_in(rows[_ID], value_set=pa.array(images.sample_ids, pa.string()))
    for name, values in images.metadata.items():
        table = table.append_column(name, pa.array(values).take(index))
    with files.draft(folder / paths.PROPERTIES) as draft:
        pq.write_table(table, draft, compression="zstd")
