"""The HTTP service: request → action → response, and nothing else.

An endpoint is a plain function from a `Call` to an `Answer`, run in a thread; what is the same for all of them stands
in `endpoint` alone: limits, errors, caching, compression and the headers that keep clients safe.
"""
