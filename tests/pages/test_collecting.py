"""The garbage collector, which looks at everything after each run of a page, does not look at libraries."""

import gc
import sys
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

from pages._ui.session import collecting
from pages._ui.session.collecting import spare_libraries


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Frozen anew, whatever has been before, and frozen as other tests expect it afterwards."""
    collecting._freeze.cache_clear()
    spare_libraries()
    yield
    gc.freeze()


def test_libraries_are_out_of_sight_and_objects_of_pages_are_not() -> None:
    page = [[] for _ in range(1000)]
    seen = {id(each) for each in gc.get_objects()}
    assert id(vars(torch)) not in seen
    assert {id(each) for each in page} <= seen


@pytest.mark.slow
def test_libraries_that_come_later_are_put_out_of_sight_too(monkeypatch: pytest.MonkeyPatch) -> None:
    spare_libraries()
    before = gc.get_freeze_count()
    later = ModuleType("later")
    later.table = [[] for _ in range(1000)]
    spare_libraries()
    assert gc.get_freeze_count() <= before
    monkeypatch.setitem(sys.modules, "later", later)
    spare_libraries()
    assert gc.get_freeze_count() >= before + 1000


def test_what_nothing_refers_to_is_still_freed() -> None:
    network = torch.nn.Linear(2, 2)
    gone = weakref.ref(network)
    gc.freeze()
    del network
    assert gone() is None
