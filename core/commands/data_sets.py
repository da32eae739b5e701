"""The command ``data``: data sets are listed and downloaded, and folders are understood, without PyTorch."""

import argparse
import sys
from pathlib import Path

from core.commands.options import layouts
from core.commands.options.complaint import complain
from core.commands.options.numbers import LARGEST_SEED, named, place, share, whole
from core.data.downloads import fetching
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.folder.layout import LayoutError


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``data``."""
    parser.set_defaults(run=_data)
    parser.add_argument(
        "source",
        nargs="?",
        type=named,
        metavar="SOURCE_OR_DIR",
        help="a data set or a folder (default: list the data sets)",
    )
    parser.add_argument("--fetch", action="store_true", help="download the data set first")
    layouts.add(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print classes, splits and layout as JSON, without reading the images",
    )
    parser.add_argument(
        "--val",
        type=share,
        default=0.2,
        metavar="SHARE",
        help="share of validation images (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=whole(0, LARGEST_SEED), default=0, help="seed of the split (default: %(default)s)"
    )
    parser.add_argument(
        "--baselines",
        action="store_true",
        help="measure what is too simple to need a network: colours, and the nearest thumbnail",
    )
    parser.add_argument(
        "--recipe", metavar="RECIPE", help="split and preprocess the images as this recipe does"
    )
    parser.add_argument(
        "--samples",
        type=place,
        metavar="PNG",
        help="save a picture of what the network will see: two rows of augmented training images "
        "and one row of validation images; needs --recipe",
    )


def _data(options: argparse.Namespace) -> int:
    if options.source is None:
        return _list_sources()
    if options.json:
        return _data_as_json(options)
    if options.fetch:
        print(f"{options.source} -> {_fetched(options.source)}")
    images = catalogue.with_left_out(_opened(options))
    if options.samples and not options.recipe:
        return complain("--samples needs --recipe, which says how images are augmented")
    from core.commands import data_survey  # noqa: PLC0415 (PyTorch takes seconds)

    return data_survey.print_survey(images, options)


def _data_as_json(options: argparse.Namespace) -> int:
    if options.fetch:
        _fetched(options.source)
    try:
        print(layouts.understood(catalogue.with_left_out(_opened(options))))
    except LayoutError as error:
        print(layouts.question(error))
        raise
    return 0


def _fetched(name: str) -> Path:
    """The folder of a downloaded data set; its progress is drawn on one line of the terminal."""
    try:
        return fetching.fetch(name, on_progress=lambda progress: _draw_line(str(progress)))
    finally:
        _draw_line("")


def _draw_line(text: str) -> None:
    """Replace the last line of a terminal; nothing where stderr is a file, which would keep every line."""
    terminal = sys.__stderr__
    if terminal is not None and terminal.isatty():
        print(f"\r{text}\033[K", end="", file=terminal, flush=True)


def _opened(options: argparse.Namespace) -> ImageSet:
    if options.source in catalogue.SOURCES:
        return catalogue.load(options.source)
    return catalogue.open_folder(Path(options.source), layout=options.layout)


def _list_sources() -> int:
    width = max(map(len, catalogue.SOURCES))
    for name, source in catalogue.SOURCES.items():
        folder = catalogue.find(name)
        state = "not found" if folder is None else "built in" if source.is_embedded else f"in {folder}"
        print(f"{name:{width}}  {source.title} ({state})")
    print(f"data sets are looked for in {catalogue.data_root()}; set SEEWHY_DATA to use another folder")
    return 0
