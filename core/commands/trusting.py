"""The command ``trust``: which method, at which layer, can be believed for a network."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.checkpoints import store
from core.commands.options import engines, evaluated, layouts
from core.commands.options.numbers import place, place_or_address, whole
from core.commands.options.resumable import resumable
from core.data.image_set import ImageSet
from core.data.sources.folder import remote
from core.errors import DataError
from core.explain.trust.verdict import GRADES
from core.explanation.asking import methods_of
from core.explanation.question import METHODS
from core.passes.progress import PassProgress
from core.trust.pairs import MethodAtLayer, pairs_for
from core.trust.photos import open_any, remember_photos, sampled
from core.trust.report.contents import OnObject, TrustReport
from core.trust.testing import workplace
from core.trust.testing.collecting import collect
from core.trust.testing.workplace import USUAL_SAMPLES, TrustOptions

_MOST_SAMPLES = 1_000_000
_ALL = "all"


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``trust``."""
    parser.set_defaults(run=_trust)
    evaluated.add_checkpoint(parser)
    parser.add_argument(
        "--data",
        type=place_or_address,
        metavar="DIR",
        help="folder of photos, with or without labels, or its address (default: the images of 'evaluate')",
    )
    layouts.add(parser)
    parser.add_argument("--split", default="val", metavar="S", help="train, val, test or all (default: val)")
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=(_ALL, *METHODS),
        default=[],
        metavar="M",
        help=f"methods to test (default: those that need one forward pass), or {_ALL}: hours; "
        f"there is {', '.join(METHODS)}",
    )
    parser.add_argument(
        "--layers", nargs="+", default=[], metavar="L", help="layers listed by 'layers' (default: each stage)"
    )
    parser.add_argument(
        "--samples",
        type=whole(1, _MOST_SAMPLES),
        default=USUAL_SAMPLES,
        metavar="N",
        help="photos, drawn at random (default: %(default)s)",
    )
    evaluated.add_seed(parser, "of all that is random")
    parser.add_argument(
        "--name", default="", help="what photos these are, for the report (default: the name of the data)"
    )
    parser.add_argument(
        "--masks",
        type=place,
        metavar="DIR",
        help="folder of masks with the photos' names, in black where there is no object (default: trimaps or "
        "boxes beside the photos, in the layouts of Oxford-IIIT Pet and GTSRB)",
    )
    parser.add_argument(
        "--out",
        type=place,
        metavar="DIR",
        help="folder for trust.json and trust.parquet (default: the checkpoint's, where the app finds them)",
    )
    engines.add(parser)


@resumable
def _trust(options: argparse.Namespace) -> int:
    folder = store.find(options.checkpoint)
    pairs, images = _pairs(folder, options), _opened(folder, options)
    sample = sampled(
        folder,
        images,
        options.samples,
        seed=options.seed,
        split=options.split,
        name=options.name,
    )
    sample = replace(sample, masks=_masks(options.masks))
    engine = engines.engine(options)
    report = collect(folder, sample, pairs, engine, out=options.out, on_progress=_shown(folder, options))
    missing = len(sample.indices) - report.photos.number
    if missing:
        print(f"unreadable images left out: {missing}", file=sys.stderr)
    if options.masks and not report.objects:
        print(f"no mask in {options.masks} has the name of a tested image", file=sys.stderr)
    if options.out is None:
        remember_photos(folder, images)
    _print(report)
    return 0


def _shown(folder: Path, options: argparse.Namespace) -> Callable[[PassProgress], None]:
    """Show the progress here and to other processes, which may resume this test or stop it."""
    place = options.out or folder
    workplace.begin(place, _asked(options))
    report = workplace.reporting(place)

    def show(progress: PassProgress) -> None:
        engines.draw(progress)
        report(progress)

    return show


def _asked(options: argparse.Namespace) -> TrustOptions:
    data = options.data.resolve() if isinstance(options.data, Path) else options.data
    return TrustOptions(
        data=str(data or ""),
        layout=options.layout,
        split=options.split,
        samples=options.samples,
        seed=options.seed,
        name=options.name,
        methods=tuple(options.methods),
        layers=tuple(options.layers),
        masks=str(options.masks.resolve()) if options.masks else "",
    )


def _pairs(folder: Path, options: argparse.Namespace) -> tuple[MethodAtLayer, ...]:
    network = store.load(folder)
    methods = methods_of(network) if _ALL in options.methods else options.methods
    return pairs_for(network, methods, options.layers)


def _masks(folder: Path | None) -> Path | None:
    if folder is not None and not folder.is_dir():
        raise DataError(f"no folder {str(folder)!r} of masks")
    return folder and folder.resolve()


def _opened(folder: Path, options: argparse.Namespace) -> ImageSet:
    if isinstance(options.data, str):
        known = store.read_card(folder).class_names
        return remote.open_address(options.data, layout=options.layout, known=known)
    return open_any(folder, options.data, options.layout)


def _print(report: TrustReport) -> None:
    width = max(len(str(pair)) for pair in report.pairs)
    widest = max(map(len, GRADES))
    print(f"{report.checkpoint} on {report.photos.number} images of {report.photos.name}:")
    for pair in sorted(report.pairs, key=lambda each: -each.score):
        ends = f"{pair.low:+.3f} to {pair.high:+.3f}"
        line = f"  {pair!s:{width}}  {pair.score:+.3f}  {ends}  {pair.verdict:{widest}}"
        print(f"{line}{_heat(pair.on_object)}".rstrip())
    for name in ("random", "centre", "edges"):
        each = getattr(report.references, name)
        line = f"  {name:{width}}  {each.score:+.3f}  {each.low:+.3f} to {each.high:+.3f}  {'':{widest}}"
        overlap = report.objects.centre if report.objects and name == "centre" else None
        print(f"{line}{_heat(overlap)}".rstrip())
    if report.objects:
        area, number = report.objects.area, report.objects.number
        print(f"objects cover {area:.0%} of {number} images with masks or boxes")
    print(report.recommended.reason)


def _heat(overlap: OnObject | None) -> str:
    return f"  {overlap.energy:4.0%} of the heat on the object" if overlap else ""
