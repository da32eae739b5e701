"""`layers` prints the layers of a network in order."""

import pytest

from core.__main__ import main


def test_layers_prints_name_type_and_shape_in_the_order_of_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["layers"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["conv_stem", "Conv2dSame", "32 x 112 x 112"]
    assert rows[-1] == ["bn2", "BatchNormAct2d", "1280 x 7 x 7"]
    names = [name for name, _, _ in rows]
    assert len(set(names)) == len(names) > 100
    assert names.index("blocks.2") < names.index("blocks.4")
    assert ["blocks.2", "Sequential", "40 x 28 x 28"] in rows
