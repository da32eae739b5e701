"""Groups of an evaluation as if they had been found."""

import json
from collections.abc import Iterable, Mapping

from core.predictions import groups
from core.predictions.evaluations import Evaluation


def keep(evaluation: Evaluation, ids: Mapping[str, Iterable[str]]) -> None:
    """Keep groups of these names and sample ids."""
    numbers = {"error_inside": 0.5, "error_outside": 0.0, "p": 0.01, "true": "0", "predicted": "1"}
    listed = [
        {"name": name, "sample_ids": list(members), "size": len(list(members))} | numbers
        for name, members in ids.items()
    ]
    groups.keep(evaluation, json.dumps({"groups": listed, "tried": len(listed)}).encode())
