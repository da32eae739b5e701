"""Files as trainers write them: the same logits come out, or one sentence that says what is wrong."""

import argparse
import collections
import dataclasses
import datetime
import io
import pathlib
import pickle
import random
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints import paths, store
from core.checkpoints.foreign import contents
from core.checkpoints.foreign.fitting import Wish, nearest
from core.checkpoints.foreign.importing import Imported, imported, parse_preprocess
from core.errors import CheckpointError
from core.images.preprocess import Preprocess
from core.models import registry
from core.training.runs import free_name

TINY = "timm:test_resnet"
NAMES = ["ant", "bee", "cat"]
Tensors = dict[str, Tensor]


def _network(**options: int) -> nn.Module:
    torch.manual_seed(0)
    network: nn.Module = timm.create_model("test_resnet", **{"num_classes": 3} | options)
    return network.eval()


@pytest.fixture
def network() -> nn.Module:
    """A network of three classes, as timm makes it."""
    return _network()


def _imported(path: Path, architecture: str = TINY, *, preprocess: str = "", **wish: str) -> Imported:
    settings = parse_preprocess(preprocess, registry.default_preprocess(architecture))
    wanted = Wish(architecture, len(NAMES), **wish)
    return imported(path, wanted, NAMES, name=free_name("mine"), preprocess=settings)


def _saved(content: object, folder: Path) -> Path:
    path = folder / "w.pth"
    torch.save(content, path)
    return path


def _says_the_same(network: nn.Module, done: Imported) -> bool:
    """Whether the checkpoint, read again, gives the logits of the network, bit for bit."""
    loaded = store.load(done.folder)
    preprocess = loaded.card.preprocess
    shape = (2, len(preprocess.mean), *preprocess.input_size)
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return torch.equal(network.eval()(batch), loaded.model(batch))


# What stands beside the weights, and before their names.


@pytest.mark.parametrize(
    "prefix",
    [
        "_orig_mod.module.",
        "model._orig_mod.",
        "module.model.module.",
        "backbone.",
        "net.model.encoder.",
        "a.b.c.d.",
    ],
)
@pytest.mark.parametrize("key", ["state_dict", "params", "model_state", "ema.weights"])
def test_any_prefix_and_any_key_are_taken_off_and_said(
    network: nn.Module, tmp_path: Path, prefix: str, key: str
) -> None:
    content: Any = {prefix + name: value for name, value in network.state_dict().items()}
    for part in reversed(key.split(".")):
        content = {part: content, "epoch": 3}
    done = _imported(_saved(content, tmp_path))
    assert _says_the_same(network, done)
    assert f"from {key!r}" in done.report.lines[0]
    assert "without the prefix" in done.report.lines[0]


def test_wrappers_inside_of_names_are_taken_off_too(network: nn.Module, tmp_path: Path) -> None:
    named = {
        name.replace("layer1.", "layer1._checkpoint_wrapped_module."): value
        for name, value in network.state_dict().items()
    }
    assert _says_the_same(network, _imported(_saved(named, tmp_path)))


def test_raw_weights_are_taken_before_averaged_ones_and_the_key_chooses(tmp_path: Path) -> None:
    """As timm's train script writes them."""
    raw, averaged = _network(), _network(num_classes=3)
    nn.init.normal_(averaged.get_parameter("fc.weight"))
    optimizer = torch.optim.AdamW(raw.parameters())
    content = {
        "epoch": 3,
        "arch": "test_resnet",
        "state_dict_ema": averaged.state_dict(),
        "state_dict": raw.state_dict(),
        "optimizer": optimizer.state_dict(),
        "args": argparse.Namespace(lr=0.1, output=pathlib.Path("out")),
        "metric": np.float64(81.5),
    }
    path = _saved(content, tmp_path)
    done = _imported(path)
    assert _says_the_same(raw, done)
    said = "\n".join(done.report.lines)
    assert (
        "the file also has weights under 'state_dict_ema' (averaged); choose by its key (--weights-key)"
        in said
    )
    assert "left out (not weights): epoch, arch, optimizer, args and 1 more" in said
    assert _says_the_same(averaged, _imported(path, weights_key="state_dict_ema"))
    with pytest.raises(
        CheckpointError, match=r"no weights under the key 'x'; there is 'state_dict' \(\d+ tensors\)"
    ):
        _imported(path, weights_key="x")


def test_of_a_network_and_its_average_in_one_state_dict_the_raw_one_is_taken(tmp_path: Path) -> None:
    raw, averaged = _network(), _network()
    nn.init.normal_(averaged.get_parameter("fc.weight"))
    both = {f"ema_model.module.{name}": value for name, value in averaged.state_dict().items()}
    both |= {f"model.{name}": value for name, value in raw.state_dict().items()}
    path = _saved({"state_dict": both, "pytorch-lightning_version": "2.6"}, tmp_path)
    assert _says_the_same(raw, _imported(path))
    assert _says_the_same(averaged, _imported(path, weights_key="state_dict.ema_model"))


def test_a_head_beside_the_backbone_is_found(tmp_path: Path) -> None:
    backbone, head = _network(num_classes=0), nn.Linear(64, 3)
    whole = {f"backbone.{name}": value for name, value in backbone.state_dict().items()}
    head = nn.Linear(_network().get_parameter("fc.weight").shape[1], 3)
    whole |= {f"classifier.{name}": value for name, value in head.state_dict().items()}
    done = _imported(_saved({"state_dict": whole}, tmp_path))
    backbone.fc = head
    assert _says_the_same(backbone, done)
    assert "it has its head in 'classifier', beside the backbone" in done.report.lines


class _Config(dict[str, object]):
    """A dictionary of a trainer."""


@dataclasses.dataclass
class _Settings:
    """Settings of a trainer."""

    lr: float = 0.1


@pytest.mark.parametrize(
    "extra",
    [
        np.float32(1),
        np.ones(3),
        np.array(["a"]),
        np.random.default_rng(0).bit_generator.state,
        pathlib.Path("x"),
        pathlib.PureWindowsPath("c:/x"),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        collections.defaultdict(list, {"a": [1]}),
        collections.deque([1, 2]),
        types.SimpleNamespace(a=1),
        argparse.Namespace(a=argparse.Namespace(b=1)),
        _Config(a=1),
        _Settings(),
        int,
        random.getstate(),
    ],
    ids=lambda extra: type(extra).__name__,
)
@pytest.mark.parametrize("is_zip", [True, False])
def test_plain_objects_beside_weights_are_passed_over(
    network: nn.Module, tmp_path: Path, extra: object, *, is_zip: bool
) -> None:
    path = tmp_path / "w.pt"
    content = {"state_dict": network.state_dict(), "extra": extra, "all": [extra, {"a": extra}]}
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    (found,) = contents.read(path).states
    assert found.key == "state_dict"
    assert all(torch.equal(found.tensors[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize("called", [eval, exec, getattr, __import__, print, pickle.loads])
def test_what_would_be_called_is_refused_by_name(network: nn.Module, tmp_path: Path, called: object) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return called, ("raise SystemError",)

    path = _saved({"state_dict": network.state_dict(), "extra": Evil()}, tmp_path)
    with pytest.raises(CheckpointError, match=r"Python objects besides tensors.* never executed here"):
        contents.read(path)


# Other heads.


def _sequence(*layers: nn.Module) -> Callable[[int], nn.Module]:
    def head(features: int) -> nn.Module:
        return nn.Sequential(nn.Dropout(0.3), nn.Linear(features, 8), *layers, nn.Linear(8, 3))

    return head


HEADS: dict[str, Callable[[int], nn.Module]] = {
    "one layer": lambda features: nn.Sequential(nn.Dropout(0.3), nn.Linear(features, 3)),
    "relu": _sequence(nn.ReLU(), nn.Dropout(0.3)),
    "norm, relu": _sequence(nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3)),
    "relu, norm": _sequence(nn.ReLU(), nn.BatchNorm1d(8), nn.Dropout(0.3)),
    "nothing between": _sequence(),
    "layer norm": lambda features: nn.Sequential(nn.LayerNorm(features), nn.Linear(features, 3)),
    "no bias": lambda features: nn.Linear(features, 3, bias=False),
    "far indices": lambda features: nn.Sequential(
        *(nn.Identity() for _ in range(9)), nn.Linear(features, 8), nn.ReLU(), nn.Linear(8, 3)
    ),
    "names": lambda features: nn.Sequential(
        OrderedDict(fc1=nn.Linear(features, 8), act=nn.ReLU(), drop=nn.Dropout(), fc2=nn.Linear(8, 3))
    ),
}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_another_head_gives_the_same_logits(
    network: nn.Module, tmp_path: Path, kind: str, suffix: str
) -> None:
    network.fc = HEADS[kind](network.get_parameter("fc.weight").shape[1])
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.running_mean)  # type: ignore[arg-type]
    path = tmp_path / f"w.{suffix}"
    (save_file if suffix == "safetensors" else torch.save)(network.state_dict(), path)
    done = _imported(path)
    assert _says_the_same(network, done)
    assert store.read_card(done.folder).head.at == "fc"
    assumed = "it is assumed to have relu between the linear layers of its head; the file does not say"
    assert (assumed in done.report.lines) == (
        kind in {"relu", "norm, relu", "relu, norm", "far indices", "names"}
    )


def test_the_activation_of_a_head_can_be_said(network: nn.Module, tmp_path: Path) -> None:
    network.fc = _sequence(nn.GELU())(network.get_parameter("fc.weight").shape[1])
    path = _saved(network.state_dict(), tmp_path)
    assert _says_the_same(network, _imported(path, activation="gelu"))
    with pytest.raises(CheckpointError, match="no activation 'swoosh' for a head; there is relu"):
        _imported(path, activation="swoosh")


@pytest.mark.parametrize("num_outputs", [1, 4])
def test_a_head_of_another_number_of_outputs_is_said(
    network: nn.Module, tmp_path: Path, num_outputs: int
) -> None:
    features = network.get_parameter("fc.weight").shape[1]
    expected = "one logit .*sigmoid.*not supported" if num_outputs == 1 else "the weights have 4 classes"
    for head in (
        nn.Linear(features, num_outputs),
        nn.Sequential(nn.Dropout(), nn.Linear(features, num_outputs)),
    ):
        network.fc = head
        with pytest.raises(CheckpointError, match=expected):
            _imported(_saved(network.state_dict(), tmp_path))


def test_a_classifier_that_was_replaced_as_a_whole_is_rebuilt(tmp_path: Path) -> None:
    network = torchvision.models.mobilenet_v3_small(num_classes=3).eval()
    for head in (nn.Linear(576, 3), nn.Sequential(nn.Linear(576, 8), nn.ReLU(), nn.Linear(8, 3))):
        network.classifier = head  # type: ignore[assignment]
        path = _saved(network.state_dict(), tmp_path)
        done = _imported(path, "torchvision:mobilenet_v3_small")
        assert _says_the_same(network, done)


# Size, channels, auxiliary heads and buffers.


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_other_channels_are_inferred_and_the_preprocess_fits(tmp_path: Path, channels: int) -> None:
    network = _network(in_chans=channels)
    done = _imported(_saved(network.state_dict(), tmp_path), preprocess="mean=0.4,std=0.2")
    card = store.read_card(done.folder)
    assert card.architecture == f"{TINY}?in_chans={channels}"
    assert (card.preprocess.mean, card.preprocess.std) == ((0.4,) * channels, (0.2,) * channels)
    assert _says_the_same(network, done)
    with pytest.raises(CheckpointError, match=r"'conv1\.0\.weight' is"):
        _imported(_saved(network.state_dict(), tmp_path), f"{TINY}?in_chans=3")


@pytest.mark.slow
def test_a_transformer_of_another_size_is_inferred_and_a_crop_that_it_cannot_take_refused(
    tmp_path: Path,
) -> None:
    network = timm.create_model("vit_tiny_patch16_224", num_classes=3, img_size=96)
    path = _saved(network.state_dict(), tmp_path)
    with pytest.raises(
        CheckpointError, match=r"does not take 3 channels of 128 x 128 pixels .*was made for "
    ):
        _imported(path, "timm:vit_tiny_patch16_224", preprocess="crop=128,resize=128")
    done = _imported(path, "timm:vit_tiny_patch16_224")
    card = store.read_card(done.folder)
    assert (card.architecture, card.preprocess.input_size) == (
        "timm:vit_tiny_patch16_224?img_size=96",
        (96, 96),
    )
    assert _says_the_same(network, done)


@pytest.mark.parametrize("aux", [True, False])
@pytest.mark.slow
def test_auxiliary_heads_are_left_out_and_no_input_is_rescaled_unasked(tmp_path: Path, *, aux: bool) -> None:
    network = torchvision.models.googlenet(num_classes=3, aux_logits=aux, init_weights=False)
    path = _saved(network.state_dict(), tmp_path)
    done = _imported(path, "torchvision:googlenet")
    assert _says_the_same(network, done)
    card = store.read_card(done.folder)
    assert card.architecture == "torchvision:googlenet?aux_logits=false&transform_input=false"
    network.transform_input = True
    assert _says_the_same(network, _imported(path, "torchvision:googlenet?transform_input=true"))
    published = tmp_path / "googlenet-1378be20.pth"
    path.rename(published)
    assert _says_the_same(network, _imported(published, "torchvision:googlenet"))


def test_buffers_that_other_versions_stored_are_computed_again(network: nn.Module, tmp_path: Path) -> None:
    tensors = network.state_dict()
    more = {
        "layer1.0.attn_mask": torch.ones(2),
        "layer1.0.relative_position_index": torch.ones(2),
        "total_ops": torch.ones(1),
    }
    done = _imported(_saved(tensors | more, tmp_path))
    assert _says_the_same(network, done)
    assert any("layer1.0.attn_mask" in line for line in done.report.lines)


# Numbers.


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_point_types_are_fine(network: nn.Module, tmp_path: Path, dtype: torch.dtype) -> None:
    network = network.to(dtype)
    done = _imported(_saved(network.state_dict(), tmp_path))
    loaded = store.load(done.folder).model
    assert all(
        torch.equal(own, network.get_parameter(name).float()) for name, own in loaded.named_parameters()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: (value * 9).to(torch.int8), "is of type int8; integers need a scale"),
        (lambda value: value.to(torch.complex64), "is of type complex64; a weight is a real number"),
        (lambda value: value > 0, "is of type bool; a weight is a real number"),
        (
            lambda value: value.to(torch.float8_e4m3fn),
            "is of type float8_e4m3fn; 8-bit floats need a scale",
        ),
        (lambda value: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8), "is quantised"),
        (lambda value: value.to_sparse(), "is a sparse tensor"),
        (lambda value: value.to("meta"), "is on the meta device"),
        (lambda value: value * float("nan"), "values that are not finite"),
        (lambda value: value / 0, "values that are not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_weight_is_refused_in_words(
    network: nn.Module, tmp_path: Path, change: Callable[[Tensor], Tensor], message: str
) -> None:
    tensors = network.state_dict()
    tensors["conv1.0.weight"] = change(tensors["conv1.0.weight"])
    with pytest.raises(CheckpointError, match=f"'conv1.0.weight' .*{message}"):
        _imported(_saved(tensors, tmp_path))
    assert not paths.folder("mine").exists()


def test_tensors_that_share_memory_are_imported(network: nn.Module, tmp_path: Path) -> None:
    tensors = network.state_dict()
    shared = torch.zeros(1000)
    for name, value in tensors.items():
        if name.endswith("running_mean"):
            tensors[name] = shared[: len(value)]
    network.load_state_dict(tensors)
    assert _says_the_same(network, _imported(_saved(tensors, tmp_path)))


def test_logits_that_are_not_finite_are_refused(network: nn.Module, tmp_path: Path) -> None:
    tensors = network.state_dict()
    tensors["fc.weight"] = torch.full_like(tensors["fc.weight"], 3e38)
    with pytest.raises(CheckpointError, match="the logits of a sample photo are not finite"):
        _imported(_saved(tensors, tmp_path))


@pytest.mark.parametrize(
    ("text", "mean", "std"),
    [
        ("mean=123.675/116.28/103.53,std=58.395/57.12/57.375", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("mean=127.5,std=127.5", (0.5,) * 3, (0.5,) * 3),
        ("mean=0,std=255", (0.0,) * 3, (1.0,) * 3),
        ("mean=102/102/102,std=1", (0.4,) * 3, (1 / 255,) * 3),
        ("mean=102", (0.4,) * 3, (0.2,) * 3),
        ("mean=0.4,std=1", (0.4,) * 3, (1.0,) * 3),
    ],
)
def test_mean_and_std_of_values_up_to_255_are_recognised(
    text: str, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    found = parse_preprocess(text, Preprocess((8, 8), 8, (0.1,) * 3, (0.2,) * 3))
    assert found.mean == pytest.approx(mean)
    assert found.std == pytest.approx(std)


def test_one_mean_stands_for_the_only_channel_of_a_grey_network() -> None:
    grey = registry.default_preprocess("seewhy:two-conv-mnist")
    assert parse_preprocess("mean=0.1307,std=0.3081", grey).mean == (0.1307,)


# What is no weights file.


def _zip(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x08\x07\x12\x07pytorch\x1a", "an ONNX network"),
        (b"\x89HDF\r\n\x1a\n", "a Keras model"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x1f\x8b\x08", "a packed archive; unpack it"),
        (_zip("weights.pth"), "a packed archive; unpack it"),
        (_zip("net/constants.pkl"), r"a TorchScript archive .*torch\.jit\.load"),
        (_zip("model.weights.h5"), "a Keras model"),
        (b'{"metadata": {}, "weight_map": {}}', "the index of weights in several files"),
        (b"GGUF\x03", "a GGUF file"),
    ],
)
def test_other_files_are_called_what_they_are(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"w\.pth is not a readable weights file: it is {message}"):
        contents.read(tmp_path / "w.pth")


def test_a_folder_is_answered_with_the_weights_in_it(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(
        CheckpointError, match=r"is a folder; name the weights file in it: model\.safetensors"
    ):
        contents.read(tmp_path)


def test_torchscript_as_torch_writes_it_is_told(network: nn.Module, tmp_path: Path) -> None:
    torch.jit.trace(network, torch.zeros(1, 3, 64, 64)).save(tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="it is a TorchScript archive"):
        contents.read(tmp_path / "w.pt")


# The nearest architecture.


@pytest.mark.parametrize(
    ("architecture", "prefix"),
    [
        ("timm:convnext_atto", ""),
        ("torchvision:regnet_y_400mf", "student.net."),
        ("seewhy:malaria", "module."),
    ],
)
def test_the_nearest_architecture_is_named(architecture: str, prefix: str, tmp_path: Path) -> None:
    tensors = registry.skeleton(architecture, 3).state_dict()
    named = {prefix + name: torch.zeros(value.shape) for name, value in tensors.items()}
    assert nearest.nearest(named) == architecture
    with pytest.raises(
        CheckpointError, match=f"are nearest to {architecture}, not to {TINY}; .*missing '.*', '.*', '"
    ):
        _imported(_saved(named, tmp_path))


def test_the_index_knows_the_architectures_of_today() -> None:
    index = nearest._index()
    assert len(index.architectures) > 1400
    for architecture in ("timm:test_resnet", "torchvision:resnet18", "seewhy:malaria"):
        place = index.architectures.index(architecture)
        model = registry.skeleton(architecture, 1000)
        names, shapes = nearest.sketched(
            {name: tuple(each.shape) for name, each in model.state_dict().items()}
        )
        assert np.array_equal(index.names[place], names)
        assert np.array_equal(index.shapes[place], shapes)


def test_an_activation_that_there_is_not_is_refused_whatever_the_head(tmp_path: Path) -> None:
    save_file(_network().state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="no activation 'nope' for a head"):
        imported(tmp_path / "w.safetensors", Wish(TINY, 3, "", "nope"), NAMES, name="x")


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "w.pth").touch()
    with pytest.raises(CheckpointError, match=r"w\.pth is not a readable weights file: it is empty"):
        contents.read(tmp_path / "w.pth")
