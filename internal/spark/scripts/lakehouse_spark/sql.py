"""Names and literals in SQL for Spark."""

from __future__ import annotations

from collections.abc import Iterable


def name(identifier: str) -> str:
    """Returns an identifier, quoted."""
    return "`" + identifier.replace("`", "``") + "`"


def text(value: str) -> str:
    """Returns a literal of a text; spark.sql.parser.escapedStringLiterals is false."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def any_of(conditions: Iterable[str]) -> str:
    """Returns the condition that one of the conditions holds."""
    parts = [c for c in conditions if c not in ("FALSE", "(FALSE)")]
    return "(" + " OR ".join(parts) + ")" if parts else "FALSE"
