"""The facts of recorded series: names, hashes, and what is predicted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """The facts of one table of measurements: `values` and `columns` are arrays of its file."""

    title: str
    file: str
    sha256: str
    values: str
    columns: str | None
    target: str


SERIES = {
    "air_quality": Series(
        "Carbon monoxide an hour ahead, by gas sensors and weather in an Italian city (De Vito et "
        "al., 2008; UCI).",
        "air_quality/air_quality_uci.npz",
        "d0825c4c4a9ba544db64a6bef460414cac88e6bf47ad8610619c74b3e1c31694",
        "X",
        "columns",
        "CO(GT)",
    ),
    "airly_pm25": Series(
        "Fine dust an hour ahead at one of the sensors in Krakow that gave readings (Airly).",
        "airly_pm25/airly_krakow_pm25.npz",
        "157cfccb910a0ddcbb91699df8fe66bef2c4bb9a3b19deef41dac5da22d85225",
        "pm25",
        None,
        "sensor1",
    ),
    "etth1": Series(
        "Oil temperature of a power transformer an hour ahead, by its loads (Zhou et al., 2021).",
        "etth1/etth1.npz",
        "aacdd3fa852bd24906d20dafb537b2f0a4c1b935b385631ea37cc7f6404597a1",
        "X",
        "columns",
        "OT",
    ),
}
