"""Types and judges raw rows, as the compiled project says.

The columns that judging adds to the rows begin with 0_, and so do all that are
added on the way of rows through this package: no column of a table begins with a
digit, and Spark takes such a name unquoted.

    0_raw        the raw columns that the table reads
    0_all        all raw columns, of rows that are rejected or fail the run
    0_replay     whether the row comes from quarantine
    0_found_I    for a check I that refers to another table: whether the value is there
    0_check_I    whether check I fails
    0_type_I     whether column I has an error of its own
    0_required_I whether column I is null for no other reason, and must not be
    0_failed_I   whether column I has no value for others to read
    0_bad        whether the row goes to quarantine
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse_spark import sql
from lakehouse_spark.lake import Lake

# What the name of a folder may have in bytes, and what of a text Hive escapes in it.
MOST_FOLDER = 255
ESCAPED = "[\\\\x00-\\\\x1f\\\\x7f\"#%\\'*/:=?\\\\\\\\{\\\\[\\\\]^]"

Table = dict[str, Any]
Spec = dict[str, Any]


def judge(lake: Lake, table: Table, spec: Spec, rows: DataFrame) -> DataFrame:
    """Returns the rows of bronze or quarantine with their typed columns and all verdicts."""
    typed = type_rows(table, spec, rows)
    for i, check in enumerate(table["checks"]):
        if check.get("references"):
            column = sql.name(check["reads"][0])
            typed = find(lake, typed, spec["references"][i], column, f"0_found_{i}")
    verdicts = [F.expr(fails(table, i)).alias(f"0_check_{i}") for i in range(len(table["checks"]))]
    judged = typed.select("*", *verdicts)
    return judged.withColumn("0_bad", F.expr(bad(table))).withColumn(
        "0_all", F.expr(f"CASE WHEN 0_bad OR {fatal(table)} THEN 0_all END")
    )


def type_rows(table: Table, spec: Spec, rows: DataFrame) -> DataFrame:
    """Computes the columns of the table, each after those that it reads."""
    raw = [
        (F.lit(None).cast("string") if have is None else F.col("0_all").getField(have)).alias(slot)
        for slot, have in spec["raw"].items()
    ]
    typed = rows.withColumn("0_raw", F.struct(*raw) if raw else F.struct(F.lit(None).alias("none")))
    columns = {c["name"]: (i, c) for i, c in enumerate(table["columns"])}
    waiting = list(table["compute_order"])
    done: set[str] = set()
    while waiting:
        ready = [n for n in waiting if done.issuperset(columns[n][1]["reads"])]
        typed = compute(table, typed, [columns[n] for n in ready])
        done.update(ready)
        waiting = [n for n in waiting if n not in done]
    return typed.drop("0_raw")


def compute(table: Table, rows: DataFrame, columns: list[tuple[int, Table]]) -> DataFrame:
    """Computes columns that read none of each other."""
    values: list[Column] = []
    errors: list[Column] = []
    verdicts: list[Column] = []
    for i, c in columns:
        value, own = c["expression"]["value"], c["expression"]["fails"]
        in_path = c["spark_type"] == "string" and c["name"] in table["partition_by"]
        if in_path:  # the empty text has no folder of its own
            value = f"nullif({value}, '')"
        else:  # an error is often told by the value being null, which need not be computed twice
            own = own.replace(value, sql.name(c["name"]))
        values.append(F.expr(value).alias(c["name"]))
        errors.append(F.expr(own).alias(f"0_error_{i}"))
        index = {other["name"]: k for k, other in enumerate(table["columns"])}
        skip = sql.any_of(f"0_failed_{index[r]}" for r in c["reads"])
        missing = f"({sql.name(c['name'])} IS NULL AND NOT ({skip} OR 0_error_{i}))" if c["required"] else "FALSE"
        long = f"(NOT ({skip} OR 0_error_{i}) AND {too_long(c['name'])})" if in_path else "FALSE"
        verdicts += [
            F.expr(sql.any_of([f"(NOT {skip} AND 0_error_{i})", long])).alias(f"0_type_{i}"),
            F.expr(missing).alias(f"0_required_{i}"),
            F.expr(sql.any_of([skip, f"0_error_{i}", missing, long])).alias(f"0_failed_{i}"),
        ]
    judged = rows.select("*", *values).select("*", *errors).select("*", *verdicts)
    return judged.drop(*[f"0_error_{i}" for i, _ in columns])


def too_long(column: str) -> str:
    """Returns the condition that a text is too long for the name of a folder."""
    value, escapes = sql.name(column), f"regexp_replace({sql.name(column)}, '{ESCAPED}', 'xxx')"
    whole = f"({value} = '__HIVE_DEFAULT_PARTITION__')"
    size = f"(octet_length({escapes}) + IF({whole}, 2, 0) + {len(column.encode()) + 1})"
    return f"coalesce({size} > {MOST_FOLDER}, FALSE)"


def find(lake: Lake, rows: DataFrame, reference: dict[str, Any], column: str, found: str) -> DataFrame:
    """Says of each row whether the value of a column is among those of another table."""
    values = referred(lake, reference)
    if values is None:
        return rows.withColumn(found, F.lit(False))
    values = values.where(F.col("0_value").isNotNull()).distinct().withColumn(found, F.lit(True))
    joined = rows.join(values, F.expr(f"{column} = 0_value"), "left").drop("0_value")
    return joined.withColumn(found, F.coalesce(F.col(found), F.lit(False)))


def referred(lake: Lake, reference: dict[str, Any]) -> DataFrame | None:
    """Returns the values of a column that a check refers to; None: there are none."""
    kind = T._parse_datatype_string(reference["type"])
    if reference["files"]:
        schema = T.StructType([T.StructField(reference["column"], kind)])
        return lake.read(reference["files"], schema).toDF("0_value")
    texts = [(v,) for v in reference["values"] if v is not None]
    if not texts:
        return None
    return lake.session.createDataFrame(texts, "0_value string").select(F.col("0_value").cast(kind).alias("0_value"))


def skipped(table: Table, check: Table) -> str:
    """Returns the condition that a column which a check reads has failed."""
    index = {c["name"]: i for i, c in enumerate(table["columns"])}
    return sql.any_of(f"0_failed_{index[r]}" for r in check["reads"])


def fails(table: Table, i: int) -> str:
    """Returns the condition that a row fails check i."""
    check = table["checks"][i]
    skip = skipped(table, check)
    if check.get("references"):
        return f"(NOT {skip} AND {unfound(check, i)})"
    value, error = check["expect"]["value"], check["expect"]["fails"]
    holds = f"coalesce({value}, FALSE)"
    if check["null_ok"]:
        holds = f"coalesce({value}, NOT ({error}))"
    return f"(NOT {skip} AND NOT {holds})"


def unfound(check: Table, i: int) -> str:
    """Returns the condition that the value of check i refers to nothing."""
    return f"({sql.name(check['reads'][0])} IS NOT NULL AND NOT 0_found_{i})"


def bad(table: Table) -> str:
    """Returns the condition that a row goes to quarantine."""
    columns = range(len(table["columns"]))
    checks = [f"0_check_{i}" for i, c in enumerate(table["checks"]) if c["on_fail"] == "quarantine"]
    return sql.any_of([*(f"0_type_{i}" for i in columns), *(f"0_required_{i}" for i in columns), *checks])


def fatal(table: Table) -> str:
    """Returns the condition that a row fails the run."""
    return sql.any_of(f"0_check_{i}" for i, c in enumerate(table["checks"]) if c["on_fail"] == "fail")


def reasons(table: Table) -> dict[str, str]:
    """Returns the conditions under which rows fail, by what reports call them."""
    out: dict[str, str] = {}
    for i, c in enumerate(table["columns"]):
        out["type:" + c["name"]] = f"0_type_{i}"
        if c["required"]:
            out["required:" + c["name"]] = f"0_required_{i}"
    for i, check in enumerate(table["checks"]):
        out[check["name"]] = f"0_check_{i}"
    return out


def issues(table: Table, condition: dict[int, str]) -> str:
    """Returns the names of the checks whose condition holds, as data_quality_issues has them."""
    names = [f"CASE WHEN {c} THEN {sql.text(table['checks'][i]['name'])} END" for i, c in sorted(condition.items())]
    if not names:
        return "CAST(NULL AS STRING)"
    return f"nullif(concat_ws(',', {', '.join(names)}), '')"


def flags(table: Table) -> dict[int, str]:
    """Returns the conditions of the checks that flag rows."""
    return {i: f"0_check_{i}" for i, c in enumerate(table["checks"]) if c["on_fail"] == "flag"}


def rejudge(lake: Lake, table: Table, spec: Spec, rows: DataFrame) -> DataFrame:
    """Judges rows of the table again by what they refer to.

    It sets their flags, and adds 0_moved (the flags have changed) and 0_lost (a
    value is gone without which the row has no place in the table).
    """
    lost = []
    condition = {}
    for i, check in enumerate(table["checks"]):
        if not check.get("references"):
            if check["on_fail"] == "flag":
                name = sql.text(check["name"])
                condition[i] = f"coalesce(array_contains(split(data_quality_issues, ','), {name}), FALSE)"
            continue
        rows = find(lake, rows, spec["references"][i], sql.name(check["reads"][0]), f"0_found_{i}")
        if check["on_fail"] == "flag":
            condition[i] = unfound(check, i)
        else:
            lost.append(unfound(check, i))
    rows = rows.withColumn("0_issues", F.expr(issues(table, condition)))
    rows = rows.withColumn("0_moved", F.expr("NOT (0_issues <=> data_quality_issues)"))
    rows = rows.withColumn("0_lost", F.expr(sql.any_of(lost)))
    rows = rows.withColumn("data_quality_issues", F.col("0_issues"))
    rows = rows.withColumn("data_quality_flag", F.expr("IF(0_issues IS NULL, 'PASSED', 'WARNED')"))
    return rows.drop("0_issues", *[f"0_found_{i}" for i in range(len(table["checks"]))])


def order_of(session: SparkSession, spec: Spec) -> DataFrame:
    """Returns the number of each source file in the order of ingestion."""
    return session.createDataFrame(list(spec["order"].items()), "source_file string, 0_file bigint")
