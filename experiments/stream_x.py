"""Streaming deep RL with one set of hyperparameters: curves, ablation, time limits, forecasts.

    python experiments/stream_x.py                     # a quarter of an hour on two cores
    python experiments/stream_x.py --profile full      # MuJoCo for 2 million steps: some hours

The default profile runs CartPole, Acrobot, LunarLander and Hopper; the full one the five bodies of
MuJoCo, and classic control as long as the authors do; `--scale 10` makes 20 million steps of its
2 million. A run that was stopped goes on where it was: finished runs are read from the JSON file.
"""

from common import parse
from stream_x.run import Args, main

if __name__ == "__main__":
    main(parse(Args, __doc__))
