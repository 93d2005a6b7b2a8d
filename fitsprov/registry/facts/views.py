"""The registry in the words of IVOA ProvenanceDM 1.0: a view for each class and relation, as a ProvTAP service has it.

Views and columns have the names of the VO-DML, with the prefix ``provtap_``; SQL folds their case. The composition or
reference to which a row belongs is the column of its name: ``activity`` of a ``Used``. References to many are views of
their own: ``provtap_wasinformedby``, ``provtap_wasderivedfrom``, ``provtap_hadmember``. IDs of entities and activities
are UUIDs, of agents URIs, of descriptions names; times are UTC in ISO 8601.

What no table holds comes from `description`: its content has ProvenanceDM's attributes by their names.
"""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["VIEWS", "create_views", "drop_views"]

# SQLite counts seconds as whole numbers below zero, too
SQLITE = {
    "uuid": "lower(substr(hex({0}), 1, 8) || '-' || substr(hex({0}), 9, 4) || '-' || substr(hex({0}), 13, 4)"
    " || '-' || substr(hex({0}), 17, 4) || '-' || substr(hex({0}), 21))",
    "time": "strftime('%Y-%m-%dT%H:%M:%S', ({0} - (({0} % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')"
    " || printf('.%06dZ', (({0} % 1000000) + 1000000) % 1000000)",
    "of": "json_extract({0}, '$.{1}')",
    "text": "CASE WHEN {0} LIKE '\"%' THEN json_extract({0}, '$') ELSE {0} END",
}
POSTGRESQL = {
    "uuid": "{0}",  # a text that is compared with it becomes one, so that its index is used
    "time": "to_char(timestamp '1970-01-01' + {0} * interval '1 microsecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    "of": "(CAST({0} AS json) ->> '{1}')",
    "text": "CASE WHEN {0} LIKE '\"%' THEN CAST({0} AS json) #>> '{{}}' ELSE {0} END",
}
QUOTED = '"default"'
"""A column whose name is a word of SQL."""
SPELLINGS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


class Spelling:
    """Spells what engines say differently."""

    def __init__(self, dialect: str) -> None:
        self.forms = SPELLINGS[dialect]

    def uuid(self, column: str) -> str:
        """A UUID for people."""
        return self.forms["uuid"].format(column)

    def time(self, column: str) -> str:
        """A time in ISO 8601."""
        return self.forms["time"].format(column)

    def text(self, column: str) -> str:
        """JSON, but a string as it is."""
        return self.forms["text"].format(column)

    def one(self, name: str) -> str:
        """An attribute of a description."""
        return self.forms["of"].format("d.content", name)

    def of(self, *names: str) -> str:
        """Attributes of a description, as columns of their names."""
        return ", ".join(f"{self.one(name)} AS {name if name != 'default' else QUOTED}" for name in names)


def described(kind: str, name: str) -> str:
    """Join what is described by a name."""
    return f"LEFT JOIN description d ON d.kind = '{kind}' AND d.name = {name}"


INVALID = "('retracted', 'superseded', 'missing')"
STANDING = f"""LEFT JOIN annotation s ON s.id = (
    SELECT a.id FROM annotation a WHERE a.entity_id = e.id AND a.kind IN {INVALID[:-1]}, 'restored')
    ORDER BY a.time DESC, a.id DESC LIMIT 1)"""
TASK = "t.name || coalesce(' ' || t.version, '')"
LEAF = "CAST(p.config_id AS VARCHAR) || '/' || p.name"


def entities(s: Spelling, more: str = "", join: str = "", where: str = "") -> str:
    """Select entities, as their subclasses have them."""
    return f"""SELECT {s.uuid("e.uuid")} AS id, coalesce(e.name, dt.name) AS name, x.uri AS location,
        {s.time("g.ended")} AS generatedAtTime,
        CASE WHEN s.kind IN {INVALID} THEN {s.time("s.time")} END AS invalidatedAtTime,
        CASE WHEN s.kind IN {INVALID} THEN s.kind || coalesce(': ' || s.text, '') END AS comment,
        dt.name AS entityDescription{more}
    FROM entity e {join}
    LEFT JOIN dataset_type dt ON dt.id = e.dataset_type_id
    LEFT JOIN activity g ON g.id = e.gen_aid
    LEFT JOIN artifact x ON x.id = (SELECT min(c.id) FROM artifact c WHERE c.entity_id = e.id)
    {STANDING} {where}"""


def instances(s: Spelling) -> dict[str, str]:
    """What there is, and what happened: ProvenanceDM 1.0, 2.2, 2.4 and 2.6."""
    return {
        "agent": f"""SELECT a.uri AS id, coalesce(a.name, a.uri) AS name, a.type AS type,
            {s.of("comment", "email", "affiliation", "phone", "address", "url")}
            FROM agent a {described("agent", "a.uri")}""",
        "activity": f"""SELECT {s.uuid("a.uuid")} AS id, {TASK} AS name, {s.time("a.started")} AS startTime,
            {s.time("a.ended")} AS endTime, a.status AS comment, {TASK} AS activityDescription
            FROM activity a LEFT JOIN task t ON t.id = a.task_id""",
        "entity": entities(s),
        "datasetentity": entities(s, where="WHERE NOT EXISTS (SELECT 1 FROM value v WHERE v.entity_id = e.id)"),
        "valueentity": entities(s, ", v.value AS value", "JOIN value v ON v.entity_id = e.id"),
        "collection": entities(s, where="WHERE EXISTS (SELECT 1 FROM member m WHERE m.collection_id = e.id)"),
    }


def relations(s: Spelling) -> dict[str, str]:
    """What ties them: ProvenanceDM 1.0, 2.3, 2.4 and 2.7.3."""
    both = f"{s.uuid('a.uuid')} AS activity, {s.uuid('e.uuid')} AS entity"
    return {
        "used": f"""SELECT {both}, r.name AS role, {s.time("a.started")} AS time, d.name AS usageDescription
            FROM used u JOIN activity a ON a.id = u.activity_id JOIN entity e ON e.id = u.entity_id
            LEFT JOIN role r ON r.id = u.role_id LEFT JOIN task t ON t.id = a.task_id
            {described("usage", "t.name || '.' || r.name")} WHERE u.actual IS NOT FALSE""",
        "wasgeneratedby": f"""SELECT {s.uuid("e.uuid")} AS entity, {s.uuid("a.uuid")} AS activity, dt.name AS role,
            d.name AS generationDescription
            FROM entity e JOIN activity a ON a.id = e.gen_aid LEFT JOIN task t ON t.id = a.task_id
            LEFT JOIN dataset_type dt ON dt.id = e.dataset_type_id
            {described("generation", "t.name || '.' || dt.name")}""",
        "wasinformedby": f"""SELECT {s.uuid("a.uuid")} AS activity, {s.uuid("b.uuid")} AS informant
            FROM informed i JOIN activity a ON a.id = i.activity_id JOIN activity b ON b.id = i.informant_id""",
        "wasderivedfrom": f"""SELECT {s.uuid("e.uuid")} AS entity, {s.uuid("f.uuid")} AS usedEntity
            FROM derived i JOIN entity e ON e.id = i.entity_id JOIN entity f ON f.id = i.source_id""",
        "hadmember": f"""SELECT {s.uuid("e.uuid")} AS collection, {s.uuid("f.uuid")} AS entity
            FROM member m JOIN entity e ON e.id = m.collection_id JOIN entity f ON f.id = m.entity_id""",
        "wasassociatedwith": f"""SELECT {s.uuid("a.uuid")} AS activity, g.uri AS agent, CAST(NULL AS TEXT) AS role
            FROM activity a JOIN agent g ON g.id = a.agent_id
            UNION ALL SELECT {s.uuid("a.uuid")}, g.uri, r.role
            FROM responsibility r JOIN activity a ON a.id = r.activity_id JOIN agent g ON g.id = r.agent_id""",
        "wasattributedto": f"""SELECT {s.uuid("e.uuid")} AS entity, g.uri AS agent, r.role AS role
            FROM responsibility r JOIN entity e ON e.id = r.entity_id JOIN agent g ON g.id = r.agent_id""",
        "wasconfiguredby": f"""SELECT {s.uuid("a.uuid")} AS activity, 'Parameter' AS artefactType,
            CAST(NULL AS TEXT) AS configFile, {LEAF} AS parameter
            FROM activity a JOIN config_param p ON p.config_id = a.config_id
            UNION ALL SELECT {s.uuid("a.uuid")}, 'Configfile', CAST({s.uuid("e.uuid")} AS TEXT), NULL
            FROM used u JOIN activity a ON a.id = u.activity_id JOIN entity e ON e.id = u.entity_id
            JOIN dataset_type dt ON dt.id = e.dataset_type_id
            JOIN description d ON d.kind = 'configfile' AND d.name = dt.name WHERE u.actual IS NOT FALSE""",
    }


def descriptions(s: Spelling) -> dict[str, str]:
    """What things of one name have in common, and configurations: ProvenanceDM 1.0, 2.5 to 2.7."""
    kinds = "d.kind IN ('entity', 'dataset', 'value')"
    role = f"coalesce({s.one('role')}, d.name) AS role"
    several = s.of("description", "type", "multiplicity", "entityDescription", "activityDescription")
    fields = ("valueType", "unit", "ucd", "utype")
    return {
        "activitydescription": f"""SELECT {TASK} AS id, t.name AS name, t.version AS version,
            {s.of("description", "docurl", "type", "subtype")} FROM task t {described("activity", "t.name")}""",
        "usagedescription": f"SELECT d.name AS id, {role}, {several} FROM description d WHERE d.kind = 'usage'",
        "generationdescription": f"SELECT d.name AS id, {role}, {several} FROM description d"
        " WHERE d.kind = 'generation'",
        "entitydescription": f"""SELECT dt.name AS name, {s.of("description", "docurl")},
            coalesce({s.one("type")}, dt.category) AS type
            FROM dataset_type dt LEFT JOIN description d ON d.name = dt.name AND {kinds}
            WHERE dt.own IS NULL
            UNION ALL SELECT d.name, {s.of("description", "docurl", "type")} FROM description d
            WHERE {kinds} AND NOT EXISTS (SELECT 1 FROM dataset_type dt WHERE dt.name = d.name)""",
        "datasetdescription": f"""SELECT dt.name AS name, {s.of("description", "docurl", "type", "contentType")}
            FROM dataset_type dt {described("dataset", "dt.name")} WHERE dt.own IS NULL""",
        "valuedescription": f"""SELECT d.name AS name, {s.of("description", "docurl", "type", *fields)}
            FROM description d WHERE d.kind = 'value'""",
        "parameterdescription": f"""SELECT d.name AS name,
            {s.of(*fields, "min", "max", "default", "options", "description", "activityDescription")}
            FROM description d WHERE d.kind = 'parameter'""",
        "configfiledescription": f"""SELECT d.name AS name,
            {s.of("contentType", "description", "activityDescription")}
            FROM description d WHERE d.kind = 'configfile'""",
        "parameter": f"""SELECT {LEAF} AS id, p.name AS name, {s.text("p.value")} AS value,
            CAST(NULL AS TEXT) AS valueEntity, d.name AS parameterDescription
            FROM config_param p {described("parameter", "p.name")}""",
        "configfile": f"""SELECT {s.uuid("e.uuid")} AS id, coalesce(e.name, dt.name) AS name, x.uri AS location,
            CAST(NULL AS TEXT) AS comment, d.name AS configFileDescription
            FROM description d JOIN dataset_type dt ON dt.name = d.name
            JOIN entity e ON e.dataset_type_id = dt.id
            LEFT JOIN artifact x ON x.id = (SELECT min(c.id) FROM artifact c WHERE c.entity_id = e.id)
            WHERE d.kind = 'configfile'""",
    }


def selects(dialect: str) -> dict[str, str]:
    """Give the text of each view by its name."""
    spelling = Spelling(dialect)
    found = instances(spelling) | relations(spelling) | descriptions(spelling)
    return {f"provtap_{name}": text for name, text in found.items()}


VIEWS = tuple(selects("sqlite"))
"""Names of the views, lower case."""


def create_views(connection: Connection) -> None:
    """Make the views; a revision that changes tables drops them first and makes them again."""
    for name, text in selects(connection.dialect.name).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {text}".replace("%", mark(connection)))


def drop_views(connection: Connection) -> None:
    """Drop the views."""
    for name in VIEWS:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def mark(connection: Connection) -> str:
    """How the driver takes a per cent sign in a text without parameters."""
    return "%%" if connection.dialect.paramstyle in ("format", "pyformat") else "%"
