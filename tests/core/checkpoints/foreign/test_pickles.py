"""Plain objects beside weights are passed over; what would be executed is refused."""

import argparse
import collections
import dataclasses
import datetime
import pathlib
import pickle
import random
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.checkpoints.foreign import contents
from core.errors import CheckpointError
from tests.support.networks.foreign_weights import saved


class _Config(dict[str, object]):
    """A dictionary of a trainer."""


@dataclasses.dataclass
class _Settings:
    """Settings of a trainer."""

    lr: float = 0.1


@pytest.mark.parametrize(
    "extra",
    [
        np.float32(1),
        np.ones(3),
        np.array(["a"]),
        np.random.default_rng(0).bit_generator.state,
        pathlib.Path("x"),
        pathlib.PureWindowsPath("c:/x"),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        collections.defaultdict(list, {"a": [1]}),
        collections.deque([1, 2]),
        types.SimpleNamespace(a=1),
        argparse.Namespace(a=argparse.Namespace(b=1)),
        _Config(a=1),
        _Settings(),
        int,
        random.getstate(),
    ],
    ids=lambda extra: type(extra).__name__,
)
@pytest.mark.parametrize("is_zip", [True, False])
def test_plain_objects_beside_weights_are_passed_over(
    network: nn.Module, tmp_path: Path, extra: object, *, is_zip: bool
) -> None:
    path = tmp_path / "w.pt"
    content = {"state_dict": network.state_dict(), "extra": extra, "all": [extra, {"a": extra}]}
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    (found,) = contents.read(path).states
    assert found.key == "state_dict"
    assert all(torch.equal(found.tensors[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize("called", [eval, exec, getattr, __import__, print, pickle.loads])
def test_what_would_be_called_is_refused_by_name(network: nn.Module, tmp_path: Path, called: object) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return called, ("raise SystemError",)

    path = saved({"state_dict": network.state_dict(), "extra": Evil()}, tmp_path)
    with pytest.raises(CheckpointError, match=r"Python objects besides tensors.* never executed here"):
        contents.read(path)
