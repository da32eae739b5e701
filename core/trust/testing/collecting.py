"""One pass over a sample of photos: the table of all maps' tests, and the report of what it says."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core import files
from core.checkpoints import paths, store
from core.checkpoints.card import Card, network_fingerprint
from core.data.unreadable import refuse_many
from core.errors import DataError
from core.passes.in_process import IN_PROCESS
from core.passes.parts import Parts
from core.passes.progress import PassProgress
from core.passes.running import Engine, run
from core.trust.map_rows import KEY
from core.trust.pairs import MethodAtLayer
from core.trust.photos import PhotoSample
from core.trust.report import measuring
from core.trust.report.contents import VERSION, PhotoFacts, TrustReport, as_json
from core.trust.report.recommending import recommended
from core.trust.testing import workplace
from core.trust.testing.maps import MapTesting

_MANY = 256  # Parts: files with the rows of a few photos each.


def collect(
    folder: Path,
    sample: PhotoSample,
    pairs: Sequence[MethodAtLayer],
    engine: Engine = IN_PROCESS,
    *,
    out: Path | None = None,
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> TrustReport:
    """Test the maps of all pairs on all photos; gives the report.

    Writes ``trust.parquet`` and ``trust.json`` into ``out``, by default the checkpoint's own folder. An
    interrupted pass continues with the photos that are missing, on this engine or another. Damaged photos are
    left out.

    Raises:
        LayerError: a method does not fit its layer.
        EvaluationError: another process tests this checkpoint in the same place, or the engine fails.
        DataError: a photo cannot be read at present, or more than a few are damaged.
        CheckpointError: logits are not finite.
    """
    place, card = out or folder, store.read_card(folder)
    key, num_photos = _key(card, sample, pairs), len(sample.indices)
    parts = Parts(place / paths.TRUST_WORK / key, num_photos, -(-num_photos // _MANY))
    work = MapTesting(folder, card, sample, tuple(pairs))
    with workplace.held(place, folder.name), engine.started(work) as running:
        for progress in run(running, parts, partial(_write, parts)):
            on_progress(progress)
        table = pa.concat_tables(pq.read_table(parts.path(part)) for part in range(len(parts)))
        _refuse_partial(parts, sample, table)
        report = _report(folder, card, sample, pairs, table, key)
        _keep(place, table, report)
    return report


def _write(parts: Parts, part: int, tables: Sequence[pa.Table]) -> None:
    _write_table(parts.path(part), pa.concat_tables(tables))


def _write_table(path: Path, table: pa.Table) -> None:
    with files.draft(path) as draft:
        pq.write_table(table, draft, compression="zstd", compression_level=19)


def _refuse_partial(parts: Parts, sample: PhotoSample, table: pa.Table) -> None:
    """Raise DataError if too many photos are damaged; another pass then reads them again."""
    num_photos = len(sample.indices)
    try:
        refuse_many(num_photos - _num_photos(table), sample.images, num_photos)
    except DataError:
        shutil.rmtree(parts.place, ignore_errors=True)
        raise


def _num_photos(table: pa.Table) -> int:
    return len(table["sample_id"].unique())


def _report(
    folder: Path, card: Card, sample: PhotoSample, pairs: Sequence[MethodAtLayer], table: pa.Table, key: str
) -> TrustReport:
    evidence = measuring.measured(table, pairs, sample.seed)
    references = measuring.references(table, sample.seed)
    number = _num_photos(table)
    return TrustReport(
        checkpoint=folder.name,
        network=network_fingerprint(card),
        photos=PhotoFacts(
            sample.name, number, measuring.num_checked(table), sample.split, sample.images.fingerprint
        ),
        seed=sample.seed,
        recommended=recommended(evidence, references, number),
        references=references,
        pairs=tuple(evidence),
        key=key,
        objects=measuring.objects(table),
        version=VERSION,
    )


def _keep(place: Path, table: pa.Table, report: TrustReport) -> None:
    """Write both files, the report last: it names the run of the table beside it."""
    _write_table(place / paths.TRUST_TABLE, table.replace_schema_metadata({KEY: report.key}))
    files.write(place / paths.TRUST, as_json(report))
    workplace.remove(place)


def _key(card: Card, sample: PhotoSample, pairs: Sequence[MethodAtLayer]) -> str:
    """A hash of everything that the rows depend on: network, photos, seed, masks, pairs."""
    known = (
        VERSION,
        network_fingerprint(card),
        sample.images.fingerprint,
        sample.seed,
        str(sample.masks),
        *map(str, pairs),
    )
    digest = hashlib.blake2b(repr(known).encode(), digest_size=12)
    digest.update(sample.indices.tobytes())
    return digest.hexdigest()
