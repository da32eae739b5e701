"""What people call folders: parts of a data set, wrappers, what lies beside the data, and patients."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from core.data.sources.folder.listing import words

_SPLITS = {
    "train": "train training trainval trainvalid",
    "val": "val valid validation validate validating dev devel development eval evaluation",
    "test": "test testing tst holdout",
}
_SPLIT_OF = {word: split for split, each in _SPLITS.items() for word in each.split()}
# Words beside that of the part: "Training data", "test_images", "train2017".
_NOISE = frozenset(
    words(
        """
        set sets data dataset image images img imgs photo photos picture pictures split part folder new
        final full public private labeled labelled class classes sample samples the of for jpg jpeg png
        resized
        """
    )
)
_WRAPPERS = frozenset(
    words(
        """
        image images img imgs photo photos picture pictures jpegimages data dataset datasets raw all
        """
    )
)
_BESIDE = frozenset(
    words(
        """
        label labels annotation annotations bbox bboxes masks trimaps segmentations segmentation
        landmarks unlabeled unlabelled unlabel unsup unsupervised meta metadata info docs doc
        documentation paper papers figures plots thumbnails thumbs preview previews readme script
        scripts notebooks code utils run runs result results output outputs log logs weights model
        models checkpoint checkpoints ckpt ckpts prediction predictions preds pred predict inference
        submission submissions heatmaps backup backups old tmp temp cache trash unused rejected archive
        archives
        """
    )
)
# Folders that tools make; nobody calls a class so.
_TOOLS = frozenset(
    ("wandb", "mlruns", "lightning_logs", "node_modules", "site-packages", "venv", "tensorboard")
)
_ONE_OF_MANY = re.compile(
    r"(patient|subject|person|participant|case|donor|animal|track|video|clip|scene|session|visit|sequence|seq|"
    r"slide|specimen|pat|subj|sub|pt|p|s|id)[ ._-]*\d+",
    re.IGNORECASE,
)
_HAS_NUMBER = re.compile(r"\d")


def folded(name: str) -> str:
    """A name without case, Unicode form, and the difference of underscores and spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def splits_of(names: Iterable[str]) -> dict[str, str]:
    """Which of these folders, side by side, are parts: name to ``train``, ``val`` or ``test``.

    ``seg_train`` is one only beside ``seg_test``.
    """
    found: dict[str, str] = {}
    families: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for name in names:
        parts = _words(name)
        splits = {_SPLIT_OF[word] for word in parts if word in _SPLIT_OF}
        rest = tuple(word for word in parts if word not in _SPLIT_OF and word not in _NOISE)
        if not splits or any(word in _BESIDE for word in rest):
            continue
        split = "train" if "train" in splits else splits.pop()  # "train_val" is what is trained on.
        if rest:
            families[rest][name] = split
        else:
            found[name] = split
    for family in families.values():
        if len(set(family.values())) > 1:
            found |= family
    return found


def is_wrapper(name: str) -> bool:
    """Whether a folder of this name holds the images of a whole data set, and says nothing of them."""
    return folded(name) in _WRAPPERS


def is_beside(name: str) -> bool:
    """Whether people keep under this name what belongs to a data set and is none of its classes."""
    rest = [word for word in _words(name) if word not in _SPLIT_OF and word not in _NOISE]
    return len(rest) == 1 and rest[0] in _BESIDE


def is_of_a_tool(name: str) -> bool:
    """Whether a program makes folders of this name."""
    return folded(name).replace(" ", "_") in _TOOLS


def are_numbered(names: Sequence[str]) -> bool:
    """Whether all of these are one of many of a kind (``patient 12``, ``2021-03-04``), or a mere wrapper."""
    return all(_HAS_NUMBER.search(name) or is_wrapper(name) for name in names)


def is_one_of_many(name: str) -> bool:
    """Whether a folder holds what belongs together: a patient, a video, a track."""
    return _ONE_OF_MANY.fullmatch(name.strip()) is not None


def _words(name: str) -> list[str]:
    """``1_TrainingData`` is training, data."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    return [part for word in re.findall(r"[^\W\d_]+", apart.casefold()) for part in _parted(word)]


def _parted(word: str) -> list[str]:
    """``trainset`` is train, set."""
    for split in _SPLIT_OF:
        if word.startswith(split) and word[len(split) :] in _NOISE:
            return [split, word[len(split) :]]
    return [word]
