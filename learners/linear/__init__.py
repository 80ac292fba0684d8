"""Linear models by stochastic gradient descent, compiled: river's arithmetic, whole arrays."""
