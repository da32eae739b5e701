"""Text for the page: text from outside made safe, and numbers as text."""

import html
import re
from collections.abc import Mapping

from core import shares
from core.errors import CoreError

MINUS = "−"
_MOST = 2_000
_JOINER = "\u2060"
_MARKS = re.compile(r"[\\`*_{}\[\]()#+\-.!|~<>$:&]")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_FOUND_IN_TEXT = re.compile(
    r":(?=[\w/+-])|w(?=ww\.)|@(?=[\w-])|(?<!\S)(?:<->?|->|--|[<>~]=)(?!\S)", re.IGNORECASE
)


def sentence(error: CoreError) -> str:
    """An error's text as a sentence, its Markdown escaped."""
    return capital(str(error))


def capital(text: str) -> str:
    """A message as a sentence, its Markdown escaped."""
    return plain(text[:1].upper() + text[1:] + ".")


def plain(text: str) -> str:
    """Text from outside as Markdown that shows it unchanged, on one line.

    Escapes alone are not enough: after resolving them, Streamlit turns web addresses, ``:icons:`` and arrows
    in the text into links and symbols. An invisible joiner inside them prevents that.
    """
    joined = _FOUND_IN_TEXT.sub(lambda match: f"{match[0][0]}{_JOINER}{match[0][1:]}", readable(text))
    return _MARKS.sub(r"\\\g<0>", joined)


def readable(text: str) -> str:
    """Text from outside for places without Markdown: one line, one direction, at most 2,000 characters."""
    clean = _BREAKS.sub(" ", _UNSEEN.sub("", text[: 2 * _MOST])).encode("utf-8", "replace").decode()
    return clean if len(clean) <= _MOST else f"{clean[: _MOST - 1]}…"


def in_chart(text: str) -> str:
    """Text from outside for a chart: Plotly reads HTML tags and entities."""
    return html.escape(readable(text), quote=False)


def shortened(name: str, most: int = 24) -> str:
    """A name of at most ``most`` characters, cut with an ellipsis."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def counted(number: int, noun: str) -> str:
    """``1 sample``, ``2,310 samples``, ``10 classes``."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def percent(share: float) -> str:
    """A share as a percentage of at most four characters: ``97%``; ``100%`` only for the whole."""
    return shares.whole_percent(share)


def accuracy(share: float) -> str:
    """An accuracy as a percentage with one decimal; a dash where it is undefined."""
    return shares.percent(share)


def signed(value: float) -> str:
    """A logit with its sign and two decimals."""
    text = f"{value:+.2f}".replace("-", MINUS)
    return text if text.strip(f"+{MINUS}0.") else "0.00"


def share(part: int, whole: int) -> float:
    """A part of a whole, from 0 to 1."""
    return part / whole


def facts(named: Mapping[str, str]) -> str:
    """Facts by their names, as HTML for `st.html`."""
    rows = "".join(
        f"<span>{html.escape(name)}</span><b>{html.escape(text)}</b>" for name, text in named.items()
    )
    return f'<div class="seewhy-facts">{rows}</div>'


def definitions(title: str, meanings: Mapping[str, str]) -> str:
    """A list that scrolls, of lines of code with their meanings under them, as HTML for `st.html`."""
    rows = "".join(
        f"<dt>{html.escape(line)}</dt><dd>{html.escape(text)}</dd>" for line, text in meanings.items()
    )
    # Only what can have the focus scrolls by keyboard.
    about = f'role="region" aria-label="{html.escape(title)}" tabindex="0"'
    return f'<div class="seewhy-definitions" {about}><dl>{rows}</dl></div>'


def tint(score: float) -> int:
    """The strength of a colour, from 8 to 70 percent, for a score of 0 to 0.4 and more, of either sign."""
    return round(8 + 62 * min(1.0, abs(score) / 0.4))


def p_value(probability: float) -> str:
    """``p = 0.03``, or ``p < 0.001``."""
    return "p < 0.001" if probability < 0.001 else f"p = {probability:.2g}"
