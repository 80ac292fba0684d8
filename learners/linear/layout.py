"""Numbers that the kernels of linear models read and write: where each is kept.

`conf` is what the parameters say, `heads` a row of numbers a label, `slots` the weights and moments
of each column. A binary model or a regressor has one row of weights, label 0 of these arrays.
"""

# conf
# run-time exponents: written in a kernel, 0.5 would become a square root, which rounds otherwise
# than the power that river takes, and 2.0 a product
HALF, TWO, MINUS_ONE = range(3)
LOSS, LOSS_A, LOSS_B = range(3, 6)  # code, then its parameters
CLIP, L2, L1, LIMIT = range(6, 10)
OPTIMIZER, A, B, C, D = range(10, 15)  # code, then its parameters
RATE = 15  # code, then two parameters
INTERCEPT_RATE = 18
N_CONF = 21

# heads
INTERCEPT, STEPS, L1_SUM, TOP, TROUBLE, CLASS_WEIGHT, N_HEAD = range(7)

# slots
WEIGHT, FIRST, SECOND, L1_USED, N_SLOTS = range(5)

# losses; those of a label, of which -1 and 1 are the targets, come first
LOG, HINGE, FOCAL, PA_LABEL, CROSS_ENTROPY = range(5)
SQUARED, ABSOLUTE, HUBER, QUANTILE, CAUCHY, EPSILON, POISSON, PA_NUMBER = range(5, 13)
ONE_CLASS = 13  # the hinge of the label 1, and an intercept that the ridge pulls down

SGD, MOMENTUM, ADAGRAD, RMSPROP, ADAM, FTRL = range(6)
CONSTANT, INVERSE_SCALING, OPTIMAL = range(3)
