"""Files: regular ones read safely, our own written whole or not at all, every fault in one sentence."""

from core.files.atomic import (
    clean,
    draft,
    draft_folder,
    make_folder,
    remove_folder,
    replace_folder,
    scratch_folder,
    write,
)
from core.files.faults import in_words, reading, refuse_odd_target, writing
from core.files.regular import (
    MAX_TEXT,
    checksum,
    head,
    opened,
    patiently,
    pieces,
    read,
    read_text,
    text_of,
)

__all__ = [
    "MAX_TEXT",
    "checksum",
    "clean",
    "draft",
    "draft_folder",
    "head",
    "in_words",
    "make_folder",
    "opened",
    "patiently",
    "pieces",
    "read",
    "read_text",
    "reading",
    "refuse_odd_target",
    "remove_folder",
    "replace_folder",
    "scratch_folder",
    "text_of",
    "write",
    "writing",
]
