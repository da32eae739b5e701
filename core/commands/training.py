"""The commands ``data``, ``recipes`` and ``train``."""

import argparse
import sys
from pathlib import Path

from core import files
from core.checkpoints import store
from core.commands.options import layouts
from core.commands.options.complaint import complain
from core.commands.options.numbers import (
    LARGEST_SEED,
    MOST_MACHINES,
    MOST_PROCESSES,
    named,
    place,
    share,
    whole,
)
from core.data.cache import decode
from core.data.division import divided
from core.data.downloads import fetching
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.folder.layout import LayoutError
from core.data.splits import published_split
from core.data.survey.report import lines, report
from core.drawing.render import png
from core.models import registry
from core.training import recipe as recipes
from core.training.material import Material, material
from core.training.network import preprocess_of
from core.training.preview import sheet
from core.training.recipe import Recipe
from core.training.run import Stopped
from core.training.runs import free_name

_LOOK = (
    "seewhy:two-conv-mnist"  # Without a recipe, images are read by this network's preprocess: it is small.
)


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
        "--recipe", metavar="RECIPE", help="split and preprocess the images as this recipe does"
    )
    parser.add_argument(
        "--samples",
        type=place,
        metavar="PNG",
        help="save a picture of what the network will see: two rows of augmented training images "
        "and one row of validation images; needs --recipe",
    )


def add_recipes(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``recipes``: none."""
    parser.set_defaults(run=_recipes)


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    parser.set_defaults(run=_train)
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="a recipe listed by 'recipes', or a TOML file"
    )
    parser.add_argument("--data", type=place, metavar="DIR", help="folder of images, in any known layout")
    layouts.add(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="KEY=VALUE",
        help="change a setting of the recipe, such as epochs=3; may be repeated",
    )
    parser.add_argument("--out", metavar="NAME", help="name of the new checkpoint (default: the recipe's)")
    parser.add_argument(
        "--devices",
        type=whole(1, MOST_PROCESSES),
        default=1,
        metavar="N",
        help="number of processes, one per device",
    )
    parser.add_argument(
        "--nodes", type=whole(1, MOST_MACHINES), default=1, metavar="N", help="number of machines"
    )
    parser.add_argument("--resume", action="store_true", help="continue the training of that name")


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
    recipe = recipes.read(options.recipe) if options.recipe else None
    if recipe is None:
        split = published_split(images, val_share=options.val, seed=options.seed)
    else:
        split = divided(images, recipe.data.division(recipe.seed))
    preprocess = preprocess_of(recipe) if recipe else registry.default_preprocess(_LOOK)
    decoded = decode(images, preprocess, on_progress=_count)
    survey = report(images, decoded.survey, train=split.train, val=split.val, test=split.test)
    for line in lines(survey):
        print(line)
    if recipe is not None and options.samples:
        _write_samples(material(decoded, recipe.data, recipe.seed), recipe, options.samples)
    return 0


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


def _write_samples(data: Material, recipe: Recipe, path: Path) -> None:
    files.refuse_odd_target(path)
    files.write(path, png(sheet(data, recipe)), durable=False)
    print(f"samples   {path}")


def _list_sources() -> int:
    width = max(map(len, catalogue.SOURCES))
    for name, source in catalogue.SOURCES.items():
        folder = catalogue.find(name)
        state = "not found" if folder is None else "built in" if source.is_embedded else f"in {folder}"
        print(f"{name:{width}}  {source.title} ({state})")
    print(f"data sets are looked for in {catalogue.data_root()}; set SEEWHY_DATA to use another folder")
    return 0


def _recipes(_options: argparse.Namespace) -> int:
    width = max(map(len, recipes.names()))
    for name in recipes.names():
        recipe = recipes.read(name)
        print(f"{name:{width}}  {recipe.title} ({recipe.data.source}, {recipe.model.architecture})")
    return 0


def _train(options: argparse.Namespace) -> int:
    # Lightning takes seconds to import, and no other command needs it.
    from core.training.lightning.train import Job, is_first, resume, train  # noqa: PLC0415

    recipe = recipes.read(options.recipe, options.changes) if options.recipe else None
    name = options.out or (free_name(Path(options.recipe).stem) if recipe else "")
    job = Job(
        name,
        data=options.data,
        layout=options.layout,
        devices=options.devices,
        nodes=options.nodes,
        say=_say,
    )
    try:
        if options.resume and name in store.folders():
            folder = resume(recipe, job)
        elif recipe is not None:
            folder = train(recipe, job)
        else:
            return complain(
                f"got no recipe, and there is no training {name!r} to resume; expected one of them"
            )
    except Stopped:
        return complain(f"{name} was stopped; continue with: python -m core train --out {name} --resume")
    if is_first():
        metrics = store.read_card(folder).metrics
        _say(f"{folder}: validation accuracy {metrics['val_accuracy']:.4f}, loss {metrics['val_loss']:.4f}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _count(done: int, total: int) -> None:
    """Progress on one line of a terminal."""
    if sys.stderr.isatty() and (done % 100 == 0 or done == total):
        print(f"\r{done} of {total} images", end="\n" if done == total else "", file=sys.stderr, flush=True)
