"""The demonstration that ships with medspec: invented clinical text, and a small language model trained on it.

`make_data` writes the data of the quickstart suite, `train_text` trains the model in `text_model/`. Both are deterministic.
Nothing here comes from a patient, and neither the data nor the model is of any medical use.
"""
