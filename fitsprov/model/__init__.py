"""What provenance is: frozen values that know no file, clock, network or database."""
