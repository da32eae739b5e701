"""Published weights fill a network, all but its head, or are refused by name."""

from collections.abc import Callable

import pytest
import timm
import torch
from torch import nn
from torchvision import models

from core.errors import CheckpointError
from core.models import imagenet, pretrained, registry
from core.models.heads import Head


def test_no_weights_are_no_tensors() -> None:
    assert pretrained.weights_for("seewhy:malaria", "none", 2) == {}


@pytest.mark.slow
def test_built_in_weights_are_all_but_the_head_unless_it_has_their_thousand_classes() -> None:
    theirs = imagenet.weights()
    five = pretrained.weights_for(imagenet.ARCHITECTURE, "imagenet", 5)
    assert theirs.keys() - five.keys() == {"classifier.weight", "classifier.bias"}
    assert all(torch.equal(five[name], theirs[name]) for name in five)
    assert pretrained.weights_for(imagenet.ARCHITECTURE, "imagenet", 1000).keys() == theirs.keys()
    hidden = pretrained.weights_for(imagenet.ARCHITECTURE, "imagenet", 1000, Head(hidden=(8,)))
    assert hidden.keys() == five.keys()


def test_missing_names_what_stays_random() -> None:
    tensors = pretrained.weights_for(imagenet.ARCHITECTURE, "imagenet", 5)
    model = registry.build(imagenet.ARCHITECTURE, 5)
    assert pretrained.missing(model, tensors) == ["classifier.weight", "classifier.bias"]
    assert model.load_state_dict(tensors, strict=False).unexpected_keys == []


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both libraries answer a request for published weights with a random network of 1,000 classes."""
    create, get = timm.create_model, models.get_model

    def create_model(name: str, *, pretrained: bool = False, num_classes: int = 1000) -> nn.Module:
        model = create(name, num_classes=num_classes)
        return _filled(model) if pretrained else model

    def get_model(name: str, *, weights: str | None, **settings: int) -> nn.Module:
        return (
            _filled(get(name, weights=None, **settings)) if weights else get(name, weights=None, **settings)
        )

    monkeypatch.setattr(timm, "create_model", create_model)
    monkeypatch.setattr(models, "get_model", get_model)


def _filled(model: nn.Module) -> nn.Module:
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.25)
    return model


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("architecture", "head"),
    [("timm:test_efficientnet", "classifier"), ("torchvision:squeezenet1_1", "classifier.1")],
)
def test_published_weights_fill_all_but_the_head(architecture: str, head: str) -> None:
    tensors = pretrained.weights_for(architecture, "pretrained", 7)
    model = registry.build(architecture, 7)
    assert pretrained.missing(model, tensors) == [f"{head}.weight", f"{head}.bias"]
    learned = {name for name, _ in model.named_parameters()} & tensors.keys()
    assert all((tensors[name] == 0.25).all() for name in learned)
    assert pretrained.missing(model, pretrained.weights_for(architecture, "pretrained", 1000))[2:] == []


@pytest.mark.usefixtures("published")
def test_heads_that_help_in_training_only_may_stay_random(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {
        name: tensor
        for name, tensor in registry.build("torchvision:googlenet", 1000).state_dict().items()
        if not name.startswith("aux")
    }
    monkeypatch.setattr("core.models.families.torchvision_family.published", lambda _name: theirs)
    tensors = pretrained.weights_for("torchvision:googlenet", "pretrained", 4)
    assert theirs.keys() - tensors.keys() == {"fc.weight", "fc.bias"}


def test_weights_that_lack_more_than_the_head_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = registry.build("timm:test_efficientnet", 1000).state_dict()
    del theirs["conv_stem.weight"]
    monkeypatch.setattr("core.models.families.timm_family.published", lambda _name: theirs)
    with pytest.raises(CheckpointError, match=r"1 tensors of .* outside its head .*: 'conv_stem.weight'"):
        pretrained.weights_for("timm:test_efficientnet", "pretrained", 7)


@pytest.mark.parametrize(
    ("architecture", "asked", "address"),
    [
        ("timm:resnet18", (timm, "create_model"), "https://huggingface.co/timm/resnet18.a1_in1k"),
        ("timm:xception", (timm, "create_model"), "https://github.com/.*/xception-43020ad28.pth"),
        ("torchvision:resnet18", (models, "get_model"), "https://download.pytorch.org/models/resnet18-.*pth"),
    ],
)
def test_weights_that_do_not_arrive_are_named_with_what_needs_no_download(
    architecture: str, asked: tuple[object, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*asked, _no_network)
    expected = (
        rf"cannot download the weights of {architecture} from {address} \(no route to host\); "
        r"'imagenet' .* no download"
    )
    with pytest.raises(CheckpointError, match=expected):
        pretrained.weights_for(architecture, "pretrained", 2)


def _no_network(*_names: str, **_settings: object) -> Callable[[], None]:
    raise OSError("no route to host\nand a page of advice")


@pytest.mark.parametrize(
    ("architecture", "weights", "message"),
    [
        ("timm:resnet18", "imagenet", "'imagenet' weights are for .*lite0, got 'timm:resnet18'"),
        ("seewhy:malaria", "pretrained", "there are no published weights of seewhy:malaria; use 'none'"),
        ("timm:resnet18", "best", "no weights named 'best'; there is none, imagenet, pretrained"),
        ("timm:resnet", "pretrained", "no architecture 'timm:resnet' in timm"),
    ],
)
def test_weights_that_there_are_not_are_refused(architecture: str, weights: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        pretrained.weights_for(architecture, weights, 2)
