"""Addresses that no link of SeeWhy has: ``python tests/campaigns/addresses.py [--num N] [--seed S]``.

Each address names a page with one to five of its parameters, most of them with values that make no sense. The
page must open without an exception and without an unexpected error, within 20 seconds.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from streamlit.testing.v1 import AppTest

from tests.campaigns.tally import ROOT, Tally, options

_SLOW_S = 20
_PAGES = ("app.py", *(f"pages/{name}.py" for name in ("explain", "mistakes", "compare", "inside", "train")))
# All names that a page reads from its address.
_NAMES = (
    *("checkpoint", "photo", "why", "against", "at", "method"),
    *("evaluation", "true", "pred", "only", "order", "page", "split", "view", "curve", "few", "sample"),
    *("with", "with_evaluation", "pile", "of_class", "first_said", "second_said", "tab", "sheet", "some"),
    *("layer", "sort", "class", "part", "channel", "ascent", "class_ascent", "show", "run"),
)
_USUAL = (
    "digits",
    "pets-cat-dog",
    "imagenet",
    "coffee.png",
    "digits/digits/677",
    "grad_cam",
    "bn2",
    "cat",
    "3",
)
_ODD = (
    *("", " ", "0", "-1", "1e309", "NaN", "99999999999999999999", "1.5", "true", "None", "null", "[]", "{}"),
    *("../../etc/passwd", "/dev/zero", "digits/../imagenet", "a/b/c/d", "C:\\x", "~nosuchuser", "\x00", "\n"),
    *(
        "<script>alert(1)</script>",
        "![x](http://127.0.0.1:9/x.png)",
        ":material/home:",
        "$x$",
        "`x`",
        "%00%0a",
    ),
    *("é", "e\u0301", "\u202etxt", "\ud7ff", "日本語", "🔎", "a" * 5_000, "all", "Any", "val", "test"),
)


def main() -> int:
    """Open the addresses, and print the summary line."""
    asked = options(__doc__ or "", num=360)
    random, tally = np.random.default_rng(asked.seed), Tally("addresses", asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEEWHY_CACHE"] = folder
        for _ in range(asked.num):
            page = str(random.choice(_PAGES))
            names = random.choice(_NAMES, int(random.integers(1, 6)), replace=False)
            _try(page, {str(name): _value(random) for name in names}, tally)
    return tally.close()


def _value(random: np.random.Generator) -> str | list[str]:
    """A value that some page knows, an odd one, or two of them under one name."""
    values = [_USUAL[random.integers(len(_USUAL))], _ODD[random.integers(len(_ODD))]]
    return values if random.random() < 0.1 else values[int(random.random() < 0.75)]


def _try(page: str, query: dict[str, str | list[str]], tally: Tally) -> None:
    told = f"{page} {str(query)[:300]}"
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=_SLOW_S * 3)
    if page != "app.py":
        app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    began = time.monotonic()
    try:
        app.run()
    except Exception as error:
        tally.fault(f"{told}: {type(error).__name__}: {error}")
        return
    unexpected = [each.value for each in app.error if "unexpected" in each.value.lower()]
    if app.exception or unexpected:
        tally.fault(f"{told}: {[each.value for each in app.exception] or unexpected}")
    elif time.monotonic() - began > _SLOW_S:
        tally.fault(f"{told}: took {time.monotonic() - began:.0f} s")
    else:
        tally.add("told why" if len(app.error) else "opened")


if __name__ == "__main__":
    sys.exit(main())
