"""Encoder-decoder models (T5, BART and their kin): a prompt is read once, and the reply is written looking back at it."""
