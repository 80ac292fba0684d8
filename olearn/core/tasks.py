"""What streams are for and learners do, in one word each."""

CLASSIFICATION = "classification"
REGRESSION = "regression"
ANOMALY = "anomaly"
NO_TASK = "none"  # rows without a target
