"""Rare labels: weights of classes, and thresholds, around any classifier."""
