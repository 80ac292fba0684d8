"""Models of river that run as ours do: their state goes into arrays, and back."""
