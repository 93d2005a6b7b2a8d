"""80-column text: FITS 4.0 cards and the sums over them. Pure; bytes in, bytes out."""
