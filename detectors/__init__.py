"""Change detectors: each reads one number at a time and says when its distribution moved.

Every class is a river `DriftDetector`; `update_many` runs a whole array in compiled code.
"""
