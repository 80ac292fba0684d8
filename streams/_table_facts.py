"""The facts of the real streams: names, hashes, classes, and where they come from."""

from dataclasses import dataclass
from typing import Any

_FIGSHARE = "https://ndownloader.figshare.com/files/"
_GITHUB = "https://raw.githubusercontent.com/"
_OZUACIK = _GITHUB + "ogozuacik/concept-drift-datasets-scikit-multiflow/"


@dataclass(frozen=True)
class Download:
    """Where a table's original comes from and how it is read.

    `sha256` is that of the original where its publisher or scikit-learn states it; `None` where
    it is unknown, and then only the converted content is checked. `convert` names a function of
    `olearn.streams._download`.
    """

    url: str
    filename: str
    sha256: str | None = None
    convert: str = "from_table_file"


@dataclass(frozen=True)
class Table:
    """The facts of one real stream.

    `sha256` is that of the prepared file, `content` that of X (float64) and y (int64) in it, row
    by row; `None` where no prepared file exists, and then `class_counts` are checked. Columns that
    are not `named` by their publisher are called x0, x1, ...
    """

    name: str
    title: str
    file: str
    shape: tuple[int, int]
    labels: tuple[Any, ...]
    sha256: str | None
    content: str | None
    nominal: tuple[int, ...] = ()  # columns
    named: bool = True
    drift_positions: tuple[int, ...] = ()
    class_counts: tuple[int, ...] | None = None
    download: Download | None = None


_KDD99_LABELS = (
    *("back", "buffer_overflow", "ftp_write", "guess_passwd", "imap", "ipsweep", "land"),
    *("loadmodule", "multihop", "neptune", "nmap", "normal", "perl", "phf", "pod", "portsweep"),
    *("rootkit", "satan", "smurf", "spy", "teardrop", "warezclient", "warezmaster"),
)

TABLES = {
    table.name: table
    for table in (
        Table(
            "airlines",
            "Airlines: will the flight be delayed, US flights (Ikonomovska; MOA's version).",
            "airlines/airlines.npz",
            (539_383, 7),
            (0, 1),
            None,
            None,
            nominal=(0, 2, 3, 4),
            class_counts=(299_119, 240_264),
            download=Download(
                "https://downloads.sourceforge.net/project/moa-datastream/Datasets/Classification/"
                "airlines.arff.zip",
                "airlines.arff.zip",
            ),
        ),
        Table(
            "covtype",
            "Forest cover type of 30 x 30 m cells, from maps (Blackard, Dean, 1999; UCI).",
            "covtype/covtype.npz",
            (581_012, 54),
            (
                "Spruce/Fir",
                "Lodgepole Pine",
                "Ponderosa Pine",
                "Cottonwood/Willow",
                "Aspen",
                "Douglas-fir",
                "Krummholz",
            ),
            "56b5c803cca449564ddad09548fc85422436e6a9f81aba3b1189e0d429cb1219",
            "f2b3475f6456439ce0a1ab92e73fbad4213044bb5937e8dd6ce69363a8bd052f",
            nominal=tuple(range(10, 54)),
            download=Download(
                _FIGSHARE + "5976039",
                "covtype.data.gz",
                "614360d0257557dd1792834a85a1cdebfadc3c4f30b011d56afee7ffb5b15771",
                "from_covtype",
            ),
        ),
        Table(
            "electricity",
            "Electricity price up or down, New South Wales, 1996-1998 (Harries, 1999; MOA's "
            "normalised version).",
            "electricity/electricity.npz",
            (45_312, 8),
            ("DOWN", "UP"),
            "606b1c7e4002b05693b56071fec5e5434f5635de4309c88563485cc20318e944",
            "5a3683554b30c1ccab5064d471b193849b795c97459faf04524d603ef3ba0bbd",
            nominal=(1,),
            download=Download(
                _GITHUB + "hmgomes/AdaptiveRandomForest/"
                "b0fe9faff7493b9b91be0f49830052c75df00442/ELEC.arff.zip",
                "ELEC.arff.zip",
            ),
        ),
        Table(
            "gas_sensor",
            "Which gas, by a drifting sensor array: batches 1-6, 8 and 9 (Vergara et al., 2012).",
            "gas_sensor/gas_sensor_batches_1-6_8_9.npz",
            (6_697, 128),
            ("Ethanol", "Ethylene", "Ammonia", "Acetaldehyde", "Acetone", "Toluene"),
            "61c3844fc8609f56589f38f499872927f89d017590deba451fdd1712fa748e9e",
            "a6b4581b90a707726f73a6a7bfb28cc20d9cfdda01f1edf48c92db57639ef45e",
            named=False,
        ),
        Table(
            "insects_gradual_balanced",
            "Insects: species and sex by wing beats, gradual drift with temperature (Souza et al., "
            "2020).",
            "insects_gradual_balanced/insects_gradual_balanced.npz",
            (24_150, 33),
            (2, 3, 4, 5, 11, 12),
            "99633503fa0a0c83938767e8c9281cd824b367f640c3908c10cb6a7905973a42",
            "d183b13bf5ee1a2bda99eca9d35afea990b9ecb0a5b23853949931e033d90df1",
            drift_positions=(14_028,),
        ),
        Table(
            "kdd99_10pct",
            "Network connections, normal or one of 22 attacks: 10 % of the KDD Cup 1999.",
            "kdd99_10pct/kdd99_10pct.npz",
            (494_021, 41),
            _KDD99_LABELS,
            "098a2bfe98ace4382f8358467592efaf1883525d24e0fa5591702bdadb52f15d",
            "ffec441fdf119870c4af41485b974d65ce4ca9d98ce9505c373b03d86746e928",
            nominal=(1, 2, 3, 6, 11, 20, 21),
            download=Download(
                _FIGSHARE + "5976042",
                "kddcup99_10_data.gz",
                "8045aca0d84e70e622d1148d7df782496f6333bf6eb979a1b0837c42a9fd9561",
                "from_kdd99",
            ),
        ),
        Table(
            "keystroke",
            "Which of four users types, on eight occasions (Souza et al., 2015).",
            "keystroke/keystroke.npz",
            (1_600, 10),
            (0, 1, 2, 3),
            "7fd07eedce822e5ccc581f7827ae2c2ebf0347bf0125aa8dae223c7ba3ed1486",
            "d3ebdcaadb3993b6b46c45048c749df1eae23efe82b7495551c18ed5d69e1792",
            named=False,
        ),
        Table(
            "luxembourg",
            "Internet usage, high or low, from the European Social Survey (Zliobaite, 2011).",
            "luxembourg/luxembourg.npz",
            (1_901, 31),
            (0, 1),
            "0419bb291aa58e74dc105a1b4a5a5b82bdddd3f160774f41cc979d9b2b40b3bc",
            "8684986bda831893655ac869b05b9331c4289466ec4d9145a0e3ad33ba832d9e",
            named=False,
            download=Download(
                _OZUACIK + "476b07df342457cbd993c3821b3a2585133ca1e9/real-world/LUdata.csv",
                "LUdata.csv",
            ),
        ),
        Table(
            "noaa_weather",
            "Rain or not, daily at Offutt air base, 1949-1999 (Elwell, Polikar, 2011).",
            "noaa_weather/noaa_weather.npz",
            (18_159, 8),
            ("no_rain", "rain"),
            "7ab350d26094b0dbdeaba50324cea9c7fc7a0a7e345bd341e2e379cdcc3f4e59",
            "246ad9f7ea81045fefcfa5f55810d4b40ebf1042fa027aa24fd5a78b8c970c99",
        ),
        Table(
            "nycflights",
            "Flights from New York City in 2013: will they arrive late (nycflights13).",
            "nycflights/nycflights13.npz",
            (327_346, 8),
            ("on_time", "delayed"),
            "f7f9e91cda6d17c622edcb385e47f3478ab55a176cdaed0163cee8a7248ebb8b",
            "f77325bbee84f40d50849b97406e5f3208e26f199e6410801f49970cf746d9b4",
            nominal=(0, 2, 3, 4),
        ),
        Table(
            "outdoor",
            "Which of 40 garden objects, by colour, in changing light (Losing et al., 2015).",
            "outdoor/outdoor.npz",
            (4_000, 21),
            tuple(range(40)),
            "2b6ec84c3c466786f14e7fd59238381a5cb5a381191df53e9f6d4dc2fe99c92e",
            "e67b781946bb0457aa5b24fca75f7e013c9b8b0ca079c3788c60d62f38448c5b",
            named=False,
        ),
        Table(
            "ozone",
            "Ozone day or not, eight-hour peaks in Houston (Zhang, Fan, 2008; UCI).",
            "ozone/ozone.npz",
            (2_534, 72),
            (0, 1),
            "07b2e63b02034ad631e17e1f6ace53d19ee3ca30de6235a4f4e5f16ec7d269cb",
            "5c7735bd95b3a8abf2a206139b619a4a8e5265340646bfa99ca6cf75a03d276f",
            named=False,
        ),
        Table(
            "phishing",
            "Phishing web sites, 46 indicators (Mohammad et al.; UCI).",
            "phishing/phishing.npz",
            (11_055, 46),
            (0, 1),
            "c6570cb87a45b5d058155775d0a18ce1cde571aff74073cc2e6eb385d817ce42",
            "872185f321d982a3b2ce5fca0c1745115b66c75fb17a1b03598b691f7ecc4852",
            named=False,
            nominal=tuple(range(46)),
            download=Download(
                _OZUACIK + "8592d7e72554993b9889ce097cb45f8e7a3d5c7f/real-world/phishing.csv",
                "phishing.csv",
            ),
        ),
        Table(
            "spam",
            "Spam or not, by 499 words, as the vocabulary drifts (Katakis et al., 2010).",
            "spam/spam.npz",
            (6_213, 499),
            (0, 1),
            "0546365c87be316a92f7b59329db05d1b49018c7add83b6c9a1d489d269053e4",
            "2091e00126a679f7705732b3353ea1f45bad8ca5eb254bf743aef4582b204143",
            named=False,
            nominal=tuple(range(499)),
        ),
    )
}
