"""Agents in environments: returns of episodes, and recordings of them."""
