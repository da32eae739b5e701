"""Who runs the tests: those processes load the fixtures, and with them the large libraries."""

import gc
from pathlib import Path

import pytest

_FEW = 3


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No workers for a few test files: they would be done before the workers have started."""
    few = len(config.args) <= _FEW and all(Path(name.partition("::")[0]).is_file() for name in config.args)
    return 0 if few else None


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures where tests run; workers start at once if the process before them imports little."""
    distributes = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if not distributes:
        config.pluginmanager.import_plugin("tests.support.fixtures")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of the browser and of other programs: one worker starts each once."""
    items.sort(key=lambda item: not _needs_a_program(item))


def _needs_a_program(item: pytest.Item) -> bool:
    started = getattr(getattr(item, "module", None), "commands", None)
    return (
        "browser" in item.path.parts or getattr(started, "__name__", "") == "tests.support.programs.commands"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare the garbage collector the libraries and the tests, which stay to the end."""
    gc.collect()
    gc.freeze()
