"""Save a model to a file and load it again, without running code from the file.

The file is a safetensors file. Its header says in plain words what it holds: class, parameters,
versions. Its arrays are those of the model, and one more, `graph`, JSON that says what the model
is made of (`writer`). A checksum covers it all.
"""

import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.telling import tell
from olearn.core.validate import file_to_read, file_to_write
from olearn.persist.reader import Reader
from olearn.persist.writer import Writer

_FORMAT = "olearn state"
_VERSION = "1"
_GRAPH = "graph"
_PACKAGES = ("olearn", "river", "numpy", "torch")

Arrays = dict[str, NDArray[Any]]
Header = dict[str, str]


def save(model: Any, path: str | Path) -> None:
    """Write a learner, a detector, an agent, a metric, or a pipeline of them to a file.

    Everything learnt is kept, random states too: what is loaded goes on as if nothing had
    happened, bit for bit. The file takes the place of an older one at once and whole, also where
    the program is killed meanwhile.

    Parameters
    ----------
    model
        An object of a class of olearn or river.
    path
        The file; `.safetensors` suits it, as any program that reads safetensors shows its arrays.

    Raises
    ------
    TypeError
        If the model, or something in it, is of another class, such as a function of your own; the
        message names it. Nothing is written then. Of river's models that holds for `HoltWinters`,
        `OutputCodeClassifier`, `BagOfWords` and `TFIDF`.

    Examples
    --------
    >>> import tempfile
    >>> import olearn
    >>> from olearn import learners

    >>> model = learners.HoeffdingTreeClassifier()
    >>> model.learn_one({"weight": 150.0, "colour": "green"}, "apple")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     olearn.save(model, f"{folder}/fruit.safetensors")
    ...     again = olearn.load(f"{folder}/fruit.safetensors")
    >>> again.predict_one({"weight": 140.0})
    'apple'

    """
    try:
        parameters = model._get_params()
    except AttributeError:  # not an estimator, or one of river's that does not keep them
        parameters = {}
    header = {
        "class": f"{type(model).__module__}.{type(model).__qualname__}",
        "parameters": json.dumps({name: _shown(value) for name, value in parameters.items()}),
    }
    write_state(path, {"model": model}, header)


def load(path: str | Path) -> Any:
    """Return the model that `save` wrote.

    No code of the file is run and nothing of it is unpickled: it can only ask for objects of
    classes of olearn, river and torch's modules, which are given their state as when a copy is
    made. A file made by someone who means harm can still hold a model that answers wrongly,
    needs much memory, or makes compiled code crash: run models of those you trust.

    Parameters
    ----------
    path
        The file; that of a run's `Checkpoint` gives its model.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no file of `save`, is damaged, or of a version or with a class unknown here.

    Warns
    -----
    UserWarning
        If another version of olearn, river, numpy or torch wrote it, beyond a bug fix.

    """
    return read_state(path)["model"]


def write_state(
    path: str | Path, state: dict[str, Any], header: Header, reusable: Any = None
) -> None:
    """Write a dict of objects, atomically; `read_state` can give `reusable` its state in place.

    The dict has a `model`. Equal states give equal bytes, whatever process writes them.
    """
    from safetensors.numpy import save as to_bytes

    if "model" not in state:
        raise ValueError(f"state must have a 'model', got {list(state)}")
    path = file_to_write(path)
    writer = Writer()
    temporary = path.with_name(f".{path.name}-{os.getpid()}.tmp")
    with writer.held:  # nobody learns while the arrays are read
        writer.write(state)
        graph: dict[str, Any] = {"steps": writer.steps}
        if reusable is not None:
            graph["reusable"] = writer.number_of(reusable)
        text = json.dumps(graph, separators=(",", ":")).encode()
        arrays = {_GRAPH: np.frombuffer(text, np.uint8), **writer.arrays}
        versions = _versions()
        if b"torch" not in text:  # loaded, but not by this state
            versions.pop("torch", None)
        header = {
            "format": _FORMAT,
            "version": _VERSION,
            **header,
            "versions": json.dumps(versions),
        }
        header["sha256"] = _checksum(header, arrays)
        content = _sorted_header(to_bytes(arrays, metadata=header))
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # on disk before it takes the place of the older one
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_header(path: str | Path) -> Header:
    """Return what the header of an undamaged file says."""
    return _read(Path(path))[0]


def read_state(path: str | Path, reuse: Any = None) -> dict[str, Any]:
    """Return the dict that `write_state` wrote; `reuse` is given the state of its `reusable`."""
    path = Path(path)
    header, arrays = _read(path)
    before = {} if reuse is None else dict(vars(reuse))
    others = _other_versions(header)
    try:
        graph = json.loads(arrays.pop(_GRAPH).tobytes())
        into = {} if reuse is None else {graph["reusable"]: reuse}
        state = Reader(graph["steps"], arrays, into).read()
    except BaseException as error:
        if reuse is not None:
            vars(reuse).clear()
            vars(reuse).update(before)
        # what river's compiled classes raise for a wrong state is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        words = [f"{path} cannot be loaded: {error or type(error).__name__}", *others[:1]]
        raise ValueError("; it was written with ".join(words)) from error
    for other in others:
        tell(f"{path} was written with {other}; it may behave differently")
    return state


def _read(path: Path) -> tuple[Header, Arrays]:
    from safetensors import SafetensorError, safe_open

    with file_to_read(path).open("rb"):  # one that cannot be read is not a wrong one
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            header: Header = file.metadata() or {}
            arrays: Arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged, or no file of olearn.save ({error})") from error
    if header.get("format") != _FORMAT:
        raise ValueError(f"{path} is no file of olearn.save")
    if header.get("version") != _VERSION:
        raise ValueError(
            f"{path} has version {header.get('version')} of the format, this olearn reads "
            f"version {_VERSION}"
        )
    if header.get("sha256") != _checksum(header, arrays):
        raise ValueError(f"{path} is damaged: its content does not have its checksum")
    return header, arrays


def _sorted_header(content: bytes) -> bytes:
    """Sort the words of a file's header, which safetensors writes in an order of its own."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header = {"__metadata__": dict(sorted(header.pop("__metadata__").items())), **header}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # so that arrays stay aligned
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def _shown(value: Any) -> str:
    """Return the `repr` of a parameter, the same in every process: sets sorted, no addresses."""
    if isinstance(value, set | frozenset) and value:
        inner = "{" + ", ".join(sorted(map(_shown, value))) + "}"
        return inner if isinstance(value, set) else f"frozenset({inner})"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _checksum(header: Mapping[str, str], arrays: Arrays) -> str:
    """Digest of the header but for the checksum itself, and of each array, its name and shape."""
    digest = hashlib.sha256()
    words = {key: value for key, value in header.items() if key != "sha256"}
    digest.update(json.dumps(words, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    loaded = [name for name in _PACKAGES if name in sys.modules]
    return found | {name: version(name) for name in loaded}


def _other_versions(header: Header) -> list[str]:
    """Say which packages had another version than here, beyond the third number."""
    try:
        then = dict(json.loads(header.get("versions", "{}")))
    except (ValueError, TypeError):  # no dict: forged
        then = {}
    now = _versions()
    both = [(name, str(then[name]), now[name]) for name in _PACKAGES if {name} <= then.keys() & now]
    differing = [each for each in both if each[1].split(".")[:2] != each[2].split(".")[:2]]
    return [f"{name} {old}, this is {new}" for name, old, new in differing]
