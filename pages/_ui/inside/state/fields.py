"""Receptive fields of the stages: computed once for all sessions, after the page has drawn all else."""

import time

from core.explain.network.layers import Layer, stages
from core.inside import field_sizes
from pages._ui.session.checkpoints.models import Loaded

_WHILE_S = 1.0


def known(loaded: Loaded, layer: Layer) -> tuple[int, int] | None:
    """Height and width of a cell's receptive field, in pixels of the network's input; None if unknown yet."""
    return field_sizes.known_field_size(loaded.checkpoint, layer.name)


def find_for_a_while(loaded: Loaded) -> bool:
    """Compute unknown fields for about a second, at least one; gives whether any was unknown."""
    unknown = [stage for stage in stages(loaded.layers) if known(loaded, stage) is None]
    started = time.monotonic()
    for stage in unknown:
        field_sizes.field_size(loaded.checkpoint, stage.name)
        if time.monotonic() - started > _WHILE_S:
            break
    return bool(unknown)
