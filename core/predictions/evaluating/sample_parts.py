"""What a pass keeps of each sample: predictions, features and properties, first in parts, then as a whole."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from core import files
from core.checkpoints import paths
from core.data.image_set import ImageSet
from core.files import arrays
from core.passes.parts import Parts
from core.predictions import prediction_table
from core.predictions.evaluating.score_parts import Joined, ScoreParts
from core.predictions.properties import table as properties
from core.predictions.properties.measuring import MEASURED
from core.predictions.sample_features import FEATURES, Features


def write_part(scored: ScoreParts, part: int, tables: Sequence[pa.Table]) -> None:
    """Write a part, from the tables of its batches; beside it scores and features."""
    table = pa.concat_tables(tables)
    if FEATURES in table.column_names:
        # First: the part's own file says that the part is done.
        features = table[FEATURES].combine_chunks()
        width = features.type.list_size
        arrays.write(_beside(scored.parts, part), features.flatten().to_numpy().reshape(-1, width))
        table = table.drop_columns([FEATURES])
    scored.write(part, [table])


def write_whole(folder: Path, parts: Parts, joined: Joined, images: ImageSet) -> None:
    """Write predictions, properties and features of all parts into the folder of an evaluation."""
    predictions = joined.table.drop_columns(list(MEASURED))
    prediction_table.write(folder / paths.PREDICTIONS, predictions, joined.counts)
    properties.write(folder, joined.table, images)
    features = [arrays.mapped(_beside(parts, part), np.float16) for part in range(len(parts))]
    whole: list[Features] = [each for each in features if each is not None]
    if len(whole) == len(parts):
        shape = (sum(map(len, whole)), whole[0].shape[1])
        with files.draft(folder / paths.FEATURES) as draft:
            arrays.write_rows(draft, shape, whole, np.float16)


def _beside(parts: Parts, part: int) -> Path:
    """The file with the features of a part."""
    return paths.features(parts.path(part))
