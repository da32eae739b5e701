"""Cells of malaria are grouped by the patient in their names."""

import pytest

from core.data.sources.public import malaria
from tests.support.images.image_sets import counts, real


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("C33P1thinF_IMG_20150619_114756a_cell_179.png", "C33P1"),
        ("C1_thinF_IMG_20150604_104722_cell_115.png", "C1"),
        ("C2NThinF_IMG_20150604_114631_cell_141.png", "C2"),
        ("C68P29N_ThinF_IMG_20150819_133236_cell_156.png", "C68P29"),
        ("C182P143NThinF_IMG_20151201_171950_cell_1.png", "C182P143"),
        ("Cell_7.png", "Cell_7.png"),
    ],
)
def test_a_patient_is_read_from_the_name_of_a_cell(name: str, patient: str) -> None:
    assert malaria.patient(name) == patient


def test_malaria_is_grouped_by_patient() -> None:
    images = real("malaria")
    assert counts(images) == {"Parasitized": 86, "Uninfected": 88}
    patients = {malaria.patient(path.split("/")[1]) for path in images.sample_ids}
    assert patients == {"C1", "C2", "C33P1", "C38P3", "C39P4"}
    assert images.groups is not None
    assert int(images.groups.max()) + 1 == 5
