"""Only listed architectures can be built; others are refused with names like them."""

import re

import pytest

from core.errors import CheckpointError
from core.models import registry


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
