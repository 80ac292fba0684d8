"""Tables, pictures and reports of results."""
