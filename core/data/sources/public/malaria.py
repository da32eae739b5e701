"""Malaria: cells in blood smears, from the NIH (Rajaraman 2018, doi:10.7717/peerj.4568), by patient."""

import re
from pathlib import Path

from core import files
from core.data.image_set import ImageSet
from core.data.sources.folder import listing
from core.data.sources.folder.listing import Listing
from core.data.sources.source import Source

_NAME = "malaria"
_URL = "https://data.lhncbc.nlm.nih.gov/public/Malaria/cell_images.zip"
_SHA256 = "0a949556b2414159b5100192609805376654c4266d8d187be9b1922fad43c668"
_PLACES = (".", "cell_images", "malaria-cell-images", "malaria-cell-images/cell_images")
_CLASSES = ("Parasitized", "Uninfected")
_PATIENT = re.compile(r"C\d+(P\d+)?(?!\d)")


def _find(folder: Path) -> Path | None:
    return listing.first_place(
        folder, _PLACES, lambda place: all((place / name).is_dir() for name in _CLASSES)
    )


def patient(file_name: str) -> str:
    """``C33P1`` in ``C33P1thinF_IMG_20150619_114756a_cell_179.png``; any other name is its own patient."""
    match = _PATIENT.match(file_name)
    return match[0] if match else file_name


def _load(folder: Path) -> ImageSet:
    rows = [(label, name) for label, each in enumerate(_CLASSES) for name in listing.images_in(folder / each)]
    cells = Listing(
        class_names=_CLASSES,
        sample_ids=[f"{_CLASSES[label]}/{name}" for label, name in rows],
        labels=[label for label, _ in rows],
        groups=[patient(name) for _, name in rows],
    )
    return listing.image_set(_NAME, folder, cells)


def _fetch(folder: Path) -> None:
    from torchvision.datasets import utils  # noqa: PLC0415 (two seconds, only where it is needed)

    utils.download_url(_URL, folder, "cell_images.zip")
    archive = folder / "cell_images.zip"
    digest = files.checksum(archive)
    if digest != _SHA256:
        raise ValueError(f"the archive has the checksum {digest}, expected {_SHA256}")
    utils.extract_archive(archive, folder, remove_finished=True)


SOURCE = Source(
    name=_NAME,
    title="Malaria: 27,558 blood cells of the NIH, parasitized or uninfected, by patient",
    where=f"{_URL} and unpack it so that DIR/cell_images/Parasitized exists",
    find=_find,
    load=_load,
    fetch=_fetch,
    num_bytes=353_452_851,
    licence="none stated; published by the U.S. National Library of Medicine",
)
