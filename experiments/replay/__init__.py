"""Rehearsal, ER to OnPro 2019-2024: how much of earlier classes each method keeps."""
