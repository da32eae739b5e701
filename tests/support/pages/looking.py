"""What a page has drawn, in the words of a person who looks at it."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.support.paths import ROOT


def opened(path: str, **address: str) -> AppTest:
    """A page as a link with these names opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page(path).run()


def component(page: AppTest, key: str) -> dict[str, Any]:
    """What a component of the browser was given; ``key`` is one of its data's own."""
    return next(data for data in components(page) if key in data)


def components(page: AppTest) -> list[dict[str, Any]]:
    """What all components were given, in order."""
    return [json.loads(each.proto.json) for each in page.get("bidi_component")]


def captions(page: AppTest) -> str:
    """All small print, as it is read."""
    return " ".join(as_read(each.value) for each in page.caption)


def verdicts(page: AppTest) -> list[str]:
    """What is said below maps about whether they can be believed, as Markdown."""
    return [each.value for each in page.markdown if ":small[" in each.value and "-badge[" in each.value]


def as_read(markdown: str) -> str:
    """What `pages._ui.words.plain` was given."""
    return markdown.replace("\\", "").replace("\u2060", "")


def metrics(page: AppTest) -> dict[str, str]:
    """The large numbers by their labels."""
    return {each.label: each.value for each in page.metric}
