"""Texts that may come from outside, as sentences that Streamlit shows as they are."""

from core.errors import CoreError


def sentence(error: CoreError) -> str:
    """An error's text as a sentence, with nothing in it taken for Markdown."""
    text = str(error)
    return plain(text[:1].upper() + text[1:] + ".")


def plain(text: str) -> str:
    """Text from outside, safe where Streamlit reads Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|~<>$:" else letter for letter in text)
