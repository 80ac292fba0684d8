"""Numbers of things in words, for messages and tables."""


def count(n: int, one: str, many: str = "") -> str:
    """Return a number and what it counts; `many` is the plural that takes no "s".

    Examples
    --------
    >>> from olearn.core.words import count
    >>> count(1, "row"), count(2000, "row"), count(3, "class", "classes")
    ('1 row', '2,000 rows', '3 classes')

    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
