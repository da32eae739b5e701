"""What folder names mean: parts of a data set, wrappers, files beside the data, and patients."""

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
# Words that may accompany the name of a part: "Training data", "test_images", "train2017".
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
# Folders that tools make, never names of classes.
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
    """A name with case, Unicode form and underscores normalised, for comparison."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def splits_of(names: Iterable[str]) -> dict[str, str]:
    """Which of these folders in one place are parts: from name to ``train``, ``val`` or ``test``.

    ``seg_train`` counts only beside a folder such as ``seg_test``.
    """
    parts: dict[str, str] = {}
    families: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for name in names:
        its_words = _words(name)
        splits = {_SPLIT_OF[word] for word in its_words if word in _SPLIT_OF}
        rest = tuple(word for word in its_words if word not in _SPLIT_OF and word not in _NOISE)
        if not splits or any(word in _BESIDE for word in rest):
            continue
        split = "train" if "train" in splits else splits.pop()  # "train_val" is for training.
        if rest:
            families[rest][name] = split
        else:
            parts[name] = split
    for family in families.values():
        if len(set(family.values())) > 1:
            parts |= family
    return parts


def is_wrapper(name: str) -> bool:
    """Whether a folder with this name only wraps the images of a whole data set."""
    return folded(name) in _WRAPPERS


def is_beside(name: str) -> bool:
    """Whether this is a usual name for files beside the data, such as annotations or results."""
    rest = [word for word in _words(name) if word not in _SPLIT_OF and word not in _NOISE]
    return len(rest) == 1 and rest[0] in _BESIDE


def is_of_a_tool(name: str) -> bool:
    """Whether programs make folders with this name."""
    return folded(name).replace(" ", "_") in _TOOLS


def are_numbered(names: Sequence[str]) -> bool:
    """Whether all names are numbered (``patient 12``, ``2021-03-04``) or wrappers."""
    return all(_HAS_NUMBER.search(name) or is_wrapper(name) for name in names)


def is_one_of_many(name: str) -> bool:
    """Whether the name is that of one group of images: a patient, a video, a track."""
    return _ONE_OF_MANY.fullmatch(name.strip()) is not None


def _words(name: str) -> list[str]:
    """The words in a name: ``1_TrainingData`` gives training, data."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    return [part for word in re.findall(r"[^\W\d_]+", apart.casefold()) for part in _parted(word)]


def _parted(word: str) -> list[str]:
    """A word split after a part's name: ``trainset`` gives train, set."""
    for split in _SPLIT_OF:
        if word.startswith(split) and word[len(split) :] in _NOISE:
            return [split, word[len(split) :]]
    return [word]
