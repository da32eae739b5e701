"""What is known of a checkpoint's maps: its ``trust.json``, if that is of the weights that it has now."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.checkpoints import paths, store
from core.checkpoints.card import network_fingerprint
from core.errors import CheckpointError, FileError
from core.files import stored
from core.trust.pairs import MethodAtLayer
from core.trust.report.contents import TrustReport, of_json

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class KnownTrust:
    """The report of a checkpoint's maps; None, with a ``note`` that says why, if it cannot be used.

    The note is empty if the maps have not been tested.
    """

    report: TrustReport | None
    note: str = ""

    @property
    def recommended(self) -> MethodAtLayer | None:
        """The pair to explain the network with; None if none is known."""
        if self.report is None or not self.report.recommended.method or not self.report.recommended.layer:
            return None
        return MethodAtLayer(self.report.recommended.method, self.report.recommended.layer)

    def layer_for(self, method: str) -> str | None:
        """The layer at which a method did best; None if it was not tested."""
        if self.recommended is not None and self.recommended.method == method:
            return self.recommended.layer
        pairs = self.report.pairs if self.report else ()
        tested = [each for each in pairs if each.method == method]
        return max(tested, key=lambda each: each.low).layer if tested else None

    @property
    def believability(self) -> dict[tuple[str, str], str]:
        """The grade of each tested pair, by method and layer: believable, weak, or no better than noise.

        The rule is that of `core.trust.report.measuring.grade`. Empty if nothing is known.
        """
        pairs = self.report.pairs if self.report else ()
        return {(each.method, each.layer): each.verdict for each in pairs}


def read(place: Path) -> TrustReport | None:
    """The report in a checkpoint's folder, or in another; None if there is none.

    Raises:
        CheckpointError: the file is damaged; the message names it.
    """
    path = place / paths.TRUST
    if not path.exists():
        return None
    try:
        return of_json(stored.read_json(path))
    except (ValueError, FileError) as error:
        raise CheckpointError(f"{path} is not a readable report: {error}; run 'trust' again") from error


def rows(place: Path) -> "pa.Table | None":
    """The tests of each map beside a report, a row for each photo, method and layer; None if not kept.

    Raises:
        CheckpointError: a file is damaged, or the table is of another run than the report.
    """
    report = read(place)
    if report is None or not (place / paths.TRUST_TABLE).exists():
        return None
    from core.trust.map_rows import read_table  # noqa: PLC0415 (PyArrow, for which explaining need not wait)

    return read_table(place / paths.TRUST_TABLE, report.key)


def known(folder: Path) -> KnownTrust:
    """What is known of the maps of a checkpoint, also if the report is damaged, or of other weights.

    Raises:
        CheckpointError: the card cannot be read.
    """
    try:
        report = read(folder)
    except CheckpointError as error:
        return KnownTrust(None, str(error))
    if report is not None and report.network != network_fingerprint(store.read_card(folder)):
        return KnownTrust(None, f"{folder / paths.TRUST} is of other weights; run 'trust' again")
    return KnownTrust(report)
