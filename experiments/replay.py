"""Rehearsal on Split CIFAR-10, CIFAR-100 and Tiny ImageNet: ER, UER, PCR, HPCR and OnPro.

    python experiments/replay.py                                   # a quarter of an hour on 2 cores
    python experiments/replay.py --profile full --device cuda      # hours on one GPU
    python experiments/replay.py --profile full --device cuda --data cifar10 --memory 200

`small` is Split CIFAR-10 with 500 training and 100 test images a class, memory 200, one fixed order
of the classes; OnPro has a small trunk and a small replayed batch there. `full` is the papers':
PCR's family with an order of the classes drawn for each seed, OnPro with the natural one. Each run
is written when it is done, and a run that was stopped goes on where it was.
"""

from common import parse
from replay.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
