"""lock, and what --locked refuses: each case is a change of the small project after its lock was written."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

SPEC = Path("specs/exam.medspec")
LOCK = Path("medspec.lock")


def change(*pairs: tuple[str, str]) -> None:
    text = SPEC.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    SPEC.write_text(text, encoding="utf-8")


def entry(name: str = "exam.exam_letters") -> dict:
    return json.loads(LOCK.read_text(encoding="utf-8"))["tasks"][name]


@pytest.fixture
def locked(project, medspec):
    """The project with its lock."""
    assert medspec("lock").code == 0
    return project


def test_the_lock_holds_hashes_words_and_data(locked, medspec):
    plan = json.loads(medspec("explain", "exam_letters", "--format", "json").out)
    (task,) = plan["tasks"]
    found = entry()
    assert (found["call"]["hash"], found["score"]["hash"]) == (task["call_hash"], task["score_hash"])
    assert found["version"] == 1
    assert found["data"] == {"exam.jsonl": sha256(Path("specs/exam.jsonl").read_bytes()).hexdigest()}
    assert found["prompt"]["turns"][0][1][-1] == "Answer with one letter."
    assert found["words"]["reader"].startswith("letter(") and "version 1" in found["words"]["metric.accuracy"]


def test_equal_specs_give_equal_bytes_wherever_they_lie(locked, medspec, tmp_path, monkeypatch):
    first = LOCK.read_bytes()
    medspec("lock")
    assert LOCK.read_bytes() == first
    elsewhere = tmp_path / "elsewhere"
    locked.rename(elsewhere)
    monkeypatch.chdir(elsewhere)
    LOCK.unlink()
    medspec("lock")
    assert LOCK.read_bytes() == first
    keys = list(json.loads(first)["tasks"]["exam.exam_letters"])
    assert keys == sorted(keys)


def test_comments_docs_and_names_do_not_make_it_old(locked, medspec):
    before = LOCK.read_bytes()
    change(
        ("## One letter is asked for.", "## Asks for a letter.\n# a comment"),
        ("ask(question", "put(question"),
        ("= ask", "= put"),
    )
    assert medspec("check", "--locked") == (0, "", "no mistakes in 1 module\n")
    assert medspec("lock").code == 0
    # The prompt's name is in words there, and nowhere in a hash.
    assert LOCK.read_bytes() == before.replace(b'"name": "ask"', b'"name": "put"')


@pytest.mark.parametrize("command", [("check",), ("compile",), ("run", "--model", "mock")], ids=" ".join)
def test_a_changed_meaning_under_the_same_version_is_refused(locked, medspec, command):
    change(("Answer with one letter.", "Answer with a letter."))
    assert medspec(*command).code == 0
    done = medspec(*command, "--locked")
    said = done.out + done.err
    assert done.code == 1
    assert "error[E0601]: `exam_letters` changed its meaning but is still @1" in said
    assert "- Answer with one letter.\n" in said and "+ Answer with a letter.\n" in said
    assert "bump to @2, or run `medspec lock --accept exam_letters`" in said


def test_lock_refuses_it_too_and_writes_nothing(locked, medspec):
    before = LOCK.read_bytes()
    change(("Answer with one letter.", "Answer with a letter."))
    done = medspec("lock")
    assert (done.code, done.out) == (1, "")
    assert "error[E0601]" in done.err
    assert LOCK.read_bytes() == before


def test_a_new_version_is_taken_over(locked, medspec):
    change(("Answer with one letter.", "Answer with a letter."), ("exam_letters @1", "exam_letters @2"))
    done = medspec("check", "--locked")
    assert done.code == 0 and "warning[W0607]: `exam_letters` is in medspec.lock as @1" in done.out
    done = medspec("lock")
    assert done.code == 0 and "~ exam_letters @1 -> @2  call" in done.out
    assert entry()["version"] == 2
    assert medspec("check", "--locked", "--quiet") == (0, "", "")


def test_a_version_that_falls_is_no_new_one(locked, medspec):
    change(("exam_letters @1", "exam_letters @3"))
    medspec("lock")
    change(("exam_letters @3", "exam_letters @2"), ("Answer with one letter.", "Answer with a letter."))
    done = medspec("check", "--locked")
    assert done.code == 1 and "changed its meaning but is @2" in done.out and "bump to @4" in done.out


def test_a_task_without_a_version_is_told_to_get_one(project, medspec):
    change(("exam_letters @1", "exam_letters"))
    medspec("lock")
    change(("primary accuracy", "primary accuracy as right"), ("{ accuracy = 1.0 }", "{ right = 1.0 }"))
    # A label is no meaning.
    assert medspec("check", "--locked").code == 0
    change(("Answer with one letter.", "Answer with a letter."))
    done = medspec("check", "--locked")
    assert done.code == 1 and "give it a version, @1" in done.out


SECOND = """
task exam_again @1 = exam_letters
"""


def test_accept_rewrites_one_entry_alone(project, medspec):
    SPEC.write_text(SPEC.read_text(encoding="utf-8") + SECOND, encoding="utf-8")
    medspec("lock")
    change(("Answer with one letter.", "Answer with a letter."))
    again = entry("exam.exam_again")
    assert medspec("lock", "--accept", "exam_letters").code == 0
    assert entry()["prompt"]["turns"][0][1][-1] == "Answer with a letter."
    assert entry("exam.exam_again") == again
    done = medspec("check", "--locked")
    assert "`exam_again` changed" in done.out and "`exam_letters` changed" not in done.out


def test_accept_of_no_task(locked, medspec):
    done = medspec("lock", "--accept", "exam_leters")
    assert (done.code, done.out) == (2, "")
    assert "there is no task named `exam_leters`; did you mean `exam_letters`?" in done.err


def test_a_new_task_is_a_warning_until_it_is_locked(locked, medspec):
    SPEC.write_text(SPEC.read_text(encoding="utf-8") + SECOND, encoding="utf-8")
    done = medspec("check", "--locked")
    assert done.code == 0 and "warning[W0607]: `exam_again` is not in medspec.lock" in done.out
    # Only what is compiled is looked at.
    assert "W0607" not in medspec("compile", "exam_suite", "--locked").err
    assert "+ exam_again @1" in medspec("lock").out
    change((SECOND, ""))
    assert "- exam_again @1" in medspec("lock").out


@pytest.mark.parametrize("command", [("compile",), ("run", "--model", "mock")], ids=" ".join)
def test_changed_data_are_named_with_both_digests(locked, medspec, command):
    data = Path("specs/exam.jsonl")
    before = sha256(data.read_bytes()).hexdigest()
    data.write_text(data.read_text(encoding="utf-8").replace("Question 3?", "Question 4?"), encoding="utf-8")
    after = sha256(data.read_bytes()).hexdigest()
    assert medspec(*command).code == 0
    done = medspec(*command, "--locked")
    assert (done.code, done.out) == (3, "")
    assert str(data) in done.err and before in done.err and after in done.err
    done = medspec("lock")
    assert done.code == 3 and before in done.err and after in done.err
    assert medspec("lock", "--accept", "exam_letters").code == 0
    assert medspec(*command, "--locked").code == 0


def test_data_that_are_not_here_stay_as_they_were_locked(locked, medspec):
    before = LOCK.read_bytes()
    Path("specs/exam.jsonl").rename("exam.jsonl")
    done = medspec("lock")
    assert done.code == 0 and "not found, so locked without their data: exam.jsonl" in done.err
    assert LOCK.read_bytes() == before
    assert medspec("compile", "--locked").code == 0
    LOCK.unlink()
    medspec("lock")
    assert entry()["data"] == {}
    medspec("lock", "--data", ".")
    assert entry()["data"] == json.loads(before)["tasks"]["exam.exam_letters"]["data"]


def test_picked_shots_are_locked_by_id_and_private_ones_by_digest(project, medspec):
    change(("  metrics {", "  shots   2 from exam.test.holdout(2, seed: 3)\n  metrics {"))
    medspec("lock")
    shots = entry()["shots"]
    assert len(shots) == 2 and set(shots) <= set("01234")
    change(('license  = "mit"', 'license  = "mit"\n  private  = true'))
    LOCK.unlink()
    medspec("lock")
    digest = sha256("\0".join(shots).encode()).hexdigest()
    assert entry()["shots"] == [f"sha256:{digest}"]


def test_check_writes_nothing(project, medspec):
    done = medspec("lock", "--check")
    assert done.code == 1 and not LOCK.exists()
    medspec("lock")
    assert medspec("lock", "--check").code == 0


def test_without_a_lock_there_is_nothing_to_hold_to(project, medspec):
    done = medspec("compile", "--locked")
    assert (done.code, done.out) == (2, "") and "write it with `medspec lock`" in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON"),
        ("{}", "this is no lock of medspec"),
        ('{"medspec_lock": 2, "tasks": {}, "suites": {}}', "its format is 2; this version of medspec knows 1"),
        ('{"medspec_lock": 1, "tasks": {"a.b": {"version": 1}}, "suites": {}}', "an entry of it is damaged"),
        ('{"medspec_lock": 1, "tasks": [], "suites": {}}', "an entry of it is damaged"),
    ],
)
def test_a_damaged_lock_is_named(project, medspec, text, message):
    LOCK.write_text(text, encoding="utf-8")
    for command in (("lock",), ("check", "--locked")):
        done = medspec(*command)
        assert done.code == 3 and "medspec.lock" in done.err and message in done.err


def test_lock_for_programs(project, medspec):
    document = json.loads(medspec("lock", "--format", "json").out)
    assert (document["path"], document["new"], document["missing"]) == ("medspec.lock", True, [])
    change(("exam_letters @1", "exam_letters @2"), ("Answer with one letter.", "Answer with a letter."))
    document = json.loads(medspec("lock", "--format", "json").out)
    assert [task["class"] for task in document["tasks"]] == ["call"]


LOOK = """edition 2026
import std.metrics { accuracy }
enum Side { left right }
record Row { id : text  scan : image  others : image[0..2]  gold : Side }
dataset chest : Row { source = jsonl("chest.jsonl")  splits = [test] }
prompt look(scan: image, others: image[0..2]) { user "{{ scan }}{% for one in others %} {{ one }}{% endfor %} Which side?" }
task side @1 { data = chest.test  prompt = look  answer Side via plain  metrics { primary accuracy } }
"""
IMAGES = {"a.png": b"one", "deep/b.png": b"two", "c.png": b"three"}


@pytest.fixture
def looking(project):
    """The project with a task whose prompt shows three images."""
    (project / "specs" / "look.medspec").write_text(LOOK, encoding="utf-8")
    rows = [
        {"id": "1", "scan": "c.png", "others": ["a.png", "deep/b.png"], "gold": "left"},
        {"id": "2", "scan": "a.png", "others": [], "gold": "right"},
    ]
    (project / "specs" / "chest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for name, content in IMAGES.items():
        (project / "specs" / name).parent.mkdir(exist_ok=True)
        (project / "specs" / name).write_bytes(content)
    return project


def test_an_image_that_changed_is_noticed(looking, medspec):
    assert medspec("lock").code == 0
    lines = "".join(f"{name}\0{sha256(IMAGES[name]).hexdigest()}\n" for name in sorted(IMAGES))
    assert entry("look.side")["data"]["images of chest.test"] == sha256(lines.encode()).hexdigest()
    (looking / "said.jsonl").write_text(
        '{"id": "1", "reply": "left"}\n{"id": "2", "reply": "left"}\n', encoding="utf-8"
    )
    replay = ("--model", "replay:said.jsonl")
    commands = (("compile", "side", *replay), ("run", "side", *replay))
    for command in commands:
        assert medspec(*command, "--locked").code == 0
    (looking / "specs" / "deep" / "b.png").write_bytes(b"2")
    before = LOCK.read_bytes()
    for command in commands:
        done = medspec(*command, "--locked")
        assert (
            done.code == 3
            and "the images of chest.test, used by `side`, are others than medspec.lock means" in done.err
        )
    done = medspec("lock")
    assert (
        done.code == 3 and "`images of chest.test` of `look.side`: sha256" in done.err and LOCK.read_bytes() == before
    )
    assert medspec("lock", "--accept", "side").code == 0 and LOCK.read_bytes() != before
    assert medspec("run", "side", *replay, "--locked").code == 0


def test_images_that_are_not_at_hand_are_not_compared(looking, medspec):
    medspec("lock")
    whole = LOCK.read_bytes()
    (looking / "specs" / "a.png").unlink()
    (looking / "specs" / "c.png").write_bytes(b"another")
    done = medspec("lock")
    assert done.code == 0 and "not found, so locked without their data: images of chest.test" in done.err
    assert LOCK.read_bytes() == whole, "what is known of them stays"
    (looking / "said.jsonl").write_text('{"id": "1", "reply": "left"}\n', encoding="utf-8")
    assert medspec("compile", "side", "--model", "replay:said.jsonl", "--locked").code == 0
    LOCK.unlink()
    medspec("lock")
    assert list(entry("look.side")["data"]) == ["chest.jsonl"]


def test_a_dialect_is_not_in_the_lock_and_a_locked_run_says_so(locked, medspec):
    spec = next(locked.glob("specs/*.medspec"))
    spec.write_text(spec.read_text("utf-8") + "\ndialect shy { boxes_in = deleted }\n", "utf-8")
    asked = ("run", "--model", "mock:echo", "--locked", "--quiet")
    plain = medspec(*asked)
    spoken = medspec(*asked, "--dialect", "shy")
    note = "note: medspec.lock holds tasks without dialect; what `shy` changes is not checked\n"
    assert (spoken.code, note in spoken.err, note in plain.err) == (plain.code, True, False)


MARKED = """edition 2026
import std.metrics { box_iou }
record Row { id : text  scan : image  gold : box(xyxy, pixel) in scan }
dataset marked : Row {
  source = jsonl("marked_{split}.jsonl")
  splits = [dev, test]
  columns { gold = mask_box("mask") }
}
prompt find(scan: image) { user "{{ scan }} Where? {{ answer_format }}" }
task place @1 {
  data    = marked.test
  prompt  = find
  answer  box(xyxy, pixel) in scan via boxes
  shots   1 from marked.dev
  metrics { primary box_iou }
}
"""


def test_masks_and_images_of_shots_that_changed_are_noticed(project, medspec):
    from PIL import Image

    def draw(name, box):
        image = Image.new("L", (20, 10))
        image.paste(255, box)
        image.save(project / "specs" / name)

    (project / "specs" / "marked.medspec").write_text(MARKED, encoding="utf-8")
    for split in ("dev", "test"):
        row = {"id": split, "scan": f"{split}.png", "mask": f"{split}_mask.png"}
        (project / "specs" / f"marked_{split}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
        draw(f"{split}.png", (0, 0, 9, 9))
        draw(f"{split}_mask.png", (2, 2, 5, 6))
    assert medspec("lock").code == 0
    kept = set(entry("marked.place")["data"])
    assert {
        "images of marked.test",
        "images of shots from marked.dev",
        "masks of marked.test",
    } <= kept and "masks of marked.dev" in kept
    (project / "said.jsonl").write_text('{"id": "test", "reply": "[2, 2, 5, 6]"}\n', encoding="utf-8")
    command = ("compile", "place", "--model", "replay:said.jsonl", "--locked")
    assert medspec(*command).code == 0
    for name, said in (
        ("test_mask.png", "the masks of marked.test"),
        ("dev.png", "the images of shots from marked.dev"),
    ):
        before = (project / "specs" / name).read_bytes()
        draw(name, (3, 3, 6, 7))
        done = medspec(*command)
        assert done.code == 3 and f"{said}, used by `place`, are others than medspec.lock means" in done.err
        assert medspec("lock").code == 3
        (project / "specs" / name).write_bytes(before)
        assert medspec(*command).code == 0
    (project / "specs" / "test_mask.png").unlink()
    done = medspec("lock")
    assert done.code == 0 and "not found, so locked without their data: masks of marked.test" in done.err
    assert set(entry("marked.place")["data"]) == kept, "what is known of them stays"
