"""The rehearsal experiment and its benchmark, at tiny size on images made here."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")
torch = pytest.importorskip("torch", reason="the learners are networks")

import benchmarks.replay as bench  # noqa: E402 - all after the skips
from olearn.streams import images  # noqa: E402
from replay import run as script  # noqa: E402
from replay import tables  # noqa: E402

_GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "replay"


@pytest.fixture
def coloured(tmp_path, monkeypatch):
    """Ten colours with noise, in the place where decoded images are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("OLEARN_DATA", raising=False)
    facts = images.IMAGE_SETS["cifar10_mini"]
    folder = images._kept_folder(facts, facts.sha256)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (10, 3, 1, 1))
    for part, n in (("train", 4), ("test", 2)):
        y = np.repeat(np.arange(10), n)
        X = colours[y] + rng.integers(-40, 40, (len(y), 3, 32, 32))
        np.save(folder / f"X_{part}.npy", X.clip(0, 255).astype(np.uint8))
        np.save(folder / f"y_{part}.npy", y)
    (folder / "labels.json").write_text(json.dumps(facts.labels))


def test_runs_are_written_and_not_repeated(coloured, tmp_path, monkeypatch, capsys):
    """Every method has its run with all facts; a second call runs only what is missing."""
    args = script.Args(
        methods=("PCR", "OnPro"), data=("cifar10_mini",), seeds=1, width=2, n_jobs=1,
        out=tmp_path / "out",
    )  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["replay.py"])
    script.main(args)
    path = args.out / "replay.json"
    first = json.loads(path.read_text())
    assert {"version", "command", "date", "cpu_count", "seconds", "protocol"} <= first.keys()
    assert [run["method"] for run in first["runs"]] == ["PCR", "OnPro"]
    for run in first["runs"]:
        assert np.array(run["accuracy"]).shape == (5, 5)
        assert run["task_ends"] == [8, 16, 24, 32, 40]
        assert run["curve"][-1][0] == 40
    script.main(dataclasses.replace(args, methods=("ER", "PCR", "OnPro")))
    second = json.loads(path.read_text())
    assert [run["method"] for run in second["runs"]] == ["ER", "PCR", "OnPro"]
    assert second["runs"][1:] == first["runs"]
    printed = capsys.readouterr().out
    assert "| OnPro | 1 |" in printed
    assert (args.out / "replay.png").stat().st_size > 10_000


def test_other_protocol_begins_anew(tmp_path):
    """Runs of another protocol are not taken over."""
    (job, *_) = script.make_jobs(script.Args(), ["cifar10"])
    path = tmp_path / "replay.json"
    script.write_runs(path, {"protocol": script.protocol(job), "seconds": 5}, [{"a": 1}])
    assert script.read_runs(path, script.protocol(job)) == ([{"a": 1}], 5)
    other = dataclasses.replace(job, width=3)
    assert script.read_runs(path, script.protocol(other)) == ([], 0.0)


def test_full_profile_is_the_papers():
    """Ten seeds, the papers' memories, the authors' parameters of each data set."""
    jobs = list(script.make_jobs(script.Args(profile="full"), list(script.MEMORIES)))
    sizes = {(job.method, job.data): set() for job in jobs}
    for job in jobs:
        sizes[job.method, job.data].add(job.memory)
    assert sizes["PCR", "cifar10"] == {100, 200, 500, 1000}
    assert sizes["OnPro", "cifar10"] == {100, 200, 500}
    assert {job.seed for job in jobs} == set(range(10))
    assert {job.train_per_class for job in jobs} == {None}
    pick = {(j.method, j.data): j for j in jobs}
    onpro = script.make_model(pick["OnPro", "cifar10"])
    assert (onpro.mixing, onpro.base, onpro.similarity, onpro.width) == (0.6, 0.75, 0.5, 64)
    tiny = script.make_model(pick["OnPro", "tiny_imagenet"])
    assert (tiny.mixing, tiny.base, tiny.similarity, tiny.replay_size) == (0.2, 0.9, 1.0, 64)
    assert tiny.pixel_mean == (0.4802, 0.4480, 0.3975)
    alphas = [script.make_model(pick["HPCR", data]).alpha for data in ("cifar10", "cifar100")]
    assert alphas == [0.01, 0.1]


def test_orders_of_the_classes(coloured, monkeypatch):
    """Small: the programs' order on CIFAR-10; full: drawn for PCR's family, natural for OnPro."""
    monkeypatch.setitem(images.IMAGE_SETS, "cifar10", images.IMAGE_SETS["cifar10_mini"])
    (job, *_) = script.make_jobs(script.Args(methods=("ER",)), ["cifar10"])
    assert script.make_stream(job).tasks[0] == ("bird", "ship")
    full = dataclasses.replace(job, profile="full")
    drawn = {script.make_stream(dataclasses.replace(full, seed=s)).tasks for s in range(3)}
    assert len(drawn) == 3
    onpro = dataclasses.replace(full, method="OnPro")
    assert script.make_stream(onpro).tasks[0] == ("airplane", "automobile")


def test_verdict_and_table():
    """A gain whose interval lies above zero is above ER; programs stand beside their protocol."""

    def run(method, seed, value):
        accuracy = [[0.9, 0.0], [value - 0.1, value + 0.1]]
        shown = {"method": method, "data": "cifar10", "memory": 200, "images": "cifar10"}
        run = {"seed": seed, "tasks": [[0], [1]], "task_ends": [10, 20], "accuracy": accuracy}
        return {**shown, **run, "seconds": [1.0, 1.0], "cpu_seconds": [0.5, 0.5], "curve": []}

    values = {"ER": (0.2, 0.21, 0.19), "PCR": (0.35, 0.36, 0.35), "HPCR": (0.2, 0.3, 0.1)}
    runs = [run(m, seed, v) for m, found in values.items() for seed, v in enumerate(found)]
    (results,) = tables.results_of(runs).values()
    text = tables.verdict(results)
    assert "PCR +15.3 ± 1.4 points (**above**; above in 3 of 3 seeds)" in text
    assert "HPCR +0.0 ± 22.4 points (unclear; above in 1 of 3 seeds)" in text
    lines = tables.table(results, "cifar10", 200, True)
    assert "| PCR | 3 | 35.3 ± 1.4 |" in lines[3]
    assert lines[3].endswith("| 33.8 | 16.2 | 20.8 | - | 50.3 |")
    assert "PCR paper (not verified)" in lines[0]
    assert "33.8 |" not in tables.table(results, "cifar10", 200, False)[3]


def test_benchmark_relates_ours_to_the_plain_step(tmp_path, monkeypatch):
    """A line a method and precision; the ratio is that of the speeds."""
    monkeypatch.setattr(sys, "argv", ["replay.py"])
    options = {"methods": "ER,UER", "steps": 1, "turns": 1, "width": 2, "variants": "float32"}
    bench.main(bench.Args(**options, out=str(tmp_path / "speed")))
    lines = json.loads((tmp_path / "speed.json").read_text())["comparisons"]
    assert [line["ours"] for line in lines] == ["ER, float32", "UER, float32"]
    plain = lines[0]["plain step, images/CPU s"]
    assert lines[0]["times the plain step"] == pytest.approx(
        lines[0]["images/CPU s"] / plain, abs=0.02
    )
    assert lines[1]["times the plain step"] is None


def test_plain_step_of_the_benchmark_is_pcr():
    """What is timed has the loss of the reference program."""
    with np.load(_GOLDEN / "pcr_hpcr.npz") as file:
        parts = ("f_stream", "f_stream_aug", "f_mem", "f_mem_aug")
        features = torch.from_numpy(np.concatenate([file[f"A/{part}"] for part in parts]))
        y_new, y_old = (torch.from_numpy(file[f"A/{name}"]) for name in ("y_stream", "y_mem"))
        loss = bench.proxy_loss(
            features, torch.from_numpy(file["A/W"]), torch.cat([y_new, y_new, y_old, y_old])
        )
        assert float(loss) == pytest.approx(float(file["A/pcr_loss"]), rel=1e-6)


def test_plain_augmentation_keeps_size_and_range():
    """Pixels stay in [0, 1]; a grey image keeps its mean near."""
    image = torch.rand(3, 32, 32)
    views = [bench.augment(image) for _ in range(20)]
    assert all(
        view.shape == image.shape and 0.0 <= view.min() <= view.max() <= 1.0 for view in views
    )
    assert len({float(view.mean()) for view in views}) == 20
