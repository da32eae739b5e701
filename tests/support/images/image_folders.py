"""Folders of tiny images from one line of text, and one line of what is read of them."""

from pathlib import Path

import numpy as np

from core.data.image_set import ImageSet
from tests.support.images.image_sets import picture


def planted(root: Path, paths: str) -> Path:
    """Pictures ``a/1.png`` or so many of them, ``a/*3``; other files where the name ends otherwise."""
    for path in paths.split():
        folder, _, number = path.partition("/*")
        if number:
            for index in range(int(number)):
                picture(root / folder.replace("%", " ") / f"{index}.png")
        elif path.endswith(".png"):
            picture(root / path.replace("%", " "))
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("text")
    return root


def counts(images: ImageSet) -> str:
    """``ant 2, bee 1; train 2, val 1``."""
    numbers = np.bincount(images.labels, minlength=len(images.class_names)).tolist()
    classes = ", ".join(f"{name} {number}" for name, number in zip(images.class_names, numbers, strict=True))
    if images.published is None:
        return classes
    parts = [(each, int((images.published == each).sum())) for each in ("train", "val", "test")]
    return f"{classes}; " + ", ".join(f"{name} {number}" for name, number in parts if number)


def left_out(images: ImageSet) -> dict[str, int]:
    assert images.left_out is not None
    return {each.reason: each.num_files for each in images.left_out}
