"""Golden vectors of the rehearsal learners, made with the published programs."""

from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[2] / "golden" / "replay"


@pytest.fixture(scope="session")
def golden():
    """Return a function that reads a file as `{name: tensor}`; floats stay float64."""
    torch = pytest.importorskip("torch")

    def read(name):
        with np.load(GOLDEN / f"{name}.npz") as file:
            return {key: torch.from_numpy(np.asarray(file[key])) for key in file.files}

    return read
