"""Shares in percent, and measured values, for display: by one rule on pages, in messages and in files."""

import math

UNDEFINED = "—"


def percent(share: float) -> str:
    """``50.2%``; 0.0% and 100.0% only if exact, and a dash for NaN."""
    return _written(share, decimals=1)


def whole_percent(share: float) -> str:
    """``50%``; 0% and 100% only if exact, and a dash for NaN."""
    return _written(share, decimals=0)


def three_digits(value: float) -> str:
    """A value with three digits, and no power of ten: ``0.0812``, ``4,340``."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _written(share: float, *, decimals: int) -> str:
    if math.isnan(share):
        return UNDEFINED
    text, step = f"{share:.{decimals}%}", 10.0**-decimals
    if float(text[:-1]) == 0 and share > 0:
        return f"<{step:.{decimals}f}%"
    if float(text[:-1]) == 100 and share < 1:
        return f">{100 - step:.{decimals}f}%"
    return text
