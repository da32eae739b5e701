"""Values that no browser sends: ``python tests/campaigns/clients.py [--num N] [--seed S]``.

Each try opens a page and answers for one or two of its widgets: with an odd value of its own kind, of another
kind, or with JSON that makes no sense. The page must be drawn again without an exception and without an
unexpected error, within 20 seconds.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import exec_code
from streamlit.testing.v1 import AppTest

from pages._ui import errors
from tests.campaigns.tally import ROOT, Tally, options

_SLOW_S = 20
_PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("app.py", {}),
    ("pages/explain.py", {"photo": "coffee.png"}),
    ("pages/explain.py", {"checkpoint": "digits", "photo": "digits/digits/677"}),
    ("pages/mistakes.py", {"checkpoint": "digits"}),
    ("pages/mistakes.py", {"checkpoint": "digits", "view": "Classes"}),
    ("pages/mistakes.py", {"checkpoint": "digits", "view": "Curves"}),
    ("pages/mistakes.py", {"checkpoint": "digits", "sample": "digits/677"}),
    ("pages/mistakes.py", {"checkpoint": "imagenet"}),
    ("pages/compare.py", {"checkpoint": "signs-bn"}),
    ("pages/compare.py", {"checkpoint": "signs-bn", "tab": "Matrices"}),
    ("pages/compare.py", {"checkpoint": "signs-bn", "tab": "Classes"}),
    ("pages/inside.py", {"checkpoint": "digits"}),
    ("pages/train.py", {}),
    ("pages/train.py", {"run": "digits"}),
)
_TEXTS = (
    *("", " ", "-1", "NaN", "1e309", "null", "[]", "{}", "\x00", "../../etc", "![x](http://127.0.0.1:9/)"),
    *("\u202e", "x" * 1_000_000, "imagenet", "digits", "a\nb", "\ud7ff", "'; --", "<b>", ":material/home:"),
)
_NUMBERS = (0, 1, -1, 2, 10**6, 2**31, -(2**31), 2**53)
_FRACTIONS = (0.0, -1.0, 0.5, 1e308, float("nan"), float("inf"), float("-inf"))
_JSON = (
    *("", "null", "0", "-1", '"x"', "[]", "{}", "[1]", "not json", "NaN", '{"picked": null}'),
    *('{"picked": {}}', '{"picked": [1]}', '{"picked": "no such id"}', '{"picked": -1}', '{"picked": 1e309}'),
    *('{"picked": [99999999999999999999, 0]}', '{"opacity": "x"}', '{"opacity": null}', '{"opacity": 1e9}'),
    *('{"selection": {"rows": [999999]}}', '{"selection": {"rows": [-1], "cells": [[9, "x"]]}}'),
    *('{"selection": null}', '{"selection": {"cells": [["x", 1]]}}', '{"selection": {"points": 3}}'),
    *('{"a": ' * 500 + "1" + "}" * 500, '{"picked": "' + "x" * 1_000_000 + '"}'),
    *('[{"event": "picked", "value": []}]', '[{"event": "picked", "value": "no such id"}]', '[{"event": 3}]'),
)


def main() -> int:
    """Send the values, and print the summary line."""
    # As the server does, see app.py: an AppTest has no such handler.
    exec_code.handle_user_script_exception = lambda error, _handler: errors.show_outside_of_pages(error)
    asked = options(__doc__ or "", num=425)
    random, tally = np.random.default_rng(asked.seed), Tally("clients", asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEEWHY_CACHE"] = folder
        for number in range(asked.num):
            _try(*_PAGES[number % len(_PAGES)], random, tally)
    return tally.close()


def _try(page: str, query: dict[str, str], random: np.random.Generator, tally: Tally) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=_SLOW_S * 3)
    if page != "app.py":
        app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    widgets = app.session_state._state._state._new_widget_state.widget_metadata
    states: WidgetStates = app._tree.get_widget_states()
    told = []
    for name in random.choice(sorted(widgets), min(len(widgets), int(random.integers(1, 3))), replace=False):
        state = _odd(str(name), widgets[str(name)].value_type, random)
        told.append(str(state)[:200].replace("\n", " "))
        kept = [each for each in states.widgets if each.id != state.id]
        del states.widgets[:]
        states.widgets.extend([*kept, state])
    started = time.monotonic()
    line = f"{page} {query} {told}"
    try:
        app._run(states)
    except Exception as error:
        tally.fault(f"{line}: {type(error).__name__}: {str(error)[:300]}")
        return
    unexpected = [each.value for each in app.error if "unexpected" in each.value.lower()]
    if app.exception or unexpected:
        tally.fault(f"{line}: {[each.message for each in app.exception] or unexpected}")
    elif time.monotonic() - started > _SLOW_S:
        tally.fault(f"{line}: took {time.monotonic() - started:.0f} s")
    else:
        tally.add("told why" if len(app.error) else "drawn")


def _odd(name: str, kind: str, random: np.random.Generator) -> WidgetState:
    """An answer for a widget, most of the time of the kind that it expects."""
    kinds = ("string_value", "int_value", "double_value", "json_value", "bool_value", "string_array_value")
    wanted = kind if random.random() < 0.7 else str(random.choice(kinds))
    text = _TEXTS[random.integers(len(_TEXTS))]
    state = WidgetState(id=name)
    if wanted.endswith("_array_value"):
        values = {"int": _NUMBERS, "double": _FRACTIONS, "string": (text, *_TEXTS)}[wanted.partition("_")[0]]
        getattr(state, wanted).data.extend(values[: random.integers(8)])
    elif wanted == "string_trigger_value":
        state.string_trigger_value.data = text
    elif wanted == "file_uploader_state_value":
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.file_id, file.name, file.size = text[:100], text[:100], 2**40
    else:
        setattr(state, wanted, _scalar(wanted, text, random))
    return state


def _scalar(kind: str, text: str, random: np.random.Generator) -> bool | float | str:
    choices: dict[str, tuple[bool | float | str, ...]] = {
        "trigger_value": (True,),
        "bool_value": (True,),
        "int_value": _NUMBERS,
        "double_value": _FRACTIONS,
        "json_value": _JSON,
        "json_trigger_value": _JSON,
    }
    values = choices.get(kind, (text,))
    return values[random.integers(len(values))]


if __name__ == "__main__":
    sys.exit(main())
