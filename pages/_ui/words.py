"""Texts that may come from outside, as sentences that Streamlit shows as they are."""

from core.errors import CoreError

MINUS = "−"


def sentence(error: CoreError) -> str:
    """An error's text as a sentence, with nothing in it taken for Markdown."""
    return capital(str(error))


def capital(text: str) -> str:
    """A message as a sentence, with nothing in it taken for Markdown."""
    return plain(text[:1].upper() + text[1:] + ".")


def plain(text: str) -> str:
    """Text from outside, safe where Streamlit reads Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|~<>$:" else letter for letter in text)


def shortened(name: str, most: int = 24) -> str:
    """A name that fits beside a chart."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def counted(number: int, noun: str) -> str:
    """``1 sample``, ``2,310 samples``, ``10 classes``."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def percent(share: float) -> str:
    """A share in words of at most four signs: ``97 %``, and not ``100 %`` unless it is all."""
    text = f"{share:.0%}"
    if text == "100%" and share < 1:
        return ">99 %"
    return "<1 %" if text == "0%" and share > 0 else text.replace("%", " %")


def accuracy(share: float) -> str:
    """A share of right ones, with one decimal."""
    return f"{share:.1%}"


def signed(value: float) -> str:
    """A number of logits with its sign and two decimals."""
    text = f"{value:+.2f}".replace("-", MINUS)
    return text if text.strip(f"+{MINUS}0.") else "0.00"


def share(part: int, whole: int) -> float:
    """A part of a whole, from 0 to 1."""
    return part / whole
