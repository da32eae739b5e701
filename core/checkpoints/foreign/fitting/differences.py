"""How the tensors of a file differ from those of an architecture, by name and by shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from core.errors import CheckpointError

# Buffers that a network computes when it is built; older versions stored them.
_COMPUTED = re.compile(
    r"(?:^|\.)(?:relative_position_index|relative_coords_table|relative_position_bias_index|attn_mask"
    r"|attn_mask_\d+|attention_bias_idxs|relative_indices|total_ops|total_params|n_averaged)$"
)
_COUNTER = re.compile(r"(?:^|\.)num_batches_tracked$")
# Auxiliary heads, used in training only.
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")


@dataclass(frozen=True, slots=True)
class Differences:
    """Names that are missing, not expected, or of another shape: (in the file, in the architecture)."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unlike: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.unlike)

    @property
    def names(self) -> tuple[str, ...]:
        """All names that differ."""
        return (*self.missing, *self.extra, *self.unlike)

    def __str__(self) -> str:
        """The first three of each kind."""
        if self.missing or self.extra:
            faults = (_listed("missing", self.missing), _listed("not expected", self.extra))
            return "; ".join(filter(None, faults))
        shapes = [f"{name!r} is {theirs}, not {ours}" for name, (theirs, ours) in self.unlike.items()]
        return f"{', '.join(shapes[:3])}{_more(len(shapes))}"


def is_computed(name: str) -> bool:
    """Whether the network itself computes the buffer of this name."""
    return bool(_COMPUTED.search(name))


def is_counter(name: str) -> bool:
    """Whether this is batch norm's counter of batches: not used in evaluation, missing in old files."""
    return bool(_COUNTER.search(name))


def differences(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Differences:
    """The differences that matter for the logits."""
    missing = [name for name in wanted if name not in tensors and not _may_be_missing(name)]
    extra = [name for name in tensors if name not in wanted and not may_be_left_out(name)]
    both = [name for name in wanted if name in tensors and not _may_be_missing(name)]
    unlike = {
        name: (tuple(tensors[name].shape), tuple(wanted[name].shape))
        for name in both
        if tensors[name].shape != wanted[name].shape
    }
    return Differences(tuple(missing), tuple(extra), unlike)


def refuse_other_classes(differing: Differences, num_classes: int) -> None:
    """Raise CheckpointError where only the number of classes differs."""
    counts = {theirs[:1] for theirs, _ in differing.unlike.values()}
    same = all(ours == (num_classes, *theirs[1:]) for theirs, ours in differing.unlike.values())
    if differing.unlike and not differing.missing and not differing.extra and len(counts) == 1 and same:
        name, (theirs, _) = next(iter(differing.unlike.items()))
        raise other_classes(name, theirs, num_classes)


def other_classes(name: str, shape: tuple[int, ...], num_classes: int) -> CheckpointError:
    """The error for a last layer whose weight has this name and shape."""
    if shape[0] == 1:
        return CheckpointError(
            f"the weights have one logit ({name!r} is {shape}): with a sigmoid it gives the probability of "
            "one of two classes, which is not supported; train the network with one output per class"
        )
    return CheckpointError(
        f"the class list has {num_classes} names, the weights have {shape[0]} classes: {name!r} is {shape}"
    )


def may_be_left_out(name: str) -> bool:
    """Whether a tensor that the architecture does not have has no influence on the logits."""
    return is_computed(name) or is_counter(name) or name.startswith(AUXILIARY)


def _may_be_missing(name: str) -> bool:
    return is_computed(name) or is_counter(name)


def _listed(what: str, names: tuple[str, ...]) -> str:
    return f"{what} {', '.join(repr(name) for name in names[:3])}{_more(len(names))}" if names else ""


def _more(count: int) -> str:
    return f" and {count - 3} more" if count > 3 else ""
