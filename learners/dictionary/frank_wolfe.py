r"""Stochastic Frank-Wolfe for an orthogonal dictionary: the published method.

It maximises $E \|A y\|_p^p / p$ over matrices of spectral norm at most 1, whose maxima are
orthogonal: sparse codes have the largest p-norm of all with the same length.
"""

from typing import Any

from olearn.learners.dictionary.polar_factor import polar, polar_of_near


def step_sizes(t: int, schedule: str = "clipped") -> tuple[float, float]:
    """Return the weight of the newest gradient and the step towards the best matrix.

    `"published"`: 4/(t+1)^(1/2) and 2/(t+2)^(3/4), both above 1 at first; `"clipped"`: the same,
    at most 1, so that no step leaves the ball; `"convex"`: 4/(t+8)^(2/3) and 2/(t+8), the baseline
    known from convex problems.
    """
    if schedule == "convex":
        return 4.0 / (t + 8.0) ** (2.0 / 3.0), 2.0 / (t + 8.0)
    rho, gamma = 4.0 / (t + 1.0) ** 0.5, 2.0 / (t + 2.0) ** 0.75
    if schedule == "clipped":
        return min(rho, 1.0), min(gamma, 1.0)
    return rho, gamma


def gradient(Z: Any, X: Any, w: Any, p: int) -> Any:
    """Return the gradient of the p-norm of the codes: `Z` and `X` `(b, n)`, `w` `(b,)` or None."""
    H = Z * abs(Z) if p == 3 else Z**3  # sign(z) |z|^(p-1); zero stays zero
    if w is not None:
        H = H * w[:, None]
    return H.T @ X / len(X)


def objective(A: Any, X: Any, p: int = 3) -> float:
    r"""Return $\|A y\|_p^p / p$, averaged over the samples in the rows of `X`."""
    return float((abs(X @ A.T) ** p).sum()) / (p * len(X))


def with_unique_factor(G: Any, A: Any, eps: float) -> Any:
    r"""Return $G + \epsilon \|G\|_F A / \sqrt n$.

    A gradient of few samples has rank below n and no unique polar factor; rounding would choose
    one, and runs would differ between machines. The term chooses the one next to `A`.
    """
    scale = eps * float((G * G).sum()) ** 0.5 / len(G) ** 0.5
    return G + scale * A if scale > 0.0 else G


class FrankWolfe:
    """State and step of the method; arrays of one kind, NumPy's or torch's.

    Parameters
    ----------
    A
        Start: orthogonal, atoms in rows, `(n, n)`.
    p
        3 or 4.
    schedule
        As in `step_sizes`.
    rho_min, gamma_min
        Floors under both step sizes.
    eps
        Weight of `A` in the matrix whose polar factor is taken.
    reproject
        Whether each step ends with an orthogonal `A`; else it stays in the ball.
    refresh
        A new polar factor every so many steps; steps in between go on towards the last one.
    method
        How polar factors are computed.

    """

    def __init__(
        self,
        A: Any,
        *,
        p: int = 3,
        schedule: str = "clipped",
        rho_min: float = 0.0,
        gamma_min: float = 0.0,
        eps: float = 1e-3,
        reproject: bool = True,
        refresh: int = 1,
        method: str = "auto",
    ) -> None:
        self.p = p
        self.schedule = schedule
        self.rho_min = rho_min
        self.gamma_min = gamma_min
        self.eps = eps
        self.reproject = reproject
        self.refresh = refresh
        self.method = method
        self.start(A)

    def start(self, A: Any) -> None:
        """Begin anew from `A`."""
        self.A = A
        self.G = 0.0 * A
        self.target = A
        self.gap = float("nan")  # of the last batch that was not all zero
        self.t = 0

    def step(self, X: Any, w: Any, Z: Any) -> None:
        """Learn a batch with its codes `Z = X @ A.T`."""
        rho, gamma = step_sizes(self.t, self.schedule)
        rho, gamma = max(rho, self.rho_min), max(gamma, self.gamma_min)
        self.G = (1.0 - rho) * self.G + rho * gradient(Z, X, w, self.p)
        renew = self.t % self.refresh == 0
        self.t += 1
        if not float(abs(self.G).max()) > 0.0:  # nothing but zeros so far
            return
        if renew:
            self.target = polar(with_unique_factor(self.G, self.A, self.eps), self.method)
            self.gap = float((self.G * (self.target - self.A)).sum())
        self.A = (1.0 - gamma) * self.A + gamma * self.target
        if self.reproject and renew:
            # a long step may leave no orthogonal matrix near by
            self.A = polar_of_near(self.A) if gamma <= 0.2 else polar(self.A, self.method)

    def orthogonal(self) -> Any:
        """Return the orthogonal matrix next to `A`, or `A` where steps leave it orthogonal."""
        return self.A if self.reproject and self.refresh == 1 else polar_of_near(self.A)

    def rebuild(self, change: Any) -> None:
        """Apply `change(matrix, fill)`, which grows a matrix with `fill` on its new diagonal."""
        self.A = change(self.A, 1.0)
        self.target = change(self.target, 1.0)
        self.G = change(self.G, 0.0)
