"""Widgets for how a map looks: its layout beside the photo, and its colours."""

from core.drawing.render import COLORMAPS, SIGNED
from pages._ui.kit import options

EDIT = "edit"


def view() -> str:
    """How photo and map are laid out: ``overlay``, ``side`` or ``wipe``; or ``edit``."""
    return _segmented(
        "View", {"overlay": "Overlay", "side": "Side by side", "wipe": "Wipe", EDIT: "Edit"}, "photo_view"
    )


def palette(*, difference: bool) -> str:
    """The name of a colormap, or `SIGNED` where both sides are shown, as a difference always has."""
    if difference:
        return SIGNED
    if _segmented("Show", {"heat": "Heat map", "signed": "For and against"}, "shown") == "signed":
        return SIGNED
    return _segmented("Colours", {name: name.capitalize() for name in COLORMAPS}, "colormap")


def _segmented(label: str, labels: dict[str, str], key: str) -> str:
    """One of a few values; a link does not fix how a map is displayed."""
    return options.segmented(label, labels, key=key, label_visibility="collapsed", bind=None)
