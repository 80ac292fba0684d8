"""Steps as CUDA graphs: one launch instead of some hundreds."""

from collections.abc import Callable, Hashable

import torch
from torch import Tensor


class StepGraphs:
    """Runs a function of tensors, from its third call with the same key on as a CUDA graph.

    Parameters
    ----------
    body
        Function of tensors that writes its results in place. With one key it must do the same
        each time but for the values of its arguments.
    generator
        The generator that `body` draws from.

    """

    def __init__(self, body: Callable[..., None], generator: torch.Generator) -> None:
        self.body = body
        self.generator = generator
        self._graphs: dict[Hashable, tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...]]] = {}
        self._warm: set[Hashable] = set()

    def forget(self) -> None:
        """Drop all graphs: a tensor that they use has been replaced."""
        self._graphs.clear()
        self._warm.clear()

    def __call__(self, key: Hashable, *tensors: Tensor) -> None:
        """Run the body; the first call with a key warms up, the second captures."""
        if key not in self._warm:
            self._warm.add(key)
            self.body(*tensors)
            return
        if key not in self._graphs:
            own = tuple(t.clone() for t in tensors)
            with torch.cuda.device(self.generator.device):
                graph = torch.cuda.CUDAGraph()
                graph.register_generator_state(self.generator)
                with torch.cuda.graph(graph):
                    self.body(*own)  # recorded, not run
            self._graphs[key] = graph, own
        graph, own = self._graphs[key]
        for mine, given in zip(own, tensors, strict=True):
            mine.copy_(given, non_blocking=True)
        graph.replay()
