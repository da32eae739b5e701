"""Activations and contributions as short texts."""

from pages._ui import words


def brief(value: float) -> str:
    """A number with two significant digits, or all before the point: ``0.031``, ``−3.4``, ``1,234``."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"
    return text.replace("-", words.MINUS)


def signed_briefly(value: float) -> str:
    """A number with its sign and two significant digits."""
    return f"{value:+.2g}".replace("-", words.MINUS)
