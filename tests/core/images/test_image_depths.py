"""More than 8 bits a channel: as bright as it was taken, by the same rule for all; odd kinds are named."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core import images
from core.errors import ImageError

cv2 = pytest.importorskip("cv2")
RAMP = np.tile(np.linspace(0, 1, 64), (48, 1))


def written(values: NDArray[np.generic], kind: str, *settings: int) -> bytes:
    """A file by another library; colours are given as RGB."""
    if values.ndim == 3:
        values = values[..., [2, 1, 0, 3][: values.shape[2]]]
    return bytes(cv2.imencode(kind, values, settings)[1])


def read(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(images.upright_rgb(data))


def coloured(bits: int) -> NDArray[np.uint16]:
    """Three ramps of ``bits`` bits: up, down, and half as bright."""
    return np.round(np.dstack([RAMP, 1 - RAMP, RAMP / 2]) * (2**bits - 1)).astype(np.uint16)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize(
    ("kind", "settings"), [(".png", ()), (".tiff", ()), (".tiff", (cv2.IMWRITE_TIFF_COMPRESSION, 1))]
)
def test_colours_of_any_depth_are_as_bright_as_they_were_taken(
    bits: int, kind: str, settings: tuple[int, ...]
) -> None:
    expected = np.floor(coloured(bits) * (255 / (2**bits - 1)) + 0.5)
    assert (read(written(coloured(bits), kind, *settings)) == expected).all()
    grey = np.floor(coloured(bits)[..., 0] * (255 / (2**bits - 1)) + 0.5)
    assert (read(written(coloured(bits)[..., 0], kind, *settings)) == grey[..., None]).all()


def test_two_scans_of_a_kind_are_drawn_by_the_same_rule() -> None:
    bright, dim = (np.round(RAMP * top).astype(np.uint16) for top in (4095, 2048))
    assert read(written(bright, ".png")).max() == 255
    assert read(written(dim, ".png")).max() == 128


@pytest.mark.parametrize("kind", [".png", ".tiff"])
def test_transparency_of_16_bits_has_a_white_of_its_own(kind: str) -> None:
    opaque = np.dstack([coloured(12), np.full((48, 64), 65_535, np.uint16)])
    assert (read(written(opaque, kind)) == read(written(coloured(12), kind))).all()
    clear = np.dstack([coloured(12), np.zeros((48, 64), np.uint16)])
    assert (read(written(clear, kind)) == 255).all()


def test_grey_with_transparency_of_16_bits_is_not_nearly_black() -> None:
    grey = np.dstack([np.round(RAMP * 4095), np.full((48, 64), 65_535)])
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in grey)
    chunks = (
        (b"IHDR", struct.pack(">LLBBBBB", 64, 48, 16, 4, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))
        for name, body in chunks
    )
    found = read(data)
    assert found[0, -1].tolist() == [240] * 3  # Pillow gives the upper 8 bits of such files: 15 of 16 steps.
    assert found[0, 0].tolist() == [0] * 3


def test_a_16_bit_picture_is_turned_upright() -> None:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.round(RAMP * 4095).astype(np.uint16)).save(file, "PNG", exif=exif)
    found = images.upright_rgb(file.getvalue())
    assert found.size == (48, 64)
    assert (
        np.asarray(found)[:, 0, 0].tolist() == np.floor(np.round(RAMP[0] * 4095) * 255 / 4095 + 0.5).tolist()
    )


def test_unsigned_32_bits_are_no_negative_numbers() -> None:
    found = read(written((RAMP * 4e9).astype(np.uint32), ".tiff"))[0, :, 0]
    assert (found == np.floor((RAMP[0] * 4e9).astype(np.uint32) * (255 / int(4e9)) + 0.5)).all()


def tiff(values: NDArray[np.generic], photometric: int, *, planes: int = 1) -> bytes:
    """Uncompressed, in one strip or ``planes`` of them."""
    samples = values.shape[2] if values.ndim == 3 and planes == 1 else planes
    form = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    body = values.tobytes()
    bits = values.dtype.itemsize * 8
    tags = [(256, 4, 1, 64), (257, 4, 1, 48), (259, 3, 1, 1), (262, 3, 1, photometric), (277, 3, 1, samples)]
    tags += [(278, 4, 1, 48), (284, 3, 1, 1 if planes == 1 else 2)]
    start = 8 + 2 + 12 * 11 + 4
    extra = struct.pack(f"<{4 * samples}H", *[bits] * samples, *[form] * samples, *[0] * 2 * samples)
    where = start + len(extra)
    offsets = struct.pack(
        f"<{planes}L", *(where + 8 * planes + k * len(body) // planes for k in range(planes))
    )
    lengths = struct.pack(f"<{planes}L", *[len(body) // planes] * planes)
    if samples == 1:
        tags += [(258, 3, 1, bits), (339, 3, 1, form)]
    else:
        tags += [(258, 3, samples, start), (339, 3, samples, start + 2 * samples)]
    one = planes == 1
    tags += [
        (273, 4, planes, where + 8 if one else where),
        (279, 4, planes, len(body) if one else where + 4 * planes),
    ]
    packed = b"".join(struct.pack("<HHLL", *tag) for tag in sorted(tags))
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(tags))
        + packed
        + bytes(4)
        + extra
        + offsets
        + lengths
        + body
    )


def test_white_is_zero_where_the_file_says_so() -> None:
    values = np.round(RAMP * 4095).astype("<u2")
    assert (read(tiff(values, 0)) == 255 - read(tiff(values, 1))).all()
    assert read(tiff(values, 1)).max() == 255


@pytest.mark.parametrize(
    ("values", "planes", "words"),
    [
        (np.dstack([RAMP] * 3).astype("<f4"), 1, "3 x 32-bit floating-point numbers"),
        (RAMP.astype("<f8"), 1, "1 x 64-bit floating-point numbers"),
        (RAMP.astype("<f2"), 1, "1 x 16-bit floating-point numbers"),
        ((RAMP * 200 - 100).astype("i1"), 1, "1 x 8-bit signed integers"),
        (np.stack([RAMP * 4095] * 3).astype("<u2"), 3, "3 x 16-bit integers"),
        (np.dstack([RAMP * 255] * 6).astype("u1"), 1, "6 x 8-bit integers"),
    ],
)
def test_pixels_of_another_kind_are_called_unsupported_and_not_damaged(
    values: NDArray[np.generic], planes: int, words: str
) -> None:
    data = tiff(values, 2 if values.ndim == 3 else 1, planes=planes)
    with pytest.raises(
        ImageError, match=rf"^got a TIFF file with pixels of {words}, which is not supported; save it"
    ):
        images.upright_rgb(data)


def test_a_compression_that_is_not_built_in_is_called_unsupported() -> None:
    data = tiff((RAMP * 255).astype("u1"), 1).replace(
        struct.pack("<HHLL", 259, 3, 1, 1), struct.pack("<HHLL", 259, 3, 1, 34712)
    )
    with pytest.raises(
        ImageError, match="got a TIFF file with compression number 34712, which is not supported"
    ):
        images.upright_rgb(data)


@pytest.mark.parametrize("frame", [b"\xff\xc3", b"\xff\xc9"])
def test_rare_codings_of_jpeg_are_called_unsupported(frame: bytes) -> None:
    file = BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    data = file.getvalue().replace(b"\xff\xc0", frame)
    with pytest.raises(
        ImageError, match="JPEG file with lossless, hierarchical or arithmetic coding, which is not supp"
    ):
        images.upright_rgb(data[:-30])


def test_12_bit_jpeg_is_called_unsupported() -> None:
    file = BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(
        ImageError, match="got a JPEG file with a feature that Pillow calls 'cannot handle 12-bit layers'"
    ):
        images.upright_rgb(bytes(data))
