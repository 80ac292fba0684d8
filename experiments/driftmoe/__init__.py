"""DriftMoE, Aspis et al. 2025: the table of the paper, and DriftMoE+ taken apart."""
