"""Mixtures of experts behind a router, compiled."""
