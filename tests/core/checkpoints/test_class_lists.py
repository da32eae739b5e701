"""Class lists as people have them: one order of names comes out, or a sentence."""

import re

import pytest

from core.checkpoints.foreign.stated.class_lists import parse
from core.errors import CheckpointError
from tests.support.effort.counted_calls import num_calls

TWO = ["ant", "bee"]


@pytest.mark.parametrize(
    "text",
    [
        "ant\r\nbee\r\n",
        '{"0": "ant", "1": "bee"}',
        '{"1": "bee", "0": "ant"}',
        '{"ant": 0, "bee": 1}',
        '{"bee": "1", "ant": "0"}',
        '{"0": ["n02219486", "ant"], "1": ["n02206856", "bee"]}',
        '{"architectures": ["ViT"], "id2label": {"0": "ant", "1": "bee"}, "label2id": {"ant": 0, "bee": 1}}',
        '[{"id": 1, "name": "bee"}, {"id": 0, "name": "ant"}]',
        "{0: 'ant',\n 1: 'bee'}",
        "{'ant': 0, 'bee': 1}",
        "['ant', 'bee']",
        "('ant', 'bee')",
        "0,ant\n1,bee\n",
        "1,ant\n2,bee\n",
        "bee,1\nant,0\n",
        "ClassId,SignName\n1,bee\n0,ant\n",
        "name,index\nant,0\nbee,1",
        '0;"ant"\n1;"bee"\n',
        "index\tname\n0\tant\n1\tbee",
        "0 ant\n1 bee\n",
        "0: ant\n1: bee\n",
        "1. ant\n2. bee\n",
        "ant, bee",
        '"ant",\n"bee"\n',
        "# our classes\nant\nbee\n",
        "\u200bant\nbee\u00a0\n",
        "CLASSES = ['ant', 'bee']\n",
        "id2label: dict = {\n 0: 'ant',\n 1: 'bee',\n}\n",
        "OrderedDict([('ant', 0), ('bee', 1)])",
        "['ant' 'bee']",
        "array(['ant', 'bee'], dtype='<U3')",
        "path: ../x\ntrain: images/train\n\nnames:\n  0: ant\n  1: bee\n",
        "nc: 2\nnames: ['ant', 'bee']\n",
        "- ant\n- bee\n",
        "id,name,count\n0,ant,5\n1,bee,7\n",
        "file,label,class_id\na.jpg,ant,0\nb.jpg,bee,1\nc.jpg,ant,0\n",
        '{"architecture": "resnet18", "pretrained_cfg": {"label_names": ["ant", "bee"]}}',
        '{"categories": [{"id": 1, "name": "ant", "supercategory": "x"}, {"id": 2, "name": "bee"}]}',
        '[[0, "ant"], [1, "bee"]]',
        '{"id": 0, "name": "ant"}\n{"id": 1, "name": "bee"}\n',
        "item {\n  id: 1\n  name: 'ant'\n}\nitem {\n  id: 2\n  name: 'bee'\n}\n",
    ],
)
def test_every_form_of_a_class_list_gives_the_same_order(text: str) -> None:
    assert parse(text) == TWO


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "tench, Tinca tinca\ngreat white shark, white shark",
            ["tench, Tinca tinca", "great white shark, white shark"],
        ),
        ("(red) fox\n(grey) fox", ["(red) fox", "(grey) fox"]),
        ("1 euro\n5 euro", ["1 euro", "5 euro"]),
        ("Audi A4, 2011\nBMW M3, 2011", ["Audi A4, 2011", "BMW M3, 2011"]),
        ('0,"Speed limit, 20"\n1,Stop', ["Speed limit, 20", "Stop"]),
        # As ImageFolder sorts folders that are called by numbers.
        ('{"0": 0, "1": 1, "10": 2, "2": 3}', ["0", "1", "10", "2"]),
        ("number,id\n10,0\n0,1", ["10", "0"]),
        ("{0: 7, 1: 5}", ["7", "5"]),
        ("names:\n- no\n- yes\n", ["no", "yes"]),
        ("#metoo\n#blue", ["#metoo", "#blue"]),
        ("it's\n'tis", ["it's", "'tis"]),
    ],
)
def test_names_with_numbers_or_commas_stay_names(text: str, names: list[str]) -> None:
    assert parse(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["ant", null]', "the class list has None at entry 2; expected a name"),
        ('["ant", NaN]', "the class list has nan at entry 2; expected a name"),
        ("['ant', 'bee' 'cat']", "the class list has no comma before 'cat'; write one between any two names"),
        ("names: [ant, bee", "starts like YAML but is not valid"),
        ("id,name,n\n0,ant,5\n0,bee,7\n", "the class list has 0 twice"),
        ('["ant", "", "bee"]', "the class list has '' at entry 2"),
        ('["ant", ["bee"]]', "the class list has ['bee'] at entry 2"),
        ('{"0": "ant", "1": null}', "the class list has None at index 1"),
        ('{"0": "ant", "0": "bee"}', "the class list has '0' twice; expected each name and each index once"),
        ('{"0": "ant", "2": "bee"}', "the class list has no index 1; expected 0 to 1"),
        ('{"ant": 0, "bee": 0}', "the class list has 0 twice"),
        ("0,ant\n2,bee\n", "the class list has no index 1"),
        ("0,ant\n1,ant\n", "the class list has 'ant' twice"),
        ('{"epoch": "3x", "lr": "y"}', "is a dictionary; expected indices and names"),
        ("{1, 2", "starts like JSON but is not valid"),
        ("{'a', 'b'}", "neither a list of class names nor names with their indices"),
        ("caf\u00e9\ncafe\u0301\n", "twice; expected each name once"),
        ("a\0n\0t\0", "the class list is not text"),
        ("[" * 100_000, "starts like JSON but is not valid"),
    ],
)
def test_what_would_shift_or_lose_a_class_is_refused(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(message)):
        parse(text)


def test_the_classes_of_imagenet_21k_take_few_calls_each() -> None:
    names = [f"class number {index}" for index in range(21_841)]
    assert parse("\n".join(names)) == names
    assert num_calls(lambda: parse("\n".join(names))) < 30 * len(names)
