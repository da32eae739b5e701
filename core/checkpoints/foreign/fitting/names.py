"""Names of tensors without what trainers put before them, in any order and depth."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from core.checkpoints.foreign.contents import is_averaged

# Parts that wrappers put anywhere into a name: torch.compile, FSDP, activation checkpoints, DDP.
_WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "module")
# What a name may begin with that no architecture of ours begins with, for files without a known architecture.
_USUAL = ("model", "net", "network", "backbone", "timm_model", "encoder", "classifier_model")

_LEAST = 4  # One in so many wanted names must stand below a prefix.


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Tensors in an architecture's names; ``prefix`` is what stood before, ``rest`` what stood elsewhere."""

    tensors: dict[str, Tensor]
    prefix: str = ""
    rest: dict[str, Tensor] | None = None


def prefixes(names: Iterable[str], wanted: Iterable[str]) -> list[tuple[str, int]]:
    """What stands before wanted names, and before how many; most first, raw weights before averages."""
    known = set(wanted)
    counts: Counter[str] = Counter()
    for name in names:
        parts = name.split(".")
        for start in range(len(parts)):
            if ".".join(parts[start:]) in known:
                counts[".".join([*parts[:start], ""]) if start else ""] += 1
    return sorted(counts.items(), key=lambda each: (-each[1], is_averaged(each[0]), len(each[0])))


def unwrapped(tensors: Mapping[str, Tensor], wanted: Iterable[str]) -> dict[str, Tensor]:
    """The tensors without the parts of wrappers, where the architecture has no such parts itself."""
    own = {part for name in wanted for part in name.split(".")}
    wrappers = {part for part in _WRAPPERS if part not in own}
    renamed = {_without(name, wrappers): tensor for name, tensor in tensors.items()}
    return renamed if len(renamed) == len(tensors) else dict(tensors)


def named(tensors: Mapping[str, Tensor], wanted: Iterable[str], prefix: str | None = None) -> Named:
    """The tensors below the prefix under which most of the wanted names are, or below the given one."""
    plain = unwrapped(tensors, wanted)
    found = prefixes(plain, wanted)
    if prefix is None:
        # Of another architecture a few names fit by chance, somewhere inside.
        is_likely = bool(found) and found[0][1] * _LEAST >= len(set(wanted))
        prefix = found[0][0] if is_likely else _usual_prefix(plain)
    taken = {name.removeprefix(prefix): tensor for name, tensor in plain.items() if name.startswith(prefix)}
    rest = {name: tensor for name, tensor in plain.items() if not name.startswith(prefix)}
    return Named(taken, _as_written(tensors, taken) or prefix, rest)


def _as_written(tensors: Mapping[str, Tensor], taken: Mapping[str, Tensor]) -> str:
    """What stands before the taken names in the file itself, wrappers included."""
    before = (
        raw.removesuffix(name)
        for name, tensor in taken.items()
        for raw, other in tensors.items()
        if other is tensor and raw.endswith(name)
    )
    return next(before, "")


def stripped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without wrappers and the usual prefixes, where the architecture is not known."""
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
