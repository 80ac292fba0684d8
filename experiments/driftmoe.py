"""DriftMoE against the table of its paper, and DriftMoE+ taken apart, one setting at a time.

    python experiments/driftmoe.py --profile quick     # 50,000 rows a stream: minutes
    python experiments/driftmoe.py --profile full      # as long as in the paper: hours

All models see the same rows in the same order: predict, then learn. A seed sets stream and learner;
tables of real data stay as they are. Real data are found through OLEARN_DATA.
"""

from common import parse
from driftmoe.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
