"""The demonstration model's graph: it computes what the torch network computes, with any past and any padding."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from medspec.demo.export import make_graph
from medspec.demo.model_folder import FILES, write_folder
from medspec.demo.muon import orthogonal
from medspec.demo.network import Shape, hidden_states, logits_of, new_weights
from medspec.demo.words import END_ID, PAD_ID, train_tokenizer

FOLDER = Path(__file__).parents[2] / "medspec" / "demo" / "text_model"
SMALL = Shape(vocabulary=50, width=24, layers=3, heads=4, kv_heads=2, head_size=8, hidden=40, context=64)


@pytest.fixture(scope="module")
def weights():
    made = {name: weight.detach() for name, weight in new_weights(SMALL, 3).items()}
    generator = torch.Generator().manual_seed(4)
    # Norm weights start at 1; other values show whether they are used at all.
    return {
        name: weight if weight.ndim == 2 else weight + 0.3 * torch.randn(weight.shape, generator=generator)
        for name, weight in made.items()
    }


@pytest.fixture(scope="module")
def session(weights):
    model = make_graph(SMALL, {name: weight.numpy() for name, weight in weights.items()})
    onnx.checker.check_model(model, full_check=True)
    return open_graph(model.SerializeToString())


def open_graph(model: bytes | str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(session, shape: Shape, ids, mask, past=None):
    """Logits and cache, positions counted from the mask."""
    mask = np.asarray(mask, dtype=np.int64)
    ids = np.asarray(ids, dtype=np.int64)
    positions = np.maximum(mask.cumsum(axis=1) - 1, 0)[:, -ids.shape[1] :]
    empty = np.zeros((len(ids), shape.kv_heads, 0, shape.head_size), dtype=np.float32)
    names = [f"{layer}.{part}" for layer in range(shape.layers) for part in ("key", "value")]
    cache = past or dict.fromkeys(names, empty)
    feed = {f"past_key_values.{name}": cache[name] for name in names}
    wanted = ["logits", *(f"present.{name}" for name in names)]
    found = session.run(wanted, {"input_ids": ids, "attention_mask": mask, "position_ids": positions, **feed})
    return found[0], dict(zip(names, found[1:], strict=True))


def torch_logits(weights, shape: Shape, ids) -> np.ndarray:
    with torch.no_grad():
        return logits_of(weights, hidden_states(weights, shape, torch.tensor(ids))).numpy()


def test_the_graph_equals_the_network(session, weights):
    ids = np.random.default_rng(1).integers(0, SMALL.vocabulary, size=(3, 17))
    expected = torch_logits(weights, SMALL, ids)
    assert abs(expected).max() > 0.1
    found, cache = run(session, SMALL, ids, np.ones_like(ids))
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert cache["0.key"].shape == (3, SMALL.kv_heads, 17, SMALL.head_size)


def test_the_network_equals_transformers(weights):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=SMALL.vocabulary,
        hidden_size=SMALL.width,
        intermediate_size=SMALL.hidden,
        num_hidden_layers=SMALL.layers,
        num_attention_heads=SMALL.heads,
        num_key_value_heads=SMALL.kv_heads,
        head_dim=SMALL.head_size,
        rms_norm_eps=SMALL.epsilon,
        max_position_embeddings=SMALL.context,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    model.load_state_dict({**weights, "lm_head.weight": weights["model.embed_tokens.weight"]})
    ids = np.random.default_rng(2).integers(0, SMALL.vocabulary, size=(2, 23))
    with torch.no_grad():
        expected = model(torch.tensor(ids)).logits.numpy()
    np.testing.assert_allclose(torch_logits(weights, SMALL, ids), expected, atol=2e-5)


@pytest.mark.parametrize("cuts", [(4,), (1, 2, 16), (8, 9)])
def test_a_past_changes_nothing(session, weights, cuts):
    ids = np.random.default_rng(3).integers(0, SMALL.vocabulary, size=(2, 17))
    expected = torch_logits(weights, SMALL, ids)
    past, start = None, 0
    for end in (*cuts, 17):
        found, past = run(session, SMALL, ids[:, start:end], np.ones((2, end)), past)
        np.testing.assert_allclose(found, expected[:, start:end], atol=2e-5)
        start = end


@pytest.mark.parametrize("padding", [1, 5])
def test_padding_on_the_left_changes_nothing(session, weights, padding):
    rng = np.random.default_rng(4)
    ids = rng.integers(0, SMALL.vocabulary, size=(2, 12))
    expected = torch_logits(weights, SMALL, ids)
    # The first row is padded with random tokens that the mask hides; the second is longer and full.
    longer = rng.integers(0, SMALL.vocabulary, size=(1, 12 + padding))
    padded = np.concatenate([rng.integers(0, SMALL.vocabulary, size=(1, padding)), ids[:1]], axis=1)
    batch, mask = np.concatenate([padded, longer]), np.ones((2, 12 + padding))
    mask[0, :padding] = 0
    found, _ = run(session, SMALL, batch, mask)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0, padding:], expected[0], atol=2e-5)
    # The same, the last three tokens after a cache.
    _, past = run(session, SMALL, batch[:, :-3], mask[:, :-3])
    found, _ = run(session, SMALL, batch[:, -3:], mask, past)
    np.testing.assert_allclose(found[0], expected[0, -3:], atol=2e-5)


def test_the_shipped_folder_is_complete_and_small():
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4_000_000
    first = (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8").splitlines()[0]
    assert "demonstration model" in first and "no medical use" in first


def test_the_shipped_graph_is_plain():
    model = onnx.load(FOLDER / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    assert {node.domain for node in model.graph.node} == {""}


def test_the_shipped_model_is_what_its_weights_compute_in_torch():
    """Weights read back from the graph, run by the network of the trainer."""
    model = onnx.load(FOLDER / "model.onnx")
    tables = {table.name: onnx.numpy_helper.to_array(table) for table in model.graph.initializer}
    shape = Shape(vocabulary=len(tables["model.embed_tokens"]))
    names = new_weights(shape, 0)
    weights = {}
    for name in names:
        stem = name.removesuffix(".weight")
        array = tables[f"{stem}.transposed"].T if f"{stem}.transposed" in tables else tables[stem]
        weights[name] = torch.tensor(array.copy())
    ids = np.random.default_rng(5).integers(2, shape.vocabulary, size=(2, 60))
    found, _ = run(open_graph(str(FOLDER / "model.onnx")), shape, ids, np.ones_like(ids))
    np.testing.assert_allclose(found, torch_logits(weights, shape, ids), atol=2e-3, rtol=1e-4)


def test_a_written_folder_has_every_file_and_the_same_bytes_again(tmp_path, weights):
    texts = ["Does the patient have fever? 65", "She denies fever.", "Answer: no"]
    for name in ("one", "two"):
        tokenizer = train_tokenizer(texts, size=300)
        scores = {"note_question": 0.5, "fact_question": 0.25, "triage": 0.75}
        write_folder(tmp_path / name, SMALL, weights, tokenizer, scores=scores, steps=3)
    assert {path.name for path in (tmp_path / "one").iterdir()} == set(FILES)
    for name in FILES:
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest(), name
    assert "| 0.750 |" in (tmp_path / "one" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_tokenizer_loses_nothing_and_splits_digits():
    tokenizer = train_tokenizer(["aged 65 years", "aged 66 years"], size=320)
    assert (tokenizer.token_to_id("<|pad|>"), tokenizer.token_to_id("<|end|>")) == (PAD_ID, END_ID)
    for text in ("aged 65 years", "Müller: 10 µg\n\n\tfoo", "体温 39.5"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
    assert tokenizer.encode("65").tokens == ["6", "5"]


@pytest.mark.parametrize("size", [(8, 8), (20, 8), (8, 20)])
def test_orthogonal_brings_singular_values_near_one(size):
    matrix = torch.randn(size, generator=torch.Generator().manual_seed(6))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert 0.5 < values.min() and values.max() < 1.3
    assert orthogonal(matrix).shape == matrix.shape
