"""Field sizes of whole networks: those of one layer at a time, and found again without a search."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from core.checkpoints.store import Checkpoint
from core.explain.network.layers import stages
from core.explain.network.receptive_field import receptive_field
from core.explanation.asking import layers_of
from core.inside import field_sizes
from core.inside.field_sizes import field_size, known_field_size


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    forget()
    yield
    forget()


def forget() -> None:
    """Know only what is on disk."""
    field_sizes._KNOWN.clear()


def _never(*_: object) -> None:
    raise AssertionError("searched again")


@pytest.mark.slow
def test_stages_of_lite0_see_what_its_kernels_and_strides_say(imagenet: Checkpoint) -> None:
    """r += (k - 1) j, j *= s; at most 224. Here are the kernels behind the stem's, of 3 at a stride of 2."""
    kernels = [[(3, 1)], [(3, 2), (3, 1)], [(5, 2), (5, 1)], [(3, 2), (3, 1), (3, 1), (5, 1), (5, 1), (5, 1)]]
    field, jump, expected = 3, 2, []
    for stage in [*kernels, [(5, 2)] + [(5, 1)] * 3 + [(3, 1)]]:
        for kernel, stride in stage:
            field, jump = field + (kernel - 1) * jump, jump * stride
        expected.append((min(field, 224),) * 2)
    found = [field_size(imagenet, stage.name) for stage in stages(layers_of(imagenet))]
    assert found == expected
    assert found == [(7, 7), (19, 19), (67, 67), (224, 224), (224, 224)]


@pytest.mark.slow
def test_stages_see_what_each_sees_when_it_is_asked_alone(small: Checkpoint) -> None:
    names = [stage.name for stage in stages(layers_of(small))]
    alone = [receptive_field(small.model, name, torch.zeros(1, 3, 160, 160)).size for name in names]
    assert [field_size(small, name) for name in names] == alone
    assert len(set(alone)) > 2


def test_what_was_found_is_found_again_on_disk(small: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert known_field_size(small, "bn2") is None
    found = field_size(small, "bn2")
    forget()
    monkeypatch.setattr(field_sizes, "receptive_field", _never)
    assert known_field_size(small, "bn2") == field_size(small, "bn2") == found
    assert known_field_size(small, "conv_stem") is None


def test_other_weights_see_the_same_but_another_input_or_architecture_may_not(small: Checkpoint) -> None:
    field_size(small, "bn2")
    other, card = nn.Identity(), small.card
    trained = replace(card, weights_sha256="0" * 64, base="imagenet", source="training")
    smaller = replace(card, preprocess=replace(card.preprocess, resize=128, input_size=(128, 128)))
    assert known_field_size(replace(small, model=other, card=trained), "bn2") is not None
    for changed in (smaller, replace(card, architecture="timm:resnet18")):
        assert known_field_size(replace(small, model=nn.Identity(), card=changed), "bn2") is None


@pytest.mark.parametrize("text", ["", "[3]", "[3, null]", "{", "3"])
def test_a_damaged_file_is_as_if_there_were_none(small: Checkpoint, tmp_path: Path, text: str) -> None:
    found = field_size(small, "bn2")
    forget()
    (file,) = (tmp_path / "fields").iterdir()
    file.write_text(text)
    assert known_field_size(small, "bn2") is None
    assert field_size(small, "bn2") == found


def test_where_nothing_can_be_written_it_is_known_until_the_process_ends(
    small: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "fields").write_text("a file where the folder should be")
    assert field_size(small, "bn2") == known_field_size(small, "bn2")
