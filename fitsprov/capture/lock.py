"""An environment as a file from which its package manager can make it again."""

from __future__ import annotations

from fitsprov.errors import UsageError
from fitsprov.model.lineage import Environment

__all__ = ["LOCK_MANAGERS", "lock_text"]

LINES = {
    "pip": "{name}=={version}",
    "conda": "{name}={version}",
    "eups": "setupRequired({name} {version})",
    "apt": "{name}={version}",
    "git": "{name} {version}",
}
LOCK_MANAGERS = tuple(LINES)
"""Package managers for which a lock file can be written."""


def lock_text(environment: Environment, manager: str) -> str:
    """Spell the packages of one manager as it reads them: a requirements file, an EUPS table, …

    Raises
    ------
    UsageError
        Where the manager is not known, or has no packages here.
    """
    if manager not in LINES:
        raise UsageError(f"no lock file for '{manager}'; expected {', '.join(LINES)}")
    packages = [package for package in environment.packages if package.manager == manager]
    if not packages:
        have = ", ".join(sorted({package.manager for package in environment.packages})) or "none"
        raise UsageError(f"no packages of {manager} in this environment; expected one of {have}")
    image = {name: getattr(environment, name) for name in ("container", "container_base", "recipe")}
    head = [f"# {name}: {value}" for name, value in {**image, **environment.platform}.items() if value]
    return "\n".join([*head, *(LINES[manager].format(name=p.name, version=p.version) for p in packages), ""])
