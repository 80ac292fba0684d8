"""Nearest neighbours: the rows themselves are the model."""
