"""Anomaly detectors: scores of rows that are unlike those before."""
