"""Two runs side by side: tests and intervals against statsmodels and scipy, refusals, and the text a person reads."""

from __future__ import annotations

import doctest
import json
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_specs import plan_of, run_plan, write_lines
from scipy.stats import bootstrap
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from type_strategies import typed
from watched_models import Watched

from medspec.cli.app import main
from medspec.cli.compare import as_data, as_text
from medspec.cli.power import as_text as power_text
from medspec.errors import StoreError, UsageError
from medspec.run import significance
from medspec.run.compare import Comparison, compare
from medspec.run.power import power_of
from medspec.run.significance import bootstrap_p, holm, mcnemar, smallest_difference
from medspec.run.stored import StoredRun, load_run, row_values, value_from_json

HERE = Path(__file__).parent


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_statsmodels(only_one: int, only_other: int) -> None:
    expected = their_mcnemar([[5, only_one], [only_other, 5]], exact=True).pvalue if only_one + only_other else 1.0
    assert mcnemar(only_one, only_other) == pytest.approx(min(1.0, expected), rel=1e-9)


def test_mcnemar_of_many_rows_is_quick_and_does_not_vanish() -> None:
    assert 0 < mcnemar(500_000, 501_000) < 1 and mcnemar(10, 1_000_000) == pytest.approx(0.0)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12))
def test_holm_equals_statsmodels(values: list[float]) -> None:
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1].tolist())


@given(st.floats(0.1, 2.0), st.integers(5, 5000), st.floats(0.6, 0.99), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_smallest_difference_equals_statsmodels(deviation: float, rows: int, power: float, level: float) -> None:
    """One-sided in effect: statsmodels counts the tail on the wrong side, which is nothing at these powers."""
    found = smallest_difference(deviation / rows**0.5, level, power)
    reached = NormalIndPower(ddof=0).power(found / deviation, rows, 1 - level, ratio=0)
    assert reached == pytest.approx(power, abs=1e-3)


def test_a_bootstrap_p_is_never_zero_and_one_where_nothing_differs() -> None:
    assert bootstrap_p(np.ones(999)) == pytest.approx(2 / 1000)
    assert bootstrap_p(np.zeros(999)) == 1.0
    assert bootstrap_p(-np.ones(999)) == bootstrap_p(np.ones(999))


@given(typed())
def test_what_a_run_keeps_of_an_answer_is_the_answer(found: tuple) -> None:
    type_, _, value = found
    assert value_from_json(type_, json.loads(json.dumps(type_.to_json(value)))) == value


SPEC = """edition 2026
import std.metrics { accuracy, macro_f1, mae }
enum Verdict { yes  no  maybe }
record Row { id : text  patient : text  question : text  number : float(0..10)  gold : Verdict }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  CLUSTER }
prompt ask(question: text) { user "{{ question }}" }
task verdict { data = exam.test  prompt = ask  answer Verdict via plain  metrics { primary accuracy  macro_f1 } }
task balance = verdict { override metrics { primary macro_f1  accuracy } }
prompt measure(question: text) { user "How much? {{ question }}" }
task amount  { data = exam.test  prompt = measure  gold = number  answer float(0..10) via number  metrics { primary mae } }
suite all { tasks { verdict  balance }  aggregate overall = mean() }
"""
ROWS = [
    {
        "id": str(n),
        "patient": f"p{n // 3}",
        "question": f"case {n}",
        "number": n % 7,
        "gold": ("yes", "no", "maybe")[n % 3],
    }
    for n in range(60)
]


def replies(quality: int, rows: list[dict]) -> Callable:
    """A model that is right unless the row's number is a multiple of `quality`."""

    def text(request) -> str:
        number = int(request.plain_prompt.rstrip("?").split()[-1])
        right = number % quality != 0
        if request.task == "amount":
            return str(rows[number]["number"] if right else 10 - rows[number]["number"])
        return rows[number]["gold"] if right else "maybe"

    return text


def run(
    folder: Path, name: str, quality: int, *, suite: tuple[str, ...] = ("all", "amount"), spec: str = SPEC, limit=None
) -> StoredRun:
    write_lines(folder / "exam.jsonl", ROWS)
    model = Watched(reply=replies(quality, ROWS), digest=f"{quality:064x}")
    run_plan(plan_of(spec.replace("CLUSTER", ""), *suite), folder / name, model, data=folder, limit=limit)
    return load_run(folder / name)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredRun, StoredRun]:
    folder = tmp_path_factory.mktemp("runs")
    return run(folder, "a", 4), run(folder, "b", 9)


def test_the_difference_is_that_of_the_reports_and_mcnemar_is_that_of_the_rows(
    pair: tuple[StoredRun, StoredRun],
) -> None:
    found = {task.name: task for task in compare(*pair).tasks}
    verdict = found["verdict"]
    scores = [run.report["tasks"]["verdict"]["metrics"]["accuracy"]["value"] for run in pair]
    assert (verdict.one, verdict.other, verdict.value) == (*scores, pytest.approx(scores[1] - scores[0]))
    a, b = (row_values(run, "verdict", "accuracy") for run in pair)
    table = [[((a == x) & (b == y)).sum() for y in (1, 0)] for x in (1, 0)]
    assert (verdict.test, verdict.p) == ("mcnemar", pytest.approx(their_mcnemar(table, exact=True).pvalue))
    error = (b - a).std(ddof=1) / 60**0.5
    assert verdict.smallest == pytest.approx((1.959964 + 0.841621) * error, rel=1e-5)
    assert (found["balance"].test, found["amount"].test) == ("bootstrap", "bootstrap")
    assert (verdict.higher_is_better, found["amount"].higher_is_better) == (True, False)
    assert [task.corrected for task in found.values()] == pytest.approx(holm([task.p for task in found.values()]))


def test_the_interval_of_a_difference_is_scipys_paired_bootstrap(pair: tuple[StoredRun, StoredRun]) -> None:
    found = next(task for task in compare(*pair, resamples=20_000).tasks if task.name == "amount")
    a, b = (row_values(run, "amount", "mae") for run in pair)
    theirs = bootstrap((b - a,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1))
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.03)


def test_a_metric_over_the_whole_set_is_drawn_from_the_answers_that_are_kept(pair: tuple[StoredRun, StoredRun]) -> None:
    """Against scikit-learn's F1 of the same rows drawn from both tables."""
    import polars as pl
    from sklearn.metrics import f1_score

    found = next(task for task in compare(*pair).tasks if task.name == "balance")
    tables = [run.rows.filter(pl.col("task") == "balance") for run in pair]
    gold = np.array(tables[0]["gold"].to_list())
    answers = [np.array(table["answer"].to_list()) for table in tables]
    rng = np.random.default_rng(0)
    slow = []
    for _ in range(400):
        rows = rng.integers(0, 60, 60)
        one, other = (f1_score(gold[rows], answer[rows], average="macro") for answer in answers)
        slow.append(other - one)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])), abs=0.05)


def test_a_run_does_not_differ_from_itself(pair: tuple[StoredRun, StoredRun]) -> None:
    found = compare(pair[0], pair[0])
    assert all((task.value, task.low, task.high, task.p) == (0.0, 0.0, 0.0, 1.0) for task in found.tasks)
    assert found.aggregates[0].value == 0.0 and "both runs are of the same model" in found.remarks


def test_turned_round_everything_turns_its_sign(pair: tuple[StoredRun, StoredRun]) -> None:
    there, back = compare(*pair), compare(*reversed(pair))
    for one, other in zip((*there.tasks, *there.aggregates), (*back.tasks, *back.aggregates), strict=True):
        assert (one.value, one.low, one.high) == pytest.approx(
            (-other.value, -other.high, -other.low), abs=0.1 * (one.high - one.low)
        )
        assert one.p == pytest.approx(other.p, abs=0.05)


def test_clusters_are_drawn_and_mcnemar_is_not_asked(tmp_path: Path) -> None:
    spec = SPEC.replace("CLUSTER", "cluster by patient")
    runs = [run(tmp_path, name, quality, spec=spec, suite=("all",)) for name, quality in (("a", 4), ("b", 9))]
    found = compare(*runs).tasks[0]
    assert (found.test, found.clusters) == ("bootstrap", 20)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("{{ question }}", "{{ question }}?"), "call hash .* \\(turns\\)"),
        (("primary accuracy  macro_f1", "primary accuracy"), "score hash .* \\(metrics\\)"),
        (("answer Verdict via plain", "unread = skip  answer Verdict via plain"), "score hash .* \\(unread\\)"),
    ],
)
def test_runs_that_measured_different_things_are_refused(tmp_path: Path, edit: tuple[str, str], said: str) -> None:
    one = run(tmp_path, "a", 4, suite=("verdict",))
    other = run(tmp_path, "b", 9, suite=("verdict",), spec=SPEC.replace(*edit))
    with pytest.raises(UsageError, match=f"(?s)measured different things.*verdict: .*({said})"):
        compare(one, other)


def test_other_rows_are_refused(tmp_path: Path) -> None:
    one = run(tmp_path, "a", 4, suite=("verdict",))
    with pytest.raises(UsageError, match="60 rows and 10 rows"):
        compare(one, run(tmp_path, "b", 4, suite=("verdict",), limit=10))
    ROWS[0]["question"], kept = "case 0 ", ROWS[0]["question"]
    try:
        changed = run(tmp_path, "c", 4, suite=("verdict",))
    finally:
        ROWS[0]["question"] = kept
    with pytest.raises(UsageError, match="verdict: data"):
        compare(one, changed)


def test_runs_without_a_task_in_common_are_refused(tmp_path: Path) -> None:
    one, other = run(tmp_path, "a", 4, suite=("verdict",)), run(tmp_path, "b", 4, suite=("amount",))
    with pytest.raises(UsageError, match="no task in common"):
        compare(one, other)
    with pytest.raises(UsageError, match="has a metric `bleu`"):
        compare(one, one, metric="bleu")
    assert [task.metric for task in compare(one, one, metric="macro_f1").tasks] == ["macro_f1"]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run"):
        load_run(tmp_path)
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(StoreError, match="not finished"):
        load_run(tmp_path)
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(StoreError, match="report.json is torn"):
        load_run(tmp_path)


def shown(found: Comparison, pair: tuple[StoredRun, StoredRun]) -> str:
    named = [attrs.evolve(run, folder=Path(f"runs/{name}")) for run, name in zip(pair, "ab", strict=True)]
    return as_text(found, *named)


def test_what_a_person_reads(pair: tuple[StoredRun, StoredRun], golden: Callable[[Path, str], None]) -> None:
    golden(HERE / "golden" / "compare.txt", shown(compare(*pair), pair) + "\n")
    golden(HERE / "golden" / "power.txt", power_text(power_of(pair[0], power=0.8), 0.8) + "\n")
    data = as_data(compare(*pair), *pair)
    assert json.loads(json.dumps(data)) == data


def test_power_is_that_of_the_rows(pair: tuple[StoredRun, StoredRun]) -> None:
    found = {one.task: one for one in power_of(pair[0], power=0.9)}
    values = row_values(pair[0], "verdict", "accuracy")
    error = values.std(ddof=1) / 60**0.5
    assert found["verdict"].figure == pytest.approx((1.959964 + 1.281552) * error, rel=1e-5)
    assert found["verdict"].models[0.0] == pytest.approx(found["verdict"].figure * 2**0.5)
    assert found["verdict"].models[0.5] == pytest.approx(found["verdict"].figure)
    assert found["balance"].error == pytest.approx(0.05, abs=0.03)


def test_from_the_command_line(pair: tuple[StoredRun, StoredRun], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(pair[0].folder), str(pair[1].folder), "--format", "json", "--resamples", "200"])
    assert ended.value.code == 0
    assert [task["name"] for task in json.loads(capsys.readouterr().out)["tasks"]] == ["verdict", "balance", "amount"]
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(pair[0].folder), "nowhere"])
    assert ended.value.code == 3 and "there is no run" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["power", str(pair[0].folder)])
    assert ended.value.code == 0 and "published figure" in capsys.readouterr().out


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(significance).failed == 0
