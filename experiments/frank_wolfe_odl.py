"""Orthogonal dictionaries online: recovery, rate, sizes, drift, sensors beside peers, an image.

    python experiments/frank_wolfe_odl.py                    # minutes
    python experiments/frank_wolfe_odl.py --profile full     # more sizes, scikit-learn at n = 256

Every seed draws dictionary, stream and start anew; real rows stay in order of time, there a seed
sets the start only. Real data are found through OLEARN_DATA.
"""

from common import parse
from frank_wolfe_odl.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
