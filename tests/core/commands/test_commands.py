"""The program itself: help, names, numbers and status of every command."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import main
from core.commands import COMMANDS
from tests.support.paths import ROOT
from tests.support.programs import commands


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_everywhere(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*command.split(), "--help"])
    assert capsys.readouterr().out.startswith(f"usage: python -m core {command}".rstrip())


def _printed(*arguments: str) -> tuple[str, set[str]]:
    """What a command prints in a process of its own, and the modules that it has imported."""
    code = f"import sys\nfrom core.__main__ import main\ntry: main({arguments})\nfinally: print(*sys.modules)"
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)  # noqa: S603 (our own)
    text, modules = printed.rstrip().rsplit("\n", 1)
    return text, set(modules.split())


def test_the_list_of_commands_comes_without_a_heavy_library() -> None:
    text, modules = _printed("--help")
    for command in COMMANDS:
        assert f"\n    {command}" in text
    assert "core.commands" in modules
    assert not {"torch", "numpy", "pandas"} & modules


@pytest.mark.slow
def test_data_sets_are_listed_without_pytorch() -> None:
    text, modules = _printed("data")
    assert "\nmalaria " in text
    assert "core.commands.data_sets" in modules
    assert "torch" not in modules


@pytest.mark.parametrize(
    "arguments",
    [[], ["paint"], ["explain"], ["explain", "x.png"], ["explain", "x.png", "--out", "y", "--method", "z"]],
)
def test_a_command_that_is_not_one_is_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert line.endswith("--help lists the options")


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", ""],
        ["evaluate", "digits", "--data", ""],
        ["explain", "", "--out", "y"],
        ["explain", "x.png", "--out", " "],
        ["train", "digits", "--data", ""],
    ],
)
def test_an_empty_name_is_not_this_folder(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "got an empty name" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["meta", "cpu:3", "nonsense"])
def test_a_device_that_computes_nothing_is_refused(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(tmp_path / "x.png")
    assert main(["explain", photo, "--checkpoint", "digits", "--device", device, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: there is no device {device!r}; try cpu or cuda\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["train", "digits", "--devices", "0"],
            "argument --devices: got '0'; expected a whole number from 1 to",
        ),
        (
            ["train", "digits", "--devices", "9999"],
            "argument --devices: got '9999'; expected a whole number from 1 to",
        ),
        (
            ["train", "digits", "--nodes", "-1"],
            "argument --nodes: got '-1'; expected a whole number from 1 to 1024",
        ),
        (["evaluate", "digits", "--devices", "9" * 5000], "argument --devices: got '999"),
        (
            ["data", "digits", "--seed", "-1"],
            "argument --seed: got '-1'; expected a whole number from 0 to 2147483647",
        ),
        (
            ["data", "digits", "--val", "nan"],
            "argument --val: got 'nan'; expected a share from 0 to below 1, such as 0.2",
        ),
        (
            ["data", "digits", "--val", "1"],
            "argument --val: got '1'; expected a share from 0 to below 1, such as 0.2",
        ),
        (
            ["filters", "--layer", "x", "--out", "y", "--steps", "10000000000"],
            "argument --steps: got '10000000000'",
        ),
        (
            ["filters", "--layer", "x", "--out", "y", "--seed", "x"],
            "argument --seed: got 'x'; expected a whole number",
        ),
    ],
)
def test_numbers_without_sense_are_refused_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_python_m_core_exits_with_the_commands_status() -> None:
    with commands.started("layers", "--checkpoint", "nope") as command:
        assert command.status() == 1
        assert command.printed == ""
        assert command.errors.startswith("error: no checkpoint named 'nope'; there is imagenet")
        assert command.errors.count("\n") == 1
