"""Losses over class rows: plain and mixed softmax, and the proxy-based contrastive loss of PCR.

All functions have static shapes and read nothing back from the device: multiplicities are sums of
one-hot rows, and a class that has none is minus infinity in the softmax. Half precision is made
float32 first, float64 stays.
"""

import torch
from torch import Tensor
from torch.nn import functional

EPS = 1e-6  # of the PCR family's normalisation


def wide(x: Tensor) -> Tensor:
    """Return `x` in at least single precision: exponentials and norms need it."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def unit_rows(v: Tensor) -> Tensor:
    r"""Return $v / (\lVert v \rVert_2 + 10^{-6})$ for each row, a new tensor."""
    v = wide(v)
    return v / (v.norm(dim=-1, keepdim=True) + EPS)


def cosine_logits(features: Tensor, rows: Tensor, temperature: float) -> Tensor:
    r"""Return $s_{ic} = u(f_i) \cdot u(w_c) / \tau$, shape `(n, n_classes)`.

    Parameters
    ----------
    features
        $f$, shape `(n, d)`.
    rows
        $w$, a row a class, shape `(n_classes, d)`.
    temperature
        $\tau$, positive.

    """
    return unit_rows(features) @ unit_rows(rows).T / temperature


def one_hot(y: Tensor, n_classes: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return a row of zeros and a one for each code, shape `(n, n_classes)`.

    `torch.nn.functional.one_hot` looks at the codes, which would wait for the device.
    """
    return (y[:, None] == torch.arange(n_classes, device=y.device)).to(dtype)


def softmax_loss(logits: Tensor, y: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits `(n, n_classes)` and codes `(n,)`."""
    return functional.cross_entropy(wide(logits), y)


def mixed_softmax_loss(logits: Tensor, first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    r"""Return the mean of $(1 - \lambda_i) CE(o_i, a_i) + \lambda_i CE(o_i, b_i)$.

    Parameters
    ----------
    logits
        $o$, shape `(n, n_classes)`.
    first, second
        Codes $a$ and $b$ of the two images mixed, int64, shape `(n,)`.
    share
        $\lambda$, the share of the second, in [0, 1], shape `(n,)`.

    """
    logits = wide(logits)
    losses = [functional.cross_entropy(logits, y, reduction="none") for y in (first, second)]
    return torch.lerp(losses[0], losses[1], share.to(logits.dtype)).mean()


def proxy_contrast(logits: Tensor, y: Tensor) -> Tensor:
    r"""Return the proxy-based contrastive loss[^1] of a joint batch.

    $$L = \frac{1}{N} \sum_i \Big[ \log \sum_{j=1}^N \exp s_{i, y_j} - s_{i, y_i} \Big]
        = \frac{1}{N} \sum_i \Big[ \log \sum_c n_c \exp s_{ic} - s_{i, y_i} \Big]$$

    The denominator has one term for each row of the batch, so that a class weighs as often as it
    occurs, and the proxies of absent classes get no gradient at all.

    Parameters
    ----------
    logits
        $s$, cosines of features and proxies by the temperature, shape `(N, n_classes)`.
    y
        Codes of the rows, int64, shape `(N,)`.

    References
    ----------
    [^1]: Lin, H., Zhang, B., Feng, S., Li, X., Ye, Y. (2023). PCR: Proxy-based contrastive replay
        for online class-incremental continual learning. CVPR. arXiv 2304.04408.

    """
    logits = wide(logits)
    counts = one_hot(y, logits.shape[1], logits.dtype).sum(dim=0)
    own = logits.gather(1, y[:, None])[:, 0]
    return (torch.logsumexp(logits + counts.log(), dim=1) - own).mean()
