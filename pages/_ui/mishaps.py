"""What went wrong, where a person sees it: a sentence, or a number that the log explains."""

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import streamlit as st
from streamlit.errors import (
    FragmentHandledException,
    StreamlitAPIException,
    StreamlitInvalidLayoutContextError,
)

from core import mishaps
from pages._ui import words

_LOG = logging.getLogger("seewhy")
# Functions of Streamlit that read the value of a widget from a message.
_READING = {"deserialize", "get_serialized", "_get_upload_files", "__getitem__", "popover"}
# Two buttons that each open a dialogue, pressed by one message.
_SECOND_DIALOGUE = "_assert_first_dialog_to_be_opened"
_P = ParamSpec("_P")


def show(error: Exception, doing: str) -> None:
    """Say what a person can do about an error; one that nobody expected goes to the log in full."""
    known = mishaps.sentence(error)
    if known is not None:
        st.error(words.capital(known), icon=":material/error:")
        return
    if _is_of_the_browser(error):
        _LOG.warning("a value that no page offers was sent: %s", error)
        st.error("The browser sent a value that is not on offer. Reload the page.", icon=":material/error:")
        return
    found = mishaps.record(error, doing)
    _LOG.error("error %s while %s\n%s", found.number, doing, found.traceback)
    st.error(
        f"Unexpected error **{found.number}** while {words.plain(doing)}. This is a fault of SeeWhy. "
        "Everything else still works: choose something else here, or another page. The server's log says "
        "more under this number.",
        icon=":material/bug_report:",
    )


def _is_of_the_browser(error: Exception) -> bool:
    """Whether Streamlit could not read what was sent for a widget: its own browser code does not do that."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, StreamlitInvalidLayoutContextError) and frames[-1].name == _SECOND_DIALOGUE:
        return True
    is_reading = any(frame.name in _READING and "streamlit" in Path(frame.filename).parts for frame in frames)
    return is_reading and isinstance(error, ArithmeticError | ValueError | TypeError | AttributeError)


def guarded(function: Callable[_P, None]) -> Callable[_P, None]:
    """A part of a page that is drawn by itself, with its errors shown in its own place."""

    @wraps(function)
    def drawn(*given: _P.args, **named: _P.kwargs) -> None:
        try:
            function(*given, **named)
        except FragmentHandledException:
            raise
        except Exception as error:  # Whatever it is, the rest of the page stands.
            show(error, "a part of the page was drawn")

    return drawn


def show_outside_of_pages(error: Exception) -> bool:
    """Say what went wrong in a click, or before a page had begun to be drawn; where to go instead."""
    # Not above: the server, which has this function at hand, is to start before the libraries are loaded.
    from pages._ui import shell  # noqa: PLC0415

    show(error, "your last click was followed")
    with suppress(StreamlitAPIException):  # The message alone will do.
        for path, page in shell.PAGES.items():
            st.page_link(path, label=page.title, icon=page.icon, query_params={})
    return True
