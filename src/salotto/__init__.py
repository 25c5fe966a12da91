"""Salotto: a self-hosted unified inbox."""

__version__ = "0.1.0"
