"""Trainings as people start them, in processes of their own: killed at any moment, stopped, and in twos."""

import json
import signal
from pathlib import Path

import pandas as pd
import pytest
import safetensors.torch
import torch

from core.checkpoints import paths, store
from core.checkpoints.paths import METRICS
from core.predictions import evaluations
from core.training.runs import find
from tests.support.programs import commands

pytestmark = pytest.mark.slow
FEW = ("data.per_class=8", "data.val=0.05", "batch_size=20")


def _arguments(name: str, *changes: str) -> list[str]:
    settings = [part for change in (*FEW, *changes) for part in ("--set", change)]
    return ["train", "digits", "--out", name, *settings]


def _kill_after(line: str, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """Start it, send the signal when it has printed a line that starts so; exit status and stderr."""
    with commands.started(*arguments) as command:
        command.wait_for_line(line)
        command.send(number)
        return command.status(), command.errors


def test_killed_and_resumed_is_never_killed() -> None:
    """SIGKILL, twice; the second time in a resumed training. Weights are the same to the bit."""
    changes = ("epochs=8", "augment.rotation=10", "speed.workers=1")
    changes += ("model.architecture=seewhy:two-conv-mnist", "schedule.drop_after=[4]")
    commands.run(*_arguments("whole", *changes))
    arguments = (*_arguments("killed", *changes), "--resume")
    assert _kill_after("epoch   3", signal.SIGKILL, *arguments)[0] == -signal.SIGKILL
    killed = find("killed")
    assert (killed.card.status, killed.status, killed.can_resume) == ("running", "interrupted", True)
    assert store.load(killed.folder).card.metrics["val_accuracy"] > 0
    _kill_after("epoch   6", signal.SIGKILL, *arguments)
    commands.run(*arguments)
    whole, resumed = (paths.folder(name) for name in ("whole", "killed"))
    history = [pd.read_csv(folder / paths.HISTORY).drop(columns="seconds") for folder in (whole, resumed)]
    pd.testing.assert_frame_equal(*history, check_exact=True)
    weights = [safetensors.torch.load_file(folder / paths.WEIGHTS) for folder in (whole, resumed)]
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())


def test_ctrl_c_stops_it_in_good_order() -> None:
    status, errors = _kill_after("epoch   2", signal.SIGINT, *_arguments("asked", "epochs=500"))
    assert status == 1
    assert errors.splitlines()[-1].startswith("error: asked was stopped; continue with: python -m core")
    card = store.read_card(paths.folder("asked"))
    assert (card.status, card.reason) == ("stopped", "")
    assert card.training["best_epoch"] >= 1


# Of two processes, the second has room for four images; those that Lightning starts run this first.
SCARCE = """
import os
if os.environ.get("LOCAL_RANK") == "1":
    import torch
    from torch.nn.modules.module import register_module_forward_pre_hook
    def refuse(_module, inputs):
        sizes = [len(each) for each in inputs if isinstance(each, torch.Tensor)]
        if torch.is_grad_enabled() and max(sizes, default=0) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory: pretended")
    register_module_forward_pre_hook(refuse)
"""


def test_where_one_of_two_processes_runs_out_of_memory_both_halve_their_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ("epochs=2", "data.val=0.1", "data.per_class=9", "batch_size=16")
    commands.run(*_arguments("one", *changes))
    (tmp_path / "sitecustomize.py").write_text(SCARCE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    printed = commands.run(*_arguments("scarce", *changes), "--devices", "2")
    assert printed.count("memory ran out: each batch of 16 images is now computed in 2 pieces") == 1
    one, scarce = (paths.folder(name) for name in ("one", "scarce"))
    assert store.read_card(scarce).training["pieces"] == 2
    history = [pd.read_csv(folder / paths.HISTORY).drop(columns="seconds") for folder in (one, scarce)]
    pd.testing.assert_frame_equal(*history, rtol=1e-4)


def test_two_processes_give_the_same_table_row_for_row() -> None:
    """Without batch norm and dropout, the gradient of two halves of a batch is the batch's."""
    changes = ("epochs=2", "data.val=0.1", "data.per_class=9", "batch_size=16")
    commands.run(*_arguments("one", *changes))
    commands.run(*_arguments("two", *changes), "--devices", "2")
    one, two = (paths.folder(name) for name in ("one", "two"))
    tables = [pd.read_parquet(evaluations.find(folder).table) for folder in (one, two)]
    assert len(tables[0]) == 179
    pd.testing.assert_frame_equal(*tables, rtol=1e-4, atol=1e-6)
    history = [pd.read_csv(folder / paths.HISTORY).drop(columns="seconds") for folder in (one, two)]
    pd.testing.assert_frame_equal(*history, rtol=1e-4)
    assert store.read_card(two).training["devices"] == 2
    for folder, table in zip((one, two), tables, strict=True):
        written = json.loads((evaluations.find(folder).folder / METRICS).read_text(encoding="utf-8"))
        assert written["accuracy"] == (table["label"] == table["predicted"]).mean()
        assert (written["num_samples"], written["num_broken"]) == (179, 0)
    assert sorted(path.name for path in two.iterdir()) == sorted(path.name for path in one.iterdir())
