"""Where everything of a temporal memory lies.

    cell --CELL_HEAD--> segment --SEG_NEXT--> segment ...   segments that the cell has
                           |
                           | its synapses: slots from s << SHIFT on, SEG_SIZE[s] of them in use
                           v
            SYN_PRE   SYN_PERM   SYN_PLACE                  presynaptic cell, permanence, and
               |                     |                      where the index names the slot
               v                     v
    cell ----BLOCK----> INDEX: slot, slot, slot ...         synapses that listen to the cell

    column --COL_CHAIN--> segment --CHAIN--> segment ...    its active and matching segments, of
                                                            the newest step only

An active cell thus finds all synapses that listen to it in one block, and a slot its segment by a
shift. Blocks double when they are full; freed ones wait in a list for each size. A segment that
is removed leaves its number to the next one.
"""

# arrays of the handle, in this order; S segments, M = 1 << SHIFT slots each
SEG_CELL = 0  # int32 (S,): the segment's cell, -1 where free
SEG_SIZE = 1  # int32 (S,): synapses in use
SEG_NEXT = 2  # int32 (S,): next segment of the cell, or next free one, -1 at the end
SEG_USED = 3  # int64 (S,): step at which it last learnt
SEG_BORN = 4  # int64 (S,): number of its making
COUNT = 5  # int32 (S,): synapses on active cells, and 65,536 for each of them that is connected
CHAIN = 6  # int32 (S,): next active or matching segment of the same column
SYN_PRE = 7  # int32 (S * M,): presynaptic cell
SYN_PERM = 8  # float32 (S * M,): permanence
SYN_PLACE = 9  # int32 (S * M,): place in the block of the presynaptic cell
INDEX = 10  # uint32 pool of the blocks: synapse slots, with LINKED where they are connected
BLOCK = 11  # int32 (cells, 4): start, room and length of the cell's block; number of its segments
FREE_BLOCK = 12  # int64 (32,): first free block of each size 4 << i; the next stands in the block
CELL_HEAD = 13  # int32 (cells,): first segment of the cell
FLAG = 14  # uint8 (cells,): WAS_ACTIVE, NOW
ACTIVE = 15  # int32 (cells,): the active cells
WINNER = 16  # int32 (cells,): the winner cells
RANK = 17  # int32 (cells,): 1 + place among the winner cells, 0 for others
NEW_ACTIVE = 18  # int32 (cells,)
NEW_WINNER = 19  # int32 (cells,)
TAKEN = 20  # int32 (cells,): scratch of growth, by winner
DRAW = 21  # int32 (cells,): scratch of growth, candidates
TOUCHED = 22  # int32 (S + 1,): segments with a count
COL_CHAIN = 23  # int32 (columns,): first segment of the column's chain, -1 for none
COL_FLAG = 24  # uint8 (columns,): PREDICTED, IN_INPUT
RANDOM = 25  # uint64 (4,)
HEAD = 26  # int64, indices below
CONF = 27  # float32, indices below
OLD = 28  # float32 (2 * M,): permanences of a segment before they changed, and their steps

KINDS = (
    *("i4", "i4", "i4", "i8", "i8", "i4", "i4", "i4", "f4", "i4", "u4", "i4"),
    *("i8", "i4", "u1", "i4", "i4", "i4", "i4", "i4", "i4", "i4", "i4", "i4"),
    *("u1", "u8", "i8", "f4", "f4"),
)
"""Types of the arrays, in their order; `handle_of` checks them."""

# HEAD: settings, then state
N_COLUMNS, N_CELLS, ACTIVATION, MATCHING, MAX_NEW, CELL_SEGMENTS, MAX_SYNAPSES = range(7)
SHIFT, MAX_SEGMENTS, RAISE = range(7, 10)
TIME, N_ACTIVE, N_WINNER, N_TOUCHED, N_CHAINED, SEGMENTS_USED, FIRST_FREE = range(10, 17)
N_SEGMENTS, N_SYNAPSES, INDEX_USED, N_BORN = range(17, 21)
HEAD_SIZE = 21
# CONF
CONNECTED, INITIAL, INCREMENT, DECREMENT, PUNISHMENT = range(5)
CONF_SIZE = 5

# columns of BLOCK
START, ROOM, LENGTH, SEGMENTS = range(4)
POTENTIAL = 65535  # mask of COUNT; the connected ones are counted above it
CONNECTED_UNIT = 65536
LINKED = 1 << 31  # added to a slot in the index
SLOT = LINKED - 1  # mask of the slot itself
NO_BLOCK = (1 << 32) - 1  # end of a list of free blocks
PREDICTED, IN_INPUT = 1, 2  # in COL_FLAG
WAS_ACTIVE, NOW = 1, 2  # in FLAG
