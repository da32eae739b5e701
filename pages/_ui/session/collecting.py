"""Keep the objects of libraries out of Python's garbage collection.

Streamlit collects garbage after every run of a page. The libraries' half a million objects live as long as
the server: searching them took a quarter of a second after each click.
"""

import gc
import sys
from functools import cache


def spare_libraries() -> None:
    """Exempt all objects in memory from garbage collection, again after each import of new libraries.

    Reference counts free them as before; only reference cycles among them stay.
    """
    _freeze(len(sys.modules))


@cache
def _freeze(_num_modules: int) -> None:
    gc.freeze()
