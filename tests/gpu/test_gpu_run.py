"""The script for a GPU runs on a CPU, and its judged rows can fail."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from core.checkpoints.store import Checkpoint
from core.explanation.question import METHODS
from tests.gpu import checking, networks
from tests.gpu.__main__ import NAMES
from tests.gpu.bench import Bench
from tests.gpu.checks import maps
from tests.gpu.checks.maps import Case
from tests.gpu.table import Row
from tests.support.paths import ROOT
from tests.support.programs import commands

# Each is judged, beside the maps of every method.
_JUDGED = (
    "layers of",
    "receptive fields of",
    "curves of",
    "sanity of",
    "stability",
    "plain ascent",
    "robust ascent",
    "probabilities of",
    "training loss",
    "explanation of",
    "ascent, room",
    "evaluation, room",
    "training, room",
)


def _ran(*arguments: str, program: str = "tests.gpu") -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a program in a process of its own."""
    with commands.started(*arguments, program=program) as command:
        return command.status(), command.printed, command.errors


@pytest.mark.slow
def test_the_small_run_judges_every_method_and_every_kind_of_work() -> None:
    status, printed, errors = _ran("--small", "--device", "cpu")
    assert status == 0, printed + errors
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines()[4:]]
    assert {row[-1] for row in rows} == {"yes", "-"}
    judged = [row[0] for row in rows if row[-1] == "yes"]
    starts = [
        f"{method}, {precision}" for method in METHODS for precision in ("float32", "float64", "bfloat16")
    ]
    assert [
        start for start in (*starts, *_JUDGED) if not any(what.startswith(start) for what in judged)
    ] == []
    rates = [float(row[1].split()[0]) for row in rows if "/s" in row[1]]
    assert len(rates) == 3
    assert min(rates) > 0


@pytest.mark.slow
def test_no_tensor_is_on_the_wrong_device() -> None:
    checks = ("layers", "trust", "ascent", "evaluation")
    status, printed, errors = _ran("--small", "--device", "pretend", "--only", *checks)
    assert status == 0, printed + errors
    assert printed.count("| yes |") >= 15


def test_the_script_starts_from_any_folder_and_lists_the_checks(tmp_path: Path) -> None:
    script = ROOT / "tests/gpu/run"
    printed = subprocess.check_output([script, "--help"], cwd=tmp_path, text=True)  # noqa: S603 (our own)
    assert f"--only CHECK [CHECK ...] {', '.join(NAMES)}" in " ".join(printed.split())


@pytest.mark.slow
def test_the_pretended_device_computes_and_refuses_tensors_of_the_cpu() -> None:
    _, printed, errors = _ran(program="tests.gpu.mixing")
    assert printed.split() == ["12.0", "pretend"]
    assert "aten::add got tensors of two devices; one of (3,) is on the CPU" in errors


@pytest.mark.slow
def test_a_device_with_slightly_different_weights_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = networks.loaded

    def wrong(folder: Path, device: str, dtype: torch.dtype = torch.float32) -> Checkpoint:
        checkpoint = right(folder, device, dtype)
        next(checkpoint.model.parameters()).mul_(1.01)
        return checkpoint

    monkeypatch.setattr(maps, "METHODS", ("grad_cam",))
    monkeypatch.setattr(networks, "loaded", wrong)
    assert checking.table(["maps"], tmp_path, device="cpu", is_small=True) == 1
    verdicts = [line.strip("| ").split(" | ")[-1] for line in capsys.readouterr().out.splitlines()[4:]]
    assert verdicts == ["NO", "NO", "yes", "-"]


def test_a_check_that_ends_with_an_error_fails_and_the_next_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_bench: Bench) -> Iterator[Row]:
        raise RuntimeError("no kernel image\nand more")

    monkeypatch.setitem(checking.CHECKS, "maps", broken)
    monkeypatch.setitem(checking.CHECKS, "trust", lambda _bench: iter([Row("trust", "1", "1", ok=True)]))
    assert checking.table(["maps", "trust"], tmp_path, device="cpu", is_small=True) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "| maps | RuntimeError: no kernel image | no error | NO |" in lines
    assert "| trust | 1 | 1 | yes |" in lines


def _case(**changes: np.ndarray) -> Case:
    map_ = np.array([[1.0, -2.0], [0.5, 4.0]])
    return Case(
        "a", **({"cpu_double": map_, "cpu": map_, "double": map_, "single": map_, "brain": map_} | changes)
    )


def test_a_map_may_differ_by_a_thousandth_of_its_maximum() -> None:
    map_ = _case().cpu
    for difference, ok in ((0.0039, True), (0.0041, False)):
        row, _ = maps.judged("any", [_case(single=map_ + np.array([[0, difference], [0, 0]]))])
        assert row.ok is ok
    assert maps.apart(map_, map_ * np.nan) == np.inf
    assert maps.apart(map_ * 0, map_ * 0) == 0


def test_a_map_that_single_precision_cannot_tell_is_judged_in_double_precision_only() -> None:
    map_ = _case().cpu
    case = _case(cpu=map_ * 1.01, single=map_ * 2)
    single, double = maps.judged("any", [case, _case()])
    assert (single.what, single.ok, double.ok) == ("any, float32, 1 of 2 maps", True, True)
    single, double = maps.judged("any", [case])
    assert (single.ok, double.ok) == (False, True)  # No map is left to compare.
    _, double = maps.judged("any", [_case(double=map_ * 1.01)])
    assert not double.ok


def test_ranks_do_not_depend_on_the_scale() -> None:
    map_ = _case().cpu
    assert maps.ranked("any", [_case(brain=map_**3)], "trained").ok
    assert not maps.ranked("any", [_case(brain=-map_)], "trained").ok
    assert not maps.ranked("any", [_case(cpu=map_ * 0)], "trained").ok  # Constant maps have no ranks.


def test_the_names_that_can_be_chosen_are_those_of_the_checks() -> None:
    assert tuple(checking.CHECKS) == NAMES
