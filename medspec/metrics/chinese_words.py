"""How Chinese is cut where no dictionary is used: every character is a word, and the rest is cut as each metric cuts it.

    bleu, sentence_bleu    sacrebleu's tokens `zh`: signs of Chinese stand alone too, the rest as in mteval-v13a
    rouge                  ideographs, and runs of a to z and of digits; full-width letters and digits count as plain ones
    token_f1               those of MLQA's evaluation for Chinese: no punctuation of any script, the rest cut at blanks

There is no agreed form of ROUGE for Chinese; this is rouge-score with these words as its tokens. Words of a dictionary
(`smoothed_bleu`, `set_rouge_l`) are in `spoken_words.py`. Lewis et al., ACL 2020 (MLQA).

>>> bleu_characters("血压120/80。")
['血', '压', '120', '/', '80', '。']
>>> rouge_characters("口服Ｂ族维生素 2.5mg。")
['口', '服', 'b', '族', '维', '生', '素', '2', '5mg']
>>> squad_characters("The X线：正常。")
['the', 'x', '线', '正', '常']
"""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache

from medspec.metrics.base import Setting
from medspec.metrics.words import mteval_words

CHARACTERS = Setting(name="language", default="en", choices=("en", "zh"), summary="whose words; zh: single characters")
"""The setting of metrics that can cut Chinese into characters."""

IDEOGRAPH = "々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""The ideographs of Unicode, as the inside of a class of a regular expression."""

# Two ranges of sacrebleu are meant for U+20000 and beyond, and are written as U+2000 to U+2A6D; so they stand here.
_SET_APART = re.compile(
    "([\u2001-\u2a6d\u2e80-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31ef\u3200-\u4db5\u4e00-\u9fbb"
    "\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef])"
)
_WORD = re.compile(f"[a-z0-9]+|[{IDEOGRAPH}]")
_FULL_WIDTH = {ord(sign) + 0xFEE0: sign for sign in string.ascii_letters + string.digits}
_OF_MLQA = re.compile("([\u4e00-\u9fa5])")
_CHINESE = re.compile(f"[{IDEOGRAPH}]")
_KANA = re.compile("[\u3041-\u30ff]")


def is_chinese(text: str) -> bool:
    """Whether a text holds ideographs, and no kana, which would make it Japanese."""
    return _CHINESE.search(text) is not None and _KANA.search(text) is None


@lru_cache(maxsize=4096)
def bleu_characters(text: str) -> list[str]:
    """The tokens `zh` of sacrebleu."""
    return mteval_words(_SET_APART.sub(r" \1 ", text.strip()))


def rouge_characters(text: str) -> list[str]:
    """Ideographs, and runs of the letters a to z and of digits, in lower case."""
    return _WORD.findall(text.translate(_FULL_WIDTH).lower())


def squad_characters(text: str) -> list[str]:
    """The words of MLQA's evaluation for Chinese, in lower case; English articles count."""
    plain = "".join(sign for sign in text.lower() if not _is_punctuation(sign))
    return _OF_MLQA.sub(r" \1 ", plain).split()


def _is_punctuation(sign: str) -> bool:
    return sign in string.punctuation or unicodedata.category(sign).startswith("P")
