"""Mixtures of experts: trees behind a router, compiled."""
