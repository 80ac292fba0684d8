"""Streams: iterables of `(x, y)` that can also hand out blocks of arrays.

Synthetic generators are compiled and bit-reproducible from a seed; real sets load by name.
"""
