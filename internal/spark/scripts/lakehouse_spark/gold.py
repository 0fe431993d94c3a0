"""The gold layer: tables made of silver tables.

A table is made in this order: where, latest, joins, then groups and measures, or
columns. An expression without a value for a row or a group ends the run: the data
do not allow the table.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark import sql, tasks
from lakehouse_spark.failure import GATE_END, GATE_MARK
from lakehouse_spark.lake import Lake
from lakehouse_spark.progress import Begin

Table = dict[str, Any]
Spec = dict[str, Any]


def build(lake: Lake, binary: tasks.Binary, project: Table, spec: Spec, begin: Begin) -> dict[str, Any]:
    """Builds tables anew, each a phase of the work that begin is told of, and returns the files of each."""
    tables = {g["name"]: g for g in project["gold"]}
    silver = {s["name"]: s for s in project["silver"]}
    out = {}
    for i, name in enumerate(spec["tables"]):
        begin(i / len(spec["tables"]), (i + 1) / len(spec["tables"]))
        g = tables[name]
        sources = {s: read(lake, silver[s], spec) for s in {g["from"], *(j["table"] for j in g["joins"])}}
        out[name] = write(lake.session, binary, g, rows_of(g, sources, spec), spec["orders"][name])
    return {"tables": out}


def read(lake: Lake, table: Table, spec: Spec) -> DataFrame:
    """Returns a silver table; its columns are named `table`.`column`."""
    files = spec["inputs"].get(table["name"]) or []
    return lake.table(files, "silver", table["name"], table["schema"]).alias(table["name"])


def or_fail(value: str, fails: str, message: str, details: str = "''") -> str:
    """Returns a value whose failure ends the run with a message; details is SQL for its end."""
    if fails in ("FALSE", "(FALSE)"):
        return value
    raised = f"raise_error(concat({sql.text(GATE_MARK + message)}, {details}, {sql.text(GATE_END)}))"
    return f"CASE WHEN {fails} THEN {raised} ELSE {value} END"


NO_VALUE = " has no value: a result that does not fit its type, a division by zero, or an argument out of range"


def or_name_row(expression: dict[str, str], what: str, table: str) -> str:
    """Returns the value of an expression for a row, whose failure ends the run and says of which row of a table."""
    row, file = (f"{sql.name(table)}.{name}" for name in ("source_row", "source_file"))
    details = f"concat({row}, ' of ', {file}, {sql.text(NO_VALUE)})"
    return or_fail(expression["value"], expression["fails"], f"{what}: row ", details)


def filtered(rows: DataFrame, where: dict[str, str] | None, what: str, table: str) -> DataFrame:
    """Keeps the rows of a table for which a condition is true."""
    if where is None:
        return rows
    return rows.where(or_name_row(where, what, table))


def rows_of(g: Table, sources: dict[str, DataFrame], spec: Spec) -> DataFrame:
    """Returns the rows of a table, with all its columns."""
    rows = filtered(sources[g["from"]], g.get("where"), f"gold.{g['name']}: where", g["from"])
    if g.get("latest"):
        rows = latest(rows, g)
    for j in g["joins"]:
        rows = join(rows, j, g, sources[j["table"]])
    made = grouped(rows, g) if g["grouped"] else projected(rows, g)
    now = F.expr(f"timestamp_micros({spec['now']})").alias("aggregation_timestamp")
    columns = [c["name"] for c in g["schema"]]
    return made.select("*", now).select(*[sql.name(c) for c in columns])


def latest(rows: DataFrame, g: Table) -> DataFrame:
    """Keeps the rows with the greatest value of a column."""
    column = f"{sql.name(g['from'])}.{sql.name(g['latest'])}"
    greatest = rows.select(F.expr(f"max({column})").alias("0_greatest"))
    return rows.join(F.broadcast(greatest), F.expr(f"{column} = 0_greatest"), "left_semi")


def join(rows: DataFrame, j: Table, g: Table, other: DataFrame) -> DataFrame:
    """Joins another table from the left."""
    other = filtered(other, j.get("where"), f"gold.{g['name']}: where of join {j['table']}", j["table"])
    left, right = sql.name(g["from"]), sql.name(j["table"])
    same = [f"{left}.{sql.name(on['left'])} = {right}.{sql.name(on['right'])}" for on in j["on"]]
    return rows.join(other, F.expr(" AND ".join(same)), "left")


def projected(rows: DataFrame, g: Table) -> DataFrame:
    """Returns the columns of a table whose rows are those of its source."""
    columns = []
    for c in g["columns"]:
        columns.append(typed(or_name_row(c["expression"], f"gold.{g['name']}: column {c['name']}", g["from"]), c))
    return rows.select(*columns)


def typed(value: str, column: Table) -> Column:
    """Returns a value as a column of the table."""
    return F.expr(value).cast(column["spark_type"]).alias(column["name"])


def grouped(rows: DataFrame, g: Table) -> DataFrame:
    """Returns a row for each group, with the measures over its rows."""
    keys, aggregates = [], []
    for c in g["groups"]:
        keys.append(typed(or_name_row(c["expression"], f"gold.{g['name']}: group key {c['name']}", g["from"]), c))
    for i, m in enumerate(g["measures"]):
        aggregates += [F.expr(a).alias(n) for a, n in zip(m["aggregates"], m["names"], strict=True)]
        wrong = sql.any_of(m["argument_fails"])
        if wrong != "FALSE":
            aggregates.append(F.expr(f"count_if({wrong})").alias(f"0_wrong_{i}"))
    if not aggregates:
        aggregates.append(F.count("*").alias("0_rows"))
    groups = rows.groupBy(*keys).agg(*aggregates)
    names = [F.col(sql.name(c["name"])) for c in g["groups"]]
    return groups.select(*names, *[measure(g, i) for i in range(len(g["measures"]))])


def measure(g: Table, i: int) -> Column:
    """Returns a measure over its aggregates. One without a value says of which group."""
    m = g["measures"][i]
    group = ", ', ', ".join(
        f"{sql.text(c['name'] + '=')}, coalesce(CAST({sql.name(c['name'])} AS STRING), 'null')" for c in g["groups"]
    )
    details = f"concat({group}, ': the result does not fit its type, or an argument has no value')"
    fails = [m["expression"]["fails"]]
    if sql.any_of(m["argument_fails"]) != "FALSE":
        fails.append(f"0_wrong_{i} > 0")
    message = f"gold.{g['name']}: measure {m['name']} of group "
    return typed(or_fail(m["expression"]["value"], sql.any_of(fails), message, details), m)


def write(session: SparkSession, binary: tasks.Binary, g: Table, rows: DataFrame, order: str) -> list[dict[str, Any]]:
    """Writes the files of a table: one for each partition, of a table without partitions exactly one."""
    parts = [F.col(sql.name(p)) for p in g["partition_by"]]
    columns = rows.columns
    rows = rows.withColumn("0_mark", F.lit(False))
    if not parts:
        mark = session.range(1).select(F.lit(True).alias("0_mark"))
        rows = rows.unionByName(mark, allowMissingColumns=True)
    rows = rows.repartition(*parts) if parts else rows.repartition(1)
    # A task that is run again writes the same bytes.
    rows = rows.sortWithinPartitions(*parts, F.col("0_mark").desc(), *[F.col(sql.name(c)) for c in columns])
    return tasks.write(rows.withColumn("0_bucket", F.lit(0)), binary, order)
