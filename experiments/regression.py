"""Numbers as targets: which learner follows which drift, and do intervals hold what they say?

    python experiments/regression.py

Each learner stands behind a scaler and inside of intervals that are asked to hold 90 % of the
numbers. Streams: Friedman's function with its three drifts, and recorded series an hour ahead,
whose learners are given the values of the hour before and of the day before too. Every row is
predicted, with its interval, then learnt.
"""

from common import parse
from regression.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
