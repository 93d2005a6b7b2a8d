"""Answers for people: aligned, coloured on a terminal only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from fitsprov.errors import printable
from fitsprov.model.finding import Finding, Severity

if TYPE_CHECKING:
    from fitsprov.actions.reading import Reading
    from fitsprov.actions.resolving import Resolution
    from fitsprov.model.facts import DatasetFacts
    from fitsprov.model.lineage import Activity, Execution
    from fitsprov.model.stamp import Input, Stamp

__all__ = ["finding_lines", "reading_text", "resolution_text", "safe", "verdict_text"]

COLOURS = {Severity.INFO: "blue", Severity.WARNING: "yellow", Severity.ERROR: "red"}
WIDE = 100
"""Characters of one line before it is cut."""
PLATFORM = {"os": "", "hardware": "", "python": "Python "}
LISTED = 8
"""Items of a list that are printed; `--json` prints all."""


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """One line a finding."""
    return [
        f"  {click.style(f'{finding.severity.value:<8}', fg=COLOURS[finding.severity])}"
        f"{finding.code:<22}  {safe(finding.message)}"
        for finding in findings
    ]


def heading(name: str, *words: str) -> str:
    """The first line of an answer."""
    return "  ".join([click.style(name, bold=True), *words])


def fields(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """Aligned names and values, those that are known."""
    return [f"  {name:<12}{safe(str(value))}" for name, value in pairs if value is not None and value != ""]


def safe(text: str) -> str:
    """Spell out what would act on a terminal: headers and services say what they like."""
    return text if text.isprintable() else "".join(map(printable, text))


def reading_text(name: str, reading: Reading) -> str:
    """What a header says."""
    if reading.stamp is None:
        return heading(name, click.style("no stamp", fg="yellow"))
    stamp = reading.stamp
    lines = [heading(name, ", ".join(reading.conventions)), *stamp_lines(stamp)]
    lines += list_lines("parents", stamp.parents) + list_lines("raws", stamp.raws)
    return "\n".join(lines + finding_lines(reading.findings))


def stamp_lines(stamp: Stamp) -> list[str]:
    """The fields of a stamp."""
    return fields(
        (
            ("dataset", stamp.id),
            ("type", stamp.type),
            ("run", stamp.run),
            ("dataId", None if stamp.data_id is None else pairs(stamp.data_id)),
            ("activity", stamp.activity_id),
            ("task", stamp.task),
            ("software", shortened(", ".join(f"{s.name} {s.version or ''}".strip() for s in stamp.software))),
            ("parameters", shortened(pairs(stamp.parameters))),
            ("parents", stamp.n_parents),
            ("raws", stamp.n_raws),
            ("DID", stamp.publisher_did),
            ("DATALINK", stamp.datalink),
            ("fingerprint", stamp.fingerprint),
            ("stamped", None if stamp.stamped is None else f"{stamp.stamped:%Y-%m-%d %H:%M:%S} UTC"),
            ("also", shortened(pairs(stamp.extra))),
        )
    )


def list_lines(title: str, items: Sequence[Input] | None) -> list[str]:
    """The first items of a list."""
    if not items:
        return []
    lines = [f"  {title}"]
    for item in items[:LISTED]:
        words = [str(item.id or item.name), item.type or "", item.run or ""]
        lines.append("    " + safe("  ".join(word for word in words if word)))
    if len(items) > LISTED:
        lines.append(f"    … and {len(items) - LISTED} more (--json lists all)")
    return lines


def pairs(data_id: object) -> str:
    """A dataId as text."""
    return " ".join(f"{key}={value}" for key, value in dict(data_id).items()) if isinstance(data_id, dict) else ""


def resolution_text(resolution: Resolution, drawing: str) -> str:
    """What a file or an ID resolves to, with its drawing."""
    colour = "green" if resolution.status.value == "resolved" else "yellow"
    status = click.style(resolution.status.value, fg=colour)
    lines = [heading(resolution.name, status, f"(from the {resolution.source})")]
    if resolution.activity is not None:
        lines += activity_lines(resolution.activity)
    if resolution.facts is not None:
        lines += fact_lines(resolution.facts)
    if resolution.known_raws:
        lines += fields((("raws", f"{len(resolution.known_raws)} listed in the header"),))
    if drawing:
        lines += ["", drawing.rstrip("\n")]
    if resolution.findings:
        lines += ["", *finding_lines(resolution.findings)]
    return "\n".join(lines)


def activity_lines(activity: Activity) -> list[str]:
    """How a dataset was made."""
    environment = activity.environment
    packages = () if environment is None else environment.packages
    platform = {} if environment is None else environment.platform
    times = [f"{time:%Y-%m-%d %H:%M:%S}" for time in (activity.started, activity.ended) if time is not None]
    task = " ".join(word for word in (activity.task, activity.version) if word)
    return fields(
        (
            ("activity", "  ".join(word for word in (str(activity.id), task, activity.status) if word)),
            ("when", f"{' to '.join(times)} UTC" if times else None),
            ("agent", None if activity.agent is None else activity.agent.name or activity.agent.id),
            ("config", None if activity.config is None else shortened(pairs(dict(activity.config)))),
            ("container", None if environment is None else environment.container),
            ("software", shortened(", ".join(f"{package.name} {package.version}" for package in packages))),
            ("platform", ", ".join(f"{word}{platform[key]}" for key, word in PLATFORM.items() if key in platform)),
            ("job", None if activity.execution is None else job_text(activity.execution)),
            ("epoch", activity.epoch if activity.epoch != 1 else None),
        )
    )


def job_text(execution: Execution) -> str:
    """A job in one line."""
    node = execution.node
    where = None if node is None else f"on {node.name}" + (f" ({node.hardware})" if node.hardware else "")
    used = None if execution.resources is None else shortened(pairs(dict(execution.resources)))
    return "  ".join(filter(None, (f"{execution.system} {execution.job}", execution.status, where, used)))


def fact_lines(facts: DatasetFacts) -> list[str]:
    """What is said of a dataset beside its lineage."""
    observation, interval = facts.observation, ""
    if observation is not None:
        times = [f"{time:%Y-%m-%d %H:%M:%S}" for time in (observation.started, observation.ended) if time is not None]
        interval = f"{' to '.join(times)} UTC" if times else ""
    lines: list[tuple[str, object]] = [("observed", interval)]
    if observation is not None:
        places = (observation.instrument, observation.sensor, observation.site)
        script = " ".join(filter(None, (observation.script, observation.script_version)))
        lines += [("with", " ".join(filter(None, places)))]
        lines += [("program", observation.program), ("field", observation.field), ("script", script)]
    lines += [("telemetry", f"{name}  {url}") for name, url in facts.telemetry.items()]
    for metric in facts.metrics:
        value = None if metric.value is None else f"{metric.value:g} {metric.unit or ''}".strip()
        lines.append(("metric", "  ".join(filter(None, (metric.name, value, metric.verdict)))))
    for one in facts.annotations:
        who = None if one.agent is None else one.agent.name or one.agent.id
        lines.append(("noted", "  ".join(filter(None, (f"{one.time:%Y-%m-%d}", one.kind, who, one.text)))))
    lines.append(("value", facts.value and facts.value.value))
    for word, ids in (("derived", facts.derived_from), ("members", facts.members), ("member of", facts.collections)):
        lines.append((word, shortened(" ".join(map(str, ids)))))
    lines += [(one.role or "by", one.agent.name or one.agent.id) for one in facts.responsible]
    return fields(lines)


def shortened(text: str) -> str:
    """A long line cut; ``--json`` has it whole."""
    return text if len(text) <= WIDE else f"{text[:WIDE].rsplit(' ', 1)[0]} …"


def verdict_text(name: str, verdict: str, findings: Iterable[Finding]) -> str:
    """Whether a file still is what its stamp says."""
    colour = "green" if verdict in ("ok", "valid") else "red"
    return "\n".join([f"{click.style(f'{verdict:<9}', fg=colour)}  {name}", *finding_lines(findings)])
