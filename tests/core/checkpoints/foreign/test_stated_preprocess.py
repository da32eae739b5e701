"""A preprocess in values up to 255 is recognised."""

import pytest

from core.checkpoints.foreign.importing import parse_preprocess
from core.images.preprocess import Preprocess
from core.models import registry


@pytest.mark.parametrize(
    ("text", "mean", "std"),
    [
        ("mean=123.675/116.28/103.53,std=58.395/57.12/57.375", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("mean=127.5,std=127.5", (0.5,) * 3, (0.5,) * 3),
        ("mean=0,std=255", (0.0,) * 3, (1.0,) * 3),
        ("mean=102/102/102,std=1", (0.4,) * 3, (1 / 255,) * 3),
        ("mean=102", (0.4,) * 3, (0.2,) * 3),
        ("mean=0.4,std=1", (0.4,) * 3, (1.0,) * 3),
    ],
)
def test_mean_and_std_of_values_up_to_255_are_recognised(
    text: str, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    found = parse_preprocess(text, Preprocess((8, 8), 8, (0.1,) * 3, (0.2,) * 3))
    assert found.mean == pytest.approx(mean)
    assert found.std == pytest.approx(std)


def test_one_mean_stands_for_the_only_channel_of_a_grey_network() -> None:
    grey = registry.default_preprocess("seewhy:two-conv-mnist")
    assert parse_preprocess("mean=0.1307,std=0.3081", grey).mean == (0.1307,)
