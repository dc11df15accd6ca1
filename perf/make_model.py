"""A random Llama-like model, the questions to ask it, and the same tasks for medspec and for lm-evaluation-harness.

    python perf/make_model.py FOLDER [--items 100] [--seed 1]

    FOLDER/model/   config.json  tokenizer.json  model.safetensors  onnx/model.onnx      the same weights twice
    FOLDER/data/    dev.jsonl  test.jsonl  many.jsonl                                    invented words
    FOLDER/tasks.medspec        FOLDER/harness/*.yaml                                    the same prompts

34 million parameters in float32: 8 layers of 512, 8 heads of which 4 for keys and values, 8,192 tokens. The three shots
together have about 640 tokens, a question about 105, an option 4 to 18. Needs the packages of `pip install -e .[dev]`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tokenizers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tiny_graphs import Export, Shape, make_decoder
from tiny_models import SPECIALS, TinyModel, write_json

LAYERS, HIDDEN, INNER, VOCABULARY = 8, 512, 1376, 8192

SPEC = """\
edition 2026

import std.metrics {{ accuracy, exact_match }}

record Row {{
  id       : text
  question : text
  options  : text[4..4]
  gold     : choice of options from letter
  words    : text
}}

dataset exam : Row {{
  source  = jsonl("data/{{split}}.jsonl")
  splits  = [dev, test, many]
  license = "mit"
}}

prompt ask(question: text, options: text[4..4]) {{
  user \"\"\"
    Question: {{{{ question }}}}
    {{% for option in options %}}
    {{{{ loop.index0 | letter }}}}. {{{{ option }}}}
    {{% endfor %}}
    Answer:
    \"\"\"
}}

task letters {{
  data    = exam.test
  shots   3 from exam.dev
  prompt  = ask
  answer  choice of options via likelihood(score: letter)
  metrics {{ primary accuracy }}
}}

task texts {{
  data    = exam.test
  shots   3 from exam.dev
  prompt  = ask
  answer  choice of options via likelihood
  metrics {{ primary accuracy }}
}}

task write {{
  data    = exam.test
  shots   3 from exam.dev
  prompt  = ask
  answer  text via plain
  gold    = words
  decode  {{ max_tokens = 32 }}
  metrics {{ primary exact_match }}
}}

task many {{
  data    = exam.many
  shots   5 from exam.dev
  prompt  = ask
  answer  choice of options via likelihood(score: letter)
  metrics {{ primary accuracy }}
}}
"""

TASK = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    dev: {data}/dev.jsonl
    test: {data}/{split}.jsonl
test_split: test
fewshot_split: dev
fewshot_config:
  sampler: first_n
num_fewshot: {shots}
doc_to_text: "Question: {{{{question}}}}\\n{{% for o in options %}}{{{{'ABCD'[loop.index0]}}}}. {{{{o}}}}\\n{{% endfor %}}Answer:"
{rest}
"""
CHOOSING = """\
output_type: multiple_choice
doc_to_choice: {choices}
doc_to_target: "{{{{'ABCD'.index(gold)}}}}"
metric_list:
  - metric: acc
"""
WRITING = """\
output_type: generate_until
doc_to_target: words
generation_kwargs:
  until: ["<<never>>"]
  max_gen_toks: 32
  do_sample: false
metric_list:
  - metric: exact_match
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    write_all(asked.folder, items=asked.items, many=asked.many, seed=asked.seed)


def write_all(folder: Path, *, items: int, many: int, seed: int) -> None:
    """Everything the measurements need, below `folder`."""
    words = lexicon(random.Random(seed))
    write_model(folder / "model", words, seed)
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for split, count, length in (("dev", 5, 100), ("test", items, 38), ("many", many, 20)):
        rows = list(rows_of(split, count, length, words, random.Random(f"{seed} {split}")))
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (data / f"{split}.jsonl").write_text(text, encoding="utf-8")
    (folder / "tasks.medspec").write_text(SPEC.format(), encoding="utf-8")
    (folder / "medspec.toml").write_text('specs = "."\n', encoding="utf-8")
    harness = folder / "harness"
    harness.mkdir(exist_ok=True)
    letters = CHOOSING.format(choices='["A", "B", "C", "D"]')
    for name, split, shots, rest in (
        ("letters", "test", 3, letters),
        ("texts", "test", 3, CHOOSING.format(choices="options")),
        ("write", "test", 3, WRITING),
        ("many", "many", 5, letters),
    ):
        text = TASK.format(name=f"perf_{name}", data=data.resolve(), split=split, shots=shots, rest=rest)
        (harness / f"{name}.yaml").write_text(text, encoding="utf-8")


def lexicon(draw: random.Random) -> list[str]:
    """Invented words of two to four syllables."""
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
    return sorted({"".join(draw.choices(syllables, k=draw.randint(2, 4))) for _ in range(6000)})


def rows_of(split: str, count: int, length: int, words: list[str], draw: random.Random) -> Any:
    """Questions of about `length` words, with four options of 3 to 16."""
    for number in range(count):
        question = " ".join(draw.choices(words, k=draw.randint(length - length // 4, length + length // 4))) + "?"
        options = [" ".join(draw.choices(words, k=min(3 + int(draw.expovariate(0.25)), 16))) for _ in range(4)]
        gold = draw.choice("ABCD")
        yield {"id": f"{split}-{number}", "question": question, "options": options, "gold": gold, "words": options[0]}


def write_model(folder: Path, words: list[str], seed: int) -> None:
    """The model as safetensors for transformers and as a graph with `GroupQueryAttention`, with its tokenizer."""
    shape = Shape(
        style="llama",
        layers=LAYERS,
        hidden=HIDDEN,
        inner=INNER,
        heads=8,
        kv_heads=4,
        head_size=64,
        vocabulary=VOCABULARY,
        context=2048,
    )
    tokenizer = make_tokenizer(words, random.Random(seed))
    weights = make_weights(shape, seed)
    graph = folder / "onnx" / "model.onnx"
    graph.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(make_decoder(shape, Export(family="gqa"), weights), graph)
    generic = folder.with_name(f"{folder.name}_generic")
    (generic / "onnx").mkdir(parents=True, exist_ok=True)
    onnx.save(make_decoder(shape, Export(family="generic"), weights), generic / "onnx" / "model.onnx")
    TinyModel(folder, graph, shape, weights, tokenizer).reference().save_pretrained(folder)
    settings = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "model_max_length": 2048}
    for place in (folder, generic):
        write_json(place / "tokenizer_config.json", {**settings, "tokenizer_class": "PreTrainedTokenizerFast"})
        tokenizer.save(str(place / "tokenizer.json"))
    for name in ("config.json", "generation_config.json"):
        (generic / name).write_bytes((folder / name).read_bytes())


def make_tokenizer(words: list[str], draw: random.Random) -> tokenizers.Tokenizer:
    """A byte-level BPE tokenizer that knows most of the words whole."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    answers = [f"Question: Answer: {letter}\n\n{letter}. " for letter in "ABCD"] * 100
    tokenizer.train_from_iterator([*(" ".join(draw.choices(words, k=40)) for _ in range(4000)), *answers], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def make_weights(shape: Shape, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    """Random weights under the names of a transformers checkpoint, scaled so that logits differ by whole numbers."""
    draw = np.random.default_rng(seed)

    def normal(rows: int, columns: int, scale: float = 1.2) -> np.ndarray[Any, Any]:
        return (draw.standard_normal((rows, columns)) * scale / columns**0.5).astype(np.float32)

    ones = np.ones(shape.hidden, dtype=np.float32)
    keys = shape.kv_heads * shape.head_size
    made = {"model.embed_tokens.weight": normal(shape.vocabulary, shape.hidden, 20.0), "model.norm.weight": ones}
    for layer in range(shape.layers):
        name = f"model.layers.{layer}"
        for part, rows in (("q", shape.hidden), ("k", keys), ("v", keys), ("o", shape.hidden)):
            made[f"{name}.self_attn.{part}_proj.weight"] = normal(rows, shape.hidden)
        made[f"{name}.mlp.gate_proj.weight"] = normal(shape.inner, shape.hidden)
        made[f"{name}.mlp.up_proj.weight"] = normal(shape.inner, shape.hidden)
        made[f"{name}.mlp.down_proj.weight"] = normal(shape.hidden, shape.inner)
        made[f"{name}.input_layernorm.weight"] = ones
        made[f"{name}.post_attention_layernorm.weight"] = ones
    made["lm_head.weight"] = normal(shape.vocabulary, shape.hidden, 3.0)
    return made


if __name__ == "__main__":
    main()
