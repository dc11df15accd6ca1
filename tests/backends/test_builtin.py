"""`builtin:NAME`: the shipped model by its name, and what reports learn of it."""

from pathlib import Path

import pytest

from medspec.backends import find_scheme, open_model
from medspec.backends.base import Decode, Message, Options, Request
from medspec.errors import BackendError

FOLDER = Path(__file__).parents[2] / "medspec" / "demo" / "text_model"
OPTIONS = Options(device="cpu", threads=1)


@pytest.fixture(scope="module")
def shipped():
    backend = open_model("builtin:quickstart", OPTIONS)
    yield backend
    backend.close()


def test_it_says_that_it_is_a_demonstration(shipped):
    found = shipped.describe()
    assert found["demonstration"] is True
    assert found["scheme"] == "builtin" and found["name"] == "quickstart"
    assert "no medical use" in found["note"] and "\n" not in found["note"]
    assert found["provider"] == "CPUExecutionProvider"


def test_it_is_the_model_in_its_folder(shipped):
    same = open_model(f"onnx:{FOLDER}", OPTIONS)
    requests = [
        Request(task="t", row="1", messages=(Message("user", "Answer:"),), decode=Decode(max_tokens=3)),
        Request(task="t", row="2", messages=(Message("user", "Answer:"),), decode=Decode(), options=(" yes", " no")),
    ]
    assert same.digest == shipped.digest
    one, two = (dict(backend.answer(requests)) for backend in (same, shipped))
    assert [one[index].text for index in (0, 1)] == [two[index].text for index in (0, 1)]
    assert one[1].scores == two[1].scores and len(one[1].scores) == 2
    assert "demonstration" not in same.describe()
    same.close()


def test_it_promises_what_it_can(shipped):
    promised = find_scheme("builtin:quickstart").abilities
    assert (promised.text, promised.logits) == (shipped.abilities.text, shipped.abilities.logits) == (True, True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quikstart", "did you mean `builtin:quickstart`? there are: grounding, quickstart"),
        ("gpt-9", "there is no shipped model 'gpt-9'; there are: grounding, quickstart"),
        ("../../etc", "there are: grounding, quickstart"),
    ],
)
def test_an_unknown_name_lists_the_known(name, message):
    with pytest.raises(BackendError) as caught:
        open_model(f"builtin:{name}", OPTIONS)
    assert message in str(caught.value)
