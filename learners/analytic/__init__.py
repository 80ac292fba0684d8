"""Analytic learners: ridge regression on fixed features, exact in any order and partition.

The estimators are exported by `olearn.learners`. `ridge_core` holds the three forms of the state,
`pending` the weights between two blocks, `heads` the balanced weights, `engine` puts them together.
"""
