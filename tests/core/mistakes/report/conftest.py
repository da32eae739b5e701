"""A sample with maps, and a report about it."""

import pytest

from core.evaluation.selection import Sample, sample_at
from core.mistakes.report.document import (
    MistakesReport,
    SampleCard,
)
from tests.support.results.mistakes_reports import ABOUT, LABEL, NAMES, PREDICTED, metrics_of, table_of


@pytest.fixture
def sample() -> Sample:
    """A cat that was taken for a dog."""
    return sample_at(table_of(LABEL, PREDICTED, 3), 3)


@pytest.fixture
def report(sample: Sample) -> MistakesReport:
    """Eight animals, of which four are mistaken."""
    return MistakesReport(ABOUT, NAMES, metrics_of(LABEL, PREDICTED, 3), "true cat", 4, [SampleCard(sample)])
