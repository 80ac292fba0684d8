"""AEF-OCL: does balancing pay, and which way: pseudo-features or weights of the classes?

    python experiments/aef_ocl.py                       # minutes
    python experiments/aef_ocl.py --rows 0              # all of Shuttle

Two protocols. In tasks: classes come two at a time with sizes that fall from 110 to 2 (digits) or
from 500 to 5 (features of CIFAR-10), and the test rows of the classes so far are asked after each
task. In a stream: every row is predicted, then learnt (Shuttle, 7 % anomalies; image segments, one
class in 50). On Shuttle the weights are refreshed every 16 rows. A seed draws rows and features.
"""

from aef_ocl.run import Args, main
from common import parse

if __name__ == "__main__":
    main(parse(Args, __doc__))
