"""A copy of a checkpoint's network for many passes without gradients, kept as long as the checkpoint."""

import threading
from weakref import WeakKeyDictionary

from torch import nn

from core.checkpoints.store import Checkpoint
from core.explain.network.folding import for_forward_passes

_COPIES: WeakKeyDictionary[nn.Module, nn.Module] = WeakKeyDictionary()
_GUARD = threading.Lock()


def quick_network(checkpoint: Checkpoint) -> nn.Module:
    """The network of a checkpoint with its batch norms folded, made once; the network itself without any.

    A loaded network never changes, so neither does its copy. Networks with nothing to fold are not kept: an
    entry that leads to its own key would never be freed.
    """
    with _GUARD:
        known = _COPIES.get(checkpoint.model)
    if known is not None:
        return known
    # Without the guard, as it waits for the network's own lock.
    made = for_forward_passes(checkpoint.model, checkpoint.blank_input())
    if made is checkpoint.model:
        return made
    with _GUARD:
        return _COPIES.setdefault(checkpoint.model, made)
