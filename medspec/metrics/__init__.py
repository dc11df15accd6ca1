"""The catalogue of metrics: one file per member, listed in `METRICS`."""

from medspec.metrics.abstention_rate import ABSTENTION_RATE
from medspec.metrics.accuracy import ACCURACY
from medspec.metrics.auroc import AUROC
from medspec.metrics.balanced_accuracy import BALANCED_ACCURACY
from medspec.metrics.base import Metric
from medspec.metrics.bertscore import BERTSCORE
from medspec.metrics.bleu import BLEU
from medspec.metrics.box_iou import BOX_IOU
from medspec.metrics.box_map import BOX_MAP
from medspec.metrics.brier import BRIER
from medspec.metrics.contains import CONTAINS
from medspec.metrics.coverage import COVERAGE
from medspec.metrics.ece import ECE
from medspec.metrics.exact_match import EXACT_MATCH
from medspec.metrics.exact_set import EXACT_SET
from medspec.metrics.f1 import F1
from medspec.metrics.iou_at import IOU_AT
from medspec.metrics.kappa import KAPPA
from medspec.metrics.key_point_recall import KEY_POINT_RECALL
from medspec.metrics.macro_f1 import MACRO_F1
from medspec.metrics.mae import MAE
from medspec.metrics.matthews import MATTHEWS
from medspec.metrics.mean import MEAN
from medspec.metrics.multilabel_f1 import MULTILABEL_F1
from medspec.metrics.multilabel_precision import MULTILABEL_PRECISION
from medspec.metrics.multilabel_recall import MULTILABEL_RECALL
from medspec.metrics.phrase_f1 import PHRASE_F1
from medspec.metrics.precision import PRECISION
from medspec.metrics.quadratic_kappa import QUADRATIC_KAPPA
from medspec.metrics.rank_correlation import RANK_CORRELATION
from medspec.metrics.rate import RATE
from medspec.metrics.recall import RECALL
from medspec.metrics.released_ner_f1 import RELEASED_NER_F1
from medspec.metrics.rouge import ROUGE
from medspec.metrics.rubric_points import RUBRIC_POINTS
from medspec.metrics.selective_accuracy import SELECTIVE_ACCURACY
from medspec.metrics.sentence_bleu import SENTENCE_BLEU
from medspec.metrics.set_f1 import SET_F1
from medspec.metrics.set_precision import SET_PRECISION
from medspec.metrics.set_recall import SET_RECALL
from medspec.metrics.set_rouge_l import SET_ROUGE_L
from medspec.metrics.share import SHARE
from medspec.metrics.smoothed_bleu import SMOOTHED_BLEU
from medspec.metrics.span_f1 import SPAN_F1
from medspec.metrics.token_f1 import TOKEN_F1
from medspec.metrics.win_rate import WIN_RATE
from medspec.metrics.within import WITHIN
from medspec.metrics.worst import WORST

METRICS: tuple[Metric, ...] = (
    ACCURACY,
    MACRO_F1,
    BALANCED_ACCURACY,
    KAPPA,
    MATTHEWS,
    PRECISION,
    RECALL,
    F1,
    QUADRATIC_KAPPA,
    AUROC,
    ECE,
    BRIER,
    SELECTIVE_ACCURACY,
    COVERAGE,
    ABSTENTION_RATE,
    EXACT_MATCH,
    TOKEN_F1,
    ROUGE,
    BLEU,
    SENTENCE_BLEU,
    SMOOTHED_BLEU,
    SET_ROUGE_L,
    BERTSCORE,
    CONTAINS,
    PHRASE_F1,
    RELEASED_NER_F1,
    WITHIN,
    MAE,
    SET_F1,
    SET_PRECISION,
    SET_RECALL,
    EXACT_SET,
    MULTILABEL_F1,
    MULTILABEL_PRECISION,
    MULTILABEL_RECALL,
    SPAN_F1,
    BOX_IOU,
    IOU_AT,
    BOX_MAP,
    RANK_CORRELATION,
    MEAN,
    RATE,
    WORST,
    SHARE,
    WIN_RATE,
    KEY_POINT_RECALL,
    RUBRIC_POINTS,
)
"""In the order of `medspec metrics`. Where a metric does not fit, the first of these that do are proposed."""


def find_metric(name: str) -> Metric | None:
    """The metric called `name` in a spec; None when there is none."""
    return next((metric for metric in METRICS if metric.name == name), None)
