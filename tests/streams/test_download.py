"""Tests of `olearn.streams._download`, against a web server on this machine."""

import dataclasses
import gzip
import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from olearn.streams import _download, tables
from olearn.streams._table_facts import TABLES, Download

CSV = "p,q,class\n" + "".join(f"{k},{k / 4},{'ab'[k % 2]}\n" for k in range(40))

ARFF = (
    "@relation r\n@attribute p numeric\n@attribute q numeric\n@attribute class {b,a}\n@data\n"
    + CSV.split("\n", 1)[1]
)


@pytest.fixture
def own(tmp_path, monkeypatch, served):
    """Facts of a small table that the server offers as CSV, and where it will be kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("OLEARN_DATA", raising=False)
    folder, url = served
    (folder / "own.csv").write_text(CSV)
    rows = np.array([[k, k / 4] for k in range(40)])
    codes = np.arange(40) % 2
    content = hashlib.sha256(rows.tobytes() + codes.astype(np.int64).tobytes()).hexdigest()
    sha256 = hashlib.sha256(CSV.encode()).hexdigest()
    table = tables.Table(
        "own",
        "Our own.",
        "own/own.npz",
        (40, 2),
        ("a", "b"),
        None,
        content,
        download=Download(url + "own.csv", "own.csv", sha256),
    )
    return table, tmp_path / "cache" / "olearn" / "own"


def with_download(table, **changes):
    return dataclasses.replace(table, download=dataclasses.replace(table.download, **changes))


def test_download_is_kept(own, served):
    """A table is fetched, converted and found in the cache the next time, without the server."""
    table, folder = own
    stream = tables.TableStream(table)
    assert stream.path == folder / "own.npz"
    assert stream.schema.names == ("p", "q")
    assert next(iter(stream)) == ({"p": 0.0, "q": 0.0}, "a")
    assert [p.name for p in folder.iterdir()] == ["own.npz"]
    (served[0] / "own.csv").unlink()
    assert tables.TableStream(table).n_samples == 40


def test_wrong_checksum_keeps_nothing(own):
    """An original with another checksum is refused, and no file stays."""
    table, folder = own
    with pytest.raises(ValueError, match=r"must have the sha256 checksum 0{64}, got"):
        tables.TableStream(with_download(table, sha256="0" * 64))
    assert list(folder.iterdir()) == []


def test_wrong_content_keeps_nothing(own, served):
    """Where the original's checksum is unknown, the converted rows are compared."""
    table, folder = own
    (served[0] / "own.csv").write_text(CSV.replace("7,1.75", "7,1.76"))
    with pytest.raises(ValueError, match="its content sha256 must be"):
        tables.TableStream(with_download(table, sha256=None))
    assert list(folder.iterdir()) == []
    (served[0] / "own.csv").write_text(CSV)
    assert tables.TableStream(with_download(table, sha256=None)).n_samples == 40


def test_wrong_labels_keep_nothing(own):
    """Labels that the table does not have are named."""
    table, folder = own
    with pytest.raises(ValueError, match=r"must have the labels \('a', 'c'\), got \('a', 'b'\)"):
        tables.TableStream(dataclasses.replace(table, labels=("a", "c")))
    assert list(folder.iterdir()) == []


def test_unreachable_source_says_what_to_do(own):
    """Without the server's file the error names the places, the address and the way out."""
    table, folder = own
    url = table.download.url.replace("own.csv", "gone.csv")
    with pytest.raises(FileNotFoundError) as caught:
        tables.TableStream(with_download(table, url=url))
    for part in (str(folder), url, "404", "OLEARN_DATA", "from_file"):
        assert part in str(caught.value)
    assert list(folder.iterdir()) == []


def test_zip_with_one_arff_inside(own, served):
    """An archive is opened, whatever the file in it is called; labels follow the facts' order."""
    table, _ = own
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__MACOSX/._x.arff", "junk")
        archive.writestr("some folder/x.arff", ARFF)
    (served[0] / "own.zip").write_bytes(packed.getvalue())
    url = table.download.url.replace(".csv", ".zip")
    stream = tables.TableStream(with_download(table, url=url, filename="own.zip", sha256=None))
    assert [y for _, y in stream.take(3)] == ["a", "b", "a"]


def test_zip_with_nothing_to_read(own, served):
    """An archive without a table is refused."""
    table, _ = own
    with zipfile.ZipFile(served[0] / "own.zip", "w") as archive:
        archive.writestr("read.me", "nothing")
    url = table.download.url.replace(".csv", ".zip")
    with pytest.raises(ValueError, match="must hold one ARFF or CSV file"):
        tables.TableStream(with_download(table, url=url, filename="own.zip", sha256=None))


def original_rows(name):
    """The rows of a real table as text, to build an original from, and its column names."""
    path = Path(os.environ.get("OLEARN_DATA", "/nowhere")) / TABLES[name].file
    if not path.is_file():
        pytest.skip(f"the table {name} is not in $OLEARN_DATA")
    stream = tables.TableStream(TABLES[name])
    lines = []
    for X, y in stream.blocks(10_000):
        labels = [stream.schema.labels[code] for code in y]
        for row, label in zip(X.tolist(), labels, strict=True):
            cells = [str(int(v)) if v.is_integer() else repr(v) for v in row]
            lines.append(",".join([*cells, str(label)]))
    return stream.schema.names, "\n".join(lines)


@pytest.mark.parametrize("name", ["electricity", "luxembourg", "phishing"])
def test_originals_give_the_recorded_content(name, served, tmp_path, monkeypatch):
    """An original in its published form ends as a table of the recorded content and names."""
    names, rows = original_rows(name)
    monkeypatch.delenv("OLEARN_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder, url = served
    source = TABLES[name].download
    if source.filename.endswith(".zip"):
        kinds = ["{1,2,3,4,5,6,7}" if feature == "day" else "numeric" for feature in names]
        header = [f"@attribute {f} {kind}" for f, kind in zip(names, kinds, strict=True)]
        text = "\n".join(["@relation r", *header, "@attribute class {UP,DOWN}", "@data", rows])
        with zipfile.ZipFile(folder / source.filename, "w") as archive:
            archive.writestr("r.arff", text)
    else:
        header = ",".join(f"at{j}" for j in range(len(names)))
        (folder / source.filename).write_text(f"{header},target\n{rows}\n")
    table = with_download(TABLES[name], url=url + source.filename)
    stream = tables.TableStream(table)
    assert stream.schema.names == names
    assert tables.Rows(stream.path).content() == TABLES[name].content


def test_covtype_original(tmp_path):
    """UCI's file, header-less with labels 1 to 7, becomes the table's columns and codes."""
    rows = np.zeros((5, 55), int)
    rows[:, :10] = np.arange(50).reshape(5, 10)
    rows[:, 10] = rows[:, 14] = 1
    rows[:, 54] = [1, 2, 7, 3, 1]
    path = tmp_path / "covtype.data.gz"
    path.write_bytes(gzip.compress("\n".join(",".join(map(str, r)) for r in rows).encode()))
    X, y, names = _download.from_covtype(TABLES["covtype"], path)
    np.testing.assert_array_equal(X, rows[:, :54])
    assert y.tolist() == [0, 1, 6, 2, 0]
    assert len(names) == 54
    assert names[9:11] == ["Horizontal_Distance_To_Fire_Points", "Wilderness_Area1"]


def test_kdd99_original(tmp_path):
    """The Cup's file: categories coded alphabetically, the label's full stop cut off."""
    numbers = ",".join(["0"] * 35)
    lines = [
        f"0,tcp,http,SF,181,5450,{numbers},normal.",
        f"0,udp,domain_u,SF,105,146,{numbers},smurf.",
        f"2,icmp,ecr_i,S0,1032,0.5,{numbers},normal.",
    ]
    path = tmp_path / "kddcup99_10_data.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    table = TABLES["kdd99_10pct"]
    X, y, names = _download.from_kdd99(table, path)
    np.testing.assert_array_equal(
        X[:, :6], [[0, 1, 2, 1, 181, 5450], [0, 2, 0, 1, 105, 146], [2, 0, 1, 0, 1032, 0.5]]
    )
    assert [table.labels[code] for code in y] == ["normal", "smurf", "normal"]
    assert len(names) == X.shape[1] == 41


def test_prepared_files_are_compact():
    """Whole numbers are stored as int16 where that loses nothing, else as they are."""
    assert _download._compact(np.array([[1.0, -5.0]])).dtype == np.int16
    for values in ([0.5, 1.0], [40_000.0, 1.0], [np.nan, 1.0]):
        assert _download._compact(np.array([values])).dtype == np.float64
