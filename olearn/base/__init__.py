"""What a learner or detector of your own inherits: the public contract.

Each class is river's, with whole arrays and frames beside one row at a time.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
