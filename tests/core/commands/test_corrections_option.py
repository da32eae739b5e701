"""``--corrections`` in ``evaluate`` and ``train``: applied, recorded, and kept for a resumed training."""

from pathlib import Path

import pandas as pd
import pytest

from core import files
from core.__main__ import main
from core.checkpoints import paths, store
from core.data import corrections
from core.data.corrections import Correction
from core.predictions import evaluations
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


def _decided(folder: Path, *decided: Correction) -> Path:
    path = folder / "mine.csv"
    corrections.write(path, decided)
    return path


def test_an_evaluation_has_the_corrected_labels_and_records_the_file(tmp_path: Path) -> None:
    folder, pictures = random_checkpoint(), noisy_pictures(tmp_path / "pictures")
    path = _decided(
        tmp_path, Correction("apple/0.png", "relabel", "zebra"), Correction("apple/1.png", "exclude")
    )
    command = ["evaluate", "random", "--device", "cpu", "--data", str(pictures)]
    assert main([*command, "--as", "plain"]) == 0
    assert main([*command, "--as", "corrected", "--corrections", str(path)]) == 0
    plain, corrected = (evaluations.find(folder, name) for name in ("plain", "corrected"))
    before, after = (
        pd.read_parquet(each.table).set_index("sample_id")["label"] for each in (plain, corrected)
    )
    assert set(before.index) - set(after.index) == {"apple/1.png"}
    assert (before[after.index] != after).sum() == 1
    assert (before["apple/0.png"], after["apple/0.png"]) == (
        1,
        0,
    )  # Classes of the network: zebra, apple, mole.
    assert plain.facts.corrections_sha256 is None
    assert corrected.facts.corrections_sha256 == files.checksum(path)


def test_corrections_need_a_name_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random_checkpoint()
    pictures = noisy_pictures(tmp_path / "pictures")
    path = _decided(tmp_path, Correction("apple/0.png", "relabel", "zebra"))
    command = ["evaluate", "random", "--device", "cpu", "--data", str(pictures)]
    assert main(command) == 0
    assert main([*command, "--corrections", str(path)]) == 1
    assert "has an evaluation 'pictures-val' of other labels; choose another name" in capsys.readouterr().err


@pytest.mark.slow
def test_a_training_without_excluded_images_says_so_in_its_card(tmp_path: Path) -> None:
    path = _decided(tmp_path, Correction("digits/0", "exclude"), Correction("digits/1", "relabel", "7"))
    settings = ["--set", "epochs=1", "--set", "data.per_class=5", "--out", "mine"]
    assert main(["train", "digits", *settings, "--corrections", str(path)]) == 0
    folder = paths.folder("mine")
    known = store.read_card(folder).data["corrections"]
    assert known == {"sha256": files.checksum(path), "relabelled": 1, "excluded": 1}
    assert (folder / paths.CORRECTIONS).read_bytes() == path.read_bytes()
