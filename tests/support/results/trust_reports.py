"""Evidence for pairs of method and layer, made up by their scores."""

from dataclasses import replace
from pathlib import Path

from core import files
from core.checkpoints import paths, store
from core.checkpoints.card import network_fingerprint
from core.trust.report.contents import (
    PairEvidence,
    PhotoFacts,
    ReferenceScore,
    ReferenceScores,
    TrustReport,
    as_json,
)
from core.trust.report.measuring import grade
from core.trust.report.recommending import recommended

CENTRE = 0.2
REFERENCES = ReferenceScores(
    ReferenceScore(0.0, -0.05, 0.05), ReferenceScore(CENTRE, 0.15, 0.25), ReferenceScore(0.1, 0.05, 0.15)
)


def evidence(method: str, layer: str, score: float, *, p_random: float = 0.001) -> PairEvidence:
    """A pair whose interval reaches 0.05 to each side."""
    return PairEvidence(
        method=method,
        layer=layer,
        verdict=grade(p_random, score, CENTRE, 0.1),
        score=score,
        low=score - 0.05,
        high=score + 0.05,
        deletion=0.2,
        insertion=0.2 + score,
        score_by_hiding={"blur": score, "mean colour": score},
        logit_score=1.0,
        better_than_random=1.0,
        better_than_centre=0.5,
        better_than_edges=0.5,
        p_random=p_random,
        average_drop=0.1,
        increase=0.2,
        empty=0.0,
        sanity=0.1,
        stability=0.9,
        class_correlation=0.5,
    )


def report_on(folder: Path, *pairs: PairEvidence) -> TrustReport:
    """A report on these pairs for a checkpoint as it is now."""
    return TrustReport(
        checkpoint=folder.name,
        network=network_fingerprint(store.read_card(folder)),
        photos=PhotoFacts("photos", 24, 4, "val", "fingerprint"),
        seed=0,
        recommended=recommended(pairs, REFERENCES, 24),
        references=REFERENCES,
        pairs=pairs,
        key="key",
    )


def write_report(folder: Path, *pairs: PairEvidence, network: str = "") -> TrustReport:
    """The report in the checkpoint's folder; ``network`` may be the fingerprint of another one."""
    report = report_on(folder, *pairs)
    report = replace(report, network=network or report.network)
    files.write(folder / paths.TRUST, as_json(report))
    return report
