"""Which of several processes this one is, as torchrun and SLURM say, and what it runs on."""

import pytest
import torch

from core.data.batches import Share
from core.passes import ranks
from core.passes.ranks import Place


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Place(Share(0, 1), 0, 1)),
        (
            {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "SLURM_PROCID": "0"},
            Place(Share(5, 8), 1, 4),
        ),
        (
            {
                "SLURM_PROCID": "3",
                "SLURM_NTASKS": "4",
                "SLURM_LOCALID": "1",
                "SLURM_NTASKS_PER_NODE": "2",
            },
            Place(Share(3, 4), 1, 2),
        ),
        ({"SLURM_PROCID": "3", "SLURM_NTASKS": "4"}, Place(Share(3, 4), 0, 1)),
        ({"RANK": "3"}, Place(Share(0, 1), 0, 1)),
    ],
)
def test_a_process_knows_its_place(environment: dict[str, str], expected: Place) -> None:
    assert ranks.place(environment) == expected


def test_each_process_has_a_graphics_card_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    cards = [ranks.device_of("cuda", Place(Share(rank, 3), rank, 3)) for rank in range(3)]
    assert cards == ["cuda:0", "cuda:1", "cuda:0"]
    assert ranks.device_of("cuda", Place()) == "cuda"
    assert ranks.device_of("cuda:1", Place(Share(0, 3), 0, 3)) == "cuda:1"
    assert ranks.device_of("cpu", Place(Share(1, 3), 1, 3)) == "cpu"


def test_processes_of_one_machine_divide_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    ranks.divide_threads(Place())
    for num in (2, 3, 16):
        ranks.divide_threads(Place(Share(0, num), 0, num))
    assert asked == [4, 2, 1]
