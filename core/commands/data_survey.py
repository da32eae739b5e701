"""What ``data`` says of images once all of them are read, and the picture of what a network will see."""

import argparse
import sys
from pathlib import Path

from core import files
from core.data.cache import decode
from core.data.division import divided
from core.data.image_set import ImageSet
from core.data.splits import published_split
from core.data.survey.printed import lines
from core.data.survey.report import report
from core.drawing.render import png
from core.models import registry
from core.training.baselines import floor as baselines
from core.training.material import Material, material
from core.training.network import preprocess_of
from core.training.preview import sheet
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe

_LOOK = (
    "seewhy:two-conv-mnist"  # Without a recipe, images are read by this network's preprocess: it is small.
)


def print_survey(images: ImageSet, options: argparse.Namespace) -> int:
    """Print the survey of the images, split as the options say; write ``--samples``; the exit status."""
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
    if options.baselines:
        for line in baselines.lines(baselines.floor(images, split.train, split.val)):
            print(line)
    if recipe is not None and options.samples:
        _write_samples(material(decoded, recipe.data, recipe.seed), recipe, options.samples)
    return 0


def _write_samples(data: Material, recipe: Recipe, path: Path) -> None:
    files.refuse_odd_target(path)
    files.write(path, png(sheet(data, recipe)), durable=False)
    print(f"samples   {path}")


def _count(done: int, total: int) -> None:
    """Progress on one line of a terminal."""
    if sys.stderr.isatty() and (done % 100 == 0 or done == total):
        print(f"\r{done} of {total} images", end="\n" if done == total else "", file=sys.stderr, flush=True)
