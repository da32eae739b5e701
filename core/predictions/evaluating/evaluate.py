"""One pass of a checkpoint over its samples: the predictions table and its metrics, under a name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from core import files
from core.checkpoints import store
from core.checkpoints.card import Card
from core.checkpoints.local import remember_data
from core.data.unreadable import refuse_many
from core.errors import DataError, EvaluationError
from core.passes.in_process import IN_PROCESS
from core.passes.progress import PassProgress
from core.passes.running import Engine, run
from core.predictions import evaluations, metrics
from core.predictions.evaluating.naming import difference, name_for, split_of
from core.predictions.evaluating.predicting import Predicting, key_of
from core.predictions.evaluating.sample_parts import write_part, write_whole
from core.predictions.evaluating.samples import Samples
from core.predictions.evaluating.score_parts import Joined, ScoreParts
from core.predictions.evaluating.workplace import Workplace
from core.predictions.evaluations import Evaluation, Facts

_WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Keep:
    """How an evaluation is kept: its name (empty: the data's name and the split), and its folder of images.

    ``replace`` allows it to overwrite one of that name that was made with other images or weights.
    """

    name: str = ""
    data: Path | None = None
    replace: bool = False


def evaluate(
    folder: Path,
    samples: Samples,
    engine: Engine = IN_PROCESS,
    *,
    keep: Keep = Keep(),
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> dict[str, Any]:
    """Add an evaluation to a checkpoint's folder, whole or not at all; gives its metrics.

    It is made in parts; an interrupted one continues if weights, data and samples are the same, on this
    engine or another. Damaged images have no row and are counted as ``num_broken``.

    Raises:
        EvaluationError: it is being made already, the engine cannot start, or the name belongs to an
            evaluation of other images or weights.
        CheckpointError: logits are not finite.
        DataError: an image cannot be read at present, or more than a few are damaged; nothing is replaced.
    """
    card = store.read_card(folder)
    name, key = keep.name or name_for(samples), key_of(card, samples)
    workplace = Workplace(folder, name, key, len(samples.indices))
    _earlier(workplace, card, samples, keep)
    workplace.refuse_second()
    with engine.started(Predicting(folder, card, samples)) as running, workplace.held():
        # Checked again under the lock: another process may have taken the name meanwhile.
        earlier = _earlier(workplace, card, samples, keep)
        facts = _facts(card, samples, key)
        _describe(workplace.place.parent, facts, keep.data, samples.images.layout)
        splits = sorted(set(samples.splits[samples.indices].tolist()))
        parts, shown = workplace.parts, workplace.progress_file
        scored = ScoreParts(parts, len(card.class_names), tuple(splits))
        for progress in run(running, parts, partial(_write, scored)):
            shown.write(progress)
            on_progress(progress)
        joined = scored.joined()
        _refuse_partial(samples, workplace, joined.table, earlier)
        measured = _kept(workplace, samples, joined, facts, keep)
        workplace.remove()
    return measured


def _write(scored: ScoreParts, part: int, tables: Sequence[pa.Table]) -> None:
    write_part(scored, part, tables)
    scored.fold()


def _earlier(workplace: Workplace, card: Card, samples: Samples, keep: Keep) -> Evaluation | None:
    """The evaluation that has the name already; EvaluationError if it differs and must not be replaced."""
    earlier = evaluations.known(workplace.folder, workplace.name)
    if earlier is None or keep.replace or earlier.facts.key == workplace.key:
        return earlier
    other = difference(earlier, card, samples) or ("other labels" if earlier.facts.key else None)
    if other is not None:
        raise EvaluationError(
            f"{workplace.folder.name!r} has an evaluation {earlier.name!r} of {other}; choose another name "
            "with --as NAME, or overwrite it with --replace"
        )
    return earlier


def _refuse_partial(
    samples: Samples, workplace: Workplace, table: pa.Table, earlier: Evaluation | None
) -> None:
    """Raise DataError if too many images cannot be read for a result on these samples."""
    num_samples = workplace.num_samples
    try:
        refuse_many(num_samples - len(table), samples.images, num_samples)
        _refuse_fewer(workplace, len(table), earlier)
    except DataError:
        workplace.forget_partial()  # Repaired images are then read by the next pass.
        raise


def _refuse_fewer(workplace: Workplace, num_read: int, earlier: Evaluation | None) -> None:
    """Raise DataError if an earlier evaluation of the same samples has more images."""
    if earlier is not None and earlier.facts.key == workplace.key and earlier.facts.num_images > num_read:
        raise DataError(
            f"{earlier.facts.num_images - num_read} images that could be read for {earlier.name!r} cannot be "
            "read now, so the earlier evaluation is kept; repair them, then evaluate again"
        )


def _facts(card: Card, samples: Samples, key: str) -> Facts:
    """The facts about an evaluation that begins."""
    return Facts(
        data=evaluations.data_name(samples.images),
        source=samples.images.name,
        split=split_of(samples),
        fingerprint=samples.images.fingerprint,
        weights_sha256=card.weights_sha256,
        key=key,
        num_unknown=sum(each.num_files for each in samples.unknown),
        corrections_sha256=samples.images.corrected.sha256 if samples.images.corrected else None,
    )


def _describe(place: Path, facts: Facts, data: Path | None, layout: str) -> None:
    """Write the facts about an evaluation, and where its images are on this machine."""
    evaluations.write_facts(place, facts)
    if data is not None:
        remember_data(place, data, layout)


def _kept(workplace: Workplace, samples: Samples, joined: Joined, facts: Facts, keep: Keep) -> dict[str, Any]:
    """Write all files of an evaluation and publish it under its name; gives its metrics."""
    draft, num_read = workplace.place / _WHOLE, len(joined.table)
    draft.mkdir(exist_ok=True)
    write_whole(draft, workplace.parts, joined, samples.images)
    measured = metrics.write(
        draft,
        store.read_card(workplace.folder).class_names,
        num_broken=workplace.num_samples - num_read,
        fingerprint=facts.fingerprint,
    )
    facts = replace(facts, num_images=num_read, date=evaluations.now())
    _describe(draft, facts, keep.data, samples.images.layout)
    files.replace_folder(draft, evaluations.place(workplace.folder, workplace.name))
    return measured
