"""A running program: the software and hardware that it runs in."""

from fitsprov.capture.environment import capture_environment, packages_of_path
from fitsprov.capture.lock import LOCK_MANAGERS, lock_text

__all__ = ["LOCK_MANAGERS", "capture_environment", "lock_text", "packages_of_path"]
