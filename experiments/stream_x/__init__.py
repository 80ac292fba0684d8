"""Streaming deep RL, Elsayed et al. 2024: curves, ablation, time limits, forecasts."""
