"""Errors on the page: a sentence that says what to do, or a number under which the log has the traceback."""

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

from core import error_log
from pages._ui import words

_LOG = logging.getLogger("seewhy")
# Functions of Streamlit that read the value of a widget from a message.
_READING = {"deserialize", "get_serialized", "_get_upload_files", "__getitem__", "popover"}
# Two buttons that each open a dialogue, pressed by one message.
_SECOND_DIALOGUE = "_assert_first_dialog_to_be_opened"
_P = ParamSpec("_P")


def show(error: Exception, doing: str) -> None:
    """Say what to do about an error; log the traceback of an unexpected one."""
    known = error_log.sentence(error)
    if known is not None:
        st.error(words.capital(known), icon=":material/error:")
        return
    if _is_of_the_browser(error):
        _LOG.warning("a value that no page offers was sent: %s", error)
        st.error(
            "The browser sent a value that this page does not offer. Reload the page.",
            icon=":material/error:",
        )
        return
    logged = error_log.record(error, doing)
    _LOG.error("error %s while %s\n%s", logged.number, doing, logged.traceback)
    st.error(
        f"Unexpected error **{logged.number}** while {words.plain(doing)}. This is a bug in SeeWhy. "
        "Everything else still works: choose something else here, or another page. The server's log has the "
        "details under this number.",
        icon=":material/bug_report:",
    )


def _is_of_the_browser(error: Exception) -> bool:
    """Whether Streamlit could not read a widget's value: its own browser code never sends such values."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, StreamlitInvalidLayoutContextError) and frames[-1].name == _SECOND_DIALOGUE:
        return True
    is_reading = any(frame.name in _READING and "streamlit" in Path(frame.filename).parts for frame in frames)
    return is_reading and isinstance(error, ArithmeticError | ValueError | TypeError | AttributeError)


def guarded(function: Callable[_P, None]) -> Callable[_P, None]:
    """A part of a page that shows its own errors in its own place."""

    @wraps(function)
    def drawn(*given: _P.args, **named: _P.kwargs) -> None:
        try:
            function(*given, **named)
        except FragmentHandledException:
            raise
        except Exception as error:  # Any error: the rest of the page stays.
            show(error, "a part of the page was drawn")

    return drawn


def show_outside_of_pages(error: Exception) -> bool:
    """Show an error of a click, or of a run that had not reached its page, with links to the pages."""
    # Not at the top: the server holds this function, and must start before the libraries are loaded.
    from pages._ui import shell  # noqa: PLC0415

    show(error, "your last click was handled")
    with suppress(StreamlitAPIException):  # The message alone is enough.
        for path, page in shell.PAGES.items():
            st.page_link(path, label=page.title, icon=page.icon, query_params={})
    return True
