"""Drift and anomaly detectors: delay, false alarms, calibration, NAB."""
