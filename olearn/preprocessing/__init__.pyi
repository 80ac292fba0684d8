"""Made from the `__all__` of the files by `make readme`."""

from olearn.preprocessing.standard_scaler import StandardScaler as StandardScaler
