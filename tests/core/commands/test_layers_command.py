"""`layers` prints the layers of a network in order, with what each gives and holds."""

import re

import pytest

from core.__main__ import main


def test_layers_prints_name_type_shape_and_parameters_in_the_order_of_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["layers"]) == 0
    rows = [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["conv_stem", "Conv2dSame", "32 x 112 x 112", "864"]
    assert rows[-1] == ["bn2", "BatchNormAct2d", "1280 x 7 x 7", "2,560"]
    names = [row[0] for row in rows]
    assert len(set(names)) == len(names) > 100
    assert names.index("blocks.2") < names.index("blocks.4")
    assert ["blocks.2", "Sequential", "40 x 28 x 28", "39,712"] in rows


def test_all_layers_of_a_checkpoint_say_what_training_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the last layer of pets-cat-dog was trained: 1,280 features, 2 classes."""
    assert main(["layers", "--checkpoint", "pets-cat-dog", "--all"]) == 0
    *rows, totals = capsys.readouterr().out.splitlines()
    last = [re.split(r" {2,}", row) for row in rows if row.startswith("classifier")]
    assert last[-1] == ["classifier.logits", "Linear", "2", "2,562", "trained"]
    assert sum(row.endswith("frozen") for row in rows) == 98
    assert totals == "3,373,570 parameters: 2,562 trained, 3,371,008 frozen"
