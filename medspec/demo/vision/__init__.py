"""The demonstration of grounding: invented image sequences for the eight tasks of MedSG-Bench, and a small model trained on them.

The images look faintly like scans and mean nothing. The model is of no medical use.
"""
