"""The `olearn` command."""
