"""Every source gives the images, labels, groups and published parts that its files say."""

import csv
import gzip
import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.folder import class_folders, file_names, listing
from core.data.sources.public import gtsrb, malaria, mnist, synsets
from core.data.trainable import refuse_untrainable
from core.errors import DataError
from tests.support.paths import DATA


def real(name: str) -> ImageSet:
    if catalogue.find(name, DATA) is None:
        pytest.skip(f"there is no {name} in {DATA}")
    return catalogue.load(name, DATA)


def picture(path: Path, grey: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 3), (grey, grey, grey)).save(path)


def counts(images: ImageSet) -> dict[str, int]:
    numbers = np.bincount(images.labels, minlength=len(images.class_names)).tolist()
    return dict(zip(images.class_names, numbers, strict=True))


def parts(images: ImageSet) -> dict[str, int]:
    assert images.published is not None
    kinds, numbers = np.unique(images.published, return_counts=True)
    return dict(zip(kinds.tolist(), numbers.tolist(), strict=True))


# Folders of classes.


def test_classes_are_folders_in_natural_order(tmp_path: Path) -> None:
    for name in ("10", "2", "b", "A"):
        picture(tmp_path / name / "x.png")
    assert class_folders.SOURCE.load(tmp_path).class_names == ("2", "10", "A", "b")


def test_an_image_at_any_depth_belongs_to_the_class_folder(tmp_path: Path) -> None:
    for path in ("train/cat/1.png", "train/cat/sub/deep/2.png", "train/dog/3.png", "val/dog/4.png"):
        picture(tmp_path / path)
    images = class_folders.SOURCE.load(tmp_path)
    assert counts(images) == {"cat": 2, "dog": 2}
    assert list(images.sample_ids) == [
        "train/cat/1.png",
        "train/cat/sub/deep/2.png",
        "train/dog/3.png",
        "val/dog/4.png",
    ]
    assert parts(images) == {"train": 3, "val": 1}


@pytest.mark.parametrize("above", ["", "data", "some/dir", "data/train"])
@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_parts_are_found_below_any_chain_of_folders(tmp_path: Path, above: str, val: str) -> None:
    for split in ("Train", val, "test"):
        for name in ("cat", "dog"):
            picture(tmp_path / above / split / name / "1.png")
    images = class_folders.SOURCE.load(tmp_path)
    assert parts(images) == {"test": 2, "train": 2, "val": 2}
    assert images.class_names == ("cat", "dog")


def test_the_fingerprint_is_the_same_from_the_folder_and_from_above_it(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        picture(tmp_path / "data" / "pets" / name / "1.png")
    below, above = class_folders.SOURCE.load(tmp_path / "data" / "pets"), class_folders.SOURCE.load(tmp_path)
    assert (below.fingerprint, below.sample_ids) == (above.fingerprint, above.sample_ids)


def test_the_fingerprint_changes_with_contents_and_with_names(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        picture(tmp_path / name / "1.png")
    prints = {class_folders.SOURCE.load(tmp_path).fingerprint}
    picture(tmp_path / "cat" / "1.png", grey=200)
    prints.add(class_folders.SOURCE.load(tmp_path).fingerprint)
    (tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "2.png")
    prints.add(class_folders.SOURCE.load(tmp_path).fingerprint)
    assert len(prints) == 3


def test_hidden_files_and_files_that_are_no_images_are_left_out(tmp_path: Path) -> None:
    for path in ("cat/1.PNG", "dog/1.png", "cat/.hidden.png", "cat/.git/x.png", "__MACOSX/cat/1.png"):
        picture(tmp_path / path)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    assert counts(class_folders.SOURCE.load(tmp_path)) == {"cat": 1, "dog": 1}


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("bus", "car", "train"):
        picture(tmp_path / name / "1.png")
    images = class_folders.SOURCE.load(tmp_path)
    assert counts(images) == {"bus": 1, "car": 1, "train": 1}
    assert images.published is None


def test_a_test_part_without_labels_is_left_out(tmp_path: Path) -> None:
    for path in ("train/cat/1.png", "train/dog/1.png", "test/unknown/1.png", "test/2.png"):
        picture(tmp_path / path)
    images = class_folders.SOURCE.load(tmp_path)
    assert counts(images) == {"cat": 1, "dog": 1}
    assert images.published is None


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["cat/1.png"], "has the class folder 'cat' only; expected ROOT/CLASS/IMAGE .* two classes or more"),
        (["cat/1.png", "dog/1.txt", "emu/1.png"], "class folders without an image: 'dog'; fill or remove"),
        (
            ["train/a/1.png", "train/b/1.png", "val/a/1.png", "val/c/1.png"],
            "the class 'c' in val but not in train",
        ),
    ],
)
def test_what_is_enough_to_evaluate_on_may_not_be_enough_to_train(
    tmp_path: Path, paths: list[str], message: str
) -> None:
    planted(tmp_path, paths)
    images = class_folders.SOURCE.load(tmp_path)
    assert len(images) == sum(path.endswith(".png") for path in paths)
    with pytest.raises(DataError, match=message):
        refuse_untrainable(images)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (
            ["train/1.png", "test/2.png"],
            "has no class folder; expected ROOT/CLASS/IMAGE .* got images directly in 'test', 'train'",
        ),
        (
            ["1.png", "labels.csv"],
            "has no class folder; expected .* labels are not read from 'labels.csv'",
        ),
        (
            ["images/1.png", "labels/1.txt"],
            "has no class folder; expected .* got images directly in 'images'",
        ),
        (
            ["notes/1.txt", "dog/1.txt"],
            "has class folders without images: 'dog', 'notes'; add images to them",
        ),
    ],
)
def test_a_layout_without_classes_is_refused_in_words(tmp_path: Path, paths: list[str], message: str) -> None:
    planted(tmp_path, paths)
    with pytest.raises(DataError, match=message):
        class_folders.SOURCE.load(tmp_path)


def planted(root: Path, paths: list[str]) -> None:
    """Pictures, or other files where a name does not end in ``.png``."""
    for path in paths:
        if path.endswith(".png"):
            picture(root / path)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("no image")


def test_the_pixels_of_a_file_come_back(tmp_path: Path) -> None:
    for grey, name in enumerate(("cat", "dog")):
        picture(tmp_path / name / "1.png", grey=grey * 100)
    images = class_folders.SOURCE.load(tmp_path)
    assert [images.image(index).getpixel((0, 0)) for index in (0, 1)] == [(0, 0, 0), (100, 100, 100)]
    assert images.path(1) == tmp_path / "dog" / "1.png"


@pytest.mark.parametrize("source", catalogue.SOURCES.values(), ids=lambda source: source.name)
@pytest.mark.parametrize("folder", ["missing", "x" * 5_000, "file.txt"])
def test_find_never_raises(tmp_path: Path, source: catalogue.Source, folder: str) -> None:
    (tmp_path / "file.txt").write_text("a file")
    assert source.find(tmp_path / folder) is None or source.name == "digits"


# Labels in file names.


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cat.0.jpg", "cat"),
        ("cat_12.png", "cat"),
        ("great_pyrenees-7.png", "great_pyrenees"),
        ("cat.jpg", None),
        ("cat0.jpg", None),
        ("7.jpg", None),
    ],
)
def test_a_label_precedes_the_last_number(name: str, label: str | None) -> None:
    assert file_names.label_of(name) == label


@pytest.mark.parametrize("below", ["", "train"])
def test_labels_are_read_from_names(tmp_path: Path, below: str) -> None:
    for name in ("cat.0.png", "cat.10.png", "cat.2.png", "dog_1.png"):
        picture(tmp_path / below / name)
    picture(tmp_path / "test1" / "1.png")
    found = file_names.SOURCE.find(tmp_path)
    assert found == tmp_path / below
    images = file_names.SOURCE.load(found)
    assert counts(images) == {"cat": 3, "dog": 1}
    assert list(images.sample_ids) == ["cat.0.png", "cat.2.png", "cat.10.png", "dog_1.png"]


@pytest.mark.parametrize("names", [["cat.0.png", "cat.1.png"], ["cat.0.png", "dog.0.png", "photo.png"]])
def test_names_of_one_label_or_without_one_are_no_labels(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        picture(tmp_path / name)
    assert file_names.SOURCE.find(tmp_path) is None
    with pytest.raises(DataError, match=r"has only the label 'cat'|got 'photo.png'"):
        file_names.SOURCE.load(tmp_path)


@pytest.mark.parametrize("below", ["", "val"])
def test_photos_of_imagenet_are_labelled_by_the_synset_in_front(tmp_path: Path, below: str) -> None:
    """Whatever follows: a word, or the number that the publisher has given."""
    for name in ("n02123045_tabby.JPEG", "n02123045_tiger_cat_2.JPEG", "n02012849_17.JPEG"):
        picture(tmp_path / below / name)
    found = synsets.SOURCE.find(tmp_path)
    assert found == tmp_path / below
    images = synsets.SOURCE.load(found)
    assert counts(images) == {"n02012849": 1, "n02123045": 2}
    assert catalogue.recognise(tmp_path) == "synsets"
    picture(tmp_path / below / "n123_tabby.JPEG")
    assert synsets.SOURCE.find(tmp_path) is None


def test_250_photos_of_imagenet() -> None:
    folder = DATA / "imagenet-photos"
    if not folder.exists():
        pytest.skip(f"there are no photos in {folder}")
    assert catalogue.recognise(folder) == "synsets"
    images = catalogue.load("synsets", folder)
    assert (len(images), len(images.class_names), images.class_names[0]) == (250, 250, "n01443537")


# Arrays.


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder: Path, *, train: int = 4, test: int = 2) -> NDArray[np.uint8]:
    """Four files in the manner of MNIST; gives all pixels."""
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (train + test, 28, 28), np.uint8)
    labels = np.arange(train + test, dtype=np.uint8)
    for part, chosen in (("train", slice(train)), ("t10k", slice(train, None))):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(pixels[chosen]))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels[chosen]))
    return pixels


@pytest.mark.parametrize("place", ["FashionMNIST/raw", "", "fashion-mnist", "raw"])
def test_fashion_mnist_is_found_with_its_parts(tmp_path: Path, place: str) -> None:
    pixels = write_idx(tmp_path / "there" / place)
    images = catalogue.load("fashion-mnist", tmp_path / "there")
    assert (parts(images), images.labels.tolist()) == ({"test": 2, "train": 4}, [0, 1, 2, 3, 4, 5])
    assert np.array_equal(np.asarray(images.image(5))[..., 0], pixels[5])
    assert images.class_names[9] == "Ankle boot"
    assert images.sample_ids[4] == "fashion-mnist/test/0"


def test_idx_files_may_be_packed(tmp_path: Path) -> None:
    plain = write_idx(tmp_path / "plain")
    write_idx(tmp_path / "packed")
    for path in list((tmp_path / "packed").iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = mnist.MNIST.load(tmp_path / "packed")
    assert packed.fingerprint == mnist.MNIST.load(tmp_path / "plain").fingerprint
    assert np.array_equal(np.asarray(packed.image(0))[..., 0], plain[0])


def test_mnist_and_fashion_mnist_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST" / "raw")
    write_idx(tmp_path / "FashionMNIST" / "raw")
    assert mnist.MNIST.find(tmp_path) == tmp_path / "MNIST" / "raw"
    assert mnist.FASHION_MNIST.find(tmp_path) == tmp_path / "FashionMNIST" / "raw"
    assert mnist.MNIST.find(tmp_path / "FashionMNIST" / "raw") is None
    assert mnist.FASHION_MNIST.find(tmp_path / "MNIST" / "raw") is None


@pytest.mark.parametrize("damage", [b"", b"\0\0\x08\x03\0\0", b"\0\0\x08\x01\0\0\0\x09abc", b"<html>"])
def test_a_damaged_idx_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    write_idx(tmp_path / "raw")
    (tmp_path / "raw" / "train-images-idx3-ubyte").write_bytes(damage)
    with pytest.raises(DataError, match=r"the files of mnist in .* are damaged; download them again"):
        mnist.MNIST.load(tmp_path / "raw")


def test_mnist_is_what_torchvision_reads() -> None:
    from torchvision.datasets import MNIST

    images = real("mnist")
    assert parts(images) == {"test": 8_500, "train": 51_000}
    peer = MNIST(DATA / "mnist", train=False)
    assert np.array_equal(images.labels[51_000:], peer.targets.numpy())
    assert np.array_equal(np.asarray(images.image(51_007))[..., 1], peer.data[7].numpy())


def test_cifar_10_is_read_by_torchvision_after_its_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import CIFAR10

    def write(name: str, content: object) -> str:
        data = pickle.dumps(content)
        (tmp_path / "cifar-10-batches-py" / name).write_bytes(data)
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    (tmp_path / "cifar-10-batches-py").mkdir()
    pixels = np.arange(2 * 3_072, dtype=np.uint32).astype(np.uint8).reshape(2, 3_072)
    train = write("data_batch_1", {"data": pixels, "labels": [1, 0]})
    test = write("test_batch", {"data": pixels[:1], "labels": [1]})
    meta = write("batches.meta", {"label_names": ["airplane", "automobile"]})
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", train]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", test]])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": meta})

    images = catalogue.load("cifar-10", tmp_path)
    assert (images.class_names, images.labels.tolist()) == (("airplane", "automobile"), [1, 0, 1])
    assert images.published is not None
    assert images.published.tolist() == ["train", "train", "test"]
    assert np.array_equal(np.asarray(images.image(1)), pixels[1].reshape(3, 32, 32).transpose(1, 2, 0))

    write("test_batch", "changed")
    with pytest.raises(DataError, match=r"the files of cifar-10 in .* are damaged; download them again"):
        catalogue.load("cifar-10", tmp_path)


# Public data sets in files.


def test_pets_have_the_breeds_that_are_present() -> None:
    images = real("pets-breeds")
    assert counts(images) == {"Abyssinian": 169, "American Bulldog": 170, "Bengal": 170}
    assert parts(images) == {"test": 256, "train": 253}
    assert images.class_names[images.labels[images.sample_ids.index("images/Bengal_1.jpg")]] == "Bengal"


def test_pets_are_cats_or_dogs() -> None:
    images = real("pets-cat-dog")
    assert counts(images) == {"Cat": 339, "Dog": 170}
    species = np.array([path.split("/")[1][0].isupper() for path in images.sample_ids])
    assert np.array_equal(images.labels == 0, species)  # Cats are written with a capital.


def test_pets_are_what_torchvision_lists() -> None:
    from torchvision.datasets import OxfordIIITPet

    images = real("pets-cat-dog")
    peers = [OxfordIIITPet(DATA, split, target_types="binary-category") for split in ("trainval", "test")]
    assert [Path(path).name for path in images.sample_ids] == [
        path.name for peer in peers for path in peer._images
    ]
    assert images.labels.tolist() == [label for peer in peers for label in peer._bin_labels]


def write_pets(root: Path, *breeds: tuple[str, int, int]) -> None:
    (root / "annotations").mkdir(parents=True)
    for name in ("trainval", "test"):
        lines = [f"{breed}_{name} {number} {species} 1\n" for breed, number, species in breeds]
        (root / "annotations" / f"{name}.txt").write_text("".join(lines))
        for breed, _, _ in breeds:
            picture(root / "images" / f"{breed}_{name}.jpg")


def test_a_listed_image_that_is_missing_is_named(tmp_path: Path) -> None:
    write_pets(tmp_path, ("Bengal", 6, 1), ("beagle", 5, 2))
    (tmp_path / "images" / "beagle_test.jpg").unlink()
    with pytest.raises(DataError, match=r"cannot read '.*beagle_test.jpg', which pets-breeds should have"):
        catalogue.load("pets-breeds", tmp_path)


def test_a_damaged_list_of_pets_is_refused(tmp_path: Path) -> None:
    write_pets(tmp_path, ("Bengal", 6, 1), ("beagle", 5, 2))
    (tmp_path / "annotations" / "test.txt").write_text("only three fields\n")
    with pytest.raises(DataError, match=r"the lists in .* are damaged; unpack them again"):
        catalogue.load("pets-breeds", tmp_path)


def test_dogs_vs_cats_leaves_out_what_has_no_label() -> None:
    assert counts(real("dogs-vs-cats")) == {"cat": 400, "dog": 400}


def test_gtsrb_has_its_tracks_as_groups() -> None:
    images = real("gtsrb")
    assert set(np.bincount(images.labels).tolist()) == {120}
    assert (len(images), len(images.class_names), images.class_names[14]) == (5_160, 43, "Stop")
    assert images.groups is not None
    slow = {path.rsplit("_", 1)[0] for path in images.sample_ids}
    assert int(images.groups.max()) + 1 == len(slow)
    assert all(len(set(images.labels[images.groups == group])) == 1 for group in range(50))


def write_gtsrb(root: Path, train: str) -> None:
    for number in (0, 14):
        for track in range(2):
            for frame in range(3):
                picture(root / train / f"{number:05}" / f"{track:05}_{frame:05}.ppm")
    for index in range(2):
        picture(root / "Final_Test" / "Images" / f"{index:05}.ppm")


def write_answers(folder: Path) -> None:
    with (folder / "GT-final_test.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([["Filename", "Width", "ClassId"], ["00000.ppm", 9, 14], ["00001.ppm", 9, 0]])


@pytest.mark.parametrize("train", ["Training", "Final_Training/Images"])
def test_both_layouts_of_gtsrb_give_the_same(tmp_path: Path, train: str) -> None:
    write_gtsrb(tmp_path / "gtsrb" / "GTSRB", train)
    write_answers(tmp_path / "gtsrb")
    images = catalogue.load("gtsrb", tmp_path)
    assert counts(images) == {"Speed limit (20km/h)": 7, "Stop": 7}
    assert parts(images) == {"test": 2, "train": 12}
    assert images.groups is not None
    assert np.bincount(images.groups).tolist() == [3, 3, 3, 3, 1, 1]


def test_the_test_images_of_gtsrb_are_left_out_without_their_answers(tmp_path: Path) -> None:
    write_gtsrb(tmp_path / "GTSRB", "Final_Training/Images")
    images = catalogue.load("gtsrb", tmp_path)
    assert (len(images), images.published) == (12, None)


def test_the_built_in_names_of_signs_are_those_of_the_table() -> None:
    table = DATA / "gtsrb" / "signnames.csv"
    if not table.is_file():
        pytest.skip(f"there is no {table}")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["SignName"] for row in rows] == list(gtsrb._SIGNS)


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("C33P1thinF_IMG_20150619_114756a_cell_179.png", "C33P1"),
        ("C1_thinF_IMG_20150604_104722_cell_115.png", "C1"),
        ("C2NThinF_IMG_20150604_114631_cell_141.png", "C2"),
        ("C68P29N_ThinF_IMG_20150819_133236_cell_156.png", "C68P29"),
        ("C182P143NThinF_IMG_20151201_171950_cell_1.png", "C182P143"),
        ("Cell_7.png", "Cell_7.png"),
    ],
)
def test_a_patient_is_read_from_the_name_of_a_cell(name: str, patient: str) -> None:
    assert malaria.patient(name) == patient


def test_malaria_is_grouped_by_patient() -> None:
    images = real("malaria")
    assert counts(images) == {"Parasitized": 86, "Uninfected": 88}
    patients = {malaria.patient(path.split("/")[1]) for path in images.sample_ids}
    assert patients == {"C1", "C2", "C33P1", "C38P3", "C39P4"}
    assert images.groups is not None
    assert int(images.groups.max()) + 1 == 5


def test_tiny_imagenet_keeps_its_parts() -> None:
    images = real("tiny-imagenet")
    assert parts(images) == {"train": 8_499, "val": 840}
    assert (len(images.class_names), images.class_names[0]) == (20, "goose")


def write_tiny_imagenet(root: Path) -> None:
    for wnid in ("n02", "n01", "n03"):
        picture(root / "train" / wnid / "images" / f"{wnid}_0.JPEG")
    picture(root / "val" / "images" / "val_0.JPEG")
    (root / "wnids.txt").write_text("n02\nn01\nn03\n")
    (root / "words.txt").write_text("n01\tcrane, bird\nn02\tgoose\nn03\tcrane, machine\nn04\tunused\n")
    (root / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn03\t0\t0\t9\t9\n")


def test_classes_of_tiny_imagenet_that_share_a_name_carry_their_number(tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path / "tiny-imagenet-200")
    images = catalogue.load("tiny-imagenet", tmp_path)
    assert counts(images) == {"crane (n01)": 1, "goose": 1, "crane (n03)": 2}
    assert parts(images) == {"train": 3, "val": 1}


def test_a_class_of_tiny_imagenet_without_images_is_named(tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path)
    (tmp_path / "train" / "n02" / "images" / "n02_0.JPEG").unlink()
    with pytest.raises(DataError, match=r"no image in '.*n02/images'; unpack tiny-imagenet again"):
        catalogue.load("tiny-imagenet", tmp_path)


@pytest.mark.parametrize(
    "name", ["mnist", "pets-breeds", "dogs-vs-cats", "gtsrb", "malaria", "tiny-imagenet", "digits"]
)
def test_every_sample_has_a_name_of_its_own_and_opens(name: str) -> None:
    images = real(name)
    assert len(set(images.sample_ids)) == len(images)
    for index in np.linspace(0, len(images) - 1, 20).astype(int).tolist():
        assert images.image(index).mode == "RGB"


@pytest.mark.parametrize("outside", ["../secret.png", "/etc/secret.png", "a/../../secret.png"])
def test_a_table_that_leads_out_of_its_data_set_is_refused(tmp_path: Path, outside: str) -> None:
    found = listing.Listing(("a", "b"), ["a/1.png", outside], [0, 1])
    with pytest.raises(DataError, match=r"names '.*secret\.png', which is outside; remove this entry"):
        listing.image_set("gtsrb", tmp_path, found)


def test_numbers_in_names_sort_by_value() -> None:
    assert sorted(["img10", "img9", "Img10", "a", "7"], key=listing.natural) == [
        "7",
        "a",
        "img9",
        "Img10",
        "img10",
    ]


def test_a_folder_that_goes_while_it_is_listed_is_away(tmp_path: Path) -> None:
    found = listing.Listing(("ant", "bee"), ["ant/1.png", "bee/1.png"], [0, 1])
    with pytest.raises(DataError, match=r"the folder '.*gone' is missing; connect its disk"):
        listing.image_set("folder", tmp_path / "gone", found)
