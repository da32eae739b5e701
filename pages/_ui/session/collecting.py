"""What Python's garbage collector need not look at again.

Streamlit has it look at everything after every run of a page. What libraries bring stays for as long as the
server runs: half a million objects, which took a quarter of a second to look through, after each click.
"""

import gc
import sys
from functools import cache


def spare_libraries() -> None:
    """Take what is in memory out of the collector's sight, once for each time that libraries have come.

    What nothing refers to any more is freed as before; only cycles among these objects stay.
    """
    _freeze(len(sys.modules))


@cache
def _freeze(_num_modules: int) -> None:
    gc.freeze()
