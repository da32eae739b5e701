"""Groups with what their photos show, and where their maps lie."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.checkpoints import paths, store
from core.data.sources import catalogue
from core.mistakes import group_search
from core.passes.progress import PassProgress
from core.predictions import evaluations, groups, likeliest
from core.predictions.evaluating.samples import samples_of
from core.predictions.evaluations import Evaluation
from tests.support.paths import ROOT


@pytest.fixture
def evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    """The checkpoint that learned a shortcut, evaluated, in a folder of its own."""
    shutil.copytree(ROOT / "checkpoints" / "shortcut", tmp_path / "shortcut")
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    return evaluations.find(tmp_path / "shortcut", "shortcut-val")


@pytest.fixture
def one_cluster(evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The samples of a cluster, the only group that the search finds."""
    ids = next(each.sample_ids for each in groups.read(evaluation).groups)[:40]  # type: ignore[union-attr]
    entry = {"name": "a cluster", "sample_ids": list(ids), "conditions": [], "apart": ["pale"]}
    monkeypatch.setattr(groups, "found", lambda _evaluation, _on_step: {"groups": [entry]})
    return list(ids)


@pytest.mark.slow
def test_a_cluster_has_words_for_what_the_built_in_network_sees(
    evaluation: Evaluation, one_cluster: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (evaluation.of.parent / paths.BUILT_IN).symlink_to(ROOT / "checkpoints" / paths.BUILT_IN)
    images = catalogue.load("shortcut")

    def see(_folder: Path, _images: object, indices: np.ndarray, **_rest: object) -> np.ndarray:
        inside = [images.sample_ids[index] in one_cluster for index in indices.tolist()]
        return np.stack(
            [np.where(inside, 489, np.arange(len(indices))), *np.arange(4)[:, None] + 0 * indices]
        ).T

    monkeypatch.setattr(group_search, "likeliest", see)
    (entry,) = json.loads(group_search.find(evaluation))["groups"]
    assert entry["apart"] == ["pale", "more chainlink fence: 100%, elsewhere 0%"]
    assert 0 < entry["maps"]["on_object"] < 1
    assert entry["maps"]["num_images"] == len(one_cluster)


def test_without_images_the_groups_stand_alone(evaluation: Evaluation, one_cluster: list[str]) -> None:
    facts = evaluation.folder / paths.FACTS
    text = facts.read_text().replace(evaluation.facts.fingerprint or "", "0" * 32)
    facts.write_text(text.replace('"shortcut"', '"folder"'))
    (entry,) = json.loads(group_search.find(evaluations.find(evaluation.of, evaluation.name)))["groups"]
    assert (entry["apart"], entry.get("maps"), len(entry["sample_ids"])) == (["pale"], None, len(one_cluster))


@pytest.mark.slow
def test_the_search_says_how_far_it_is(evaluation: Evaluation) -> None:
    seen: list[PassProgress] = []
    groups.found(evaluation, lambda done, total: seen.append(PassProgress(done, total, what="searches")))
    assert [each.done for each in seen] == list(range(1, len(seen) + 1))
    assert seen[-1].done == seen[-1].total
    assert str(seen[0]) == f"1 of {len(seen)} searches"


def test_the_likeliest_classes_are_those_of_the_predictions_and_kept(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = catalogue.load("shortcut")
    indices = samples_of(store.read_card(evaluation.of), images, "val").indices[:30]
    first = likeliest.likeliest(evaluation.of, images, indices)
    rows = (
        pd.read_parquet(evaluation.table)
        .set_index("sample_id")
        .loc[[images.sample_ids[index] for index in indices]]
    )
    np.testing.assert_array_equal(first, np.stack(rows["top5"]))
    monkeypatch.setattr(likeliest, "_passed", lambda *_given: pytest.fail("asked the network again"))
    np.testing.assert_array_equal(likeliest.likeliest(evaluation.of, images, indices), first)
