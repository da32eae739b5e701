"""Checkpoints whose card and weights carry the same number, and inputs for any network."""

import torch
from torch import Tensor

from core.checkpoints.store import Card, Checkpoint
from core.models import registry


def random_batch(checkpoint: Checkpoint, count: int = 2) -> Tensor:
    height, width = checkpoint.card.preprocess.input_size
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(0))


TINY = "seewhy:two-conv-mnist"


def numbered(number: int) -> tuple[Card, dict[str, Tensor]]:
    """A card and weights that both carry a number."""
    card = Card(TINY, ("a", "b"), registry.default_preprocess(TINY), metrics={"number": number})
    return card, {"number": torch.tensor(number), "more": torch.full((1000,), number)}
