"""Weights between two blocks: recursive least squares over the rows that wait for their block."""

from typing import Any

import numpy as np

from olearn.learners.analytic.ridge_core import SUB_BLOCK, CovarianceState


class PendingWeights:
    r"""The weights after any number of waiting rows, one row at a time.

    R is left as it stands at the start of a sub-block. A row reads it once:
    $r = R\phi - G^T G\phi$, $d = 1 + \phi^T r$, $W \leftarrow W + r (y - \phi W) / d$, and
    $r / \sqrt d$ becomes the next row of G. A full sub-block is then learnt as one block, from its
    start, so that R does not depend on which of its rows were read one at a time.

    Parameters
    ----------
    base
        State before the waiting rows; it is changed.

    """

    def __init__(self, base: CovarianceState, ops: Any) -> None:
        self.base = base
        self._ops = ops
        self.n_rows = 0  # waiting rows in `base`
        self._restart()

    def _restart(self) -> None:
        n = self.base.W.shape[0]
        self._G = self._ops.array(np.zeros((SUB_BLOCK, n)))
        self._q = 0
        self._scale = 1.0  # of R, by forgetting
        self.W = self._ops.copy(self.base.W)

    @property
    def position(self) -> int:
        """Waiting rows that `W` has learnt."""
        return self.n_rows + self._q

    def learn_block(self, Phi: Any, Y: Any, decay: float) -> None:
        """Learn one whole sub-block; rows of it that were learnt singly are learnt anew."""
        self.base.learn(Phi, Y, decay)
        self.n_rows += len(Phi)
        self._restart()

    def learn_row(self, phi: Any, y: Any, decay: float) -> None:
        """Learn one row; `phi` and `y` are multiplied by the root of its weight."""
        q = self._q
        self._scale /= decay
        r = self._ops.times(self.base.R, phi)
        if q:
            G = self._G[:q]
            r = r - G.T @ (G @ phi)
        r = self._scale * r
        d = max(1.0 + phi @ r, 1.0)  # less is a rounding error, of very large features
        self.W += r[:, None] * ((y - phi @ self.W) / d)[None]
        self._G[q] = r / (d * self._scale) ** 0.5
        self._q = q + 1
