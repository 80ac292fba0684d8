"""The other losses of PCR and HPCR: contrast of samples with samples, distillation, temperature."""

import math

import torch
from torch import Tensor

from olearn.learners.replay.softmax import one_hot, unit_rows, wide

CONTRASTS = ("proxy", "one", "all")
TEMPERATURE = 0.09
"""Of the probabilities of PCR and HPCR."""
_LOW, _HIGH = 0.05, 0.16  # of the gradient of HPCR


def contrast(features: Tensor, rows: Tensor, y: Tensor, mode: str, temperature: float) -> Tensor:
    r"""Return the contrastive loss of a joint batch with samples as well as proxies.

    The samples and the proxies of their classes are $2N$ points $U$, labels twice; the loss is the
    mean over the anchors $a$ of

    $$-\frac{1}{|P(a)|} \sum_{p \in P(a)} \Big[ \frac{U_a \cdot U_p}{\tau}
        - \log \sum_{q \ne a} \exp \frac{U_a \cdot U_q}{\tau} \Big],$$

    where $P(a)$ are the other points of the label of $a$. Anchors are all points (`"all"`) or the
    samples (`"one"`). Time and memory grow with $N^2$.

    Parameters
    ----------
    features
        $f$, shape `(N, d)`.
    rows
        Proxies, a row a class, shape `(n_classes, d)`.
    y
        Codes of the samples, int64, shape `(N,)`.
    mode
        `"one"` or `"all"`; the third of `CONTRASTS` is `proxy_contrast`.
    temperature
        $\tau$, positive.

    """
    u, w = unit_rows(features), unit_rows(rows)
    points, labels = torch.cat([u, w[y]]), torch.cat([y, y])
    n_anchors = len(points) if mode == "all" else len(u)
    logits = points[:n_anchors] @ points.T / temperature  # (anchors, 2N)
    itself = torch.eye(n_anchors, len(points), dtype=torch.bool, device=u.device)
    scale = torch.logsumexp(logits.masked_fill(itself, -torch.inf), dim=1, keepdim=True)
    alike = (labels[:n_anchors, None] == labels) & ~itself
    positives = alike.to(logits.dtype)  # never none: a sample has its proxy, a proxy its sample
    return (((scale - logits) * positives).sum(dim=1) / positives.sum(dim=1)).mean()


def proxy_distillation(logits: Tensor, stored: Tensor, y: Tensor) -> Tensor:
    r"""Return how far replayed samples have moved from what was said when they were stored.

    $$L_{PCD} = \frac{1}{m} \sum_{i=1}^m \sum_c \frac{n_c}{N} (s_{ic} - \hat s_{ic})^2$$

    Parameters
    ----------
    logits
        $s$ of the replayed rows, shape `(m, n_classes)`.
    stored
        $\hat s$ of the same rows.
    y
        Codes of the joint batch, int64, shape `(N,)`; $n_c$ counts them.

    """
    logits = wide(logits)
    shares = one_hot(y, logits.shape[1], logits.dtype).mean(dim=0)
    return ((logits - stored).square() @ shares).mean()


def sample_distillation(features: Tensor, stored: Tensor, temperature: float) -> Tensor:
    r"""Return the cross-entropy of the similarities between replayed samples, then and now.

    $$L_{SCD} = -\frac{1}{m} \sum_i \sum_{k \ne i} \hat p_{ik} \log p_{ik}, \quad
    p_{ik} \propto \exp(u(f_i) \cdot u(f_k) / \tau),$$

    and $\hat p$ the same of the stored features, a constant.

    Parameters
    ----------
    features
        $f$ of the replayed rows, shape `(m, d)`, at least two rows.
    stored
        $\hat f$ of the same rows.
    temperature
        $\tau$, positive.

    """
    itself = torch.eye(len(features), dtype=torch.bool, device=features.device)

    def similarities(v: Tensor) -> Tensor:
        u = unit_rows(v)
        return (u @ u.T / temperature).masked_fill(itself, -torch.inf)

    target = torch.softmax(similarities(stored), dim=1).detach()
    log_p = torch.log_softmax(similarities(features), dim=1).masked_fill(itself, 0.0)
    return -(target * log_p).sum(dim=1).mean()


def gradient_scale(step: Tensor, period: int = 500) -> Tensor:
    r"""Return the factor $\tau_s$ of the loss at a step: probability by gradient temperature.

    $$\tau_s(i) = \frac{\tau}{\tau_{high}} + \frac{1}{2}
    \Big(\frac{\tau}{\tau_{low}} - \frac{\tau}{\tau_{high}}\Big)
    \Big(1 - \cos \frac{2 \pi i}{T}\Big), \quad \tau = 0.09$$

    The temperature of the gradient is between $\tau_{low} = 0.05$ and $\tau_{high} = 0.16$.

    Parameters
    ----------
    step
        $i$, whole numbers from 0, floating point.
    period
        $T$, in steps; positive.

    Examples
    --------
    >>> import torch
    >>> from olearn.learners.replay.contrast import gradient_scale
    >>> gradient_scale(torch.tensor([0.0, 125.0, 250.0, 500.0])).tolist()
    [0.5625, 1.18125, 1.8, 0.5625]

    """
    least, most = TEMPERATURE / _HIGH, TEMPERATURE / _LOW
    turn = 2.0 * math.pi / period * torch.remainder(step, period)  # exact in single precision
    return least + 0.5 * (most - least) * (1.0 - torch.cos(turn))
