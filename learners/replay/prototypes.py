"""Losses of OnPro: equilibrium of online prototypes, and contrast of rotated images.

Static shapes, nothing read back from the device; sums in at least single precision.
"""

import torch
from torch import Tensor
from torch.nn import functional

from olearn.learners.replay.softmax import one_hot, wide

INSTANCE_TEMPERATURE = 0.07
PROTOTYPE_TEMPERATURE = 0.5
_EPS = 1e-8  # of the instance loss; not cosmetic, see `instance_contrast`


def class_means(z: Tensor, y: Tensor, n_classes: int) -> tuple[Tensor, Tensor]:
    """Return the mean of the rows of each class, zero where it has none, and which have some.

    Parameters
    ----------
    z
        Shape `(n, d)`.
    y
        Codes, int64, shape `(n,)`.
    n_classes
        Number of rows returned.

    """
    z = wide(z)
    members = one_hot(y, n_classes, z.dtype)
    counts = members.sum(dim=0)
    return members.T @ z / counts.clamp_min(1.0)[:, None], counts > 0


def prototype_equilibrium(means_1: Tensor, means_2: Tensor, present: Tensor) -> Tensor:
    r"""Return the contrast of the prototypes of two views (online prototype equilibrium)[^1].

    $$L = \frac{1}{2K} \sum_a \Big[ \log \sum_{b \ne a} \exp \frac{\bar p_a \cdot \bar p_b}{0.5}
        - \frac{\bar p_a \cdot \bar p_{twin(a)}}{0.5} \Big]$$

    over the $2K$ normalised prototypes of the classes present. One class gives exactly 0, none 0.

    Parameters
    ----------
    means_1, means_2
        Class means of the unit projections of each view, shape `(n_classes, d)`.
    present
        Classes that take part, bool, shape `(n_classes,)`.

    References
    ----------
    [^1]: Wei, Y., Ye, J., Huang, Z., Zhang, J., Shan, H. (2023). Online prototype learning for
        online continual learning. ICCV. arXiv 2308.00301.

    """
    n = len(present)
    nodes = functional.normalize(torch.cat([means_1, means_2]), dim=1)
    there = torch.cat([present, present])
    similarities = nodes @ nodes.T / PROTOTYPE_TEMPERATURE  # (2 n_classes, 2 n_classes)
    twins = torch.cat([similarities.diagonal(n), similarities.diagonal(-n)])
    others = there[None, :] & ~torch.eye(2 * n, dtype=torch.bool, device=nodes.device)
    # the row of an absent class keeps all its terms, for a finite gradient; it is not summed
    hidden = ~others & there[:, None]
    scale = torch.logsumexp(similarities.masked_fill(hidden, -torch.inf), dim=1)
    losses = torch.where(there, scale - twins, 0.0)
    return losses.sum() / there.sum().clamp_min(1)


def instance_similarity(
    projections: Tensor, features: Tensor, begin: int | Tensor, scale: float
) -> Tensor:
    r"""Return $\lambda (P F_{slice}^T + P P^T)$, rows of $P$ and $F$ normalised first.

    Parameters
    ----------
    projections
        Shape `(n, p)`.
    features
        Shape `(n, d)`; the slice are `p` of its columns, or all where it has fewer.
    begin
        First column of the slice, in 0..d-p.
    scale
        $\lambda$.

    """
    p = functional.normalize(wide(projections), dim=1)
    f = functional.normalize(wide(features), dim=1)
    width = min(p.shape[1], f.shape[1])
    columns = begin + torch.arange(width, device=p.device)
    return scale * (p[:, :width] @ f.index_select(1, columns).T + p @ p.T)


def instance_contrast(similarity: Tensor, labels: Tensor, form: str) -> Tensor:
    r"""Return the contrastive loss of all images of two views of a batch.

    With $E_{ij} = \exp((S_{ij} - \max_k S_{ik}) / 0.07)$, the maximum a constant,

    $$nll_{ij} = -\log \Big( \frac{E_{ij}}{\sum_k E_{ik} + 10^{-8}} + 10^{-8} \Big)$$

    and $M_{ij}$ one over the number of rows of label $i$ where $j$ has it too ($i$ itself counts),
    the form `"stream"` puts $E_{ii} = 0$ and adds the twins of the other view,

    $$L = \frac{2}{2B} \sum_{ij} M_{ij} nll_{ij} + \frac{1}{2B} \sum_i nll_{i, twin(i)};$$

    `"memory"` keeps the diagonal, $L = \frac{1}{2B} \sum_{ij} M_{ij} nll_{ij}$.

    Parameters
    ----------
    similarity
        $S$, shape `(2B, 2B)`: `B` rows of one view, then of the other.
    labels
        Codes of the rows of one view, int64, shape `(B,)`; only equality counts.
    form
        `"stream"` or `"memory"`.

    Notes
    -----
    The maximum is mostly the similarity of a row to itself, so that the other $E$ are often below
    $10^{-8}$: written as a log-sum-exp, the loss and its gradients would be others.

    """
    similarity = wide(similarity)
    n = len(similarity)
    most = similarity.amax(dim=1, keepdim=True).detach()
    e = torch.exp((similarity - most) / INSTANCE_TEMPERATURE)
    if form == "stream":
        e = e.masked_fill(torch.eye(n, dtype=torch.bool, device=e.device), 0.0)
    nll = -torch.log(e / (e.sum(dim=1, keepdim=True) + _EPS) + _EPS)
    labels = torch.cat([labels, labels])
    alike = (labels[:, None] == labels).to(nll.dtype)
    loss = (nll * alike).sum(dim=1).div(alike.sum(dim=1)).mean()
    if form == "memory":
        return loss
    twins = torch.cat([nll.diagonal(n // 2), nll.diagonal(-(n // 2))])
    return 2.0 * loss + twins.mean()
