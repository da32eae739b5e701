"""The tests of a map on the device against the CPU, and what they cost: a photo under 144 masks."""

from collections.abc import Iterator
from functools import partial
from unittest import mock

import torch
from torch import Tensor, nn

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.explain.maps.cam import class_activation_map
from core.explain.network import many_photos
from core.explain.network.layers import default_layer
from core.explain.network.tracing import towards
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import Curves, Subject
from core.explain.trust.faithfulness import Faithfulness, faithfulness
from core.explain.trust.sanity import randomised
from core.explain.trust.stability import mirrored, under_noise, under_shifts
from core.explanation.asking import layers_of
from tests.gpu import networks
from tests.gpu.bench import Bench
from tests.gpu.checks.maps import DOUBLE, SINGLE
from tests.gpu.photos import photo
from tests.gpu.table import Row

_NUM_MASKED = 144  # Of one map: two ways of hiding, two directions, nine orders, four shares.


def rows(bench: Bench) -> Iterator[Row]:
    """Curves, sanity and stability of a trained network's map; milliseconds a photo by size of batch."""
    folder = networks.shipped(bench.size("signs-bn", "pets-cat-dog-scratch"))
    yield _curves(*_pair(bench, folder.name, torch.float32))
    yield from _checks(*_pair(bench, folder.name, torch.float64))
    yield from _speeds(bench)


class Tested:
    """A network, a photo on its device, the score of the photo's class, and the layer of its map."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.model = checkpoint.model
        self.batch = checkpoint.card.preprocess.batch([photo(0, (256, 256))]).to(checkpoint.blank_input())
        with torch.no_grad():
            logits: Tensor = self.model(self.batch)
        self.class_idx = int(logits.argmax())
        self.subject = Subject(self.batch, towards(logits, self.class_idx), absent_values(self.batch))
        self.layer = default_layer(layers_of(checkpoint))

    def maps(self, model: nn.Module, batch: Tensor) -> Tensor:
        """The maps (N, h, w) of a network for photos, for the class of this photo."""
        return class_activation_map(model, batch, target_layer=self.layer, class_idx=self.class_idx)

    def faithfulness(self, map_: Tensor) -> Faithfulness:
        """The curves of a map (h, w) of this photo, and of its references."""
        (found,) = faithfulness(self.model, self.subject, [map_])
        return found

    def checks(self) -> dict[str, Tensor]:
        """What the two other tests measure, each on the CPU."""
        stages = list(randomised(self.model, self.batch, lambda model: self.maps(model, self.batch)))
        of_photo = partial(self.maps, self.model)
        changes = [under_noise(of_photo, self.batch), under_shifts(of_photo, self.batch)]
        changes.append(mirrored(of_photo, self.batch))
        scores = [torch.cat([each.rank_correlation, each.similarity]) for each in stages]
        return {
            f"sanity of {len(stages)} stages": torch.cat(scores),
            "stability": torch.cat([each.rank_correlation for each in changes]),
        }


def _pair(bench: Bench, name: str, dtype: torch.dtype) -> tuple[Tested, Tested]:
    """A shipped network on the CPU and on the device."""
    folder = networks.shipped(name)
    here, there = store.load(folder, dtype=dtype), networks.loaded(folder, bench.device, dtype)
    return Tested(here), Tested(there)


def _curves(here: Tested, there: Tested) -> Row:
    """The largest difference of a probability, for one map and its references."""
    (map_,) = here.maps(here.model, here.batch)
    ours, theirs = (_probabilities(each.faithfulness(map_)) for each in (there, here))
    worst = float((ours - theirs).abs().max())
    moved = float(theirs.max() - theirs.min())
    return Row(
        f"curves of {len(ours)} orders of patches, probabilities that move by {moved:.2f}",
        f"{worst:.1e}",
        f"{SINGLE:.0e}",
        ok=worst <= SINGLE < moved,
    )


def _probabilities(found: Faithfulness) -> Tensor:
    """All points of all curves (orders, points)."""
    pairs = (found.of_map, *found.noise, found.centre, found.edges)
    return torch.stack([_points(each.probability) for each in pairs])


def _points(of_order: Curves) -> Tensor:
    return torch.cat([of_order.deletion, of_order.insertion]).flatten()


def _checks(here: Tested, there: Tested) -> Iterator[Row]:
    """The largest difference of what sanity and stability measure, in double precision."""
    expected = here.checks()
    for name, values in there.checks().items():
        worst = float((values - expected[name]).abs().max())
        yield Row(name, f"{worst:.1e}", f"{DOUBLE:.0e}", ok=worst <= DOUBLE)


def _speeds(bench: Bench) -> Iterator[Row]:
    """Milliseconds a photo for each size of batch, beside those of a photo alone."""
    folder = networks.random("trust", networks.residual(bench), side=bench.size(32, 224))
    tested = Tested(networks.loaded(folder, bench.device))
    map_ = tested.maps(tested.model, tested.batch)[0].cpu()
    alone = _milliseconds(bench, tested, map_, 1)
    for size in bench.size((16,), (32, 64, 128, 256)):
        bench.forget_peak()
        each = _milliseconds(bench, tested, map_, size)
        memory = f", {bench.peak() / 1e9:.2f} GB" if bench.is_gpu else ""
        yield Row(
            f"test of a map: {_NUM_MASKED} masked photos, {size} at once",
            f"{each:.2f} ms a photo{memory}",
            f"one by one {alone:.2f}",
        )


def _milliseconds(bench: Bench, tested: Tested, map_: Tensor, at_once: int) -> float:
    with mock.patch.dict(many_photos._AT_ONCE, {tested.batch.device.type: at_once}):
        if bench.is_gpu:
            tested.faithfulness(map_)  # The first pass of each size chooses its kernels.
        return 1000 * bench.seconds(lambda: tested.faithfulness(map_)) / _NUM_MASKED
