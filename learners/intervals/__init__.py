"""Prediction intervals around the numbers of any regressor."""
