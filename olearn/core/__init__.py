"""The ground of olearn: features, labels, checks of arguments, random numbers; no learner here."""
