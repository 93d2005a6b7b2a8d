"""Taking in what records say, whole or not at all."""
