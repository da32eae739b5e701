"""The work of a pass: the maps of one photo by all pairs, tested beside the references that they share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.card import Card
from core.checkpoints.store import Checkpoint
from core.explain.maps.scaling import heatmap
from core.explain.network.tracing import towards
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import Subject
from core.explain.trust.drops import Dimmed, dimmed
from core.explain.trust.faithfulness import faithfulness
from core.explanation.forward_pass import ForwardPass, forward_pass
from core.explanation.question import INPUT
from core.explanation.quick_network import quick_network
from core.passes.work import Compute, InputBatch, PhotoReader
from core.trust.map_rows import MapTest, as_table
from core.trust.pairs import MethodAtLayer
from core.trust.photos import PhotoSample
from core.trust.testing.checks import checks, maps_of
from core.trust.testing.on_object import known_mask, on_object

NUM_CHECKED = 4  # Photos of the sample whose maps go through sanity, stability and the class's test.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True, eq=False)
class MapTesting:
    """Rows for the photos of a sample, by the network in a checkpoint's folder."""

    folder: Path
    card: Card
    sample: PhotoSample
    pairs: tuple[MethodAtLayer, ...]

    @property
    def reader(self) -> PhotoReader:
        """The photos in the order of the sample."""
        return PhotoReader(self.sample.images, self.card.preprocess, self.sample.indices)

    def opened(self, device: str) -> Compute:
        """Load the network onto ``device``; gives a batch's rows: one for each photo and pair."""
        return partial(_rows, self, store.load_for_speed(self.folder, device=device))


def _rows(work: MapTesting, network: Checkpoint, batch: InputBatch) -> pa.Table:
    return as_table(list(_tests(work, network, batch)))


def _tests(work: MapTesting, network: Checkpoint, batch: InputBatch) -> Iterator[MapTest]:
    layers = list(dict.fromkeys(pair.layer for pair in work.pairs if pair.layer != INPUT))
    # One by one, whatever the batch: scores must not depend on it, and a photo has hundreds of passes.
    for place, position in enumerate(batch.positions.tolist()):
        inputs = work.card.preprocess.normalised(batch.pixels[place, None].to(network.device))
        passed = forward_pass(network, inputs, layers)
        maps = maps_of(passed, work.pairs, int(passed.traced.logits.argmax()))
        seed = int(np.random.SeedSequence([work.sample.seed, position]).generate_state(1)[0])
        checked = checks(passed, maps, seed) if position < NUM_CHECKED else {}
        width, height = batch.sizes[place].tolist()
        mask = known_mask(work.sample.images, work.sample.index(position), (width, height), work.sample.masks)
        overlaps = on_object(list(maps.values()), work.card.preprocess, (width, height), mask)
        tests = map_tests(passed, maps, work.sample.sample_id(position), seed)
        for test, overlap in zip(tests, overlaps, strict=True):
            yield replace(
                test, path=work.sample.path(position), checks=checked.get(test.pair), on_object=overlap
            )


def map_tests(
    passed: ForwardPass, maps: Mapping[MethodAtLayer, Tensor], sample_id: str, seed: int
) -> list[MapTest]:
    """The tests of the maps (h, w) of one photo in a pass, for its most probable class."""
    class_idx, network = int(passed.traced.logits.argmax()), passed.checkpoint
    subject = Subject(
        passed.batch,
        towards(passed.traced.logits.detach(), class_idx),
        absent_values(passed.batch, network.card.preprocess.mean_colour),
    )
    # An empty picture says nothing about the order of the patches, whatever its negative values are.
    shown = [each if (each > 0).any() else torch.zeros_like(each) for each in maps.values()]
    tested = faithfulness(quick_network(network), subject, shown, seed=seed)
    return [
        MapTest(sample_id, "", pair, class_idx, faithful, lit, is_empty=not each.any())
        for pair, faithful, lit, each in zip(maps, tested, _lit(passed, shown, class_idx), shown, strict=True)
    ]


def _lit(passed: ForwardPass, shown: Sequence[Tensor], class_idx: int) -> Iterator[Dimmed]:
    """The class's probability before and after the photo is multiplied by each heat map."""
    size = (passed.batch.shape[2], passed.batch.shape[3])
    heatmaps = torch.cat([heatmap(each[None].to(passed.batch), size) for each in shown])
    for part in heatmaps.split(_AT_ONCE):
        photos = passed.batch.expand(len(part), *passed.batch.shape[1:])
        both = dimmed(passed.checkpoint.model, photos, part, class_idx)
        yield from map(Dimmed, both.before.split(1), both.after.split(1))
