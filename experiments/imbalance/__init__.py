"""Rare labels: runs, tables and the picture."""
