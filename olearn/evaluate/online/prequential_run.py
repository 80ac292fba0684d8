"""The test-then-train loop: predict a row, score it, learn it."""

from collections.abc import Iterable
from typing import Any

from river import base
from river.datasets.base import SyntheticDataset
from river.metrics.base import Metric

from olearn.core.telling import tell
from olearn.core.validate import check_integer, check_kind
from olearn.evaluate.columns import as_stream, tell_columns, why_no_blocks
from olearn.evaluate.describe import describe_run
from olearn.evaluate.online.blocks import BlockPath
from olearn.evaluate.online.checkpoint import Checkpoint, CheckpointWriter, Run
from olearn.evaluate.online.delays import Delay
from olearn.evaluate.online.paths import RowPath
from olearn.evaluate.online.position import Position
from olearn.evaluate.online.positive import with_positive
from olearn.evaluate.online.prequential_result import Result
from olearn.evaluate.online.recorder import Detector, Recorder
from olearn.evaluate.online.scoring import choose_metrics, wants_intervals, wants_probabilities
from olearn.evaluate.progress import Bar, Bars, OnProgress
from olearn.streams.base import Classes, Stream

__all__ = ["prequential"]


def prequential(
    stream: Stream | Iterable[tuple[dict[Any, Any], Any]] | tuple[Any, Any],
    model: base.Estimator,
    metrics: Metric | Iterable[Metric] | None = None,
    *,
    pos_label: Any = None,
    window: int = 1000,
    delay: Delay = None,
    detector: Detector | None = None,
    max_samples: int | None = None,
    block_size: int = 10_000,
    progress: bool | OnProgress | None = None,
    keep_predictions: bool = False,
    checkpoint: Checkpoint | None = None,
) -> Result:
    """Test, then train, on every row of a stream; the model goes on learning in place.

    Each row is predicted first, then scored, then learnt. Where the stream hands out blocks and the
    model takes them, as those of olearn do and pipelines of them, whole blocks are handed over; the
    figures are the same as row by row, only the speed differs. `Result.path` says which it was, and
    `Result.why` what kept the run from blocks. Some models of river are run in arrays too, and have
    learnt each block as in river's own loop: `docs/pages/coming_from_river.md` lists them.

    What the stream knows of its columns reaches a learner of olearn, also at the end of a pipeline:
    `stream.schema.nominal` are nominal, unless its `nominal_attributes` say which are. Models of
    river, and pipelines, get rows as they expect them, in which a missing value has no name (or is
    None, where an imputer of river's is among the steps); they know text from numbers, but not
    codes, for which their own `nominal_attributes` are needed.

    Parameters
    ----------
    stream
        An olearn stream, a river data set, any iterable of `(x, y)`, or a pair `(X, y)` of an
        array or data frame and its targets, as `streams.from_arrays` reads them.
    model
        A river classifier, regressor or anomaly detector, or a pipeline that ends in one. An
        anomaly detector also scores a stream without labels, whose metrics are NaN.
    metrics
        One river metric, a sum or an iterable of them; they are cloned, never updated. Default:
        accuracy, kappa, kappa-M and kappa-temporal for classifiers; MAE, RMSE and R2 for
        regressors, coverage and width where they predict intervals; AUC, precision and recall
        at a budget of alarms for anomaly detectors.
    pos_label
        The label that metrics of one class against the rest (F1, ROCAUC, LogLoss, ...) count as
        positive. Default: True, as 1 is; of two other labels the last in order, with a warning;
        more need one. A metric's own `pos_val` goes before.
    window
        Rows a window, at least 1. Each metric is also computed afresh for every window.
    delay
        When the label of row t is learnt: None = at once; d = right after row t + d was
        predicted, d >= 0, `math.inf` = never; a function of `(t, x, y)` gives d row by row, None
        meaning never. Labels that have not come when the stream ends are not learnt. Predictions
        are scored as they were made.
    detector
        A drift detector, river's or ours, to watch the errors of the scored rows: 0 or 1 for a
        classifier, the absolute error for a regressor. It is cloned; it does not touch the model.
    max_samples
        Rows to read at most, at least 1; None reads the whole stream, which must then end.
    block_size
        Rows to ask the stream for at a time, at least 1; changes the speed only.
    progress
        None draws a bar on stderr once a second has passed, True at once, False never; nothing
        is drawn where stderr is no terminal. A function is called with the rows done and a few
        words after every span of rows.
    keep_predictions
        Whether to keep every predicted label or number in the result.
    checkpoint
        Where to keep the run, so that it can be killed and go on to the same result: an
        `olearn.evaluate.Checkpoint`. Model, metrics, detector and every other argument must be
        those of the start, and the stream must give the same rows again.

    Returns
    -------
    Result
        Metrics, alarms, time, memory. The clock runs for the model alone, not for the stream and
        the metrics; before it starts, a clone of a compiled model learns a few rows, so that
        compilation is not counted.

    Raises
    ------
    TypeError
        If a parameter is of the wrong kind.
    ValueError
        If a parameter is outside the range above, a metric or the stream's target does not suit
        the model or the labels, an endless stream comes without `max_samples`, or the checkpoint is
        of another run or stream.

    Examples
    --------
    >>> from river import datasets, metrics, naive_bayes
    >>> from olearn import evaluate

    >>> result = evaluate.prequential(
    ...     datasets.Phishing(), naive_bayes.GaussianNB(), metrics.Accuracy(), window=500
    ... )
    >>> result.windows["Accuracy"]
    [0.858, 0.904, 0.900]
    >>> result.path
    'rows'

    """
    if isinstance(model, type) or not hasattr(model, "learn_one"):
        check_kind("model", model, base.Estimator, "an estimator of river or olearn")
    if isinstance(stream, str):
        raise TypeError(f"stream must be a stream, such as streams.load({stream!r}), got a string")
    check_kind("stream", stream, Iterable, "a stream or an iterable of (x, y)")
    stream = as_stream(stream, model)
    check_integer("window", window, 1)
    check_integer("block_size", block_size, 1)
    if max_samples is not None:
        check_integer("max_samples", max_samples, 1)
    elif _is_endless(stream):
        raise ValueError("max_samples must be given for an endless stream, got None")
    judged = not isinstance(stream, Stream) or _is_judged(stream.schema.target, model)
    chosen = with_positive(choose_metrics(metrics, model), _labels(stream), pos_label)
    tell_columns(stream, model)
    reads = {"probabilities": wants_probabilities(chosen), "intervals": wants_intervals(chosen)}
    path = _choose_path(stream, model, delay, block_size, reads)
    recorder = Recorder(model, chosen, window, detector, keep_predictions, judged=judged)
    run = Run(model, recorder, Position(checkpoint is not None), path.delayed)
    cuts, writer = [window], None
    if checkpoint is not None:
        settings = {"window": window, "delay": path.delay, "path": path.name}
        settings["keep_predictions"] = keep_predictions
        description = describe_run(stream, model, chosen, detector, settings)
        writer = CheckpointWriter(checkpoint, description)
        writer.begin(run, max_samples)
        cuts.append(checkpoint.every)
    with Bars(progress if isinstance(progress, bool) else None) as bars:
        bar = bars.add(type(model).__name__, _n_rows(stream, max_samples))
        if isinstance(progress, Bar):
            bar = progress
        for span in path.spans(run.position, cuts, max_samples):
            run.recorder.add(span)
            if callable(progress) and progress is not bar:
                progress(run.recorder.n, run.recorder.status())
            else:  # which asks for the words where it draws them
                bar(run.recorder.n, run.recorder.status)
            if writer is not None:
                writer.write_if_due(run)
    if writer is not None:  # before the last window is closed, which more rows may go on with
        writer.write(run)
    run.recorder.finish()
    return run.recorder.result(stream, path)


def _is_judged(target: Any, model: base.Estimator) -> bool:
    """Tell whether a stream's targets judge a model; refuse what it cannot learn or needs.

    An anomaly detector scores rows also without labels.
    """
    if isinstance(model, base.AnomalyDetector):
        if target is not None and not isinstance(target, Classes):
            tell("the stream's target is a number, which tells no anomalies: scores are not judged")
        return isinstance(target, Classes)
    if target is None:
        raise ValueError("stream must have a target, by which predictions are scored; it has none")
    if isinstance(model, base.Classifier) and not isinstance(target, Classes):
        raise ValueError(
            f"stream must have classes as its target for a classifier, it has {target!r}: give a "
            "regressor"
        )
    if isinstance(model, base.Regressor) and isinstance(target, Classes):
        raise ValueError(
            f"stream must have numbers as its target for a regressor, it has {target!r}: give a "
            "classifier, or read the target as numbers (task='regression', target='numbers')"
        )
    return True


def _choose_path(
    stream: Any, model: base.Estimator, delay: Delay, block_size: int, reads: dict[str, bool]
) -> BlockPath | RowPath:
    why = why_no_blocks(stream, model, plain=delay is None and not any(reads.values()))
    in_place = None
    if why and isinstance(stream, Stream) and _is_of_river(model):
        in_place, why = _in_place(stream, model, why, reads["probabilities"])
    if not why:
        return BlockPath(stream, model, block_size, delay, in_place=in_place, **reads)
    return RowPath(stream, model, delay, why, **reads)


def _is_of_river(model: Any) -> bool:
    return type(model).__module__.startswith("river.")


def _in_place(stream: Stream, model: Any, why: str, probabilities: bool) -> tuple[Any, str]:
    """Return what runs a model of river in arrays, or why there is none."""
    from olearn.interop.base import NotAdaptedError  # which brings all the learners
    from olearn.interop.in_place import InPlace, is_adapted

    if not is_adapted(model):
        return None, why
    try:
        return InPlace(model, stream.schema, probabilities=probabilities), ""
    except NotAdaptedError as error:
        return None, str(error)


def _labels(stream: Any) -> tuple[Any, ...] | None:
    """Return the labels that a stream knows ahead."""
    known = isinstance(stream, Stream) and isinstance(stream.schema.target, Classes)
    return stream.schema.labels if known else None


def _is_endless(stream: Any) -> bool:
    return isinstance(stream, Stream | SyntheticDataset) and stream.n_samples is None


def _n_rows(stream: Any, max_samples: int | None) -> int | None:
    known = getattr(stream, "n_samples", None)  # an iterable need not have it
    lengths = [length for length in (known, max_samples) if length is not None]
    return min(lengths) if lengths else None
