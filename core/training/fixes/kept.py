"""What the card of a fixed checkpoint says about its fix: of which checkpoint and group, and the proof."""

from dataclasses import dataclass

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from core.checkpoints.card import Card
from core.errors import CheckpointError
from core.evaluation.comparing.proof import Proof, has_cost, has_helped, parts
from core.evaluation.comparing.verdict import Verdict, interval, p_words, points
from core.shares import percent

_PROOF = TypeAdapter(Proof)


@dataclass(frozen=True, slots=True)
class KeptMaps:
    """The mean share of a map's heat on the object, before and after, in ``num_images`` photos of the group.

    The object covers ``area`` of a photo, on average.
    """

    before: float
    after: float
    area: float
    num_images: int


@dataclass(frozen=True, slots=True)
class LikeNew:
    """Both checkpoints on samples that were made like new photos; ``how`` says what was changed in them."""

    how: str
    verdict: Verdict

    @property
    def has_helped(self) -> bool:
        """Whether more of them are right, beyond what chance would do."""
        return self.verdict.difference.low > 0


@dataclass(frozen=True, slots=True)
class KeptFix:
    """The fix of a checkpoint: ``change`` says in words what was changed, ``why`` what was expected of it.

    ``found_in`` is the evaluation in which the group was found. ``maps`` is None where the objects have no
    masks, ``like_new`` where the fix is not of a drift.
    """

    made_from: str
    group: str
    found_in: str
    change: str
    why: str
    proof: Proof
    maps: KeptMaps | None = None
    like_new: LikeNew | None = None

    @property
    def has_helped(self) -> bool:
        """Whether it helped where it was meant to: on samples like new photos, else in the group."""
        return self.like_new.has_helped if self.like_new else has_helped(self.proof)

    @property
    def is_good(self) -> bool:
        """Whether it helped, without a cost elsewhere."""
        return self.has_helped and not has_cost(self.proof)


def kept_fix(card: Card) -> KeptFix | None:
    """The fix by which a checkpoint was made; None for one that is no fix.

    Raises:
        CheckpointError: what the card says of its fix is damaged.
    """
    if not card.fix:
        return None
    try:
        shown = _PROOF.validate_python(card.fix["proof"])
        made_from, group, found_in, change, why = (
            str(card.fix[name]) for name in ("from", "group", "found_in", "change", "why")
        )
        maps = TypeAdapter(KeptMaps | None).validate_python(card.fix.get("maps"))
        like_new = TypeAdapter(LikeNew | None).validate_python(card.fix.get("like_new"))
        return KeptFix(made_from, group, found_in, change, why, shown, maps, like_new)
    except (KeyError, ValidationError) as error:
        raise CheckpointError("the card's proof of its fix is damaged; make the fix again") from error


def maps_in_words(maps: KeptMaps) -> str:
    """Where the maps lay before and after, in a sentence."""
    return (
        f"heat of the maps on the object: {percent(maps.before)} → {percent(maps.after)} "
        f"(mean of {maps.num_images} photos of the group, of which it covers {percent(maps.area)})"
    )


def like_new_in_words(like_new: LikeNew) -> str:
    """What the fix did to samples that were made like the new photos, in a sentence or two."""
    said = like_new.verdict
    answer = "It helped." if like_new.has_helped else "It did not help."
    return (
        f"{answer} Wrong in {said.num_samples} samples made like the new photos ({like_new.how}): "
        f"{percent(1 - said.first_accuracy)} → {percent(1 - said.second_accuracy)} "
        f"(accuracy {points(said.difference.value)} points, 95% interval {interval(said.difference)}, "
        f"McNemar {p_words(said.test.p_value)})"
    )


def table(proof: Proof) -> pd.DataFrame:
    """A row for each part of the samples: wrong before and after, and how sure the change is."""
    rows = [
        {
            "part": name,
            "samples": each.num_samples,
            "wrong before": percent(1 - each.first_accuracy),
            "wrong after": percent(1 - each.second_accuracy),
            "fixed": each.test.num_fixed,
            "broken": each.test.num_broken,
            "change, points": points(each.difference.value),
            "95% interval": interval(each.difference),
            "McNemar": p_words(each.test.p_value),
        }
        for name, each in parts(proof).items()
    ]
    return pd.DataFrame(rows).set_index("part")
