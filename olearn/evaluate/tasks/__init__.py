"""Learners over tasks that bring new classes: accuracy and forgetting."""
