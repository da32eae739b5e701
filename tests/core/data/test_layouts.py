"""What folders mean, as they lie on people's disks: the classes and counts, or a question."""

import errno
import os
import unicodedata
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.folder import layout, listing, tree
from core.data.sources.folder.layout import LayoutError, understand
from core.data.splits import published_split
from core.errors import AwayError, CoreError, DataError
from core.places import ROOTS
from core.predictions.evaluating.samples import labels_for


def picture(path: Path, kind: str = "PNG") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 3)).save(path, kind)


def planted(root: Path, paths: str) -> Path:
    """Pictures ``a/1.png`` or so many of them, ``a/*3``; other files where the name ends otherwise."""
    for path in paths.split():
        folder, _, number = path.partition("/*")
        if number:
            for index in range(int(number)):
                picture(root / folder.replace("%", " ") / f"{index}.png")
        elif path.endswith(".png"):
            picture(root / path.replace("%", " "))
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("text")
    return root


def counts(images: ImageSet) -> str:
    """``ant 2, bee 1; train 2, val 1``."""
    numbers = np.bincount(images.labels, minlength=len(images.class_names)).tolist()
    classes = ", ".join(f"{name} {number}" for name, number in zip(images.class_names, numbers, strict=True))
    if images.published is None:
        return classes
    parts = [(each, int((images.published == each).sum())) for each in ("train", "val", "test")]
    return f"{classes}; " + ", ".join(f"{name} {number}" for name, number in parts if number)


def left_out(images: ImageSet) -> dict[str, int]:
    assert images.left_out is not None
    return {each.reason: each.num_files for each in images.left_out}


TRAIN = "train/ant/*2 train/bee/*3"
SPLIT = f"{TRAIN} val/ant/*1 val/bee/*1"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        # Parts by other names.
        (f"{TRAIN} Dev/ant/*1", "ant 3, bee 3; train 5, val 1"),
        ("training_set/ant/*2 training_set/bee/*2 test_set/ant/*1", "ant 3, bee 2; train 4, test 1"),
        ("training_set/training_set/a/*2 training_set/training_set/b/*1 test_set/test_set/a/*1",
         "a 3, b 1; train 3, test 1"),
        ("Training%Data/a/*2 Training%Data/b/*1 Validation%Data/a/*1", "a 3, b 1; train 3, val 1"),
        ("1_train/a/*2 1_train/b/*1 2_val/a/*1 3_test/b/*1", "a 3, b 2; train 3, val 1, test 1"),
        ("train2017/a/*2 train2017/b/*1 val2017/a/*1", "a 3, b 1; train 3, val 1"),
        ("TrainSet/a/*2 TrainSet/b/*1 TestSet/a/*1", "a 3, b 1; train 3, test 1"),
        ("seg_train/seg_train/a/*2 seg_train/seg_train/b/*1 seg_test/seg_test/b/*1 seg_pred/*4",
         "a 2, b 2; train 3, test 1"),
        ("flowers_train/a/*1 flowers_train/b/*1 flowers_val/b/*1", "a 1, b 2; train 2, val 1"),
        ("train/images/a/*1 train/images/b/*1 train/labels/1.txt val/images/a/*1 val/labels/1.txt",
         "a 2, b 1; train 2, val 1"),
        # What lies beside.
        (f"{TRAIN} runs/classify/*3", "ant 2, bee 3"),
        (f"{TRAIN} unlabeled/x/*3", "ant 2, bee 3"),
        (f"{SPLIT} anything/*3", "ant 3, bee 4; train 5, val 2"),
        (f"{SPLIT} extra/extra/train/ant/*3 README.md train.csv", "ant 3, bee 4; train 5, val 2"),
        ("images/train/a/*2 images/train/b/*1 images/val/a/*1 labels/1.png", "a 3, b 1; train 3, val 1"),
        ("images/a/*2 images/b/*1 masks/1.png annotations/1.xml", "a 2, b 1"),
        ("images/a/*2 images/b/*1 test/*3", "a 2, b 1"),
        ("a/images/*2 a/masks/*2 b/images/*1 b/masks/*1 b/notes.txt", "a 2, b 1"),
        ("dataset/train/a/*2 dataset/train/b/*1 README.md archive.zip", "a 2, b 1"),
        ("a/*2 b/*1 preview.png photo_1.png scan_2.png", "a 2, b 1"),
        ("a/*2 b/*1 labels.csv annotations/1.xml models/net.pt", "a 2, b 1"),
        ("data/preview.png data/a/*2 data/b/*1", "a 2, b 1"),
        (f"{TRAIN} test/*4", "ant 2, bee 3"),
        (f"{TRAIN} test/unknown/*4", "ant 2, bee 3"),
        ("a/*2 b/*1 test/a/*1 test/b/*1", "a 3, b 2; train 3, test 2"),
        ("color/train/*1 shape/train/*1", "color 1, shape 1"),
        ("Train/a/*2 Train/b/*1 train/a/*2 train/b/*1 test/a/*1", "a 3, b 1; train 3, test 1"),
        ("Train/a/*2 Train/b/*1 train/a/*2 train/b/*2 test/a/*1", "a 5, b 3; train 7, test 1"),
        # Classes by the names of something else.
        ("bus/*1 car/*2 train/*3", "bus 1, car 2, train 3"),
        ("valid/*1 invalid/*2", "invalid 2, valid 1"),
        ("mask/*1 no_mask/*2", "mask 1, no_mask 2"),
        ("runs/*1 walks/*2", "runs 1, walks 2"),
        ("0/*1 1/*2 10/*3", "0 1, 1 2, 10 3"),
        ("A/*1 a/*2", "A 1, a 2"),
        ("train_station/*1 test_tube/*2", "test_tube 2, train_station 1"),
        # Depth.
        ("data/animals/cat/*1 data/animals/dog/*2", "cat 1, dog 2"),
        ("cat/patient_1/*1 cat/patient_2/*1 dog/patient_3/*1 dog/patient_4/*2", "cat 2, dog 3"),
        ("cat/2021-03/*1 cat/2021-04/*1 dog/2022-01/*1", "cat 2, dog 1"),
        ("n01/images/*1 n02/images/*2", "n01 1, n02 2"),
        ("cat/train/*2 cat/test/*1 dog/train/*2 dog/test/*3", "cat 3, dog 5; train 4, test 4"),
        # Enough to evaluate on.
        ("val/ant/*1 val/bee/*1 test/ant/*1 test/bee/*2", "ant 2, bee 3; val 2, test 3"),
        (f"{TRAIN} test/ant/*1 test/bee/*1 test/cat/*1", "ant 3, bee 4, cat 1; train 5, test 3"),
        ("ant/*3", "ant 3"),
    ],
)  # fmt: skip
def test_a_folder_means_what_people_mean(tmp_path: Path, paths: str, expected: str) -> None:
    assert counts(catalogue.open_folder(planted(tmp_path, paths))) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (f"{TRAIN} cat/*1", {"parts": "ant 2, bee 3", "folders": "cat 1, train 5"}),
        (f"{TRAIN} more/ant/*1", {
            "parts": "ant 2, bee 3", "folders": "more 1, train 5", "subfolders": "ant 3, bee 3",
        }),
        ("a/*1 b/*2 test/*3", {"folders": "a 1, b 2, test 3", "parts": "a 1, b 2"}),
        ("a/*1 b/*2 results/*3", {"folders": "a 1, b 2, results 3", "parts": "a 1, b 2"}),
        ("images/a/*1 images/b/*1 extra/*3", {"folders": "extra 3, images 2", "subfolders": "a 1, b 1"}),
        ("yes/*1 no/*2 again/yes/*1 again/no/*2", {
            "folders": "again 3, no 2, yes 1", "parts": "no 2, yes 1",
        }),
        ("animals/cat/*1 animals/dog/*1 cars/bus/*2", {
            "folders": "animals 2, cars 2", "subfolders": "bus 2, cat 1, dog 1",
        }),
        ("fold1/a/*1 fold1/b/*1 fold2/a/*1 fold2/b/*1", {
            "folders": "fold1 2, fold2 2", "subfolders": "a 2, b 2",
        }),
        ("train/x/a/*1 train/x/b/*1 train/y/c/*1 val/x/a/*1", {
            "parts": "x 3, y 1; train 3, val 1", "parts-subfolders": "a 2, b 1, c 1; train 3, val 1",
        }),
        ("Cat/*1 cat/*2 dog/*1", {
            "folders,together": "cat 3, dog 1", "folders,apart": "Cat 1, cat 2, dog 1",
        }),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_asked_and_every_answer_can_be_chosen(
    tmp_path: Path, paths: str, expected: dict[str, str]
) -> None:
    planted(tmp_path, paths)
    with pytest.raises(LayoutError, match=f"can be read in {len(expected)} ways; choose one with --layout"):
        catalogue.open_folder(tmp_path)
    names = [each.name for each in understand(tmp_path).readings]
    assert {name: counts(catalogue.open_folder(tmp_path, layout=name)) for name in names} == expected


def test_the_question_has_the_counts(tmp_path: Path) -> None:
    with pytest.raises(LayoutError) as asked:
        catalogue.open_folder(planted(tmp_path, f"{TRAIN} cat/*1"))
    assert str(asked.value) == (
        f"'{tmp_path}' can be read in 2 ways; choose one with --layout: "
        "parts (2 classes: ant 2, bee 3; left out: 1 image in 'cat', which is no part of the data) "
        "or folders (2 classes: cat 1, train 5)"
    )


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (
            "bottle/train/good/*3 bottle/test/bad/*1 cable/train/good/*1",
            "several data sets: 'bottle', 'cable'",
        ),
        (
            "train/images/*3 train/masks/*3 val/images/*1 val/masks/*1",
            "no class folder; .* got images directly in",
        ),
        ("train/*4 train/_classes.csv valid/*2", "labels are not read from 'train/_classes.csv'"),
        (
            "*4 labels.csv",
            r"is not a folder of labelled images; .* \(labels are not read from 'labels.csv'\)",
        ),
    ],
)
def test_what_is_no_folder_of_classes_is_told_in_words(tmp_path: Path, paths: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        catalogue.open_folder(planted(tmp_path, paths))


@pytest.mark.parametrize(
    ("paths", "known", "expected"),
    [
        ("ant/*1 bee/*2 test/*3", ("ant", "bee", "cat"), "ant 1, bee 2"),
        ("ant/*1 bee/*2 test/*3", ("ant", "bee", "test"), "ant 1, bee 2, test 3"),
        ("insects/ant/*1 insects/bee/*1 pets/cat/*1", ("ant", "bee", "cat"), "ant 1, bee 1, cat 1"),
        ("Ant/summer/*1 Ant/winter/*2", ("ant", "bee"), "Ant 3"),
        (f"{TRAIN} test/cat/*1", ("ant", "bee", "cat"), "ant 2, bee 3, cat 1; train 5, test 1"),
    ],
)
def test_the_classes_of_a_network_answer_the_question(
    tmp_path: Path, paths: str, known: tuple[str, ...], expected: str
) -> None:
    assert counts(catalogue.open_folder(planted(tmp_path, paths), known=known)) == expected


def test_an_unknown_layout_names_those_that_there_are(tmp_path: Path) -> None:
    planted(tmp_path, "a/*1 b/*1")
    with pytest.raises(DataError, match="no layout 'tree'; there is folders, parts, folders-parts, sub"):
        catalogue.open_folder(tmp_path, layout="tree")
    with pytest.raises(DataError, match="has no images in the layout 'subfolders'; omit --layout"):
        catalogue.open_folder(tmp_path, layout="subfolders")


# Names.


def test_unicode_forms_of_a_class_are_one_class(tmp_path: Path) -> None:
    """A folder from a Mac has é as two characters."""
    composed, apart = "café", unicodedata.normalize("NFD", "café")
    planted(tmp_path, f"{composed}/*2 {apart}/*1 tea/*1")
    images = catalogue.open_folder(tmp_path)
    assert counts(images) == "café 3, tea 1"
    assert all((tmp_path / each).is_file() for each in images.sample_ids)


def test_the_fingerprint_is_the_same_for_both_unicode_forms(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        planted(tmp_path / form, unicodedata.normalize(form, "café/*2 tea/ü.png"))
    one, other = (catalogue.open_folder(tmp_path / form) for form in ("NFC", "NFD"))
    assert (one.fingerprint, one.class_names) == (other.fingerprint, other.class_names)
    apart = [unicodedata.normalize("NFD", name) for name in ("Tea", "Café")]
    assert labels_for(one, apart).tolist() == [1, 1, 0]


def test_parts_may_spell_a_class_in_another_way(tmp_path: Path) -> None:
    planted(tmp_path, "train/Guinea_pig/*2 train/Dog/*1 val/guinea%pig/*1 val/dog/*1")
    assert counts(catalogue.open_folder(tmp_path)) == "Dog 2, Guinea_pig 3; train 3, val 2"


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "@SynoResource", "@appstore", "@sharebin", "#recycle", "~snapshot"),
        *("lost+found", "$RECYCLE.BIN", "RECYCLER", "Recycled", "System Volume Information", "FOUND.001"),
        *("WPSystem", "Config.Msi", "OneDriveTemp", "__MACOSX", ".git"),
    ],
)
def test_folders_of_the_system_are_no_classes(tmp_path: Path, name: str) -> None:
    planted(tmp_path, "a/*1 b/*1")
    for place in (tmp_path / name / "a", tmp_path / "a" / name):
        picture(place / "thumb.png")
    images = catalogue.open_folder(tmp_path)
    assert counts(images) == "a 1, b 1"
    assert left_out(images) == {listing.SYSTEM: 2}


@pytest.mark.parametrize(
    ("planted_as", "place"),
    [("cat/*3", "cat"), ("x/Guinea_Pig/*3", "x/Guinea_Pig"), ("x/cat_%.png*3", "x")],
)
def test_images_of_one_known_class_may_lie_right_in_the_folder(
    tmp_path: Path, planted_as: str, place: str
) -> None:
    if "%" in planted_as:
        for number in range(3):
            picture(tmp_path / place / f"cat_{number}.png")
    else:
        planted(tmp_path, planted_as)
    images = catalogue.open_folder(tmp_path / place, known=["dog", "cat", "guinea pig"])
    assert len(images) == 3
    assert len(images.class_names) == 1
    with pytest.raises(DataError):
        catalogue.open_folder(tmp_path / place, known=["dog", "bird"])


# Nothing vanishes uncounted.


def test_other_endings_of_what_can_be_read_count(tmp_path: Path) -> None:
    planted(tmp_path, "b/*1")
    for name in ("1.jfif", "2.jpe", "3.PJPEG", "4", "5.jpg_large", "Dr. No", "6.jpg~"):
        picture(tmp_path / "a" / name, "JPEG")
    for name, kind in (("7.dib", "BMP"), ("8.pbm", "PPM"), ("9.pnm", "PPM"), ("10.img", "TIFF")):
        picture(tmp_path / "a" / name, kind)
    images = catalogue.open_folder(tmp_path)
    assert counts(images) == "a 11, b 1"
    assert all(images.image(index).size == (2, 3) for index in range(len(images)))


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    planted(tmp_path, "a/*1 b/*1 stray.png a/notes.txt a/more.txt README a/Thumbs.db")
    picture(tmp_path / "a" / "phone.heic")
    assert left_out(catalogue.open_folder(tmp_path)) == {
        f".heic files {listing.NOT_OPENED}": 1,
        ".txt files": 2,
        listing.NO_ENDING: 1,
        listing.SYSTEM: 1,
        "images beside the class folders": 1,
    }


def test_what_lies_around_the_data_is_counted_too(tmp_path: Path) -> None:
    planted(tmp_path, "data/train/a/*2 data/train/b/*1 backup/train/a/*2 LICENSE.pdf data/preview.png")
    assert left_out(catalogue.open_folder(tmp_path)) == {
        "images in 'backup', which is no part of the data": 2,
        ".pdf files": 1,
        "images beside the class folders": 1,
    }


def test_images_of_a_public_data_set_that_it_does_not_list_are_counted(tmp_path: Path) -> None:
    planted(tmp_path, "cell_images/Parasitized/*1 cell_images/Uninfected/*2 cell_images/Other/*3")
    images = catalogue.open_folder(tmp_path)
    assert images.name == "malaria"
    assert left_out(catalogue.with_left_out(images)) == {"images without a label in malaria": 3}


# Links.


def test_links_to_folders_are_followed_and_never_in_a_circle(tmp_path: Path) -> None:
    root, store = planted(tmp_path / "root", "a/*1 b/*1"), planted(tmp_path / "store", "more/*5")
    (root / "b" / "linked").symlink_to(store / "more")
    (root / "a" / "again").symlink_to(store / "more")
    (root / "a" / "up").symlink_to(root)
    (root / "c").symlink_to(root / "c")
    images = catalogue.open_folder(root)
    assert len(images) == 7
    assert all((root / each).is_file() for each in images.sample_ids)
    assert left_out(images) == {tree.CYCLE: 1, tree.TWICE: 1, listing.DEAD_LINK: 1}


def test_a_link_to_all_of_the_disk_is_not_followed(tmp_path: Path) -> None:
    root = planted(tmp_path / "root", "a/*1 b/*1")
    planted(tmp_path, "other/*5")
    for name, target in (("parent", tmp_path), ("disk", Path("/")), ("processes", Path("/proc"))):
        (root / "a" / name).symlink_to(target)
    images = catalogue.open_folder(root)
    assert (counts(images), left_out(images)) == ("a 1, b 1", {tree.CYCLE: 2, tree.FORBIDDEN: 1})


def test_links_out_of_the_folders_that_may_be_opened_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, store = planted(tmp_path / "root", "a/*1 b/*1"), planted(tmp_path / "store", "more/*5")
    (root / "b" / "linked").symlink_to(store / "more")
    monkeypatch.setenv(ROOTS, str(root))
    images = catalogue.open_folder(root)
    assert (counts(images), left_out(images)) == ("a 1, b 1", {tree.FORBIDDEN: 1})


# Odd entries.


def test_no_odd_entry_blocks_the_others(tmp_path: Path) -> None:
    planted(tmp_path, "a/*2 b/*2")
    (tmp_path / "a" / "gone.png").symlink_to("/nowhere/1.png")
    (tmp_path / "a" / "folder.png").mkdir()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "a" / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    os.mkfifo(tmp_path / "a" / "pipe")
    (tmp_path / "a" / "empty.png").touch()
    Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/caf\xe9.png")).touch()
    picture(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")) / "1.png")
    with (tmp_path / "a" / "slide.tif").open("wb") as file:
        file.truncate(10 * 2**30)
    images = catalogue.open_folder(tmp_path)
    assert images.empty == ()
    # Two of these cannot be opened, as whoever reads the images will say.
    assert counts(images) == "a 4, b 2"
    assert left_out(images) == {listing.DEAD_LINK: 1, listing.NO_FILE: 3, listing.NOT_UTF8: 2}
    for each in images.left_out or ():
        assert all(path.isprintable() and path.encode() for path in each.examples)


def test_a_folder_that_may_not_be_read_is_left_out_and_a_disk_that_is_away_is_not_a_small_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(tmp_path, "a/*2 a/private/*3 b/*2")
    scandir = os.scandir

    def failing(path: Path, code: int = errno.EACCES) -> object:
        if str(path).endswith("private"):
            raise OSError(code, os.strerror(code), str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    images = catalogue.open_folder(tmp_path)
    assert (counts(images), left_out(images)) == ("a 2, b 2", {tree.CLOSED: 1})
    monkeypatch.setattr(os, "scandir", partial(failing, code=errno.EIO))
    with pytest.raises(AwayError, match="its disk reports an error"):
        catalogue.open_folder(tmp_path)


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    with pytest.raises(DataError, match="is a file, not a folder of labelled images; choose its folder"):
        catalogue.open_folder(tmp_path / "1.png")
    with pytest.raises(DataError, match="is not a folder of labelled images: it does not exist"):
        catalogue.open_folder(tmp_path / "gone")
    with pytest.raises(CoreError, match="cannot read"):
        catalogue.open_folder(tmp_path / ("x" * 300))


def test_folders_without_an_end_end(tmp_path: Path) -> None:
    planted(tmp_path, "a/*1 b/*1")
    deep = tmp_path / "a"
    for _ in range(100):
        deep /= "d"
    picture(deep / "1.png")
    images = catalogue.open_folder(tmp_path)
    assert (counts(images), left_out(images)) == ("a 1, b 1", {tree.DEEP: 1})


def test_a_link_to_a_part_or_a_class_does_not_count_its_images_twice(tmp_path: Path) -> None:
    planted(tmp_path / "one", "train/a/*2 train/b/*2")
    (tmp_path / "one/val").symlink_to(tmp_path / "one/train")
    images = catalogue.open_folder(tmp_path / "one")
    assert counts(images) == "a 2, b 2"
    assert left_out(images) == {f"images in 'val/{name}', a link to 'train/{name}'": 2 for name in "ab"}
    planted(tmp_path / "two", "b/*2 c/*1")
    (tmp_path / "two/a").symlink_to(tmp_path / "two/b")
    images = catalogue.open_folder(tmp_path / "two")
    assert counts(images) == "b 2, c 1"
    assert left_out(images) == {"images in 'a', a link to 'b'": 2}


# What belongs together.


def test_frames_of_a_sign_stay_whole_in_the_layout_of_kaggle(tmp_path: Path) -> None:
    for number in (0, 14):
        for track in range(4):
            for frame in range(5):
                picture(tmp_path / f"Train/{number}/{number:05}_{track:05}_{frame:05}.png")
    planted(tmp_path, "Test/00000.png Test/00001.png Meta/0.png")
    (tmp_path / "Test.csv").write_text("Width,ClassId,Path\n2,14,Test/00000.png\n")
    images = catalogue.open_folder(tmp_path)
    assert (images.name, counts(images)) == ("gtsrb", "Speed limit (20km/h) 20, Stop 21; train 40, test 1")
    split = published_split(images, 0.25, 0)
    tracks = [{images.sample_ids[at].rpartition("_")[0] for at in side} for side in (split.train, split.val)]
    assert [len(each) for each in tracks] == [6, 2]
    assert tracks[0].isdisjoint(tracks[1])
    alone = catalogue.open_folder(tmp_path / "Train")
    assert alone.groups is not None
    assert (counts(alone), len(np.unique(alone.groups))) == ("0 20, 14 20", 8)


@pytest.mark.parametrize("names", [("Train/0", "Train/14"), ("0", "14"), ("stop", "yield"), ("1", "15")])
def test_frames_stay_whole_beside_other_images_and_under_other_names(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for number, name in zip((0, 14), names, strict=True):
        for track in range(4):
            for frame in range(2):
                picture(tmp_path / f"{name}/{number:05}_{track:05}_{frame:05}.png")
        picture(tmp_path / f"{name}/0-added.png")
    (tmp_path / "Test.csv").write_text("ClassId,Path\n14,Test/00000.png\n")  # Without the images.
    images = catalogue.open_folder(tmp_path)
    assert images.groups is not None
    tracks: dict[int, set[str]] = {}
    for group, sample_id in zip(images.groups.tolist(), images.sample_ids, strict=True):
        tracks.setdefault(group, set()).add(sample_id.rpartition("_")[0])
    assert (len(images), len(tracks)) == (18, 10)
    assert all(len(each) == 1 for each in tracks.values())


def test_the_folder_of_a_patient_stays_whole(tmp_path: Path) -> None:
    planted(tmp_path, "sick/patient_1/*2 sick/patient_2/*3 well/patient_1/*1 well/patient_3/*2 well/1.png")
    images = catalogue.open_folder(tmp_path)
    assert images.groups is not None
    together = {images.groups[index]: set() for index in range(len(images))}  # type: ignore[var-annotated]
    for index, sample_id in enumerate(images.sample_ids):
        together[images.groups[index]].add(sample_id.split("/")[1])
    assert sorted(map(sorted, together.values())) == [["1.png"], ["patient_1"], ["patient_2"], ["patient_3"]]


def test_every_layout_has_a_sentence() -> None:
    assert set(layout.NAMES) == set(layout._BUILT)
