"""Ctrl-C and SIGTERM stop a training in good order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning.pytorch.utilities.exceptions import SIGTERMException

from core.training.runs.run import Stopped, request_stop


@contextmanager
def stopping_on_signals(folder: Path) -> Iterator[None]:
    """Stop in good order on Ctrl-C or SIGTERM; a second signal ends the process at once."""

    def ask(number: int, _frame: object) -> None:
        request_stop(folder)
        signal.signal(number, before[signal.Signals(number)])

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except SIGTERMException as error:  # Lightning's own signal for the same.
        raise Stopped from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
