"""Count, mean and variance of every class, by the updates of Welford and Chan."""

import numpy as np

from olearn.core.types import Codes, Rows


class ClassMoments:
    r"""Weighted count, mean and centred sum of squares per class and feature[^1].

    Two sets join by $\delta = m_b - m_a$, $m = m_a + \delta n_b / n$ and
    $M_2 = M_{2a} + M_{2b} + \delta^2 n_a n_b / n$, which never subtracts large sums: a constant
    feature has variance 0, and one at 1e6 keeps its digits.

    Attributes
    ----------
    n
        Weight of each class, shape `(c,)`.
    mean, m2
        Means and centred sums of squares, shape `(c, d)`.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.analytic.moments import ClassMoments
    >>> moments = ClassMoments()
    >>> moments.grow(1, 1)
    >>> moments.learn(np.array([[1.0], [2.0], [3.0]]), np.array([0, 0, 0]), np.ones(3))
    >>> moments.mean[0], moments.std()[0]
    (array([2.]), array([1.]))

    References
    ----------
    [^1]: Chan, T. F., Golub, G. H., LeVeque, R. J. (1983). Algorithms for computing the sample
        variance. The American Statistician 37(3), 242-247.

    """

    def __init__(self) -> None:
        self.n = np.zeros(0)
        self.mean = np.zeros((0, 0))
        self.m2 = np.zeros((0, 0))

    def grow(self, n_classes: int, n_features: int) -> None:
        """Make room; a new feature was 0 in all earlier rows."""
        c, d = self.mean.shape
        if (n_classes, n_features) == (c, d):
            return
        pads = (0, n_classes - c), (0, n_features - d)
        self.n = np.pad(self.n, pads[0])
        self.mean, self.m2 = np.pad(self.mean, pads), np.pad(self.m2, pads)

    def learn(self, X: Rows, codes: Codes, w: Rows, decay: float = 1.0) -> None:
        """Add rows of weight `w`; all earlier weight is multiplied by `decay` first."""
        if decay != 1.0:
            self.n *= decay
            self.m2 *= decay
        for code in np.flatnonzero(np.bincount(codes, minlength=len(self.n))).tolist():
            of_class = codes == code
            self._add(code, *_moments_of(X[of_class], w[of_class]))

    def merge(self, other: "ClassMoments", classes: Codes, columns: Codes) -> None:
        """Add another set; its class i and column j are `classes[i]` and `columns[j]` here."""
        for i, code in enumerate(classes.tolist()):
            mean, m2 = np.zeros(self.mean.shape[1]), np.zeros(self.mean.shape[1])
            mean[columns], m2[columns] = (a[i, : len(columns)] for a in (other.mean, other.m2))
            self._add(code, float(other.n[i]), mean, m2)

    def _add(self, code: int, n_b: float, mean_b: Rows, m2_b: Rows) -> None:
        n_a = self.n[code]
        n = n_a + n_b
        if n_b <= 0.0:
            return
        delta = mean_b - self.mean[code]
        self.mean[code] += delta * (n_b / n)
        self.m2[code] += m2_b + delta * delta * (n_a * n_b / n)
        self.n[code] = n

    def forget(self, X: Rows, codes: Codes, w: Rows) -> None:
        """Take rows away: `learn` backwards; a variance never falls below 0."""
        for code in np.flatnonzero(np.bincount(codes, minlength=len(self.n))).tolist():
            of_class = codes == code
            n_b, mean_b, m2_b = _moments_of(X[of_class], w[of_class])
            n_a = self.n[code] - n_b
            if n_a <= 0.0:
                self.n[code] = 0.0
                self.mean[code] = self.m2[code] = 0.0
                continue
            mean_a = self.mean[code] + (self.mean[code] - mean_b) * (n_b / n_a)
            delta = mean_b - mean_a
            m2 = self.m2[code] - m2_b - delta * delta * (n_a * n_b / self.n[code])
            self.n[code], self.mean[code], self.m2[code] = n_a, mean_a, np.maximum(m2, 0.0)

    def std(self) -> Rows:
        """Return the unbiased standard deviations, shape `(c, d)`; 0 below two rows."""
        enough = self.n > 1.0
        return np.sqrt(self.m2 / np.where(enough, self.n - 1.0, np.inf)[:, None])

    def twin(self) -> "ClassMoments":
        """Return a copy that learns on its own."""
        other = ClassMoments()
        other.n, other.mean, other.m2 = self.n.copy(), self.mean.copy(), self.m2.copy()
        return other


def _moments_of(X: Rows, w: Rows) -> tuple[float, Rows, Rows]:
    n = float(w.sum())
    mean = w @ X / n
    return n, mean, w @ (X - mean) ** 2
