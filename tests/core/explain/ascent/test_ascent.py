"""Ascent raises any channel of any network, alone or among others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core import images
from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain import ascent
from core.explain.ascent import LOGITS, Settings, ascend, mean_activation
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.ascent.robust import Robust
from core.explain.network.activations import observe
from core.explain.network.cut import cut_at
from tests.support.networks.ascents import BOTH, COLOUR, ROBUST, SMALL, ascended, input_of
from tests.support.networks.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)


@BOTH
def test_ascent_raises_each_channel_above_its_start(settings: Settings) -> None:
    model = seeded(GapCnn)
    for found in ascend(model, "backbone.2", range(4), replace(settings, steps=20), COLOUR):
        start = settings.inputs(settings.start(found.channel, 0, 3)[None], COLOUR)
        before = mean_activation(model.backbone[:3](start), 0)[0, found.channel]
        assert found.activation > before + 0.05
        assert not found.is_dead


@BOTH
def test_a_channel_alone_gives_what_it_gives_among_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = seeded(GapCnn)
    alone = [ascended(model, "backbone.2", settings, channel) for channel in (3, 0, 2)]
    monkeypatch.setitem(ascent._AT_ONCE, "cpu", 2)
    together = list(ascend(model, "backbone.2", [3, 0, 2], settings, COLOUR))
    assert [each.channel for each in together] == [3, 0, 2]
    for one, other in zip(alone, together, strict=True):
        assert one.activation == pytest.approx(other.activation, rel=1e-9)
        assert np.array_equal(one.picture, other.picture)


def test_where_memory_runs_out_fewer_channels_go_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Greedy(GapCnn):
        room = 1

        def forward(self, batch: Tensor) -> Tensor:
            if torch.is_grad_enabled():
                sizes.append(len(batch))
                if len(batch) > self.room:
                    raise torch.OutOfMemoryError
            return super().forward(batch)

    model = seeded(Greedy)
    monkeypatch.setitem(ascent._AT_ONCE, "cpu", 4)
    found = [each.activation for each in ascend(model, "backbone", range(3), SMALL, COLOUR)]
    assert sizes[:2] == [3, 2]
    assert set(sizes[2:]) == {1}
    expected = [each.activation for each in ascend(seeded(GapCnn), "backbone", range(3), SMALL, COLOUR)]
    assert found == pytest.approx(expected, rel=1e-9)
    model.room = 0
    with pytest.raises(LayerError, match="not enough memory for one channel of layer 'backbone'"):
        list(ascend(model, "backbone", range(3), SMALL, COLOUR))


def test_a_class_is_ascended_as_a_channel_of_the_logits() -> None:
    model = seeded(GapCnn)
    found = input_of(model, LOGITS, SMALL, 2)
    assert ascended(model, LOGITS, SMALL, 2).activation == pytest.approx(model(found)[0, 2].item())
    assert ascended(model, "head", SMALL, 2).activation == pytest.approx(model(found)[0, 2].item())


def test_the_pass_stops_at_the_layer_and_a_head_of_another_size_does_not_matter() -> None:
    """Its linear layer wants images of 6 x 8, and never runs for others."""
    model = seeded(FlattenCnn)
    other = replace(SMALL, size=(10, 12))
    found = input_of(model, "features.0", other, 1)
    expected = model.features[0](found)[0, 1].mean().item()
    assert ascended(model, "features.0", other, 1).activation == pytest.approx(expected)
    with pytest.raises(LayerError, match=r"does not take images of 10 x 12: .*shapes cannot be multiplied"):
        ascended(model, LOGITS, other)


def test_a_layer_that_runs_twice_counts_the_second_time() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU()

        def forward(self, batch: Tensor) -> Tensor:
            return self.relu(self.conv(self.relu(self.conv(batch)))).mean((2, 3))

    model = seeded(Twice)
    cut = cut_at(model, "relu", noise(1, 3, 4, 4))
    batch = noise(2, 3, 4, 4, seed=3)
    torch.testing.assert_close(cut(batch), model.conv(model.conv(batch).relu()).relu())
    assert (cut.runs, cut.num_channels) == (2, 3)


@pytest.mark.parametrize("build", [GapCnn, InPlaceCnn, FlattenCnn])
@BOTH
def test_the_network_is_left_as_it_was(build: type[nn.Module], settings: Settings) -> None:
    model = seeded(build).train()
    before = snapshot(model)
    layer = {GapCnn: "backbone", InPlaceCnn: "features.norm", FlattenCnn: "features"}[build]
    running = ascend(model, layer, range(3), settings, COLOUR)
    next(running)
    assert_unchanged(model, before)  # Also between two channels.
    running.close()
    assert_unchanged(model, before)


@BOTH
def test_progress_is_heard_at_each_step_and_ends_the_ascent_if_it_raises(settings: Settings) -> None:
    heard: list[float] = []

    def listen(share: float) -> None:
        heard.append(share)
        if len(heard) == 7:
            raise InterruptedError

    model = seeded(GapCnn)
    running = ascend(model, "backbone", [1, 3], replace(settings, steps=4), COLOUR, on_progress=listen)
    next(running)
    assert heard == [0.25, 0.5, 0.75, 1]
    with pytest.raises(InterruptedError):
        next(running)
    assert heard[4:] == [0.25, 0.5, 0.75]


def test_grey_networks_get_grey_pictures() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten()).double()
    for settings in (SMALL, ROBUST):
        (found,) = ascend(model, "0", [1], settings, Normalisation((0.5,), (0.5,)))
        assert found.picture.shape == (6, 8, 3)
        assert (found.picture == found.picture[..., :1]).all()
        assert found.picture.std() > 0


def test_what_cannot_be_ascended_is_named() -> None:
    model = seeded(GapCnn)
    with pytest.raises(LayerError, match="there is no channel 4; 'backbone' has 0 to 3"):
        list(ascend(model, "backbone", [0, 4], SMALL, COLOUR))
    with pytest.raises(LayerError, match="no layer named 'nowhere'"):
        ascended(model, "nowhere", SMALL)
    with torch.no_grad():
        model.backbone[0].weight[:] = torch.nan
    with pytest.raises(LayerError, match="'backbone' are not finite"):
        ascended(model, "backbone", SMALL)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="a crop of 25 pixels leaves nothing"):
        Plain(size=(50, 60))
    with pytest.raises(ValueError, match="steps and a step size above 0"):
        Plain(steps=0)
    with pytest.raises(ValueError, match="learning rate above 0"):
        Robust(learning_rate=0)
    with pytest.raises(ValueError, match="negative"):
        Robust(jitter=-1)
    with pytest.raises(ValueError, match="as many numbers"):
        Normalisation((0.5, 0.5), (1, 1, 1))


@pytest.mark.slow
def test_ascent_beats_every_real_photo_at_nine_in_ten_channels_of_a_middle_layer(
    imagenet: Checkpoint, photos: list[Path]
) -> None:
    """Eight channels of ``blocks.3`` against 25 photos, by the same measure; the benchmark takes all."""
    layer, channels, border = "blocks.3", range(0, 80, 10), Plain().border
    batch = imagenet.card.preprocess.batch([images.read(path) for path in photos[::10]])
    best = observe(imagenet.model, batch, [layer], lambda maps: mean_activation(maps, border))[layer].amax(0)
    normalisation = Normalisation(imagenet.card.preprocess.mean, imagenet.card.preprocess.std)
    found = list(ascend(imagenet.model, layer, channels, Plain(steps=10), normalisation))
    assert np.mean([each.activation > best[each.channel] for each in found]) >= 0.9
