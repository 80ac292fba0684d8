"""Where everything of a spatial pooler lies."""

# arrays of the handle, in this order
PERMANENCE = 0  # float32 (columns, inputs): -1 outside the column's pool
CONNECTED = 1  # uint8 (inputs, columns): 1 where connected, for the overlaps
N_CONNECTED = 2  # int32 (columns,)
OVERLAP_DUTY = 3  # float32 (columns,)
ACTIVE_DUTY = 4  # float32 (columns,)
BOOST = 5  # float32 (columns,)
MIN_DUTY = 6  # float32 (columns,)
OVERLAP = 7  # uint16 (columns,): of the newest input
BOOSTED = 8  # float32 (columns,)
WINNERS = 9  # int64 (columns,): of the newest input, ascending
STEPS = 10  # float32 (inputs,): what each input's permanences gain
ROW = 11  # float32 (inputs,): a permanence row before its step
COUNTS = 12  # int64: levels of the overlap, or keys of the candidates
HEAD = 13  # int64, indices below
CONF = 14  # float32, indices below

KINDS = (
    *("f4", "u1", "i4", "f4", "f4", "f4", "f4", "u2", "f4", "i8", "f4", "f4"),
    *("i8", "i8", "f4"),
)
"""Types of the arrays, in their order; `handle_of` checks them."""

# HEAD
N_INPUTS, N_COLUMNS, N_WINNERS, LOCAL, DUTY_PERIOD, TIME, N_FOUND, RADIUS = range(8)
HEAD_SIZE = 8
# CONF
THRESHOLD, LOWEST, INCREMENT, DECREMENT, STRENGTH, STIMULUS, MIN_PCT, DENSITY = range(8)
CONF_SIZE = 8
