"""Online learners: river estimators that also learn whole arrays in compiled code."""
