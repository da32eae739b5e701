"""Libraries that read pictures print nothing on the terminal: our own errors say what matters."""

import ctypes
import logging
import warnings

from PIL import _imaging


def keep_quiet() -> None:
    """From now on, in this process: no remarks of Pillow and of the libtiff that it has loaded.

    Set once, for all threads, and nothing is redirected: what others write to stderr is seen as ever.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    try:
        # Looked up through the library that uses it, this is that library's own libtiff, wherever it lies.
        libtiff = ctypes.CDLL(_imaging.__file__)
        for handler in (libtiff.TIFFSetErrorHandler, libtiff.TIFFSetWarningHandler):
            handler.argtypes, handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            handler(None)
    except (OSError, AttributeError, TypeError):  # Built without it, or in one piece with it.
        return
