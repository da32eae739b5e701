"""Preprocess settings change only what they name."""

import re

import pytest

from core.checkpoints.foreign.importing import (
    parse_preprocess,
)
from core.errors import CheckpointError
from core.images.preprocess import Preprocess

DEFAULT = Preprocess((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", DEFAULT),
        ("crop=160", Preprocess((160, 160), 256, DEFAULT.mean, DEFAULT.std, "bicubic")),
        ("resize=none, crop=96x128", Preprocess((96, 128), None, DEFAULT.mean, DEFAULT.std, "bicubic")),
        (
            "resize=300,crop=299,mean=0.5,std=0.25,interpolation=bilinear",
            Preprocess((299, 299), 300, (0.5,) * 3, (0.25,) * 3, "bilinear"),
        ),
        ("mean=0.1/0.2/0.3,", Preprocess((224, 224), 256, (0.1, 0.2, 0.3), DEFAULT.std, "bicubic")),
    ],
)
def test_preprocess_settings_change_only_what_they_name(text: str, expected: Preprocess) -> None:
    assert parse_preprocess(text, DEFAULT) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size=224", "no preprocess setting 'size'; there is crop, resize, mean, std, interpolation"),
        ("crop=abc", "preprocess 'crop=abc': invalid literal for int() with base 10: 'abc'"),
        ("crop", "preprocess 'crop': invalid literal"),
        ("crop=300", "resize 256 does not cover the input size (300, 300)"),
        ("crop=0", "does not cover the input size (0, 0)"),
        ("mean=0.5/0.5", "must have the same length"),
        ("std=0", "std must be above 0"),
        ("interpolation=hamming", "interpolation 'hamming' is none of"),
    ],
)
def test_preprocess_settings_that_cannot_work_are_refused(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(message)):
        parse_preprocess(text, DEFAULT)
