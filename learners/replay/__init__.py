"""Rehearsal: each batch of the stream is learnt with a batch from a memory of earlier samples.

Methods differ by an `Objective` only; queue, memory, network and steps are those of
`RehearsalClassifier`. A new method is one file: an objective, which gives the terms of the loss and
the scores of a prediction, and a classifier whose constructor ends in
`self._start(objective, optimiser)`; `er.py` is the shortest. The classes are those of
`olearn.learners`; they need torch.
"""
