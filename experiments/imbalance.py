"""Rare labels: do weights, thresholds or samplers find more of them, and at what cost?

    python experiments/imbalance.py

Each classifier as it is, with weights that make labels equal, with a threshold that is learnt by F1
or by a budget, and behind river's sampler of rows. Streams: credits of which 2.7 % fail, whose
causes and rate change in the middle; days of much ozone; a rare kind of forest against the rest.
"""

from common import parse
from imbalance.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
