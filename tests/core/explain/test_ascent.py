"""Ascent: linear filters by hand, one step by hand, dead channels, shared networks, and how far it gets."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from core.explain.ascent import LOGITS, Ascended, Settings, ascend, mean_activation
from core.explain.ascent.fourier import pixels_of, spectrum_shape
from core.explain.ascent.gates import gradients, gradients_before_relu
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain, unit
from core.explain.ascent.robust import Robust, view
from core.explain.network.activations import activations, observe
from core.explain.network.cut import cut_at
from core.explain.network.hooks import model_lock
from tests.support.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)

COLOUR = Normalisation((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
SMALL = Plain(size=(6, 8), steps=5, step_size=0.5, border=0, crop=0)
ROBUST = Robust(size=(6, 8), steps=5, learning_rate=0.5, border=0, jitter=1)
BOTH = pytest.mark.parametrize("settings", [SMALL, ROBUST], ids=["plain", "robust"])


class Filter(nn.Module):
    """One linear filter of unit norm as large as the image (1, 3, 6, 8); logits (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Conv2d(3, 1, (6, 8), bias=False)
        with torch.no_grad():
            self.filter.weight /= self.filter.weight.norm()

    def forward(self, batch: Tensor) -> Tensor:
        """The filter's answer."""
        return self.filter(batch).flatten(1)


class Rectified(GapCnn):
    """Channels of ``backbone.1``: 0 never leaves 0, 1 is silent for noise from 0.4 to 0.6 but not for all."""

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            self.backbone[0].bias[0], self.backbone[0].weight[0] = -1.0, 0.0
            self.backbone[0].bias[1] = -2.0


def _one(model: nn.Module, layer: str, settings: Settings, channel: int = 0) -> Ascended:
    return next(ascend(model, layer, [channel], settings, COLOUR))


def _input(model: nn.Module, layer: str, settings: Settings, channel: int = 0) -> Tensor:
    """The network input that ascent ends with."""
    kept: list[Tensor] = []

    class Kept(type(settings)):
        def pictures(self, inputs: Tensor, normalisation: Normalisation) -> np.ndarray:
            kept.append(inputs)
            return type(settings).pictures(settings, inputs, normalisation)

    fields = {name: getattr(settings, name) for name in settings.__slots__}
    _one(model, layer, Kept(**fields), channel)
    return kept[-1]


# Plain ascent, by hand.


def test_ascent_of_one_linear_filter_of_unit_norm_converges_to_it() -> None:
    """Every step is the filter itself, so after n steps the start's share has fallen as 1 / n."""
    model = seeded(Filter)
    found = _input(model, "filter", replace(SMALL, steps=1000, step_size=100.0))
    torch.testing.assert_close(found / found.norm(), model.filter.weight, atol=1e-4, rtol=0)


def test_steps_by_hand_are_the_steps_of_the_code() -> None:
    model, channel = seeded(GapCnn), 2
    image = SMALL.start(channel, 0, 3)[None]
    for _ in range(SMALL.steps):
        image = image.detach().requires_grad_()
        model.backbone[:3](image)[0, channel, 1:-1, 1:-1].mean().backward()
        image = image + 0.5 * image.grad / image.grad.pow(2).sum().sqrt()
    found = _input(model, "backbone.2", replace(SMALL, border=1), channel)
    # The map is 3 x 4: a border of 1 leaves one row of two.
    torch.testing.assert_close(found, image.detach())
    reached = model.backbone[:3](found)[0, channel, 1, 1:3].mean().item()
    assert _one(model, "backbone.2", replace(SMALL, border=1), channel).activation == pytest.approx(reached)


def test_noise_is_uniform_from_0_4_to_0_6_and_each_channel_and_seed_has_its_own() -> None:
    start = Plain().start(0, 0, 3)
    assert start.shape == (3, 200, 200)
    assert 0.4 <= start.min() < 0.401
    assert 0.599 < start.max() <= 0.6
    assert start.std() == pytest.approx(0.2 / 12**0.5, rel=0.01)
    assert torch.equal(start, Plain().start(0, 0, 3))
    assert all(
        not torch.equal(start, other)
        for other in (Plain().start(1, 0, 3), Plain(seed=1).start(0, 0, 3), Plain().start(0, 1, 3))
    )


def test_a_plain_picture_is_centred_scaled_and_cropped_as_in_the_book() -> None:
    inputs = noise(1, 3, 200, 200) * 3 + 7
    centred = inputs[0].permute(1, 2, 0).numpy()
    centred = (centred - centred.mean()) / centred.std()
    expected = np.clip(centred * 64 + 128, 0, 255)[25:-25, 25:-25]
    picture = Plain().pictures(inputs, COLOUR)[0]
    assert picture.shape == (150, 150, 3)
    assert np.abs(picture - expected).max() <= 0.5 + 1e-4


def test_a_gradient_of_zero_stays_zero_and_others_get_length_one() -> None:
    gradients = torch.stack([torch.zeros(3, 4, 4), 1e-18 * torch.ones(3, 4, 4), noise(3, 4, 4).float()])
    lengths = unit(gradients).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.tensor([0.0, 1.0, 1.0]))


def test_the_mean_leaves_out_a_border_as_long_as_a_cell_is_left() -> None:
    maps = noise(2, 3, 7, 5)
    torch.testing.assert_close(mean_activation(maps, 2), maps[:, :, 2:5, 2:3].mean((2, 3)))
    torch.testing.assert_close(mean_activation(maps, 9), maps[:, :, 3, 2])
    assert torch.equal(mean_activation(maps[:, :, :1, :1], 2), maps[:, :, 0, 0])


# Robust ascent.


def test_a_spectrum_of_one_frequency_is_a_wave_of_that_frequency() -> None:
    spectrum = torch.zeros(1, *spectrum_shape(1, (8, 16)), dtype=torch.float64)
    spectrum[0, 0, 0, 3, 0] = 0.5
    wave = torch.logit(pixels_of(spectrum, (8, 16)))[0, 0]
    expected = torch.cos(torch.arange(16).double() * 3 * 2 * torch.pi / 16).expand(8, 16)
    torch.testing.assert_close(wave / wave.max(), expected)
    # A frequency twice as high has half the amplitude for the same number.
    spectrum[0, 0, 0, [3, 6], 0] = torch.tensor([0, 0.5], dtype=torch.float64)
    assert torch.logit(pixels_of(spectrum, (8, 16))).max() == pytest.approx(wave.max().item() / 2)


def test_a_spectrum_of_zeros_is_grey_and_one_of_odd_size_has_that_size() -> None:
    spectra = torch.zeros(2, *spectrum_shape(3, (7, 9)))
    assert torch.equal(pixels_of(spectra, (7, 9)), torch.full((2, 3, 7, 9), 0.5))


def test_a_view_that_does_not_move_changes_nothing_and_one_pixel_of_jitter_moves_by_one() -> None:
    image = noise(2, 3, 6, 8)
    still = Robust(size=(6, 8), jitter=0, zoom=0, degrees=0)._motion(3)
    torch.testing.assert_close(view(image, still), image, atol=1e-6, rtol=0)
    still[0, 2] = 2 * 1 / 8
    torch.testing.assert_close(view(image, still)[..., :-1], image[..., 1:], atol=1e-6, rtol=0)
    assert view(image, still)[..., -1].abs().max() < 1e-6


def test_a_quarter_turn_is_a_quarter_turn_also_where_sides_differ() -> None:
    image = torch.zeros(1, 1, 5, 9, dtype=torch.float64)
    image[0, 0, 2, 6] = 1  # Two to the right of the centre.
    seen = view(image, torch.tensor([[0, -5 / 9, 0], [9 / 5, 0, 0]]))
    row, column = divmod(seen.flatten().argmax().item(), 9)
    assert (abs(row - 2), column) == (2, 4)


def test_each_step_draws_its_own_turn_scale_and_shift_within_bounds() -> None:
    settings = Robust(size=(50, 90), jitter=8, zoom=0.1, degrees=10)
    motions = torch.stack([settings._motion(step) for step in range(300)])
    assert torch.equal(motions[7], settings._motion(7))
    factors = (motions[:, 0, 0] ** 2 + (motions[:, 0, 1] * 90 / 50) ** 2).sqrt()
    angles = torch.atan2(-motions[:, 0, 1] * 90 / 50, motions[:, 0, 0]).rad2deg()
    torch.testing.assert_close(motions[:, 1, 0] * 50 / 90, -motions[:, 0, 1] * 90 / 50)
    for values, low, high in (
        (factors, 1 / 1.1, 1.1),
        (angles, -10, 10),
        (motions[:, 0, 2] * 90 / 2, -8, 8),
        (motions[:, 1, 2] * 50 / 2, -8, 8),
    ):
        spread = high - low
        assert low <= values.min() < low + 0.05 * spread
        assert high - 0.05 * spread < values.max() <= high


def test_robust_ascent_of_a_filter_brightens_what_the_filter_adds() -> None:
    """Without views, a pixel changes as the filter says, where the filter is strong and smooth."""
    model = seeded(Filter)
    with torch.no_grad():
        wave = torch.cos(torch.arange(8).double() * 2 * torch.pi / 8)
        model.filter.weight.copy_(wave.expand(1, 3, 6, 8))
    still = replace(ROBUST, steps=8, jitter=0, zoom=0, degrees=0)
    # The median of each column: Adam lifts what hardly matters as fast, up to a stray pixel.
    columns = np.median(_one(model, "filter", still).picture, axis=0)
    assert columns[wave.numpy() < -0.5].max() < 96
    assert columns[wave.numpy() > 0.5].min() > 160


def test_the_activation_is_that_of_the_picture_without_views() -> None:
    """The picture has whole numbers, so to a 255th of a pixel's share."""
    model = seeded(GapCnn)
    found = _one(model, "backbone.2", ROBUST, 1)
    pixels = torch.from_numpy(found.picture).permute(2, 0, 1)[None].double() / 255
    reached = mean_activation(activations(model, COLOUR.inputs(pixels), ["backbone.2"])["backbone.2"], 0)
    assert found.activation == pytest.approx(reached[0, 1].item(), abs=0.01)


# Any channel, any chunk, any network.


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
    alone = [_one(model, "backbone.2", settings, channel) for channel in (3, 0, 2)]
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
    found = _input(model, LOGITS, SMALL, 2)
    assert _one(model, LOGITS, SMALL, 2).activation == pytest.approx(model(found)[0, 2].item())
    assert _one(model, "head", SMALL, 2).activation == pytest.approx(model(found)[0, 2].item())


def test_the_pass_stops_at_the_layer_and_a_head_of_another_size_does_not_matter() -> None:
    """Its linear layer wants images of 6 x 8, and never runs for others."""
    model = seeded(FlattenCnn)
    other = replace(SMALL, size=(10, 12))
    found = _input(model, "features.0", other, 1)
    expected = model.features[0](found)[0, 1].mean().item()
    assert _one(model, "features.0", other, 1).activation == pytest.approx(expected)
    with pytest.raises(LayerError, match=r"does not take images of 10 x 12: .*shapes cannot be multiplied"):
        _one(model, LOGITS, other)


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
        _one(model, "nowhere", SMALL)
    with torch.no_grad():
        model.backbone[0].weight[:] = torch.nan
    with pytest.raises(LayerError, match="'backbone' are not finite"):
        _one(model, "backbone", SMALL)


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


# Dead channels.


@BOTH
def test_a_dead_channel_is_reported_and_one_that_noise_leaves_silent_is_found(settings: Settings) -> None:
    model = seeded(Rectified)
    dead, silent, live = ascend(model, "backbone.1", range(3), replace(settings, steps=60), COLOUR)
    start = settings.inputs(settings.start(1, 0, 3)[None], COLOUR)
    assert (model.backbone[:2](start)[0, 1] == 0).all()
    assert [each.is_dead for each in (dead, silent, live)] == [True, False, False]
    assert dead.activation == 0 < silent.activation


def test_a_channel_that_hardly_changes_beside_the_others_is_dead_too() -> None:
    model = seeded(GapCnn)
    with torch.no_grad():
        model.backbone[0].weight[2] *= 1e-8
    assert _one(model, "backbone.0", SMALL, 2).is_dead
    assert not _one(model, "backbone.0", SMALL, 1).is_dead


def test_gradients_before_a_relu_are_those_of_what_goes_into_it() -> None:
    model, images = seeded(GapCnn), noise(2, 3, 6, 8, seed=4).requires_grad_()
    (expected,) = torch.autograd.grad(model.backbone[:3](images)[:, 1].mean(), images)
    before = gradients_before_relu(model.backbone(images)[:, 1].mean(), images)
    torch.testing.assert_close(before, expected)
    assert not torch.allclose(gradients(model.backbone(images)[:, 1].mean(), images), expected)
    # Behind a linear layer the ReLU is not the last thing, and counts.
    logit = model(images)[:, 0].sum()
    (expected,) = torch.autograd.grad(logit, images, retain_graph=True)
    torch.testing.assert_close(gradients_before_relu(logit, images), expected)


# Sessions.


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns every few microseconds, so that a missing lock shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
@pytest.mark.slow
def test_two_sessions_on_one_network_do_not_mix() -> None:
    model = seeded(GapCnn)
    asked = [("backbone.0", SMALL), ("backbone", ROBUST)]

    def answers(layer: str, settings: Settings) -> list[float]:
        found = ascend(model, layer, [0, 1, 2, 3], replace(settings, steps=30), COLOUR)
        return [each.activation for each in found]

    expected = [answers(*each) for each in asked]
    before = snapshot(model)
    with ThreadPoolExecutor(4) as sessions:
        found = list(sessions.map(lambda each: answers(*each), asked * 6))
    assert found == expected * 6
    assert_unchanged(model, before)


def test_the_network_is_free_between_the_passes_of_an_ascent() -> None:
    """Another thread gets the lock while gradients are computed, and not only when a channel is done."""
    model, taken = seeded(GapCnn), []

    class Watched(Plain):
        def climb(self, starts: Tensor, gradients_at: object, normalisation: Normalisation) -> Tensor:
            with ThreadPoolExecutor(1) as other:
                taken.append(other.submit(model_lock(model).acquire, blocking=False).result())
                other.submit(model_lock(model).release).result()
            return Plain.climb(self, starts, gradients_at, normalisation)

    next(ascend(model, "backbone", [0], Watched(size=(6, 8), steps=1, border=0, crop=0), COLOUR))
    assert taken == [True]


# The built-in network.


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
