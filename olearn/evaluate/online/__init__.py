"""Learners over one stream: predict, score, learn; compared over several."""
