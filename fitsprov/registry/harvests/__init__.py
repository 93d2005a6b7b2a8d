"""Taking in what headers claim, in batches."""
