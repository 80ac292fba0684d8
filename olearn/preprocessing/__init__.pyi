"""Made from the `__all__` of the files by `make readme`."""

from olearn.preprocessing.date_parts import DateParts as DateParts
from olearn.preprocessing.select import Discard as Discard
from olearn.preprocessing.feature_hasher import FeatureHasher as FeatureHasher
from olearn.preprocessing.lags import Lags as Lags
from olearn.preprocessing.max_abs_scaler import MaxAbsScaler as MaxAbsScaler
from olearn.preprocessing.min_max_scaler import MinMaxScaler as MinMaxScaler
from olearn.preprocessing.one_hot_encoder import OneHotEncoder as OneHotEncoder
from olearn.preprocessing.ordinal_encoder import OrdinalEncoder as OrdinalEncoder
from olearn.preprocessing.previous_imputer import PreviousImputer as PreviousImputer
from olearn.preprocessing.select import Select as Select
from olearn.preprocessing.standard_scaler import StandardScaler as StandardScaler
from olearn.preprocessing.stat_imputer import StatImputer as StatImputer
from olearn.preprocessing.target_agg import TargetAgg as TargetAgg
