"""The option ``--layout``, and what a folder of images was read as, in JSON."""

import argparse
import json

import numpy as np

from core.data.image_set import ImageSet, LeftOut
from core.data.sources.folder.layout import NAMES, SPELLINGS, LayoutError


def add(parser: argparse.ArgumentParser) -> None:
    """Add ``--layout`` to a command that takes a folder of images."""
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in {**NAMES, **SPELLINGS}.items())
    parser.add_argument(
        "--layout",
        default="",
        metavar="LAYOUT",
        help=f"how to read a folder that can be read in several ways; join two by a comma. {meanings}",
    )


def understood(images: ImageSet) -> str:
    """Images as JSON: the number of images in each class and split, and of files left out for each reason."""
    numbers = np.bincount(images.labels, minlength=len(images.class_names)).tolist()
    return _json(
        {
            "source": images.name,
            "root": None if images.root is None else str(images.root),
            "layout": images.layout,
            "fingerprint": images.fingerprint,
            "images": len(images),
            "classes": dict(zip(images.class_names, numbers, strict=True)),
            "splits": _splits(images),
            "groups": 0 if images.groups is None else len(np.unique(images.groups)),
            "left_out": _numbers(images.left_out or ()),
            "empty": list(images.empty),
        }
    )


def question(error: LayoutError) -> str:
    """The ways in which a folder can be read, as JSON."""
    readings = [
        {
            "layout": each.name,
            "classes": each.counts,
            "splits": each.parts,
            "left_out": _numbers(each.left_out),
        }
        for each in error.readings
    ]
    return _json({"source": "folder", "readings": readings})


def _splits(images: ImageSet) -> dict[str, int]:
    if images.published is None:
        return {}
    return {
        split: number
        for split in ("train", "val", "test")
        if (number := int((images.published == split).sum()))
    }


def _numbers(left_out: tuple[LeftOut, ...]) -> dict[str, int]:
    return {each.reason: each.num_files for each in left_out}


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)
