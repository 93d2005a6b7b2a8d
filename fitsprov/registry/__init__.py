"""The SQL room: what is known about datasets and activities, kept and asked."""

from fitsprov.registry.records.recording import Counts
from fitsprov.registry.registry import Registry
from fitsprov.registry.status import Status

__all__ = ["Counts", "Registry", "Status"]
