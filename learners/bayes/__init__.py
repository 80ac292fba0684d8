"""Naive Bayes: features are taken for independent within a class."""
