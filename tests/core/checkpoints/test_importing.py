"""Weights from anywhere become a checkpoint; nothing in them is executed, and what does not fit is named."""

import os
import pickle
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints import store
from core.checkpoints.foreign import weights
from core.checkpoints.foreign.importing import (
    import_weights,
    parse_class_names,
    parse_preprocess,
    read_class_names,
)
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError
from core.images.preprocess import Preprocess
from core.models import registry

ARCHITECTURE = "timm:test_efficientnet"
DEFAULT = Preprocess((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic")


@pytest.fixture
def tensors(small: Checkpoint) -> dict[str, Tensor]:
    """The state dict of a network with five classes."""
    return {name: tensor.clone() for name, tensor in small.model.state_dict().items()}


def _import(path: Path, num_classes: int = 5, architecture: str = ARCHITECTURE) -> Path:
    names = [f"class {index}" for index in range(num_classes)]
    return import_weights(path, architecture=architecture, class_names=names, name="mine")


# What can be read.


@pytest.mark.parametrize("file", ["w.safetensors", "w.SAFETENSORS", "w.pt", "w.pth", "w.bin"])
def test_every_kind_of_file_gives_the_same_logits(
    small: Checkpoint, tensors: dict[str, Tensor], tmp_path: Path, file: str
) -> None:
    (save_file if "safe" in file.lower() else torch.save)(tensors, tmp_path / file)
    loaded = store.load(_import(tmp_path / file))
    batch = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded.model(batch), small.model(batch))
    assert loaded.card.class_names[4] == "class 4"
    assert loaded.card.preprocess == registry.default_preprocess(ARCHITECTURE)
    assert loaded.card.source == f"imported from {file}"


def _prefixed(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda t: {"state_dict": t, "epoch": 3},
        lambda t: {"model": t, "optimizer": {"state": {}, "param_groups": []}},
        lambda t: {"model_state_dict": OrderedDict(t)},
        lambda t: {"net": t},
        lambda t: {"model": {"state_dict": t}},
        lambda t: _prefixed(t, "module."),
        lambda t: {"state_dict": _prefixed(t, "model.")},
        lambda t: {"state_dict": _prefixed(t, "module.model.")},
        lambda t: _prefixed(t, "_orig_mod."),
        lambda t: {
            name: nn.Parameter(value) if value.is_floating_point() else value for name, value in t.items()
        },
    ],
)
def test_wrappers_and_prefixes_of_training_scripts_are_taken_off(
    tensors: dict[str, Tensor], tmp_path: Path, wrapped: Callable[[dict[str, Tensor]], object]
) -> None:
    torch.save(wrapped(tensors), tmp_path / "w.pth")
    read = weights.read(tmp_path / "w.pth")
    assert list(read) == list(tensors)
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())


def test_batch_norms_counters_may_be_missing_and_halves_become_floats(
    small: Checkpoint, tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    old = {name: tensor.half() for name, tensor in tensors.items() if "num_batches" not in name}
    torch.save(old, tmp_path / "w.pt")
    model = store.load(_import(tmp_path / "w.pt")).model
    for name, parameter in model.named_parameters():
        assert parameter.dtype == torch.float32
        assert torch.equal(parameter, small.model.get_parameter(name).half().float())


# What does not fit.


def test_missing_and_unexpected_tensors_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    tensors["extra.weight"] = tensors.pop("conv_head.weight")
    torch.save(tensors, tmp_path / "w.pt")
    message = "of another architecture: missing 'conv_head.weight'; not expected 'extra.weight'"
    with pytest.raises(CheckpointError, match=re.escape(message)):
        _import(tmp_path / "w.pt")


def test_of_many_missing_tensors_three_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(dict(list(tensors.items())[:-10]), tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match=r"missing '[^']+', '[^']+', '[^']+' and \d more$"):
        _import(tmp_path / "w.pt")


def test_weights_of_another_architecture_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(tensors, tmp_path / "w.pt")
    with pytest.raises(
        CheckpointError, match=r"of another architecture: missing 'conv1.*not expected 'conv_stem"
    ):
        _import(tmp_path / "w.pt", architecture="timm:test_resnet")


def test_a_tensor_of_another_shape_is_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    tensors["conv_stem.weight"] = torch.zeros(7, 3, 3, 3)
    torch.save(tensors, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match=r"'conv_stem.weight' is \(7, 3, 3, 3\), not \(\d+, 3, 3, 3\)"):
        _import(tmp_path / "w.pt")


@pytest.mark.parametrize("num_classes", [2, 4, 6, 1000])
def test_a_class_list_of_another_length_is_said(
    tensors: dict[str, Tensor], tmp_path: Path, num_classes: int
) -> None:
    torch.save(tensors, tmp_path / "w.pt")
    message = (
        f"the class list has {num_classes} names, the weights have 5 classes: 'classifier.weight' is (5, 256)"
    )
    with pytest.raises(CheckpointError, match=re.escape(message)):
        _import(tmp_path / "w.pt", num_classes)
    assert not (tmp_path / "checkpoints").exists()


# What is hostile or broken.


class _Command:
    """Unpickled, it runs a command that makes the file `marker`."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("place", ["alone", "beside tensors"])
def test_a_malicious_pickle_is_refused_and_not_executed(
    tensors: dict[str, Tensor],
    tmp_path: Path,
    form: str,
    place: str,
) -> None:
    marker, path = tmp_path / "executed", tmp_path / "evil.pt"
    command = _Command(marker)
    content = command if place == "alone" else {"state_dict": tensors, "config": command}
    torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(
        CheckpointError, match=r"evil\.pt holds Python objects besides tensors, .* never executed"
    ):
        _import(path)
    assert not marker.exists()


def test_a_bare_malicious_pickle_is_not_executed_whatever_it_is_called(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    for name in ("evil.pt", "evil.pth", "evil.safetensors", "evil"):
        (tmp_path / name).write_bytes(pickle.dumps(_Command(marker), protocol=2))
        with pytest.raises(CheckpointError, match=name):
            weights.read(tmp_path / name)
    assert not marker.exists()
    pickle.loads(pickle.dumps(_Command(marker)))  # noqa: S301 (shows that it would have worked)
    assert marker.exists()


def test_a_whole_pickled_module_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(
        CheckpointError,
        match=r"module\.pt holds a whole pickled network, .*torch\.save\(model\.state_dict\(\), '[a-z.]+'\)$",
    ):
        weights.read(tmp_path / "module.pt")


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.safetensors"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 100, b"<html>404 Not Found</html>", b'{"a": 1}', b"PK\x03\x04ab", bytes(range(256)) * 9],
)
def test_garbage_is_not_a_weights_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name} is not a readable weights file") as caught:
        weights.read(tmp_path / name)
    assert "weights_only" not in str(caught.value)  # Torch advises to execute the file after all.
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_truncated_file_is_not_a_weights_file(
    tensors: dict[str, Tensor], tmp_path: Path, name: str, share: float
) -> None:
    path = tmp_path / name
    (save_file if name.endswith("s") else torch.save)(tensors, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match=f"{name} is not a readable weights file"):
        weights.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.pt is not a readable weights file: .*no such file"):
        weights.read(tmp_path / "gone.pt")


@pytest.mark.parametrize("content", [{}, [torch.ones(2)], {"epoch": 3}, torch.ones(2), {"state_dict": {}}])
def test_a_file_without_a_state_dict_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="there is no state dict in it"):
        weights.read(tmp_path / "w.pt")


@pytest.mark.parametrize("file", ["w.pt", "w.bin", "w.safetensors", "w"])
def test_the_bytes_say_what_a_file_is_not_its_ending(tmp_path: Path, file: str) -> None:
    tensors = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2)}
    save_file(tensors, tmp_path / file)
    assert weights.read(tmp_path / file).keys() == tensors.keys()
    torch.save(tensors, tmp_path / file)
    assert weights.read(tmp_path / file).keys() == tensors.keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty; copy or download it again"),
        (
            pickle.dumps({"a": [1.0] * 9}, 4),
            "it is a plain pickle; save the state dict with torch.save",
        ),
        (b"PK\x03\x04 and no more", "it is damaged or cut short; copy or download it again"),
        (b'\x10\0\0\0\0\0\0\0{"a":', "it is damaged or cut short; copy or download it again"),
        (b"hello", "it is neither a PyTorch nor a safetensors file"),
    ],
)
def test_a_file_that_no_reader_understands_is_told_without_opcodes(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=f"w.pt is not a readable weights file: {message}"):
        weights.read(tmp_path / "w.pt")


@pytest.mark.parametrize("names", [["cat", "cat", "dog"], ["cat", "", "dog"], ["cat", None, "dog"]])
def test_class_names_that_are_missing_or_repeated_are_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(CheckpointError, match="the class list has"):
        import_weights(tmp_path / "w.pt", architecture="timm:test_resnet", class_names=names, name="mine")


# Class lists.


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("names.txt", b"cat\ndog\ngreat white shark\n"),
        ("names.txt", b"cat\r\n  dog \r\ngreat white shark"),
        ("names.txt", b"\xef\xbb\xbfcat\ndog\n\ngreat white shark\n"),  # As Notepad writes it.
        ("names.json", b'["cat", "dog", "great white shark"]'),
        ("names.json", b'\n [\n"cat",\n"dog",\n"great white shark"\n]\n'),
        ("names.json", b'\xef\xbb\xbf["cat", "dog", "great white shark"]'),
    ],
)
def test_class_names_come_in_the_order_of_the_file(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    assert read_class_names(tmp_path / file) == ["cat", "dog", "great white shark"]


def test_numbers_are_names_too() -> None:
    assert parse_class_names("[0, 1, 2]") == ["0", "1", "2"]
    assert parse_class_names("größer\nkleiner") == ["größer", "kleiner"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cat\ndog\ncat\n", "the class list has 'cat' twice; expected each name once"),
        ('["cat", "cat ", "dog", "dog"]', "the class list has 'cat', 'dog' twice"),
        ("", "the class list has 0 names; expected two or more, one per line"),
        ("[]", "the class list has 0 names"),
        (" \n\n", "the class list has 0 names"),
        ("cat\n", "the class list has 1 names"),
        ('["cat", "dog"', "the class list starts like JSON but is not valid"),
    ],
)
def test_a_class_list_that_cannot_be_right_is_refused(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(message)):
        parse_class_names(text)


def test_a_class_list_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(b"\xff\xfe\x00")
    for name in ("names.txt", "gone.txt", "."):
        with pytest.raises(CheckpointError, match="cannot be read as a list of class names"):
            read_class_names(tmp_path / name)


# Preprocess settings.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", DEFAULT),
        ("crop=160", Preprocess((160, 160), 256, DEFAULT.mean, DEFAULT.std, "bicubic")),
        ("resize=none, crop=96x128", Preprocess((96, 128), None, DEFAULT.mean, DEFAULT.std, "bicubic")),
        (
            "resize=300,crop=299,mean=0.5,std=0.25,interpolation=bilinear",
            Preprocess((299, 299), 300, (0.5,) * 3, (0.25,) * 3, "bilinear"),
        ),
        ("mean=0.1/0.2/0.3,", Preprocess((224, 224), 256, (0.1, 0.2, 0.3), DEFAULT.std, "bicubic")),
    ],
)
def test_preprocess_settings_change_only_what_they_name(text: str, expected: Preprocess) -> None:
    assert parse_preprocess(text, DEFAULT) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size=224", "no preprocess setting 'size'; there is crop, resize, mean, std, interpolation"),
        ("crop=abc", "preprocess 'crop=abc': invalid literal for int() with base 10: 'abc'"),
        ("crop", "preprocess 'crop': invalid literal"),
        ("crop=300", "resize 256 does not cover the input size (300, 300)"),
        ("crop=0", "does not cover the input size (0, 0)"),
        ("mean=0.5/0.5", "must have the same length"),
        ("std=0", "std must be above 0"),
        ("interpolation=hamming", "interpolation 'hamming' is none of"),
    ],
)
def test_preprocess_settings_that_cannot_work_are_refused(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(message)):
        parse_preprocess(text, DEFAULT)


# Architectures.


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("timm:resnet81", "no architecture 'timm:resnet81' in timm; close: timm:resnet"),
        ("torchvision:resnt18", "in torchvision; close: torchvision:resnet18"),
        ("timm:zzzzzzzz", "no architecture 'timm:zzzzzzzz' in timm$"),
        ("resnet18", "no architecture 'resnet18'; expected timm:NAME, torchvision:NAME"),
        ("keras:resnet50", "no architecture 'keras:resnet50'; expected timm:NAME"),
        ("", "no architecture ''; expected timm:NAME"),
        ("timm:", "no architecture 'timm:' in timm"),
        ("timm:local-dir:/etc", "no architecture 'timm:local-dir:/etc' in timm"),
        ("timm:hf-hub:x/y", "no architecture 'timm:hf-hub:x/y' in timm"),
        ("timm:hf_hub:x/y", "no architecture 'timm:hf_hub:x/y' in timm"),
        ("timm:../resnet18", "no architecture 'timm:../resnet18' in timm"),
        ("torchvision:fasterrcnn_resnet50_fpn", "in torchvision"),
    ],
)
def test_an_architecture_that_is_not_there_is_refused_with_names_like_it(
    architecture: str, message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        registry.build(architecture, 2)
    with pytest.raises(CheckpointError, match=message):
        registry.default_preprocess(architecture)


def test_only_listed_names_can_be_built_and_none_of_them_leads_to_a_path_or_the_network() -> None:
    architectures = registry.architectures()
    assert len(set(architectures)) == len(architectures) > 1000
    assert {"timm:tf_efficientnet_lite0", "torchvision:densenet121"} <= set(architectures)
    assert all(re.fullmatch(r"(timm|torchvision|seewhy):[\w-]+", name) for name in architectures)


@pytest.mark.parametrize(
    ("architecture", "resize", "input_size"),
    [
        ("torchvision:resnet18", 256, (224, 224)),
        ("torchvision:inception_v3", 342, (299, 299)),
        ("timm:resnet50", 235, (224, 224)),
        ("timm:tf_efficientnet_lite0", 256, (224, 224)),
    ],
)
def test_the_default_preprocess_is_that_of_the_published_weights(
    architecture: str, resize: int, input_size: tuple[int, int]
) -> None:
    preprocess = registry.default_preprocess(architecture)
    assert (preprocess.resize, preprocess.input_size) == (resize, input_size)


def test_an_import_into_a_name_that_is_taken_changes_nothing(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(tensors, tmp_path / "w.pt")
    folder = _import(tmp_path / "w.pt")
    before = (folder / "card.json").read_bytes()
    with pytest.raises(CheckpointError, match="a checkpoint named 'mine' exists already"):
        _import(tmp_path / "w.pt")
    assert (folder / "card.json").read_bytes() == before
