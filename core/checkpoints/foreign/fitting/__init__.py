"""Fit the tensors of a file to an architecture, and say what was used, left out and inferred."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from core.checkpoints.foreign.contents import Contents, StateDict, is_averaged, numbers
from core.checkpoints.foreign.fitting import found_head, inferred, names, nearest
from core.checkpoints.foreign.fitting.differences import (
    Differences,
    differences,
    other_classes,
    refuse_other_classes,
)
from core.errors import CheckpointError
from core.models import heads, options, registry
from core.models.heads import Head

_MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks for: architecture and number of classes, and more where the file leaves a choice."""

    architecture: str
    num_classes: int
    weights_key: str = ""
    activation: str = "relu"


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A network and its tensors by name; ``left_out``: names by reason; ``notes``: what was inferred."""

    architecture: str
    head: Head
    tensors: dict[str, Tensor]
    key: str
    prefix: str
    left_out: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """One reading of the file: named tensors against a skeleton."""

    wish: Wish
    named: names.Named
    architecture: str
    head: Head = field(default_factory=Head)
    notes: tuple[str, ...] = ()

    @property
    def skeleton(self) -> nn.Module:
        return registry.skeleton(self.architecture, self.wish.num_classes, self.head)


def fit(contents: Contents, wish: Wish) -> Fitted:
    """The tensors of the file, in the names and the order of the architecture.

    Raises:
        CheckpointError: they do not fit; the message says what, and which architecture is nearest.
    """
    found_head.refuse_activation(wish.activation)
    architecture = _without_auxiliary(wish.architecture)
    wanted = registry.skeleton(architecture, wish.num_classes).state_dict()
    state, prefix = _chosen(contents, wanted, wish.weights_key)
    attempt = _Attempt(wish, names.named(state.tensors, wanted, prefix), architecture)
    for _ in range(_MOST_STEPS):
        skeleton = attempt.skeleton
        faults = differences(attempt.named.tensors, skeleton.state_dict())
        refuse_other_classes(faults, wish.num_classes)
        changed = _changed(attempt, skeleton, faults) if faults else None
        if changed is None:
            break
        attempt = changed
    else:
        faults = differences(attempt.named.tensors, attempt.skeleton.state_dict())
    if faults:
        raise CheckpointError(nearest.sentence(wish.architecture, state.tensors, str(faults)))
    return _fitted(attempt, state, contents)


def _changed(attempt: _Attempt, skeleton: nn.Module, faults: Differences) -> _Attempt | None:
    """The attempt with one more difference explained; None if none can be."""
    steps: tuple[Callable[[_Attempt, nn.Module, Differences], _Attempt | None], ...] = (
        _other_channels,
        _other_size,
        _head_elsewhere,
        _other_head,
        _other_names,
    )
    return next((found for step in steps if (found := step(attempt, skeleton, faults)) is not None), None)


def _without_auxiliary(architecture: str) -> str:
    """GoogLeNet and Inception without their auxiliary heads, unless the options ask for them."""
    plain = architecture.partition("?")[0] in options.RESCALING
    if not plain or "aux_logits" in options.of(architecture).values:
        return architecture
    return options.extended(architecture, aux_logits=False)


def _chosen(contents: Contents, wanted: Mapping[str, Tensor], key: str) -> tuple[StateDict, str | None]:
    """The state dict with most of the wanted names, or the one under ``key``; and its prefix, if known."""
    if key:
        for state in contents.states:
            inner = key.removeprefix(state.key).strip(".") if key.startswith(state.key) else None
            if inner == "":
                return state, None
            plain = names.unwrapped(state.tensors, wanted) if inner else {}
            if any(name.startswith(f"{inner}.") for name in plain):
                below = {name: tensor for name, tensor in plain.items() if name.startswith(f"{inner}.")}
                return StateDict(key, below), None
        there = ", ".join(f"{state.key!r} ({len(state.tensors)} tensors)" for state in contents.states)
        raise CheckpointError(f"no weights under the key {key!r}; there is {there}")

    def fits(state: StateDict) -> tuple[int, bool]:
        found = names.prefixes(names.unwrapped(state.tensors, wanted), wanted)
        return (found[0][1] if found else 0), not state.is_averaged

    return max(contents.states, key=fits), None


def _other_channels(attempt: _Attempt, skeleton: nn.Module, faults: Differences) -> _Attempt | None:
    channels = inferred.channels(skeleton, faults)
    if channels is None or "in_chans" in options.of(attempt.architecture).values:
        return None
    note = f"reads {channels} channels, according to its first convolution"
    return _with_options(attempt, note, in_chans=channels)


def _other_size(attempt: _Attempt, _skeleton: nn.Module, faults: Differences) -> _Attempt | None:
    if "img_size" in options.of(attempt.architecture).values:
        return None
    usual = registry.default_preprocess(attempt.architecture).input_size
    for size in inferred.sizes(attempt.named.tensors, faults, usual):
        note = f"takes {size} x {size} pixels, according to its position embedding"
        changed = _with_options(attempt, note, img_size=size)
        try:
            left = differences(attempt.named.tensors, changed.skeleton.state_dict())
        except CheckpointError:
            continue
        if len(left.unlike) < len(faults.unlike):
            return changed
    return None


def _with_options(attempt: _Attempt, note: str, **chosen: object) -> _Attempt:
    architecture = options.extended(attempt.architecture, **chosen)
    return replace(attempt, architecture=architecture, notes=(*attempt.notes, note))


def _head_elsewhere(attempt: _Attempt, skeleton: nn.Module, faults: Differences) -> _Attempt | None:
    """The head beside the backbone: some trainers store them as two attributes."""
    at, rest = _head_name(skeleton), attempt.named.rest
    if not rest or not at or faults.extra or faults.unlike:
        return None
    if not all(name.startswith(f"{at}.") for name in faults.missing):
        return None
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in rest.items():
        first, _, inner = name.partition(".")
        groups.setdefault(first, {})[inner] = tensor
    found = [
        (first, head)
        for first, group in groups.items()
        if not is_averaged(first) and (head := found_head.read(group, at)) is not None
    ]
    if len(found) != 1:
        return None
    first = found[0][0]
    moved = {f"{at}.{name}": tensor for name, tensor in groups[first].items()}
    left = {name: tensor for name, tensor in rest.items() if not name.startswith(f"{first}.")}
    named = replace(attempt.named, tensors=attempt.named.tensors | moved, rest=left)
    return replace(
        attempt, named=named, notes=(*attempt.notes, f"has its head in {first!r}, beside the backbone")
    )


def _other_head(attempt: _Attempt, skeleton: nn.Module, faults: Differences) -> _Attempt | None:
    """Another head in place of the network's own, or in place of the `nn.Sequential` around it."""
    if attempt.head != Head():
        return None
    at = _head_name(skeleton)
    while at:
        if all(name.startswith(f"{at}.") for name in faults.names):
            theirs = {
                name.removeprefix(f"{at}."): tensor
                for name, tensor in attempt.named.tensors.items()
                if name.startswith(f"{at}.")
            }
            found = found_head.read(theirs, at, attempt.wish.activation)
            if found is not None:
                return _with_head(attempt, found)
        at = at.rpartition(".")[0]
        if at and not isinstance(skeleton.get_submodule(at), nn.Sequential):
            return None
    return None


def _with_head(attempt: _Attempt, head: found_head.FoundHead) -> _Attempt:
    if head.num_outputs != attempt.wish.num_classes:
        shape = tuple(attempt.named.tensors[head.last_weight].shape)
        raise other_classes(head.last_weight, shape, attempt.wish.num_classes)
    notes = attempt.notes
    if head.assumed:
        notes += (
            f"is assumed to have {head.assumed} between the linear layers of its head; the file does not say",
        )
    return replace(attempt, head=head.head, notes=notes)


def _other_names(attempt: _Attempt, skeleton: nn.Module, faults: Differences) -> _Attempt | None:
    """Names from an older version of timm or from the authors, by timm's own table."""
    renamed = inferred.renamed(attempt.named.tensors, skeleton)
    if renamed is None:
        return None
    left = differences(renamed, skeleton.state_dict())
    if len(left.names) >= len(faults.names):
        return None
    named = replace(attempt.named, tensors=renamed)
    return replace(
        attempt,
        named=named,
        notes=(*attempt.notes, "has the tensor names of an older version, translated by timm"),
    )


def _head_name(skeleton: nn.Module) -> str:
    try:
        return heads.head_name(skeleton)
    except CheckpointError:
        return ""


def _fitted(attempt: _Attempt, state: StateDict, contents: Contents) -> Fitted:
    wanted = attempt.skeleton.state_dict()
    tensors = attempt.named.tensors
    numbers.check(tensors, wanted)
    computed = inferred.computed(attempt.architecture, attempt.wish.num_classes, wanted, tensors)
    kept = {name: computed[name] if name in computed else tensors[name] for name in wanted}
    left_out = {
        "auxiliary heads, buffers and counters that the logits do not need": tuple(
            name for name in tensors if name not in wanted
        ),
        "without the prefix": tuple(attempt.named.rest or ()),
        "other weights in the file": tuple(
            other.key for other in contents.states if other is not state and other.key
        ),
        "not weights": contents.others,
    }
    return Fitted(
        attempt.architecture,
        attempt.head,
        numbers.own_memory(kept),
        state.key,
        attempt.named.prefix,
        {reason: found for reason, found in left_out.items() if found},
        attempt.notes,
    )
