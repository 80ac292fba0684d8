"""`DateParts`: times in rows and frames, as in the streams of files."""

import datetime

import numpy as np
import pytest

from olearn import preprocessing, streams

START = datetime.datetime(2023, 12, 30, 22, 15, 30, 250_000)
ALL = ("year", "month", "day", "weekday", "yearday", "hour", "seconds")


def expected(time):
    hour = time.hour + time.minute / 60 + (time.second + time.microsecond / 1e6) / 3600
    seconds = (time - datetime.datetime(1970, 1, 1)).total_seconds()
    day = time.timetuple().tm_yday
    return [time.year, time.month, time.day, time.weekday(), day, hour, seconds]


def test_parts_are_those_of_the_calendar():
    """Around the end of a year and a leap day, and before 1970."""
    parts = preprocessing.DateParts(ALL)
    for k in range(-30_000, 3_000, 37):
        time = START + datetime.timedelta(hours=7.3 * k)
        made = parts.transform_one({"when": time})
        assert list(made) == [f"when.{part}" for part in ALL]
        assert list(made.values()) == pytest.approx(expected(time), rel=1e-12, abs=1e-9)


def test_frames_do_as_rows():
    """pandas and polars; other features stay, a missing time has no parts."""
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    times = [START + datetime.timedelta(days=k) for k in range(20)]
    columns = {"x": [float(k) for k in range(20)], "when": times, "sky": ["blue", "red"] * 10}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    rows[3]["when"] = columns["when"][3] = None
    for make in (pandas.DataFrame, polars.DataFrame):
        by_rows, by_frame = preprocessing.DateParts(), preprocessing.DateParts()
        by_frame.learn_many(make(columns))
        answer = by_frame.transform_many(make(columns))
        assert list(answer.columns) == ["x", "when.month", "when.weekday", "when.hour", "sky"]
        for k, x in enumerate(rows):
            by_rows.learn_one(x)
            one = by_rows.transform_one(x)
            row = {name: answer[name].to_list()[k] for name in answer.columns}
            assert one == {name: v for name, v in row.items() if v is not None and v == v}


def test_dates_and_numpy_times_are_times_and_zones_are_left_aside():
    """What a clock shows counts."""
    parts = preprocessing.DateParts(["day", "hour"])
    zone = datetime.timezone(datetime.timedelta(hours=9))
    for time in (
        datetime.date(2024, 2, 29),
        np.datetime64("2024-02-29"),
        datetime.datetime(2024, 2, 29, tzinfo=zone),
    ):
        assert parts.transform_one({"t": time}) == {"t.day": 29.0, "t.hour": 0.0}


def test_a_stream_of_a_file_has_the_same_parts(tmp_path):
    """`time=` of a file and this step agree."""
    times = [START + datetime.timedelta(minutes=131 * k) for k in range(30)]
    path = tmp_path / "rows.csv"
    lines = [f"{time.isoformat(sep=' ')},{k % 2}" for k, time in enumerate(times)]
    path.write_text("\n".join(["when,label", *lines]), encoding="utf-8")
    parts = preprocessing.DateParts()
    read = [x for x, _ in streams.from_file(path, target="label", time=["when"])]
    assert read == [parts.transform_one({"when": time}) for time in times]


@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        ({"when": 3.0}, ValueError, "'when' holds times, got 3.0"),
        ({"price": datetime.date(2020, 1, 1)}, ValueError, "'price' holds numbers or text"),
        ({"new": datetime.time(3)}, TypeError, "'new' must be a number or a string"),
        ({"new": datetime.timedelta(3)}, TypeError, "'new' must be a number or a string"),
    ],
)
def test_kinds_do_not_mix(x, error, match):
    """A feature is a time or not; nothing is learnt of a row that is refused."""
    parts = preprocessing.DateParts()
    parts.learn_one({"when": START, "price": 1.0})
    for refuse in (parts.learn_one, parts.transform_one):
        with pytest.raises(error, match=match):
            refuse(x)
    assert parts.transform_one({"price": 2.0}) == {"price": 2.0}


def test_parts_are_checked():
    """The nearest name is suggested."""
    with pytest.raises(ValueError, match="did you mean 'weekday'"):
        preprocessing.DateParts(["weekdays"])
