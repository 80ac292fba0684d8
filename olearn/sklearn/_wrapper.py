"""What both wrappers of scikit-learn's interface share: the model, its parameters, its rows."""

import copy
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import Any, Self, TypeVar

import numpy as np
from river import base
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from olearn.base import takes_blocks
from olearn.base.pipeline import last_step
from olearn.core.types import Rows

_Model = TypeVar("_Model", bound=base.Base)


class SklearnWrapper(BaseEstimator):  # type: ignore[misc]
    """A learner behind scikit-learn's interface.

    `model_` is the learner that is trained, a copy of `model`.
    """

    model: Any
    model_: Any

    # -- parameters: those of the model are `model__name` ----------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; with `deep` those of the model too."""
        params: dict[str, Any] = super().get_params(deep=False)
        if deep and isinstance(self.model, base.Base):
            inner = _params_of(self.model)
            params |= {f"model__{name}": value for name, value in inner.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; `model__name` puts a new, untrained model in the place of it."""
        inner = {k: v for k, v in params.items() if k.startswith("model__")}
        outer = {k: v for k, v in params.items() if k not in inner}
        super().set_params(**outer)
        if inner:
            known = _params_of(self.model)
            given = {name.removeprefix("model__"): value for name, value in inner.items()}
            for name in given:
                if name not in known:
                    raise ValueError(
                        f"Invalid parameter {name!r} for {type(self.model).__name__}. "
                        f"Valid parameters are: {sorted(known)}"
                    )
            self.model = self.model.clone(given)
        return self

    # -- rows ------------------------------------------------------------------------------------

    def _untrained(self) -> Any:
        """Return a copy of the model, untrained."""
        if not isinstance(self.model, base.Base):
            raise TypeError(
                f"model must be a learner of olearn or river, got {self.model!r} of type "
                f"{type(self.model).__name__}"
            )
        return self.model.clone()

    def _rows(self, X: Any, reset: bool) -> Any:
        """Return checked rows: a frame that holds text as it is, all else as float64."""
        if hasattr(X, "columns") and hasattr(X, "dtypes") and _holds_text(X):
            _check_feature_names(self, X, reset=reset)
            _check_n_features(self, X, reset=reset)
            return X
        rows = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", order="C"
        )
        return rows

    def _weights(self, sample_weight: Any, X: Any) -> Rows | None:
        if sample_weight is None:
            return None
        if not _takes_weights(self.model_):
            raise ValueError(f"{type(self.model_).__name__} takes no sample_weight")
        rows = X if isinstance(X, np.ndarray) else np.zeros((len(X), 1))
        weights: Rows = _check_sample_weight(
            sample_weight, rows, dtype=np.float64, ensure_non_negative=True
        )
        return weights

    def _learn(self, X: Any, y: Any, w: Rows | None) -> None:
        if takes_blocks(self.model_):
            self.model_.learn_many(X, y, *([] if w is None else [w]))
            return
        weights = [{}] * len(y) if w is None else [{"w": weight} for weight in w.tolist()]
        for x, target, weight in zip(self._dicts(X), y.tolist(), weights, strict=True):
            self.model_.learn_one(x, target, **weight)

    def _dicts(self, X: Any) -> Iterator[dict[Any, Any]]:
        """Yield rows for a model that takes them one by one."""
        if isinstance(X, np.ndarray):
            names = list(range(X.shape[1]))
            rows = X.tolist()
        else:
            names = list(X.columns)
            rows = zip(*(X[name].tolist() for name in names), strict=True)
        for row in rows:
            yield {name: v for name, v in zip(names, row, strict=True) if v == v and v is not None}

    def _fitted_rows(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._rows(X, reset=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "model_" in vars(self):
            # joblib may map its arrays read-only; a learner writes into them
            self.model_ = copy.deepcopy(self.model_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.non_deterministic = False
        return tags


def _takes_weights(model: Any) -> bool:
    """Tell whether a model, or the learner at the end of a pipeline, takes weights."""
    return "w" in signature(last_step(model).learn_one).parameters


def _params_of(model: base.Base) -> Mapping[str, Any]:
    """Return the parameters of a model that have names; the steps of a pipeline have none."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    given = signature(type(model)).parameters.items()
    return {name: getattr(model, name) for name, each in given if each.kind in kinds}


def _holds_text(frame: Any) -> bool:
    """Tell whether a frame has a column that is neither of numbers nor of truth values."""
    import narwhals as nw

    columns = nw.from_native(frame, eager_only=True).schema.dtypes()
    return not all(kind.is_numeric() or kind == nw.Boolean for kind in columns)
