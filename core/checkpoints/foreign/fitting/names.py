"""Names of tensors without the prefixes that trainers add, in any order and depth."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from core.checkpoints.foreign.contents import is_averaged

# Parts that wrappers add anywhere in a name: torch.compile, FSDP, activation checkpoints, DDP.
_WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "module")
# Usual prefixes, for files of an unknown architecture; no architecture has such names itself.
_USUAL = ("model", "net", "network", "backbone", "timm_model", "encoder", "classifier_model")

_LEAST = 4  # At least one in so many wanted names must have the prefix.


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Tensors by the architecture's names; the ``prefix`` they had, and the ``rest`` without that prefix."""

    tensors: dict[str, Tensor]
    prefix: str = ""
    rest: dict[str, Tensor] | None = None


def prefixes(names: Iterable[str], wanted: Iterable[str]) -> list[tuple[str, int]]:
    """Prefixes of wanted names with their counts; the most frequent first, raw weights before averages."""
    known = set(wanted)
    counts: Counter[str] = Counter()
    for name in names:
        parts = name.split(".")
        for start in range(len(parts)):
            if ".".join(parts[start:]) in known:
                counts[".".join([*parts[:start], ""]) if start else ""] += 1
    return sorted(counts.items(), key=lambda each: (-each[1], is_averaged(each[0]), len(each[0])))


def unwrapped(tensors: Mapping[str, Tensor], wanted: Iterable[str]) -> dict[str, Tensor]:
    """The tensors without the name parts of wrappers, unless the architecture has such parts itself."""
    own = {part for name in wanted for part in name.split(".")}
    wrappers = {part for part in _WRAPPERS if part not in own}
    renamed = {_without(name, wrappers): tensor for name, tensor in tensors.items()}
    return renamed if len(renamed) == len(tensors) else dict(tensors)


def named(tensors: Mapping[str, Tensor], wanted: Iterable[str], prefix: str | None = None) -> Named:
    """The tensors under ``prefix``, or under the prefix of most wanted names."""
    plain = unwrapped(tensors, wanted)
    found = prefixes(plain, wanted)
    if prefix is None:
        # A few names of another architecture fit by chance, somewhere inside.
        is_likely = bool(found) and found[0][1] * _LEAST >= len(set(wanted))
        prefix = found[0][0] if is_likely else _usual_prefix(plain)
    taken = {name.removeprefix(prefix): tensor for name, tensor in plain.items() if name.startswith(prefix)}
    rest = {name: tensor for name, tensor in plain.items() if not name.startswith(prefix)}
    return Named(taken, _as_written(tensors, taken) or prefix, rest)


def _as_written(tensors: Mapping[str, Tensor], taken: Mapping[str, Tensor]) -> str:
    """The prefix of the taken names in the file itself, wrappers included."""
    before = (
        raw.removesuffix(name)
        for name, tensor in taken.items()
        for raw, other in tensors.items()
        if other is tensor and raw.endswith(name)
    )
    return next(before, "")


def stripped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without wrappers and usual prefixes, for an unknown architecture."""
    plain = unwrapped(tensors, ())
    prefix = _usual_prefix(plain)
    return {name.removeprefix(prefix): tensor for name, tensor in plain.items()}


def _usual_prefix(tensors: Mapping[str, Tensor]) -> str:
    prefix = ""
    while True:
        following = {name.removeprefix(prefix).partition(".")[0] for name in tensors}
        if len(following) != 1 or not following <= set(_USUAL):
            return prefix
        prefix += f"{following.pop()}."


def _without(name: str, wrappers: set[str]) -> str:
    *path, last = name.split(".")
    return ".".join([*(part for part in path if part not in wrappers), last])
