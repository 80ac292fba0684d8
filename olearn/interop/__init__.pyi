"""Made from the `__all__` of the files by `make readme`."""

from olearn.interop.conversion import from_river as from_river
from olearn.interop.conversion import to_river as to_river
