"""Both parts of a photo in words and as files: numbers as JSON, and the photos that the network was shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core import files
from core.checkpoints.store import Checkpoint
from core.drawing import render
from core.explanation.regions.finding import Region, Regions, hidden_colour
from core.predictions.top_k import prediction, top_k
from core.shares import whole_percent

CONTENT, SUFFICIENT, FLIPPED = "regions.json", "sufficient.png", "flipped.png"


def sentences(both: Regions, class_names: Sequence[str]) -> tuple[str, str]:
    """What suffices, and what flips it, each beside a random order."""
    name, parts = class_names[both.class_idx], (both.sufficient, both.flipping)
    enough = f"no part of the photo alone keeps {name}"
    if parts[0] is not None:
        probability = prediction(parts[0].logits, class_names, both.class_idx).probability
        enough = (
            f"{whole_percent(parts[0].share)} of the photo is enough for {name} "
            f"({whole_percent(probability)}); {_at_random(parts[0])}"
        )
    flip = f"no part was found without which {name} is not predicted"
    if parts[1] is not None:
        now = top_k(parts[1].logits, class_names, 1)[0]
        flip = (
            f"without {whole_percent(parts[1].share)} of the photo, the prediction is {now.class_name} "
            f"({whole_percent(now.probability)}); {_at_random(parts[1])}"
        )
    elif int(both.logits.argmax()) != both.class_idx:
        flip = f"{name} is not predicted, so nothing can flip it"
    return enough, flip


def regions_json(checkpoint: Checkpoint, both: Regions) -> bytes:
    """Class, shares and probabilities of both parts; null where there is none."""
    names = checkpoint.card.class_names
    content = {
        "checkpoint": checkpoint.name,
        **asdict(prediction(both.logits, names, both.class_idx)),
        "hidden_colour": list(hidden_colour(checkpoint.card.preprocess)),
        "sufficient": _content(both.sufficient, both.class_idx, names),
        "flipping": _content(both.flipping, both.class_idx, names),
        "sentences": sentences(both, names),
        "seconds": round(both.seconds, 3),
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def save(folder: Path, checkpoint: Checkpoint, both: Regions) -> None:
    """Write ``regions.json``, and for each part that was found the photo that proves it."""
    files.make_folder(folder)
    for name, part in ((SUFFICIENT, both.sufficient), (FLIPPED, both.flipping)):
        if part is not None:
            files.write(folder / name, render.png(np.asarray(part.image)), durable=False)
    files.write(folder / CONTENT, regions_json(checkpoint, both), durable=False)


def _content(part: Region | None, class_idx: int, names: Sequence[str]) -> dict[str, object] | None:
    if part is None:
        return None
    of_class = prediction(part.logits, names, class_idx)
    return {
        "share": part.share,
        "random_share": part.random_share,
        "start_share": part.start_share,
        "probability": of_class.probability,
        "logit": of_class.logit,
        "top": [asdict(each) for each in top_k(part.logits, names)],
        "units": part.units,
        "order": part.by,
    }


def _at_random(part: Region) -> str:
    return f"in a random order, {whole_percent(part.random_share)}"
