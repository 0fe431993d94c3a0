"""Makes tables of a compiled project, and rows for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark import sql

Table = dict[str, Any]

NEVER = "FALSE"


def nobody(*_: float) -> None:
    """Is told of progress, which does not matter."""


def expression(value: str, fails: str = NEVER) -> dict[str, str]:
    """Returns an expression of the compiled project."""
    return {"value": value, "fails": fails}


def column(name: str, value: str, kind: str = "string", **other: Any) -> Table:
    """Returns a column of a silver table, or of gold."""
    fails = other.pop("fails", NEVER)
    return {
        "name": name,
        "spark_type": kind,
        "required": False,
        "reads": [],
        "expression": expression(value, fails),
        **other,
    }


def integer(name: str, **other: Any) -> Table:
    """Returns a silver column that is a raw column of its name, parsed as an integer."""
    raw = f"`0_raw`.{sql.name(name)}"
    value = f"TRY_CAST({raw} AS INT)"
    return column(name, value, "int", fails=f"({value} IS NULL AND {raw} IS NOT NULL)", **other)


def check(name: str, reads: Sequence[str], **other: Any) -> Table:
    """Returns a row check; without expect or references it always holds."""
    return {"name": name, "on_fail": "quarantine", "null_ok": False, "reads": [*reads], **other}


def schema(**kinds: str) -> list[Table]:
    """Returns the columns of a table by their types."""
    return [{"name": name, "spark_type": kind} for name, kind in kinds.items()]


def silver(columns: Sequence[Table], checks: Sequence[Table] = (), **other: Any) -> Table:
    """Returns a silver table."""
    return {
        "name": "t",
        "from": "raws",
        "columns": [*columns],
        "compute_order": [c["name"] for c in columns],
        "checks": [*checks],
        "key": [],
        "partition_by": [],
        "distinct": False,
        "buckets": 1,
        "bucket": None,
        **other,
    }


def raw_rows(session: SparkSession, names: Sequence[str], values: Iterable[Sequence[str | None]]) -> DataFrame:
    """Returns rows of bronze as they are judged; they are numbered from 1."""
    numbered = [(*row, i) for i, row in enumerate(values, 1)]
    kinds = ", ".join(f"{sql.name(n)} string" for n in names)
    rows = session.createDataFrame(numbered, f"{kinds}, source_row bigint")
    whole = F.struct(*[F.col(sql.name(n)) for n in names])
    return rows.select(whole.alias("0_all"), F.lit("f.csv").alias("source_file"), "source_row")


def found(rows: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Returns columns of rows, in the order of their source."""
    order = [n for n in ("source_file", "source_row") if n in rows.columns]
    chosen = rows.orderBy(*order).select(*[F.col(sql.name(n)) for n in names or rows.columns])
    return [tuple(row) for row in chosen.collect()]


def unordered(rows: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Returns columns of rows that have no source, in some order that is always the same."""
    chosen = rows.select(*[F.col(sql.name(n)) for n in names or rows.columns])
    return sorted((tuple(row) for row in chosen.collect()), key=str)
