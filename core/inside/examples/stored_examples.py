"""The stored examples of a checkpoint: the patches that activate each channel most."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, TypeAdapter, ValidationError

from core import files
from core.checkpoints import local, paths, store
from core.checkpoints.card import network_fingerprint
from core.checkpoints.store import Card
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.photos import photos_below
from core.errors import CheckpointError, CoreError, DataError
from core.files import stored, tables
from core.images.preprocess import Window
from core.predictions.evaluating.samples import open_images

METADATA = b"seewhy"  # The key of the table's description in the file.
_COLUMNS = ("channel", "rank", "sample_id", "class_name", "row", "column", "activation", "x", "y")
_EDGES = ("left", "top", "right", "bottom")
_PIXELS = tables.number(-1e7, 1e7)
_SCHEMA = {
    **{name: tables.text(0, 10_000) for name in ("layer", "sample_id", "path", "class_name")},
    **{name: tables.whole("a whole number", 0, 2**31 - 1) for name in ("channel", "rank", "row", "column")},
    **{name: tables.number(-3.5e38, 3.5e38) for name in ("activation", "mean_activation")},
    **dict.fromkeys(("x", "y", *_EDGES), _PIXELS),
}

Count = Annotated[int, Field(ge=0, le=2**53)]
Size = Annotated[int, Field(ge=1, le=10**6)]


@dataclass(frozen=True, slots=True)
class Example:
    """A patch of an image that activates a channel; ``rank`` 0 is the strongest.

    ``window`` is the receptive field of the cell at ``row`` and ``column``, and ``x`` and ``y`` the cell's
    centre, in pixels of the original upright image. In a deep layer, whose cells see the whole image, only
    the centre tells where the cell is. ``class_name`` is the image's label, empty without labels.
    """

    channel: int
    rank: int
    sample_id: str
    class_name: str
    row: int
    column: int
    activation: float
    x: float
    y: float
    window: Window


@dataclass(frozen=True, slots=True)
class LayerSize:
    """A layer's number of channels, its cells (h, w), and its receptive field in pixels of the input."""

    num_channels: Size
    cells: tuple[Size, Size]
    field: tuple[Size, Size]


@dataclass(frozen=True, slots=True)
class ExamplesMetadata:
    """The network and images of a table, by their fingerprints, and its layers."""

    network: str
    data: str
    fingerprint: str
    num_images: Count
    num_broken: Count
    layers: dict[str, LayerSize]


_ABOUT = TypeAdapter(ExamplesMetadata)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """The examples table of a checkpoint, a row for each example, and its description."""

    table: pa.Table
    about: ExamplesMetadata

    def of(self, layer: str) -> list[list[Example]]:
        """The examples of each channel, at most nine, the strongest first; none for silent channels."""
        by_channel: list[list[Example]] = [[] for _ in range(self.about.layers[layer].num_channels)]
        for row in self.table.filter(pc.equal(self.table["layer"], layer)).to_pylist():
            window = Window(*(row[edge] for edge in _EDGES))
            by_channel[row["channel"]].append(
                Example(**{name: row[name] for name in _COLUMNS}, window=window)
            )
        return by_channel

    def is_of(self, card: Card, images: ImageSet) -> bool:
        """Whether the table is of this network and these images."""
        about = self.about
        return (about.network, about.fingerprint) == (network_fingerprint(card), images.fingerprint)


def read(folder: Path) -> Examples | None:
    """The examples of a checkpoint; None if none have been collected.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / paths.EXAMPLES
    if not path.exists():
        return None
    try:
        table = tables.read(path)
        about = _about((table.schema.metadata or {}).get(METADATA, b""))
        tables.check(table, _SCHEMA)
        _refuse_strange_channels(table, about)
    except (*tables.FAULTS, RecursionError) as error:
        raise CheckpointError(
            f"{path} is damaged: {tables.said(error)}; collect the examples again"
        ) from error
    return Examples(table, about)


def _about(text: bytes) -> ExamplesMetadata:
    """The description of a table; ValueError if it is missing or wrong."""
    try:
        return _ABOUT.validate_json(text)
    except ValidationError as error:
        raise ValueError(stored.fault(error.errors()[0])) from error


def _refuse_strange_channels(table: pa.Table, about: ExamplesMetadata) -> None:
    for layer, size in about.layers.items():
        channels = table["channel"].filter(pc.equal(table["layer"], layer))
        if len(channels):
            tables.in_range("channel", channels, tables.whole("a channel", 0, size.num_channels - 1))


def open_photos(folder: Path, data: Path | None) -> ImageSet:
    """The images to search for examples: ``data``, else those of the last search, else the checkpoint's own.

    Labels are not needed: any folder of photos will do.

    Raises:
        DataError: there are no images, or it is unknown which to use.
    """
    place = data or remembered_photos(folder)
    if place is None:
        return _own_images(folder)
    try:
        images = catalogue.open_folder(place)
    except DataError as error:
        with suppress(CoreError):
            return photos_below(place)
        raise error from None
    # With a single class, photos beside its folder count too.
    return images if len(images.class_names) > 1 else photos_below(place)


def remember_photos(folder: Path, data: Path) -> None:
    """Store the location of the images of the examples on this machine."""
    local.remember_data(files.make_folder(folder / paths.EXAMPLES_WORK), data)


def remembered_photos(folder: Path) -> Path | None:
    """The last location of the images of the examples; None if it is unknown."""
    with suppress(CheckpointError):  # The images of the checkpoint itself can be searched all the same.
        return local.remembered_data(folder / paths.EXAMPLES_WORK)
    return None


def _own_images(folder: Path) -> ImageSet:
    try:
        return open_images(folder, None)
    except DataError as error:
        if store.read_card(folder).recipe:
            raise
        raise DataError(f"choose the images to search for examples of {folder.name!r}: --data DIR") from error
