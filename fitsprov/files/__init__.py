"""Bytes on disk: FITS files read and edited, standard library only on the fast path."""
