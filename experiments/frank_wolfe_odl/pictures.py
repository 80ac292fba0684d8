"""Pictures of the dictionary experiment: recovery, rate, drift, and an image without its noise."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

mpl.use("Agg")
# Okabe and Ito's colours, which colour-blind readers can tell apart
_COLOURS = ("#0072B2", "#56B4E9", "#999999", "#CC79A7", "#D55E00", "#009E73", "#E69F00", "#000000")
_STYLE: dict[Any, Any] = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}

Runs = Sequence[dict[str, Any]]


def draw_recovery(out: Path, panels: Mapping[str, Mapping[str, Runs]]) -> None:
    """Draw errors over samples: geometric mean and range over the seeds."""
    names = list(dict.fromkeys(m for methods in panels.values() for m in methods))
    colour = dict(zip(names, _COLOURS, strict=False))
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(
            1, len(panels), figsize=(5.2 * len(panels), 3.8), layout="constrained", squeeze=False
        )
        for ax, (title, methods) in zip(axes[0], panels.items(), strict=True):
            for name, runs in methods.items():
                errors = np.maximum([r["error"] for r in runs], 1e-16)
                at = runs[0]["samples"]
                middle = np.exp(np.log(errors).mean(axis=0))
                ax.loglog(at, middle, color=colour[name], lw=1.7, label=name)
                ax.fill_between(
                    at, errors.min(axis=0), errors.max(axis=0), color=colour[name], alpha=0.12, lw=0
                )
            ax.set_title(title, loc="left")
            ax.set(xlabel="samples", ylabel="recovery error")
        handles = {h.get_label(): h for ax in axes[0] for h in ax.get_lines()}
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False
        )
        figure.savefig(out / "frank_wolfe_odl_recovery.png", dpi=110)
        plt.close(figure)


def draw_rate(out: Path, runs: Runs) -> None:
    """Draw the lowest gap so far on log axes, beside the theorem's rate."""
    with mpl.rc_context(_STYLE):
        figure, ax = plt.subplots(figsize=(5.4, 3.8), layout="constrained")
        for project, colour, name in (
            (True, "#0072B2", "re-projected"),
            (False, "#D55E00", "ball"),
        ):
            for i, run in enumerate(r for r in runs if r["reproject"] == project):
                gap = np.minimum.accumulate(run["gap"])
                ax.loglog(run["steps"], gap, color=colour, lw=1.0, label=None if i else name)
        t = np.array(runs[0]["steps"], dtype=float)
        bound = np.log(t) / t**0.25
        bound *= np.minimum.accumulate(runs[0]["gap"])[0] / bound[0]
        ax.loglog(t, bound, "k--", lw=1.2, label="ln(t) / t^(1/4), scaled")
        ax.set(xlabel="step t", ylabel="lowest Frank-Wolfe gap so far")
        ax.set_title("Rate, one line a seed", loc="left")
        ax.legend(frameon=False)
        figure.savefig(out / "frank_wolfe_odl_rate.png", dpi=110)
        plt.close(figure)


def draw_drift(out: Path, runs: Runs) -> None:
    """Draw mean errors over batches, one panel a scene."""
    scenes = list(dict.fromkeys(r["scene"] for r in runs))
    models = list(dict.fromkeys(r["model"] for r in runs))
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(
            1, len(scenes), figsize=(3.6 * len(scenes), 3.4), sharey=True, layout="constrained",
            squeeze=False,
        )  # fmt: skip
        for ax, scene in zip(axes[0], scenes, strict=True):
            for colour, model in zip(_COLOURS, models, strict=False):
                curves = [r["curve"] for r in runs if r["scene"] == scene and r["model"] == model]
                if curves:
                    middle = np.maximum(np.mean(curves, axis=0), 1e-6)
                    at = 20 * np.arange(1, len(middle) + 1)
                    ax.semilogy(at, middle, color=colour, lw=1.3, label=model)
            ax.set_title(scene, loc="left")
            ax.set_xlabel("batches of 10")
        axes[0][0].set_ylabel("mean recovery error (below 1e-6 cut)")
        handles = {h.get_label(): h for ax in axes[0] for h in ax.get_lines()}
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=3, frameon=False
        )
        figure.savefig(out / "frank_wolfe_odl_drift.png", dpi=100)
        plt.close(figure)


def draw_image(out: Path, result: dict[str, Any]) -> None:
    """Draw the images with their PSNR, and the atoms."""
    images, psnr = result["images"], result["psnr"]
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(1, len(images) + 1, figsize=(15.0, 2.9), layout="constrained")
        for ax, (name, image) in zip(axes, images.items(), strict=False):
            ax.imshow(image, cmap="gray", vmin=0.0, vmax=1.0)
            ax.set_title(f"{name}, {psnr[name]:.2f} dB" if name in psnr else name)
        tiles = np.full((8 * 9 + 1, 8 * 9 + 1), np.nan)
        for i, atom in enumerate(result["atoms"]):
            row, column = 1 + 9 * (i // 8), 1 + 9 * (i % 8)
            tiles[row : row + 8, column : column + 8] = atom.reshape(8, 8) / abs(atom).max()
        axes[-1].imshow(tiles, cmap="gray")
        axes[-1].set_title("64 atoms, annealed")
        for ax in axes:
            ax.set_axis_off()
        figure.savefig(out / "frank_wolfe_odl_image.png", dpi=60)
        plt.close(figure)
