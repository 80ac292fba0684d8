"""HTM + SPRT against other drift detectors on known drifts, and on the Numenta Anomaly Benchmark.

    python experiments/htm_sprt.py                  # 20 seeds, half an hour on two cores
    python experiments/htm_sprt.py --seeds 3        # a look

Rivals run twice: as they come, and with the threshold that gives them, on series of the same kind
without a drift, the wanted time between false alarms. A run that was stopped goes on where it was:
finished runs are read from the JSON file. The benchmark's files are found through OLEARN_DATA.
"""

from common import parse
from htm_sprt.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
