"""GTSRB, German traffic signs (Stallkamp 2012), in the layout of its authors, torchvision or Kaggle.

A group is a track: 30 similar frames of one sign, filmed while driving past.
"""

import csv
import io
import re
from pathlib import Path

from core import files
from core.data.image_set import ImageSet
from core.data.sources.folder import listing
from core.data.sources.folder.listing import Listing
from core.data.sources.source import Source
from core.errors import DataError

_NAME = "gtsrb"
_PLACES = (".", "GTSRB", "gtsrb/GTSRB")
_TRAIN = ("Final_Training/Images", "Training")
_TEST = "Final_Test/Images"
_ANSWERS = "GT-final_test.csv"
# Kaggle's layout: Train/0/00000_00003_00012.png is of class 0, track 3, frame 12.
_KAGGLE_TRAIN, _KAGGLE_TEST = ("Train", "train"), "Test.csv"
_KAGGLE_FRAME = re.compile(r"(\d{5})_(\d{5})_\d{5}\.\w+")
_URL = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370"
_ARCHIVES = {
    "GTSRB_Final_Training_Images.zip": "f33fd80ac59bff73c82d25ab499e03a3",
    "GTSRB_Final_Test_Images.zip": "c7e4e6327067d32654124b0fe9e82185",
    "GTSRB_Final_Test_GT.zip": "fe31e9c9270bbcd7b84b7f21a9d9d9e5",
}
_SIGNS = (
    "Speed limit (20km/h)",
    "Speed limit (30km/h)",
    "Speed limit (50km/h)",
    "Speed limit (60km/h)",
    "Speed limit (70km/h)",
    "Speed limit (80km/h)",
    "End of speed limit (80km/h)",
    "Speed limit (100km/h)",
    "Speed limit (120km/h)",
    "No passing",
    "No passing for vehicles over 3.5 metric tons",
    "Right-of-way at the next intersection",
    "Priority road",
    "Yield",
    "Stop",
    "No vehicles",
    "Vehicles over 3.5 metric tons prohibited",
    "No entry",
    "General caution",
    "Dangerous curve to the left",
    "Dangerous curve to the right",
    "Double curve",
    "Bumpy road",
    "Slippery road",
    "Road narrows on the right",
    "Road work",
    "Traffic signals",
    "Pedestrians",
    "Children crossing",
    "Bicycles crossing",
    "Beware of ice/snow",
    "Wild animals crossing",
    "End of all speed and passing limits",
    "Turn right ahead",
    "Turn left ahead",
    "Ahead only",
    "Go straight or right",
    "Go straight or left",
    "Keep right",
    "Keep left",
    "Roundabout mandatory",
    "End of no passing",
    "End of no passing by vehicles over 3.5 metric tons",
)
_Rows = list[tuple[int, str, str]]  # Sign number, path, track.


def _find(folder: Path) -> Path | None:
    return listing.first_place(folder, _PLACES, lambda place: _training(place) is not None)


def _training(folder: Path) -> str | None:
    usual = (name for name in _TRAIN if (folder / name / "00000").is_dir())
    return next(usual, None) or _kaggle_training(folder)


def _kaggle_training(folder: Path) -> str | None:
    """The folder of numbered classes whose first class has frames named by class and track."""
    for name in _KAGGLE_TRAIN:
        numbers = [each for each in listing.subfolders(folder / name) if each.isdecimal()]
        images = (entry.name for each in numbers[:1] for entry in listing.visible(folder / name / each))
        frame = next(filter(None, map(_KAGGLE_FRAME.fullmatch, images)), None)
        if frame and int(frame[1]) == int(numbers[0]) and max(map(int, numbers)) < len(_SIGNS):
            return name
    return None


def _load(folder: Path) -> ImageSet:
    is_kaggle = _training(folder) == _kaggle_training(folder)
    try:
        train, test = (
            (_kaggle_train_rows(folder), _kaggle_test_rows(folder))
            if is_kaggle
            else (_train_rows(folder), _test_rows(folder))
        )
        signs = _sign_names(folder)
        rows = [*train, *test]
        class_names = tuple(signs[number] for number in sorted({number for number, _, _ in rows}))
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"the files of {_NAME} in {str(folder)!r} are damaged; unpack them again") from error
    frames = Listing(
        class_names=class_names,
        sample_ids=[path for _, path, _ in rows],
        labels=listing.numbered(number for number, _, _ in rows).tolist(),
        groups=[track for _, _, track in rows],
        published=["train"] * len(train) + ["test"] * len(test) if test else None,
    )
    return listing.image_set(_NAME, folder, frames)


def _train_rows(folder: Path) -> _Rows:
    """Files are named ``TTTTT_FFFFF.ppm``, track and frame; tracks count from 0 in each class."""
    part = _training(folder) or _TRAIN[0]
    return [
        (int(number), f"{part}/{number}/{name}", f"{number}/{name.split('_')[0]}")
        for number in listing.subfolders(folder / part)
        for name in listing.images_in(folder / part / number)
    ]


def _test_rows(folder: Path) -> _Rows:
    """One frame of each track, with the class from a separate table; none without the table."""
    tables = [place / _ANSWERS for place in (folder, folder.parent, folder / _TEST)]
    table = next((path for path in tables if path.is_file()), None)
    if table is None or not (folder / _TEST).is_dir():
        return []
    rows = csv.DictReader(io.StringIO(files.read_text(table)), delimiter=";", skipinitialspace=True)
    return [(int(row["ClassId"]), f"{_TEST}/{row['Filename']}", f"test/{row['Filename']}") for row in rows]


def _kaggle_train_rows(folder: Path) -> _Rows:
    part = _kaggle_training(folder) or _KAGGLE_TRAIN[0]
    return [
        (int(number), f"{part}/{number}/{name}", f"{number}/{_track_of(name)}")
        for number in listing.subfolders(folder / part)
        if number.isdecimal()
        for name in listing.images_in(folder / part / number)
    ]


def _track_of(file_name: str) -> str:
    """A frame's name without the frame number; other names unchanged."""
    return file_name.rpartition("_")[0] if _KAGGLE_FRAME.fullmatch(file_name) else file_name


def _kaggle_test_rows(folder: Path) -> _Rows:
    """One frame of each track, from a table of classes and paths; none without table or images."""
    table = folder / _KAGGLE_TEST
    if not table.is_file():
        return []
    rows = csv.DictReader(io.StringIO(files.read_text(table)), skipinitialspace=True)
    listed = [(int(row["ClassId"]), row["Path"], f"test/{row['Path']}") for row in rows]
    return listed if any((folder / path).is_file() for _, path, _ in listed) else []


def _sign_names(folder: Path) -> dict[int, str]:
    tables = [place / "signnames.csv" for place in (folder, folder.parent)]
    table = next((path for path in tables if path.is_file()), None)
    if table is None:
        return dict(enumerate(_SIGNS))
    rows = csv.DictReader(io.StringIO(files.read_text(table)))
    return {int(row["ClassId"]): row["SignName"] for row in rows}


def _fetch(folder: Path) -> None:
    # Not torchvision's GTSRB, whose training images are an earlier part with other numbers.
    from torchvision.datasets import utils  # noqa: PLC0415 (two seconds, only where it is needed)

    for name, checksum in _ARCHIVES.items():
        utils.download_and_extract_archive(f"{_URL}/{name}", folder, md5=checksum, remove_finished=True)


SOURCE = Source(
    name=_NAME,
    title="GTSRB: photos of German traffic signs, 43 classes, by track",
    where="https://benchmark.ini.rub.de/gtsrb_dataset.html and unpack "
    "its training images so that DIR/GTSRB/Final_Training/Images/00000 exists",
    find=_find,
    load=_load,
    fetch=_fetch,
    num_bytes=276_294_756 + 88_978_620 + 99_620,
    licence="none stated; its authors ask to be cited",
)
