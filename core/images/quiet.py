"""Keep image libraries from printing to the terminal; our own errors say what matters."""

import ctypes
import logging
import warnings

from PIL import _imaging


def keep_quiet() -> None:
    """Silence the warnings of Pillow and of its libtiff in this process.

    Set once for all threads. Nothing is redirected: other output to stderr still appears.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    try:
        # Looked up through Pillow's library, this is the libtiff that Pillow uses, wherever it is installed.
        libtiff = ctypes.CDLL(_imaging.__file__)
        for handler in (libtiff.TIFFSetErrorHandler, libtiff.TIFFSetWarningHandler):
            handler.argtypes, handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            handler(None)
    except (OSError, AttributeError, TypeError):  # Built without libtiff, or linked statically.
        return
