"""Objects at the network's input are as large as resize and crop make them."""

from pathlib import Path

import pytest

from core.data.sources.boxes import ObjectBox, box_of
from core.images.preprocess import Preprocess
from core.training.planning.objects import object_boxes, object_sizes
from tests.support.images.image_sets import real

SQUEEZED = Preprocess((32, 32), None, (0.5,), (0.5,))
CROPPED = Preprocess((32, 32), 40, (0.5,), (0.5,))
VOC = (
    "<annotation><size><width>600</width><height>400</height></size><object><bndbox><xmin>333</xmin>"
    "<ymin>72</ymin><xmax>425</xmax><ymax>158</ymax></bndbox></object></annotation>"
)


def test_sides_and_shares_are_those_computed_by_hand() -> None:
    """Squeezed, 320 x 80 becomes 32 x 32: x by 1/10, y by 2/5. The shorter sides are 4, 8 and 32."""
    boxes = [
        ObjectBox((320, 80), 0, 0, 40, 80),
        ObjectBox((320, 80), 100, 10, 180, 60),
        ObjectBox((320, 80), 0, 0, 320, 80),
    ]
    sizes = object_sizes(boxes, SQUEEZED)
    assert sizes is not None
    assert (sizes.num_boxes, sizes.median_side) == (3, pytest.approx(8))
    assert (sizes.share_small, sizes.share_cut) == (pytest.approx(1 / 3), 0)
    assert sizes.in_words == "8 pixels in the median of 3; 33% below 8 pixels, 0% mostly cut off"


def test_the_crop_cuts_objects_at_the_border() -> None:
    """80 x 80 is resized to 40 x 40, and 32 x 32 of it are seen: from 8 to 72 in the original."""
    boxes = [ObjectBox((80, 80), 0, 0, 12, 80), ObjectBox((80, 80), 8, 8, 72, 72)]
    sizes = object_sizes(boxes, CROPPED)
    assert sizes is not None
    assert sizes.share_cut == 0.5
    assert sizes.median_side == pytest.approx((6 + 32) / 2)


def test_a_head_box_is_read_from_its_annotation(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations" / "xmls").mkdir(parents=True)
    (tmp_path / "annotations" / "xmls" / "cat_1.xml").write_text(VOC)
    (tmp_path / "annotations" / "xmls" / "cat_2.xml").write_text(VOC.replace("<xmin>333", "<xmin>far"))
    assert box_of(tmp_path / "images" / "cat_1.jpg") == ObjectBox((600, 400), 332, 71, 425, 158)
    assert box_of(tmp_path / "images" / "cat_2.jpg") is None
    assert box_of(tmp_path / "images" / "cat_3.jpg") is None
    assert object_sizes([], SQUEEZED) is None


def test_real_traffic_signs_survive_32_pixels_and_not_8() -> None:
    signs = real("gtsrb")
    boxes = object_boxes(signs, signs.labels * 0 + range(len(signs)))
    assert len(boxes) == 500
    usual, tiny = (object_sizes(boxes, Preprocess((side, side), None, (0.5,), (0.5,))) for side in (32, 8))
    assert usual is not None
    assert tiny is not None
    assert usual.share_small == 0
    assert 20 < usual.median_side < 32
    assert tiny.share_small == 1
