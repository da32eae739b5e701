"""The command ``concepts``: parts of a layer's activations that sum to the logit."""

import argparse
import sys
from pathlib import Path

from core import files
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.commands.options import engines, evaluated
from core.commands.options.numbers import place_or_address, whole
from core.commands.options.resumable import resumable
from core.data.image_set import ImageSet
from core.data.sources.folder import remote
from core.device import usable_device
from core.drawing.render import png
from core.inside.concepts import report as stored
from core.inside.concepts.concept_patches import concept_examples
from core.inside.concepts.finding import ConceptSearch, Wanted, find
from core.inside.concepts.report import ConceptFacts, ConceptReport
from core.inside.examples.patches import by_sample_id, drawing, patches, tile
from core.inside.examples.stored_examples import open_photos

_MOST_CONCEPTS = 256
_SIDE = 96  # Pixels of a patch.


def add_concepts(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``concepts``."""
    parser.set_defaults(run=_concepts)
    evaluated.add_checkpoint(parser)
    parser.add_argument("--layer", required=True, metavar="L", help="a layer listed by 'layers'")
    parser.add_argument(
        "--data",
        type=place_or_address,
        metavar="DIR",
        help="a data set, a folder of photos, or its address (default: those of the checkpoint)",
    )
    parser.add_argument(
        "--rank",
        type=whole(1, _MOST_CONCEPTS),
        default=0,
        metavar="R",
        help="how many concepts (default: as many as are found again in other photos)",
    )
    evaluated.add_seed(parser, "of all that is random")
    engines.add(parser)
    evaluated.add_out(parser)


@resumable
def _concepts(options: argparse.Namespace) -> int:
    engine = engines.engine(options)
    device, _ = usable_device(options.device)
    loaded = store.load_for_speed(store.find(options.checkpoint), device=device)
    data = options.data
    images = remote.open_address(data) if isinstance(data, str) else open_photos(loaded.folder, data)
    search = find(
        loaded,
        options.layer,
        images,
        Wanted(options.rank, options.seed),
        engine=engine,
        on_progress=engines.draw,
    )
    for folder in (options.out, loaded.folder / paths.CONCEPTS / options.layer):
        _save(folder, loaded, images, search)
    missing = len(images) - search.report.num_photos
    if missing:
        print(f"unreadable images left out: {missing}", file=sys.stderr)
    _print(search.report, options.out)
    return 0


def _save(folder: Path, loaded: Checkpoint, images: ImageSet, search: ConceptSearch) -> None:
    """Write the report, the concepts, and a picture of each concept's patches."""
    layer = search.report.layer
    stored.write(folder, search.report, search.directions)
    examples = concept_examples(loaded, layer, images, search.table)
    draw = drawing(examples.about.layers[layer], loaded.card.preprocess.input_size)
    pictures = patches(examples.of(layer), by_sample_id(images), _SIDE, draw)
    for concept, each in enumerate(pictures):
        files.write(folder / f"concept.{concept}.png", png(tile(each)), durable=False)


def _print(report: ConceptReport, out: Path) -> None:
    kind = "exact" if report.is_exact else "approximate: gradient × activation"
    where = f"{report.num_photos} photos of {report.data}"
    print(f"{report.layer}, {len(report.concepts)} concepts in {where}; shares are {kind}")
    for number, concept in enumerate(report.concepts):
        print(f"{number:3}  mean share {concept.mean_share:+.2f}  {_classes(concept)}".rstrip())
    print(f"-> {out}")


def _classes(concept: ConceptFacts) -> str:
    names = [each.class_name for each in concept.speaks_for[:3]]
    return f"for {', '.join(names)}" if names else ""
