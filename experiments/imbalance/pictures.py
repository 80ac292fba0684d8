"""The picture of the experiment on rare labels: F1 of each form, by stream and learner."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from common import Runs

mpl.use("Agg")
_COLOURS = ("#999999", "#0072B2", "#D55E00", "#E69F00", "#009E73")
_STYLE = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}


def draw(path: Path, runs: Runs) -> None:
    """Draw a panel a stream, a group of bars a learner, a bar a form."""
    names = ("stream", "learner", "form")
    streams, learners, forms = (list(dict.fromkeys(run[name] for run in runs)) for name in names)
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(
            len(streams), figsize=(8.0, 2.2 * len(streams)), layout="constrained", squeeze=False
        )
        width = 0.8 / len(forms)
        for ax, stream in zip(axes[:, 0], streams, strict=True):
            for k, form in enumerate(forms):
                means = [
                    np.mean(
                        [
                            100.0 * run["F1"]
                            for run in runs
                            if tuple(run[name] for name in names) == (stream, learner, form)
                        ]
                    )
                    for learner in learners
                ]
                places = np.arange(len(learners)) + (k - (len(forms) - 1) / 2) * width
                ax.bar(places, means, width, label=form, color=_COLOURS[k])
            ax.set_xticks(range(len(learners)), learners)
            ax.set_ylabel("F1, %")
            ax.set_title(stream, loc="left")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(path, dpi=110)
        plt.close(figure)
