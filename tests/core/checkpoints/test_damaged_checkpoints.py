"""What is wrong with a checkpoint folder is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import store
from core.checkpoints.paths import CARD, WEIGHTS
from core.errors import CheckpointError
from tests.support.stored.numbered_checkpoints import numbered


def test_one_flipped_bit_in_the_weights_names_the_file(folder: Path) -> None:
    path = folder / WEIGHTS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"{path} is damaged: its SHA-256 differs from the card's"):
        store.load(folder)


def test_missing_weights_name_the_file(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=rf"{folder / WEIGHTS} cannot be read"):
        store.load(folder)


def test_weights_of_another_network_name_the_architecture(folder: Path) -> None:
    path = folder / CARD
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"architecture": "timm:test_resnet"}))
    with pytest.raises(
        CheckpointError, match=r"model\.safetensors does not fit timm:test_resnet: '\S+' is missing"
    ):
        store.load(folder)


def test_weights_of_another_number_of_classes_say_both_shapes(folder: Path) -> None:
    path = folder / CARD
    card = json.loads(path.read_text())
    names = [str(index) for index in range(len(card["class_names"]) + 7)]
    path.write_text(json.dumps(card | {"class_names": names}))
    with pytest.raises(CheckpointError, match=rf"for the {len(names)} classes of the card$"):
        store.load(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _text: "", "card.json is not a readable card"),
        (lambda text: text[: len(text) // 2], "card.json is not a readable card"),
        (lambda _text: "null", "card.json is not a readable card"),
        (lambda _text: "[]", "card.json is not a readable card"),
        (
            lambda text: text.replace('"timm:', '3, "was": "timm:'),
            "architecture is 3: expected a valid string; repair the card",
        ),
        (
            lambda _text: '{"architecture": "timm:resnet18"}',
            "card.json is not a readable card: it lacks 'class_names'",
        ),
        (lambda text: text.replace("class_names", "klass_names"), "it lacks 'class_names'; repair the card"),
        (
            lambda text: text.replace('"interpolation"', '"filter"'),
            "it has an unknown key 'preprocess.filter'",
        ),
        (lambda text: text.replace("bicubic", "hamming"), "interpolation 'hamming' is none of"),
        (lambda _text: "\udcff", "card.json is not a readable card"),
        (lambda text: text.replace('"cat"', "null"), r"class_names\[0\] is null: expected a valid string"),
        (
            lambda text: text.replace('"cat"', '""'),
            r"class_names\[0\] is '': string should have at least 1 ch",
        ),
        (lambda text: text.replace('"cat"', r'"\ud800"'), "is not a readable card: .*surrogates not allowed"),
        (
            lambda text: text.replace('"metrics": {}', '"metrics": null'),
            "metrics is null: expected an object",
        ),
        (
            lambda text: text.replace('"metrics": {}', '"metrics": {"a": NaN}'),
            "it holds NaN, expected a number",
        ),
        (lambda text: text.replace('"metrics": {}', '"metrics": {"a": 1e999}'), "metrics.a .*finite number"),
        (lambda text: text.replace('"metrics": {}', '"data": {}, "data": {}'), "it has the key 'data' twice"),
        (
            lambda text: text.replace("160,", "1600000000,"),
            r"input_size\[0\] is 1600000000: .*less than or eq",
        ),
        (
            lambda text: text.replace('"hidden": []', '"hidden": [10000000000]'),
            r"head.hidden\[0\] is 10000000",
        ),
        (
            lambda text: text.replace('"training": {}', '"training": {"seconds": -1}'),
            "training.seconds is -1",
        ),
        (lambda _text: "[" * 100_000, "its values are nested too deeply"),
        (lambda _text: "9" * 5_000, "is not a readable card"),
    ],
)
def test_a_damaged_card_is_named(folder: Path, damage: Callable[[str], str], message: str) -> None:
    path = folder / CARD
    path.write_text(damage(path.read_text()), encoding="utf-8", errors="surrogateescape")
    with pytest.raises(CheckpointError, match=message):
        store.load(folder)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=rf"{tmp_path / CARD} is not a readable card: .*no such file"):
        store.load(tmp_path)


def test_a_card_of_a_later_version_may_know_more(folder: Path) -> None:
    path = folder / CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"from_the_future": 1}))
    assert store.read_card(folder).class_names == ("cat", "Dog", "crane", "Crane", "7")


def test_an_unknown_status_is_refused(folder: Path) -> None:
    stored = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(stored | {"status": "paused"}))
    with pytest.raises(
        CheckpointError, match="status 'paused' is none of running, finished, stopped, failed"
    ):
        store.read_card(folder)
    with pytest.raises(ValueError, match="status 'paused' is none of"):
        replace(numbered(0)[0], status="paused")
