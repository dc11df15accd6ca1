"""Few-shot examples at run time: which rows are picked, what is sent, and what is refused."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.check import check_text
from medspec.errors import DataError
from medspec.plan.lower import lower
from medspec.plan.nodes import Part
from medspec.plan.optimise import optimise
from medspec.run.bind import bind
from medspec.run.calls import requests_of
from medspec.run.near import near_pairs, resemblance, shingles
from medspec.run.roots import DataRoots
from medspec.run.scan import Rows
from medspec.run.shots import part_of, ranked

HEAD = """\
edition 2026
import std.metrics { accuracy }
record Row { id : text  q : text  topic : text  options : text[2..4]  gold : choice of options }
dataset exam : Row { source = jsonl("{split}.jsonl")  splits = [dev, test] }
prompt ask(q: text, options: text[2..4]) {
  system "Be careful."
  user \"\"\"
    Q: {{ q }}
    {% for option in options %}
    {{ loop.index0 | letter }}. {{ option }}
    {% endfor %}
    Answer:
    \"\"\"
}
"""


def rows(split: str, count: int) -> list[dict]:
    return [
        {
            "id": f"{split}{number}",
            "q": f"{split} question {number}",
            "topic": "ab"[number % 2],
            "options": ["x", "y", "z"],
            "gold": number % 3,
        }
        for number in range(count)
    ]


@pytest.fixture
def folder(tmp_path):
    for split, count in (("dev", 6), ("test", 8)):
        write(tmp_path, split, rows(split, count))
    return tmp_path


def write(folder, split, found):
    (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))


def bound(folder, clauses, *, limit=None, level=1):
    text = f"{HEAD}task t {{\n  data = exam.test\n  prompt = ask\n  answer choice of options via likelihood(score: letter)\n"
    checked = check_text(f"{text}  {clauses}\n  metrics {{ primary accuracy }}\n}}\n", "spec.medspec")
    assert not checked.has_errors, [d.title for d in checked.diagnostics]
    return bind(optimise(lower(checked.spec, ["t"]), level=level), DataRoots.of([folder]), limit=limit)


def requests(found):
    call = found.plan.calls[0]
    render = found.plan.render(call.render)
    return list(requests_of(found.plan, call, found.rows[render.scan], "t", found.shot_rows(render)))


def test_the_prompt_of_a_base_model(folder):
    found = bound(folder, "shots 2 from exam.dev")
    sent = requests(found)[0]
    assert [message.role for message in sent.messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert sent.plain_prompt == (
        "Be careful.\n\n"
        "Q: dev question 0\nA. x\nB. y\nC. z\nAnswer: A\n\n"
        "Q: dev question 1\nA. x\nB. y\nC. z\nAnswer: B\n\n"
        "Q: test question 0\nA. x\nB. y\nC. z\nAnswer:"
    )


def test_every_prompt_of_a_task_begins_with_the_same_shots(folder):
    sent = requests(bound(folder, "shots 3 from exam.dev { pick = seeded(13) }"))
    assert len({request.messages[:-1] for request in sent}) == 1
    assert len(sent) == 8


def test_a_seed_picks_by_id_alone(folder):
    """The three ids with the smallest sha256 of seed and id, computed here from its definition."""
    found = bound(folder, "shots 3 from exam.dev { pick = seeded(13) }")
    ids = sorted((row["id"] for row in rows("dev", 6)), key=lambda id: sha256(f"13:{id}".encode()).hexdigest())[:3]
    assert list(found.shots["r1"].ids) == ids
    write(folder, "dev", list(reversed(rows("dev", 6))))
    assert list(bound(folder, "shots 3 from exam.dev { pick = seeded(13) }").shots["r1"].ids) == ids


def test_first_ids_and_distinct(folder):
    def picked(clauses):
        return bound(folder, clauses).shots["r1"].ids

    assert picked("shots 2 from exam.dev { pick = first }") == ("dev0", "dev1")
    assert picked('shots 2 from exam.dev { pick = ids(["dev4", "dev1"]) }') == ("dev4", "dev1")
    assert picked("shots 2 from exam.dev { distinct_by = topic }") == ("dev0", "dev1")
    assert picked("shots 3 from exam.dev { distinct_by = gold }") == ("dev0", "dev1", "dev2")


@pytest.mark.parametrize(
    ("clauses", "said"),
    [
        ("shots 7 from exam.dev", "7 shots are asked for, there are 6 rows"),
        ("shots 3 from exam.dev { distinct_by = topic }", "there are 2 rows with different `topic`"),
        ('shots 1 from exam.dev { pick = ids(["dev9"]) }', "there is no row with the id of this shot: dev9"),
        ("shots 1 from exam.test.holdout(8)", "8 rows are to be held out of 8; that leaves none"),
    ],
)
def test_too_few_rows(folder, clauses, said):
    with pytest.raises(DataError, match=said.replace("(", r"\(")):
        bound(folder, clauses)


def test_rows_held_out_are_shown_and_not_scored(folder):
    found = bound(folder, "shots 2 from exam.test.holdout(3, seed: 5)")
    scored = found.rows[found.plan.renders[0].scan].ids
    assert len(scored) == 5
    assert not set(scored) & set(found.shots["r1"].ids)


def test_a_limit_cuts_the_scored_rows_and_not_the_shots(folder):
    found = bound(folder, "shots 4 from exam.dev", limit=1)
    assert len(requests(found)) == 1
    assert len(found.shots["r1"].ids) == 4


def test_a_scored_row_under_another_id_is_refused_as_a_shot(folder):
    """The splits were made carelessly: one row stands in both."""
    write(folder, "dev", [{**rows("test", 8)[3], "id": "other"}, *rows("dev", 6)])
    with pytest.raises(DataError, match="1 of the rows shown as shots are scored too: other \\(scored as test3\\)"):
        bound(folder, "shots 2 from exam.dev")
    bound(folder, 'shots 2 from exam.test waive E0604 because "the published protocol"')


@pytest.mark.parametrize("level", [0, 1])
def test_fields_that_no_prompt_shows_do_not_tell_rows_apart(level, folder):
    """Whether they are read is the optimiser's choice, so they must not decide whether a run is refused."""
    row = rows("test", 8)[3]
    write(folder, "dev", [{**row, "id": "other", "topic": "another"}, *rows("dev", 6)])
    with pytest.raises(DataError, match="are scored too"):
        bound(folder, "shots 2 from exam.dev", level=level)


def test_a_nearly_equal_row_is_said(folder):
    long = (
        "the patient is a 40 year old man with chest pain since two days and a history of gout and asthma in childhood"
    )
    write(folder, "dev", [{**row, "q": f"{long} today"} if row["id"] == "dev0" else row for row in rows("dev", 6)])
    write(folder, "test", [{**row, "q": f"{long} again"} if row["id"] == "test2" else row for row in rows("test", 8)])
    (warning,) = bound(folder, "shots 1 from exam.dev").warnings
    assert "the shot dev0 is nearly the same as the scored row test2 (resemblance 0." in warning


def test_shots_inside_the_prompts_own_text(tmp_path):
    for split in ("dev", "test"):
        write(tmp_path, split, rows(split, 3))
    text = HEAD + (
        'prompt listed(q: text, seen: Row[]) { user "{% for row in seen %}{{ row.q }}: {{ row.gold | letter }}; {% endfor %}{{ q }}" }\n'
        "task t { data = exam.test  prompt = listed(seen: shots)  answer choice of options via letter\n"
        "  shots 2 from exam.dev  metrics { primary accuracy } }\n"
    )
    checked = check_text(text)
    found = bind(optimise(lower(checked.spec, ["t"])), DataRoots.of([tmp_path]))
    sent = requests(found)[0]
    assert [message.text for message in sent.messages] == ["dev question 0: A; dev question 1: B; test question 0"]


@given(st.lists(st.text(min_size=1), unique=True, min_size=2), st.integers(0, 99), st.data())
def test_a_part_and_its_rest_are_the_whole(ids, seed, data):
    count = data.draw(st.integers(1, len(ids) - 1))
    whole = Rows(rows=[{"id": id} for id in ids], ids=ids, digest="", file=None)
    held = part_of(whole, Part(count=count, seed=seed, held=True))
    rest = part_of(whole, Part(count=count, seed=seed, held=False))
    assert len(held.ids) == count
    assert sorted(held.ids + rest.ids) == sorted(ids)
    assert [id for id in ids if id in set(held.ids)] == held.ids  # in the order of the file


@given(st.lists(st.text(), unique=True), st.integers(0, 99), st.text())
def test_the_order_of_the_others_does_not_change_when_a_row_comes(ids, seed, other):
    assert [id for id in ranked([*ids, other], seed) if id != other] == [id for id in ranked(ids, seed) if id != other]


@given(st.text(), st.text())
def test_resemblance_is_a_share_and_knows_itself(left, right):
    one, two = shingles([left]), shingles([right])
    assert 0 <= resemblance(one, two) == resemblance(two, one) <= 1
    assert resemblance(one, one) == (1 if one else 0)


WORDS = st.lists(st.sampled_from(["a", "aa", "Gout", "gouty", "of", "the", "x-ray"]), max_size=9).map(" ".join)
TEXTS = st.lists(WORDS, max_size=3)


@given(st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=4), st.data())
def test_no_pair_is_missed(few, many, data):
    many += [data.draw(st.permutations(texts)) for texts in few]
    known, others = {f"s{n}": texts for n, texts in enumerate(few)}, [(f"r{n}", texts) for n, texts in enumerate(many)]
    expected = [
        (shot, row, value)
        for row, texts in others
        for shot, own in known.items()
        if (value := resemblance(shingles(own), shingles(texts))) >= 0.8
    ]
    assert list(near_pairs(known, others)) == expected


def test_pairs_that_are_nearly_the_same():
    words = [f"w{number}" for number in range(60)]
    changed = [*words[:30], "other", *words[31:]]
    # 56 runs of five words each; the changed word is in 5 of them: 51 shared of 61 in all.
    ((few, many, value),) = near_pairs(
        {"a": [" ".join(words)]}, [("b", [" ".join(changed)]), ("c", ["something else"])]
    )
    assert (few, many) == ("a", "b")
    assert value == pytest.approx(51 / 61)
