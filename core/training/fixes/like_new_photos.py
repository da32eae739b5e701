"""The fix of a drift: training images, and the proof, made like the new photos."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from core.checkpoints import store
from core.data.image_set import ImageSet
from core.errors import FixError
from core.evaluation.comparing.comparison import Pair, piles
from core.evaluation.comparing.verdict import Verdict, verdict
from core.predictions import seen_photos
from core.training.fixes.derived import Derived
from core.training.fixes.fixing import Case, Choices, Made
from core.training.fixes.matching import Match, match, read
from core.training.fixes.retraining import own_recipe, trained

_LOOKED_AT, _PROVED_ON = 20, 200  # Samples.


def by_augmentation(case: Case, name: str, choices: Choices) -> Made:
    """Trained again, with training images made like new photos, from not at all to as much as was measured.

    Raises:
        FixError: there is no report on drift, or nothing that augmentation can match has shifted.
    """
    if choices.drift is None:
        raise FixError("no report on drift; give one with --drift")
    side = min(store.read_card(case.folder).preprocess.input_size)
    found = match(read(choices.drift), side, lambda: [_photo(case, row) for row in _spread(case, _LOOKED_AT)])
    if found == Match():
        raise FixError(
            "no property has shifted that augmentation can match: light, contrast, colour or detail"
        )
    recipe = own_recipe(case)
    recipe = replace(recipe, augment=found.added(recipe.augment))
    change = f"training images are made like the new photos, up to {found}"
    made = trained(case, name, Derived(recipe, change, "the network then has seen photos like the new ones"))
    compared = _compared(case, made.folder, found, side)
    return replace(made, extra={"like_new": {"how": str(found), "verdict": asdict(compared)}})


def _compared(case: Case, after: Path, like: Match, side: int) -> Verdict:
    """Both networks on samples of the evaluation that are made like the new photos."""
    rows = _spread(case, _PROVED_ON)
    images = _made_like(case, rows, lambda photo: like.applied(photo, side))
    table = case.table.take(pa.array(rows))
    first, second = (_with(table, seen_photos.of_photos(folder, images)) for folder in (case.folder, after))
    names = store.read_card(case.folder).class_names
    return verdict(piles(Pair(first, second, names, 0, 0, (), ())), None)


def _with(table: pa.Table, seen: seen_photos.SeenPhotos) -> pa.Table:
    """The rows whose photo was read, with its prediction."""
    rows = [int(each) for each in seen.sample_ids]
    place = table.schema.get_field_index("predicted")
    predicted = pa.array(seen.seen.predicted).cast(table.schema.field("predicted").type)
    return table.take(pa.array(rows)).set_column(place, "predicted", predicted)


def _made_like(case: Case, rows: list[int], change: Callable[[Image.Image], Image.Image]) -> ImageSet:
    number = len(rows)
    names = [str(place) for place in range(number)]
    image = _Changed(case, rows, change)
    return ImageSet("like the new photos", ("",), np.zeros(number, np.int64), names, image, "")


@dataclass(frozen=True, slots=True, eq=False)
class _Changed:
    case: Case
    rows: list[int]
    change: Callable[[Image.Image], Image.Image]

    def __call__(self, place: int) -> Image.Image:
        return self.change(_photo(self.case, self.rows[place]))


def _photo(case: Case, row: int) -> Image.Image:
    return case.samples.images.image(int(case.samples.indices[row]))


def _spread(case: Case, most: int) -> list[int]:
    """At most that many rows of the case's table, evenly spread."""
    number = len(case.labels)
    return [int(row) for row in np.linspace(0, number - 1, min(most, number)).round()]
