"""HTM and SPRT, Bandyopadhyay et al. 2025, beside other drift detectors, and on NAB."""
