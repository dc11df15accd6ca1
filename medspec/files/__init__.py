"""Reading data files: the catalogue of formats, one file per member, listed in `FORMATS`.

Raw means: the values as the file holds them, no types yet (see `run/rows.py`). Nothing here knows of specs or plans, so
that a backend which replays recorded replies reads its file exactly as data are read.
"""

from medspec.files.base import Format
from medspec.files.conll import CONLL
from medspec.files.csv_table import CSV
from medspec.files.json_document import JSON
from medspec.files.jsonl import JSONL
from medspec.files.parquet import PARQUET
from medspec.files.pubtator import PUBTATOR
from medspec.files.standoff import STANDOFF
from medspec.files.voc import VOC

FORMATS: tuple[Format, ...] = (JSONL, JSON, CSV, PARQUET, CONLL, PUBTATOR, STANDOFF, VOC)
