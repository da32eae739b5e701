"""Shares in percent, for display."""

import math

UNDEFINED = "—"


def percent(share: float) -> str:
    """``50.2 %``; 0.0 % and 100.0 % only if exact, and a dash for NaN."""
    if math.isnan(share):
        return UNDEFINED
    text = f"{share:.1%}"
    if text == "100.0%" and share < 1:
        return ">99.9 %"
    return "<0.1 %" if text == "0.0%" and share > 0 else text.replace("%", " %")
