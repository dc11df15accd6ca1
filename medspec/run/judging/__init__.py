"""Judges asked: what is shown to them, what becomes of their replies, how far they agree with people."""
