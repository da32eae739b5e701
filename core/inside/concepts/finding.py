"""Two passes over a data set: find the concepts of a layer, then what each contributes in each photo."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from torch import Tensor

from core import files
from core.arrays import FloatArray
from core.checkpoints import paths
from core.checkpoints.card import network_fingerprint
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.unreadable import refuse_many
from core.errors import DataError, EvaluationError
from core.explain.concepts.factors import as_cells, directions
from core.explain.concepts.ranks import RankScore, chosen, rank_scores
from core.files import locks
from core.inside.channels.class_weights import class_weights
from core.inside.concepts.collecting import CellCollecting, maps_of
from core.inside.concepts.facts import concept_facts
from core.inside.concepts.report import ConceptReport, SampleShares
from core.inside.concepts.sharing import ConceptSharing
from core.passes.in_process import IN_PROCESS
from core.passes.parts import Parts
from core.passes.progress import PassProgress
from core.passes.running import Engine, run
from core.passes.work import Work

_MOST_PHOTOS = 400  # To find concepts in; their shares are measured in all photos.
_PART = 32


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many concepts, 0 for the number that `core.explain.concepts.ranks` chooses, and a seed."""

    rank: int = 0
    seed: int = 0


_USUAL = Wanted()
OnProgress = Callable[[PassProgress], None]


@dataclass(frozen=True, slots=True, eq=False)
class ConceptSearch:
    """What was found: the report, the concepts (R, K), and a row of the second pass for each photo."""

    report: ConceptReport
    directions: FloatArray
    table: pa.Table


def find(
    loaded: Checkpoint,
    layer: str,
    images: ImageSet,
    wanted: Wanted = _USUAL,
    *,
    engine: Engine = IN_PROCESS,
    on_progress: OnProgress = lambda _progress: None,
) -> ConceptSearch:
    """The concepts of a layer over a data set, and what each contributes to each photo's predicted class.

    Concepts are found in at most 400 photos, drawn at random. An interrupted search continues with the photos
    that are missing. Damaged photos are left out.

    Raises:
        LayerError: there is no such layer, or it has no rows and columns.
        EvaluationError: another process finds concepts of this checkpoint, or the engine fails.
        DataError: too many photos are damaged, or there are too few for so many concepts.
        CheckpointError: logits are not finite.
    """
    folder, place = loaded.folder, loaded.folder / paths.CONCEPTS_WORK
    busy = EvaluationError(f"another process finds concepts of {folder.name!r}; wait until it ends")
    with locks.held(files.make_folder(place) / paths.LOCK, busy):
        search = _Search(loaded, layer, images, wanted, engine, on_progress)
        concepts, ranks = search.concepts()
        table = search.shares(concepts)
        report = search.report(concepts, ranks, table)
    shutil.rmtree(place, ignore_errors=True)
    return ConceptSearch(report, concepts.numpy(), table)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    loaded: Checkpoint
    layer: str
    images: ImageSet
    wanted: Wanted
    engine: Engine
    on_progress: OnProgress

    def concepts(self) -> tuple[Tensor, list[RankScore]]:
        """The concepts (R, K), and the numbers of them that were tried."""
        order = np.random.default_rng(self.wanted.seed).permutation(len(self.images))
        drawn = np.sort(order[:_MOST_PHOTOS])
        loaded = self.loaded
        work = CellCollecting(loaded.folder, loaded.card, self.layer, self.images, drawn, loaded)
        maps = maps_of([self._passed(work, drawn, len(drawn))])
        rank, seed = self.wanted.rank, self.wanted.seed
        try:
            ranks = [] if rank else rank_scores(maps, seed=seed)
            return directions(as_cells(maps), rank or chosen(ranks), seed=seed), ranks
        except ValueError as error:
            raise DataError(f"no concepts in {len(maps)} photos: {error}") from error

    def shares(self, concepts: Tensor) -> pa.Table:
        """A row for each photo: what each concept contributes."""
        loaded = self.loaded
        work = ConceptSharing(
            loaded.folder, loaded.card, self.layer, self.images, concepts.numpy(), loaded=loaded
        )
        return self._passed(work, concepts.numpy(), len(self.images))

    def _passed(self, work: Work, known: NDArray[Any], num: int) -> pa.Table:
        """The rows of ``num`` photos, which depend on network, layer, images, and what is ``known``."""
        text = repr((network_fingerprint(self.loaded.card), self.layer, self.images.fingerprint))
        digest = hashlib.blake2b(text.encode() + known.tobytes(), digest_size=12)
        parts = Parts(self.loaded.folder / paths.CONCEPTS_WORK / digest.hexdigest(), num, _PART)
        with self.engine.started(work) as running:
            for progress in run(running, parts, partial(_write, parts)):
                self.on_progress(progress)
        table = pa.concat_tables(pq.read_table(parts.path(part)) for part in range(len(parts)))
        refuse_many(num - len(table), self.images, num)
        return table

    def report(self, concepts: Tensor, ranks: Sequence[RankScore], table: pa.Table) -> ConceptReport:
        """All that is stored of the search."""
        loaded, images = self.loaded, self.images
        samples = tuple(_sample(images, row) for row in table.to_pylist())
        weights = class_weights(loaded, self.layer)
        return ConceptReport(
            checkpoint=loaded.name,
            network=network_fingerprint(loaded.card),
            layer=self.layer,
            data=images.name,
            fingerprint=images.fingerprint,
            num_photos=len(samples),
            seed=self.wanted.seed,
            is_exact=bool(table["is_exact"][0].as_py()),
            ranks=tuple(ranks),
            concepts=concept_facts(concepts.numpy(), samples, weights, loaded.card.class_names),
            samples=samples,
        )


def _sample(images: ImageSet, row: Mapping[str, Any]) -> SampleShares:
    return SampleShares(
        images.sample_ids[row["position"]],
        shares=tuple(row["shares"]),
        **{name: row[name] for name in ("class_idx", "logit", "bias", "residual", "described")},
    )


def _write(parts: Parts, part: int, tables: Sequence[pa.Table]) -> None:
    with files.draft(parts.path(part)) as draft:
        pq.write_table(pa.concat_tables(tables), draft, compression="zstd")
