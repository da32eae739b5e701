"""The metrics of an evaluation, written beside its predictions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import files
from core.checkpoints import paths
from core.evaluation.summary import summary
from core.predictions import prediction_table
from core.predictions.score_files import histogram


def write(
    place: Path, class_names: Sequence[str], *, num_broken: int | None, fingerprint: str | None
) -> dict[str, Any]:
    """Write ``metrics.json`` into the folder of an evaluation, whole or not at all; gives its content.

    ``num_broken`` damaged images have no row (None: not counted). The ``fingerprint`` is that of the
    `ImageSet`.
    """
    path = place / paths.PREDICTIONS
    table = prediction_table.read(path)
    content = summary(table, class_names, histogram(path, table))
    content |= {"num_broken": num_broken, "fingerprint": fingerprint}
    files.write(place / paths.METRICS, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    return content
