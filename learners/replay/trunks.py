"""Trunks: networks from inputs to features that are not negative.

Weights are drawn as torch draws them, uniform within 1 / sqrt(inputs of a unit), but from a
generator of the learner's own.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from olearn.learners.analytic._columns import Columns, uniform_row


class ReducedResNet18(nn.Module):
    """Residual network of 18 layers that begins with few channels and keeps small pictures large.

    A 3x3 convolution, then four stages of two blocks with `width` times 1, 2, 4, 8 channels, the
    last three of which halve the picture; no max-pooling. 54.6 million multiplications for a
    picture of 32 pixels and width 20.

    Parameters
    ----------
    channels
        Channels of the pictures.
    width
        Channels of the first stage.
    pool
        Side of the squares that are averaged over at the end, such as 4: a picture of 32 pixels
        gives 8 * width features, one of 84 pixels 32 * width. A smaller map is averaged whole.
        None: the mean of the whole map, whatever its size.

    """

    def __init__(self, channels: int = 3, width: int = 20, pool: int | None = 4) -> None:
        super().__init__()
        self.pool = pool
        self.conv = _conv(channels, width, 3, 1)
        self.norm = nn.BatchNorm2d(width)
        blocks: list[nn.Module] = []
        n_in = width
        for stage in range(4):
            for stride in (1 if stage == 0 else 2, 1):
                n_out = width * 2**stage
                blocks.append(_Block(n_in, n_out, stride))
                n_in = n_out
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.norm(self.conv(x)))
        x = self.blocks(x)
        if self.pool is None:
            return x.mean(dim=(2, 3))
        return functional.avg_pool2d(x, min(self.pool, *x.shape[2:])).flatten(1)


class _Block(nn.Module):
    """Two convolutions, each with batch normalisation, beside a shortcut."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv(n_in, n_out, 3, stride)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.conv2 = _conv(n_out, n_out, 3, 1)
        self.norm2 = nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if n_in != n_out or stride != 1:
            self.shortcut = nn.Sequential(_conv(n_in, n_out, 1, stride), nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def _conv(n_in: int, n_out: int, size: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, size, stride, padding=size // 2, bias=False)


class RowMLP(nn.Module):
    """Dense layers, each with layer norm and ReLU, over columns that may become more.

    The weights of a column are drawn from a generator seeded with the column's key, so they do not
    depend on the order in which columns come. Layer norm treats each row by itself.

    Parameters
    ----------
    hidden
        Widths of the layers; the last is that of the features.
    seed
        With a column's key, it sets the column's weights.

    """

    def __init__(self, hidden: Sequence[int], seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.n_columns = 0
        self.bound = 0.0  # of the weights of a column; set when the first features are known
        self.weight = nn.Parameter(torch.zeros(0, hidden[0]))
        self.bias = nn.Parameter(torch.zeros(hidden[0]))
        pairs = pairwise(hidden)
        self.layers = nn.ModuleList([nn.Linear(n_in, n_out) for n_in, n_out in pairs])

    def widened(self, columns: Columns, n_features: int) -> nn.Parameter | None:
        """Return the first weights for the columns, if they have become more."""
        if not self.bound and n_features:
            self.bound = n_features**-0.5
        new = columns.keys[self.n_columns :]
        if not new and len(self.weight) == columns.width:
            return None
        weight = torch.zeros(columns.width, self.weight.shape[1])
        weight[: len(self.weight)] = self.weight.detach().cpu()
        for place, key in enumerate(new, self.n_columns):
            drawn = uniform_row(self.seed, key, weight.shape[1])
            weight[place] = torch.from_numpy(self.bound * drawn)
        self.n_columns = len(columns)
        return nn.Parameter(weight.to(self.weight.device))

    def forward(self, x: Tensor) -> Tensor:
        x = _activate(torch.addmm(self.bias, x, self.weight))
        for layer in self.layers:
            x = _activate(layer(x))
        return x


def _activate(x: Tensor) -> Tensor:
    return functional.relu(functional.layer_norm(x, x.shape[1:]))


def draw_weights(trunk: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of convolutions and dense layers, and set batch norms to their start."""
    with torch.no_grad():
        for module in trunk.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                bound = module.weight[0].numel() ** -0.5
                for values in (module.weight, module.bias):
                    if values is not None:
                        values.uniform_(-bound, bound, generator=generator)
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()
            elif isinstance(module, RowMLP):
                bound = len(module.bias) ** -0.5
                module.bias.uniform_(-bound, bound, generator=generator)


def make_trunk(build: Callable[[], nn.Module], generator: torch.Generator) -> nn.Module:
    """Make a trunk with weights drawn from the generator; torch's own generator is not touched."""
    with torch.device("meta"):  # else torch would draw weights too
        trunk = build()
    trunk.to_empty(device="cpu")
    draw_weights(trunk, generator)
    return trunk


def torch_seed(seed: int) -> int:
    """Return a seed that torch takes: it refuses those of more than 64 bits."""
    return seed % 2**63
