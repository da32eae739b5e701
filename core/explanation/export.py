"""An explanation as files: prediction as JSON, raw map and heat map as NPY, overlay as PNG."""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from core import files
from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.drawing import render
from core.explanation import display
from core.explanation.answer import Explanation
from core.explanation.trust import Trust, as_json, curves_csv
from core.predictions.top_k import prediction, top_k


def stem(explanation: Explanation, layer: str) -> str:
    """``grad_cam.bn2.281``: method, layer and class, or ``….281-282`` for a class against another."""
    rival = "" if explanation.against is None else f"-{explanation.against}"
    return f"{explanation.method}.{layer}.{explanation.class_idx}{rival}"


def prediction_json(
    checkpoint: Checkpoint, explanation: Explanation, trusted: Mapping[str, Trust] | None = None
) -> bytes:
    """The five likeliest classes, and what was explained, by which method and on which device.

    With ``trusted`` (None: not tested), the tests of the first layer's map too.
    """
    names = checkpoint.card.class_names
    explained = [explanation.class_idx, explanation.against]
    content: dict[str, object] = {
        "checkpoint": checkpoint.name,
        "architecture": checkpoint.card.architecture,
        "top": [asdict(each) for each in top_k(explanation.logits, names)],
        "explained": asdict(prediction(explanation.logits, names, explanation.class_idx)),
        "against": None
        if explained[1] is None
        else asdict(prediction(explanation.logits, names, explained[1])),
        "method": explanation.method,
        "layers": list(explanation.maps),
        "device": explanation.device,
        "seconds": round(explanation.seconds, 4),
        "notes": list(explanation.notes),
    }
    if trusted is not None:
        content["trust"] = as_json(trusted.get(next(iter(explanation.maps))))
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def npy(values: FloatArray) -> bytes:
    """An array as an NPY file."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def overlay(image: Image.Image, values: FloatArray, colormap: str = "inferno", opacity: float = 0.7) -> bytes:
    """The overlay of values (H, W), on the image's own pixels, as a PNG file."""
    return render.png(render.overlay(np.asarray(image), values, colormap, opacity))


def save(
    folder: Path,
    checkpoint: Checkpoint,
    image: Image.Image,
    explanation: Explanation,
    trusted: Mapping[str, Trust] | None = None,
) -> None:
    """Write all files of one image's explanation into ``folder``, which is made if need be.

    With ``trusted``, from `core.explanation.trust.trust`, the curves of each map that was tested too.
    """
    files.make_folder(folder)
    files.write(folder / "prediction.json", prediction_json(checkpoint, explanation, trusted), durable=False)
    for layer, each in (trusted or {}).items():
        files.write(folder / f"{stem(explanation, layer)}.trust.csv", curves_csv(each), durable=False)
    preprocess = checkpoint.card.preprocess
    for layer, map_ in explanation.maps.items():
        name = stem(explanation, layer)
        files.write(folder / f"{name}.raw.npy", npy(map_.raw.astype(np.float32)), durable=False)
        # The numbers end at the map's own maximum, as everywhere; the picture, at what an eye can tell apart.
        heat = preprocess.on_image(display.heat(map_.raw, float(map_.raw.max())), image.size)
        files.write(folder / f"{name}.heatmap.npy", npy(heat), durable=False)
        del heat  # 200 MB of a large photo.
        if explanation.against is None:
            picture = overlay(image, preprocess.on_image(display.heat(map_.raw), image.size))
        else:
            signed = display.balance(map_.raw, display.peak(map_.raw))
            picture = overlay(image, preprocess.on_image(signed, image.size), render.SIGNED)
        files.write(folder / f"{name}.overlay.png", picture, durable=False)
