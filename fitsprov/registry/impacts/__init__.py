"""What a flaw touched, and working it off."""
