"""Small random encoders as complete model folders, with the same weights for transformers beside them.

    tiny = write_bert(tmp_path, words=("fever", "cough"))
    tiny.folder        what a spec names; tiny.original: what `AutoModel.from_pretrained` takes

Nothing is downloaded. The weights come from a seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import attrs

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@attrs.frozen
class TinyEncoder:
    """`folder` holds the graph, `original` the weights as transformers keeps them."""

    folder: Path
    original: Path


def write_bert(
    where: Path, words: Sequence[str], *, seed: int = 1, layers: int = 2, context: int = 24, wide: int = 16
) -> TinyEncoder:
    """A BERT whose vocabulary is `words`, each also as a piece inside a word, and the letters a to z."""
    import torch
    import transformers

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = [*SPECIALS, *dict.fromkeys([*words, *letters]), *(f"##{letter}" for letter in letters)]
    original, folder = where / "original", where / "encoder"
    original.mkdir(parents=True)
    (original / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    tokenizer = transformers.BertTokenizerFast(vocab=str(original / "vocab.txt"), model_max_length=context)
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(pieces),
        hidden_size=wide,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * wide,
        max_position_embeddings=context,
        attn_implementation="eager",
        initializer_range=1.0,  # or all vectors of a layer would point the same way
    )
    model = transformers.BertModel(config, add_pooling_layer=False).eval()
    tokenizer.save_pretrained(original)
    model.save_pretrained(original)
    (folder / "onnx").mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((original / name).read_bytes())
    _export(model, folder / "onnx" / "model.onnx", layers)
    return TinyEncoder(folder, original)


def write_roberta(where: Path, texts: Sequence[str], *, seed: int = 1, context: int = 60) -> TinyEncoder:
    """A RoBERTa with byte-level tokens learnt from `texts`, where a word at the start of a text has a space before it."""
    import tokenizers
    import torch
    import transformers

    original, folder = where / "original", where / "encoder"
    original.mkdir(parents=True)
    learnt = tokenizers.ByteLevelBPETokenizer()
    learnt.train_from_iterator(texts, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    learnt.save_model(str(original))
    merges = (original / "merges.txt").read_text("utf-8").splitlines()[1:]
    tokenizer = transformers.RobertaTokenizer(
        vocab=json.loads((original / "vocab.json").read_text("utf-8")),
        merges=[tuple(line.split()) for line in merges],
        model_max_length=100,  # more than there are positions, which therefore say how long a text may be
        add_prefix_space=True,
    )
    torch.manual_seed(seed)
    config = transformers.RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=context + 2,
        attn_implementation="eager",
        initializer_range=1.0,
    )
    model = transformers.RobertaModel(config, add_pooling_layer=False).eval()
    tokenizer.save_pretrained(original)
    model.save_pretrained(original)
    (folder / "onnx").mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((original / name).read_bytes())
    _export(model, folder / "onnx" / "model.onnx", 2)
    return TinyEncoder(folder, original)


def _export(model, path: Path, layers: int) -> None:
    import torch

    class Wanted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            found = self.model(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
                output_hidden_states=True,
            )
            return (found.last_hidden_state, *found.hidden_states)

    ids = torch.ones(2, 5, dtype=torch.long)
    outputs = ["last_hidden_state", *(f"hidden_states.{layer}" for layer in range(layers + 1))]
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "texts", 1: "tokens"} for name in (*inputs, *outputs)}
    torch.onnx.export(
        Wanted(), (ids, ids, ids), str(path), input_names=inputs, output_names=outputs, dynamic_axes=axes, dynamo=False
    )
