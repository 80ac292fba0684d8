"""Rehearsal: images of the stream per CPU second, beside a plain step in the published order.

    python experiments/benchmarks/replay.py
    python experiments/benchmarks/replay.py --device cuda --steps 200

The plain step is what one writes first: float32, channels first, a loop over single images for the
augmentation (Pillow on 8-bit images, as in the programs of PCR and HPCR), no more than the paper
says. Ours and the plain one take turns, a few steps each, on the same images; the median of the
turns counts. Trunk of width 20, batches of 10 and 10 replayed, 32 pixels, one thread.
"""

import dataclasses
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _timing import RESULTS, option, parse, write
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from torch import Tensor, nn
from torch.nn import functional

from olearn import learners

# of the authors' programs, images of the stream per CPU second on another, busy machine
PROGRAMS = {"ER": 34.4, "UER": 36.0, "PCR": 20.8, "HPCR": 18.0}
_TAU = 0.09


@dataclass
class Args:
    """Options of the benchmark."""

    methods: str = option("ER,UER,PCR,HPCR", "methods, separated by commas; OnPro is one more")
    steps: int = option(6, "steps a turn")
    turns: int = option(7, "turns of ours and of the plain step")
    threads: int = option(1, "threads of torch")
    device: str = option("cpu", "torch device")
    variants: str = option("float32,bfloat16", "precisions of ours; compiled is one more")
    width: int = option(20, "channels of the trunk's first stage")
    seed: int = option(1, "seed of images and weights")
    out: str = option(str(RESULTS / "replay_speed"), "result files, without suffix")


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            conv = nn.Conv2d(n_in, n_out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map a batch of maps."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + self.shortcut(x))


class PlainNetwork(nn.Module):
    """The reduced ResNet-18 and a linear head of all classes."""

    def __init__(self, width: int, n_classes: int, bias: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, 1, 1, bias=False)]
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
        n_in = width
        for k in range(4):
            n_out = width * 2**k
            layers += [Block(n_in, n_out, 1 if k == 0 else 2), Block(n_out, n_out, 1)]
            n_in = n_out
        self.trunk = nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten())
        self.head = nn.Linear(n_in, n_classes, bias=bias)


class PlainReplay:
    """Experience replay, step by step as the paper has it; a subclass has its loss."""

    bias = True

    def __init__(self, width: int, n_classes: int, memory_size: int, seed: int) -> None:
        torch.manual_seed(seed)
        random.seed(seed)
        self.network = PlainNetwork(width, n_classes, self.bias)
        self.optimiser = torch.optim.SGD(self.network.parameters(), lr=0.1)
        self.images: list[Tensor] = []
        self.labels: list[int] = []
        self.size, self.n_seen = memory_size, 0

    def learn_many(self, X: NDArray[np.uint8], y: NDArray[np.int64]) -> None:
        """Take one step with a batch, then offer it to the memory."""
        x, labels = torch.from_numpy(X).float() / 255.0, torch.from_numpy(y)
        drawn = random.sample(range(len(self.images)), min(10, len(self.images)))
        self.network.train()
        self.optimiser.zero_grad()
        if drawn:
            memory = torch.stack([self.images[k] for k in drawn])
            loss = self.loss(x, labels, memory, torch.tensor([self.labels[k] for k in drawn]))
            loss.backward()
            self.optimiser.step()
        for image, label in zip(x, y.tolist(), strict=True):
            self.n_seen += 1
            if len(self.images) < self.size:
                self.images.append(image)
                self.labels.append(label)
            elif (slot := random.randrange(self.n_seen)) < self.size:
                self.images[slot], self.labels[slot] = image, label

    def loss(self, x: Tensor, y: Tensor, memory: Tensor, y_memory: Tensor) -> Tensor:
        """Return two cross-entropies, a pass each."""
        new, old = (self.network.head(self.network.trunk(part)) for part in (x, memory))
        return functional.cross_entropy(new, y) + functional.cross_entropy(old, y_memory)


class PlainPCR(PlainReplay):
    """PCR with one denominator term for each row of the joint batch."""

    bias = False

    def loss(self, x: Tensor, y: Tensor, memory: Tensor, y_memory: Tensor) -> Tensor:
        """Return the contrast of both views of stream and memory with their proxies."""
        features = [
            self.network.trunk(torch.cat([part, torch.stack([augment(image) for image in part])]))
            for part in (x, memory)
        ]
        labels = torch.cat([y, y, y_memory, y_memory])
        return proxy_loss(torch.cat(features), self.network.head.weight, labels)


def proxy_loss(features: Tensor, proxies: Tensor, y: Tensor) -> Tensor:
    """Return PCR's loss by its definition: rows against the proxies of all rows."""
    f = features / (features.norm(dim=1, keepdim=True) + 1e-6)
    w = proxies / (proxies.norm(dim=1, keepdim=True) + 1e-6)
    logits = f @ w[y].T / _TAU
    own = (f * w[y]).sum(dim=1) / _TAU
    return (torch.logsumexp(logits, dim=1) - own).mean()


def augment(image: Tensor) -> Tensor:
    """Crop, flip, jitter and grey one image, 8 bits a pixel, as a picture."""
    array = (image * 255.0).byte().permute(1, 2, 0).numpy()
    picture = Image.fromarray(array)
    side = picture.width
    area, ratio = random.uniform(0.2, 1.0), np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
    width = min(side, max(1, round(side * (area * ratio) ** 0.5)))
    height = min(side, max(1, round(side * (area / ratio) ** 0.5)))
    left, top = random.randint(0, side - width), random.randint(0, side - height)
    box = (left, top, left + width, top + height)
    picture = picture.resize((side, side), Image.Resampling.BILINEAR, box=box)
    if random.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if random.random() < 0.8:
        changes: list[Callable[[Image.Image], Image.Image]] = [
            lambda p: ImageEnhance.Brightness(p).enhance(random.uniform(0.6, 1.4)),
            lambda p: ImageEnhance.Contrast(p).enhance(random.uniform(0.6, 1.4)),
            lambda p: ImageEnhance.Color(p).enhance(random.uniform(0.6, 1.4)),
            turn_hue,
        ]
        random.shuffle(changes)
        for change in changes:
            picture = change(picture)
    if random.random() < 0.2:
        picture = picture.convert("L").convert("RGB")
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).float() / 255.0


def turn_hue(picture: Image.Image) -> Image.Image:
    """Turn the hue by up to a tenth of the circle."""
    hue, saturation, value = picture.convert("HSV").split()
    turned = np.asarray(hue, np.int16) + round(255.0 * random.uniform(-0.1, 0.1))
    hue = Image.fromarray((turned % 256).astype(np.uint8))
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def make_ours(method: str, args: Args, variant: str) -> Any:
    """Return our classifier."""
    kind = getattr(learners, f"{method}Classifier")
    settings = {"width": args.width, "device": args.device, "seed": args.seed}
    settings |= {"compile": True} if variant == "compiled" else {"precision": variant}
    return kind(classes=list(range(10)), **settings)


def make_plain(method: str, args: Args) -> PlainReplay | None:
    """Return the plain step of a method, on the CPU; ER and PCR have one."""
    kind = {"ER": PlainReplay, "PCR": PlainPCR}.get(method)
    if kind is None or args.device != "cpu":
        return None
    return kind(args.width, 10, 200, args.seed)


def sample_batches(args: Args) -> list[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Draw batches of 10 images of noise; their pixels do not matter for the time."""
    rng = np.random.default_rng(args.seed)
    n = args.steps
    X = rng.integers(0, 256, (n, 10, 3, 32, 32)).astype(np.uint8)
    return list(zip(X, rng.integers(0, 10, (n, 10)), strict=True))


def time_turns(models: dict[str, Any], args: Args) -> dict[str, tuple[float, float]]:
    """Return images per CPU second and per second of each model, all taking turns."""
    batches = sample_batches(args)
    for model in models.values():
        for X, y in [*batches, *batches][: max(6, args.steps)]:  # fills the memory's first batches
            model.learn_many(X, y)
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for _ in range(args.turns):
        for name, model in models.items():
            wall, cpu = time.perf_counter(), time.process_time()
            for X, y in batches:
                model.learn_many(X, y)
            if args.device.startswith("cuda"):
                torch.cuda.synchronize()
            spent = time.process_time() - cpu, time.perf_counter() - wall
            rates[name].append((10 * len(batches) / spent[0], 10 * len(batches) / spent[1]))
    medians = {name: np.median(found, axis=0).tolist() for name, found in rates.items()}
    return {name: (cpu, wall) for name, (cpu, wall) in medians.items()}


def speed_line(method: str, args: Args) -> list[dict[str, Any]]:
    """Time a method, and the plain step beside it."""
    variants = args.variants.split(",")
    models: dict[str, Any] = {f"{method}, {v}": make_ours(method, args, v) for v in variants}
    plain = make_plain(method, args)
    if plain is not None:
        models["plain"] = plain
    found = time_turns(models, args)
    reference = found.pop("plain", (None,))[0]
    program = PROGRAMS.get(method)
    lines = []
    for name, (cpu, wall) in found.items():
        ratio = None if reference is None else round(cpu / reference, 2)
        lines.append(
            {
                "ours": name,
                "images/CPU s": round(cpu, 2),
                "images/s": round(wall, 2),
                "plain step, images/CPU s": None if reference is None else round(reference, 2),
                "times the plain step": ratio,
                "program, another machine": program,
                "times the program": None if program is None else round(cpu / program, 2),
            }
        )
        print(lines[-1])
    return lines


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    torch.set_num_threads(args.threads)
    lines = [line for method in args.methods.split(",") for line in speed_line(method, args)]
    title = "Rehearsal: images of the stream per CPU second, 32 pixels, width 20"
    title = title.replace(
        "width 20", f"width {args.width}, {args.threads} thread(s), {args.device}"
    )
    write(Path(args.out), title, dataclasses.replace(args), [], lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
