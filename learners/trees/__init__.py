"""Trees and forests: Hoeffding trees, one alone or many, compiled."""
