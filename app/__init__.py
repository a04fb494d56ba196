"""Counterfoil: the back office of a small subscription business."""

__version__ = "0.1.0"
