"""Whether the maps of an explanation can be believed: scores, a verdict and a sentence for each."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.explain.network.tracing import towards
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import SHARES, CurvePair, Curves, OnShare, Subject
from core.explain.trust.faithfulness import Faithfulness, both_directions, faithfulness
from core.explain.trust.verdict import NOISE, WEAK, MapVerdict, Quoted, verdict
from core.explanation.answer import Explanation, Map
from core.explanation.quick_network import quick_network
from core.shares import whole_percent

ELSEWHERE = "Another layer or method may do better."
UNTESTABLE = "Nothing to test: the map has no positive evidence."

_FAILED = {
    "centre": "a blob in the centre of the photo scores higher",
    "edges": "the photo's own edges score higher",
}


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """The tests of one map: its curves beside those of the references, and the verdict with its reason."""

    faithful: Faithfulness
    verdict: MapVerdict
    reason: str

    @property
    def sentence(self) -> str:
        """``Believable: hiding the brightest 10% …``."""
        advice = f" {ELSEWHERE}" if self.verdict.grade == NOISE else ""
        return f"{self.verdict.grade.capitalize()}: {self.reason[0].lower()}{self.reason[1:]}{advice}"


def trust(
    checkpoint: Checkpoint,
    batch: Tensor,
    explanation: Explanation,
    *,
    beside: Iterable[Trust] = (),
    on_share: OnShare = lambda _share: None,
) -> dict[str, Trust]:
    """The tests of one photo's maps, by layer: about 140 forward passes for each number of cells.

    Maps without any positive evidence are left out: their pictures are empty. A class against another is
    tested by the difference of their logits, and its map for and against is never empty.

    Args:
        checkpoint: the one that was explained.
        batch: the preprocessed photo (1, channels, H, W).
        explanation: of that photo.
        beside: earlier tests of other maps of that photo, for the same class against the same one: with the
            same number of cells, only 19 passes are left.
        on_share: receives the share of the forward passes that is done.
    """
    testable = {layer: each for layer, each in explanation.maps.items() if is_testable(explanation, each)}
    if not testable:
        return {}
    parameter = next(checkpoint.model.parameters())
    batch = batch.to(checkpoint.device, parameter.dtype)
    logits = explanation.logits[None].to(batch)
    tested = faithfulness(
        quick_network(checkpoint),
        Subject(
            batch,
            towards(logits, explanation.class_idx, explanation.against),
            absent_values(batch, checkpoint.card.preprocess.mean_colour),
        ),
        [torch.from_numpy(each.raw.copy()) for each in testable.values()],
        beside=[each.faithful for each in beside],
        on_share=on_share,
    )
    names = checkpoint.card.class_names
    return {layer: _trust(each, explanation, names) for layer, each in zip(testable, tested, strict=True)}


def is_testable(explanation: Explanation, shown: Map) -> bool:
    """Whether the map has bright places, whose hiding can be tested."""
    return explanation.against is not None or shown.has_positive_evidence


def as_json(trusted: Trust | None) -> dict[str, object]:
    """What ``prediction.json`` holds under ``trust``: areas, references, verdict and sentence.

    None stands for a map that has nothing to test.
    """
    if trusted is None:
        return {"verdict": None, "sentence": UNTESTABLE}
    faithful = trusted.faithful
    probability, logit = faithful.of_map.probability, faithful.of_map.logit
    return {
        "score": faithful.score,
        "deletion": probability.deletion_area,
        "insertion": probability.insertion_area,
        "score_by_hiding": dict(zip(faithful.absent, probability.scores.tolist(), strict=True)),
        "logit_score": logit.score,
        "references": {
            # Each random order is counted in both directions, whose scores have opposite signs.
            "random": {"score": 0.0, "spread": faithful.noise_spread, "orders": 2 * len(faithful.noise)},
            "centre": {"score": faithful.centre.probability.score},
            "edges": {"score": faithful.edges.probability.score},
        },
        "patches": [faithful.patches.rows, faithful.patches.columns],
        "p_random": trusted.verdict.p_noise,
        "failed": list(trusted.verdict.failed),
        "verdict": trusted.verdict.grade,
        "sentence": trusted.sentence,
    }


def curves_csv(trusted: Trust) -> bytes:
    """All curves as CSV: a row for each order of patches, way of hiding, direction and share."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("order", "hidden_by", "curve", "share", "probability", "logit"))
    for order, tested in _orders(trusted.faithful):
        writer.writerows((order, *row) for row in _rows(trusted.faithful.absent, tested))
    return file.getvalue().encode()


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The probability of the class, mean over the ways of hiding, at each share of the photo; for a chart.

    ``lowest`` and ``highest`` differ from ``mean`` for the random orders only.
    """

    order: str
    shares: list[float]
    mean: list[float]
    lowest: list[float]
    highest: list[float]


def lines(trusted: Trust, *, showing: bool) -> list[Line]:
    """The curves of the map, the centre, the edges and random places, hidden first or shown first."""
    faithful = trusted.faithful
    named = {
        "map": [faithful.of_map.probability],
        "centre": [faithful.centre.probability],
        "edges": [faithful.edges.probability],
        "random": both_directions(faithful),
    }
    return [_line(order, curves, showing=showing) for order, curves in named.items()]


def _line(order: str, curves: list[Curves], *, showing: bool) -> Line:
    means = torch.stack([(each.insertion if showing else each.deletion).mean(0) for each in curves])
    lowest, highest = means.aminmax(dim=0)
    return Line(order, curves[0].shares.tolist(), means.mean(0).tolist(), lowest.tolist(), highest.tolist())


def _trust(faithful: Faithfulness, explanation: Explanation, class_names: tuple[str, ...]) -> Trust:
    judged = verdict(faithful)
    rival = None if explanation.against is None else class_names[explanation.against]
    return Trust(faithful, judged, _reason(judged, class_names[explanation.class_idx], rival))


def _reason(judged: MapVerdict, class_name: str, rival_name: str | None) -> str:
    score = class_name if rival_name is None else f"{class_name} (rather than {rival_name})"
    hidden, shown = whole_percent(judged.hiding.share), whole_percent(judged.showing.share)
    contradicted = [judged.is_contradicted_by(each) for each in (judged.hiding, judged.showing)]
    joint = ", but" if any(contradicted) and not all(contradicted) else ";"
    change = (
        f"Hiding the brightest {hidden} of the photo takes {score} from {whole_percent(judged.whole)} to "
        f"{_beside_random(judged.hiding)}{joint} the brightest {shown} alone give "
        f"{_beside_random(judged.showing)}."
    )
    overall = f" {_overall(judged.grade)}" if any(contradicted) else ""
    return (
        f"{change}{overall} But {_listed(judged.failed)}." if judged.grade == WEAK else f"{change}{overall}"
    )


def _beside_random(quoted: Quoted) -> str:
    by_map, lowest, highest = map(whole_percent, (quoted.by_map, quoted.lowest, quoted.highest))
    at_random = lowest if lowest == highest else f"{lowest} to {highest}"
    return f"{by_map} (a random {whole_percent(quoted.share)}: {at_random})"


def _overall(grade: str) -> str:
    """What all steps say together, where one of the quoted steps says otherwise."""
    first, last = (whole_percent(share) for share in (SHARES[0], SHARES[-1]))
    beats = "does not beat" if grade == NOISE else "beats"
    return f"Over all shares from {first} to {last}, the map {beats} random places."


def _listed(failed: tuple[str, ...]) -> str:
    *first, last = [
        _FAILED.get(each) or f"{each.removeprefix('noise ')} it is no better than noise" for each in failed
    ]
    return f"{', '.join(first)}, and {last}" if first else last


def _orders(faithful: Faithfulness) -> Iterator[tuple[str, CurvePair]]:
    yield "map", faithful.of_map
    yield "centre", faithful.centre
    yield "edges", faithful.edges
    for number, each in enumerate(faithful.noise, 1):
        yield f"random {number}", each


def _rows(absent: tuple[str, ...], tested: CurvePair) -> Iterator[tuple[object, ...]]:
    for row, way in enumerate(absent):
        for curve in ("deletion", "insertion"):
            probability, logit = (
                getattr(of, curve)[row].tolist() for of in (tested.probability, tested.logit)
            )
            shares = tested.probability.shares.tolist()
            yield from ((way, curve, *values) for values in zip(shares, probability, logit, strict=True))
