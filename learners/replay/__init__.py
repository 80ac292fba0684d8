"""Rehearsal: each batch of the stream is learnt with a batch from a memory of earlier samples.

Methods differ by an `Objective` only; memory, network, queue and steps are those of
`RehearsalClassifier`. The classes are those of `olearn.learners`; they need torch.
"""
