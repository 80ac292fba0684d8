"""What the papers and the authors' programs report, beside which the experiment stands.

Accuracies are average end accuracies in percent. `SOURCES` says where each table is from; digits
that could not be compared with the paper itself are marked as not verified.
"""

Table = dict[str, dict[str, str]]  # method -> column -> figure

SOURCES = {
    "programs": (
        "The authors' programs on the reduced protocol (500 training and 100 test images a class, "
        "JPEG copy of CIFAR-10, M = 200), one seed, measured on another, busy machine; UER is our "
        "loss inside the program of ER. With one seed, 4 points mean nothing."
    ),
    "onpro": (
        "Table 1 of the OnPro paper (ICCV 2023), as quoted in full by a later paper: verified. ER "
        "is the paper's, with its own protocol (memory batch 64, augmentation)."
    ),
    "rerun": "OnPro's program run again by others (MOSE project, 10 runs), Split CIFAR-100.",
    "pcr": "The PCR paper's table as recalled, not verified: columns and digits may be wrong.",
}

PROGRAMS: dict[str, tuple[float, float | None, float]] = {
    # method: end accuracy, forgetting, images a CPU second
    "ER": (20.6, 53.8, 34.4),
    "UER": (28.7, None, 36.0),
    "PCR": (33.8, 16.2, 20.8),
    "HPCR": (33.5, 13.9, 18.0),
}

ONPRO: Table = {
    "ER": {
        "cifar10, M=100": "19.4±0.6", "cifar10, M=200": "20.9±0.9", "cifar10, M=500": "26.0±1.2",
        "cifar100, M=500": "8.7±0.3", "cifar100, M=1000": "9.9±0.5", "cifar100, M=2000": "10.7±0.8",
        "tiny_imagenet, M=1000": "1.2±0.1", "tiny_imagenet, M=2000": "1.5±0.2",
        "tiny_imagenet, M=4000": "2.0±0.2",
    },
    "OnPro": {
        "cifar10, M=100": "57.8±1.1", "cifar10, M=200": "65.5±1.0", "cifar10, M=500": "72.6±0.8",
        "cifar100, M=500": "22.7±0.7", "cifar100, M=1000": "30.0±0.4",
        "cifar100, M=2000": "35.9±0.6", "tiny_imagenet, M=1000": "11.9±0.3",
        "tiny_imagenet, M=2000": "16.9±0.4", "tiny_imagenet, M=4000": "22.1±0.4",
    },
}  # fmt: skip

RERUN: Table = {
    "OnPro": {
        "cifar100, M=500": "20.79±0.56", "cifar100, M=1000": "27.69±0.37",
        "cifar100, M=2000": "34.40±0.67", "cifar100, M=5000": "42.10±0.69",
    },
}  # fmt: skip

PCR: Table = {
    "ER": {
        "cifar10, M=100": "33.8", "cifar10, M=200": "41.7", "cifar10, M=500": "46.0",
        "cifar10, M=1000": "46.1", "cifar100, M=500": "14.5", "cifar100, M=1000": "17.6",
        "cifar100, M=2000": "19.7", "cifar100, M=5000": "20.9",
    },
    "PCR": {
        "cifar10, M=100": "45.4", "cifar10, M=200": "50.3", "cifar10, M=500": "56.0",
        "cifar10, M=1000": "58.8", "cifar100, M=500": "21.8", "cifar100, M=1000": "25.6",
        "cifar100, M=2000": "27.4", "cifar100, M=5000": "29.3",
    },
}  # fmt: skip

TABLES = {"onpro": ONPRO, "rerun": RERUN, "pcr": PCR}


def quoted(method: str, data: str, memory: int) -> dict[str, str]:
    """Return what each source says of a method on a data set with a memory, by its name."""
    column = f"{data}, M={memory}"
    found = {source: table.get(method, {}).get(column) for source, table in TABLES.items()}
    return {source: figure for source, figure in found.items() if figure}
