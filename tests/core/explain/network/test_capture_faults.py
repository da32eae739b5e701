"""What goes wrong in a pass is named, and leaves the network as it was."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.network.activations import activations
from tests.support.networks.odd_networks import LAYERS, Twice
from tests.support.networks.tiny_models import (
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)


class Odd(nn.Module):
    """Layers that give what has no channels: a pair, and tokens (N, 3, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.tokens = nn.MaxPool2d(3, return_indices=True), nn.Flatten(2)

    def forward(self, batch: Tensor) -> Tensor:
        """Sums of tokens (N, 3)."""
        return self.tokens(self.pool(batch)[0]).sum(2)


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns every few microseconds, as in test_concurrency."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize(
    ("build", "name", "message"),
    [
        (Twice, "third", "no layer named 'third'; this model has 'first', 'relu', 'second'"),
        (Twice, "spare", "layer 'spare' took no part in this forward pass"),
        (Odd, "pool", r"layer 'pool' gives tuple; channels need an output of shape \(N, K, h, w\)"),
        (Odd, "tokens", r"layer 'tokens' gives \(2, 3, 4\); channels need"),
    ],
)
def test_a_layer_without_channels_is_named_and_the_network_stays_as_it_was(
    build: type[nn.Module], name: str, message: str, batch: Tensor
) -> None:
    model = seeded(build).train()
    before = snapshot(model)
    for _ in range(2):
        with pytest.raises(LayerError, match=message):
            activations(model, batch, [name])
        assert_unchanged(model, before)


def test_the_network_stays_as_it_was(batch: Tensor) -> None:
    """Batch norm and dropout in training mode: neither its statistics nor its noise may take part."""
    model = seeded(InPlaceCnn).train()
    model.features[0].weight.grad = torch.ones_like(model.features[0].weight)
    before = snapshot(model)
    expected = activations(seeded(InPlaceCnn), batch, ["features", "dropout"])
    for names in (["features", "dropout"], ["features"], ["features"]):
        found = activations(model, batch, names)
        assert all(torch.equal(found[name], expected[name]) for name in names)
        assert_unchanged(model, before)
    with pytest.raises(RuntimeError, match="size"):
        activations(model, batch[:, :2], ["features"])
    assert_unchanged(model, before)


@pytest.mark.usefixtures("impatient_threads")
def test_two_sessions_on_one_model_get_each_its_own_activations() -> None:
    """Half of the passes end early in the one session while the other is under way."""
    model = seeded(GapCnn)
    photos = [noise(1, 3, 6, 8, seed=1), noise(1, 3, 6, 8, seed=2)]
    expected = [activations(seeded(GapCnn), photo, LAYERS) for photo in photos]
    wanted = [["backbone.0", "backbone.1"], LAYERS]
    start = threading.Barrier(2)

    def wrong_rounds(session: int) -> int:
        start.wait()
        rounds = (activations(model, photos[session], wanted[session]) for _ in range(200))
        return sum(
            not all(torch.equal(found[name], expected[session][name]) for name in wanted[session])
            for found in rounds
        )

    with ThreadPoolExecutor(2) as sessions:
        assert list(sessions.map(wrong_rounds, range(2))) == [0, 0]
