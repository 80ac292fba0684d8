"""Frank-Wolfe dictionaries, Xue and Lau 2022: recovery, rate, sizes, drift, real rows."""
