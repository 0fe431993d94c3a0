"""Computes SQL expressions with Spark for spark_test.go.

evaluate.py INPUT OUTPUT reads tables and queries as JSON and writes the
results as JSON: for each query the types of its expressions and the rows, or
what Spark says against it. Values travel as JSON's own or, where that would
lose something, as text: decimals and doubles as text, dates as days and
timestamps as microseconds since 1970.
"""

import decimal
import json
import os
import sys
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import types as T

# The settings that the printer asks for; see expr/print.go.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
}

# For a quiet and lonely Spark that starts at once. Every query has other
# expressions, which take longer to compile than to interpret; SPARK_CODEGEN=1
# has them compiled all the same.
LOCAL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.maxPlanStringLength": "1000",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}


INTERPRET = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


def session(work):
    if not os.environ.get("SPARK_CODEGEN"):
        LOCAL.update(INTERPRET)
    builder = SparkSession.builder.master("local[2]").appName("sparktest")
    for name, value in {**LOCAL, **SETTINGS, "spark.sql.warehouse.dir": work}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def parsed(value, kind):
    """A value of the input as Python's own."""
    if value is None:
        return None
    if kind.startswith("decimal"):
        return decimal.Decimal(value)
    if kind == "double":
        return float(value)
    return value


def create(spark, name, table, work):
    """Makes the view of a table, from a file as tables are."""
    carried = {"date": "int", "timestamp": "bigint"}
    kinds = [c["type"] for c in table["columns"]]
    fields = ", ".join(f"{c['name']} {carried.get(c['type'], c['type'])}" for c in table["columns"])
    rows = [[parsed(v, k) for v, k in zip(row, kinds)] for row in table["rows"]]
    read = {"date": "date_from_unix_date({0}) AS {0}", "timestamp": "timestamp_micros({0}) AS {0}"}
    columns = [read.get(c["type"], "{0}").format(c["name"]) for c in table["columns"]]
    path = os.path.join(work, name)
    spark.createDataFrame(rows, fields).coalesce(1).selectExpr(*columns).write.parquet(path)
    spark.read.parquet(path).createOrReplaceTempView(name)


def text(value):
    """A value of a result for JSON."""
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    return value


def run(spark, query):
    names = [f"c{i}" for i in range(len(query["select"]))]
    items = ", ".join(f"{sql} AS {name}" for sql, name in zip(query["select"], names))
    frame = spark.sql(f"SELECT {items} {query['from']}")
    carry = {T.DateType: "unix_date({0}) AS {0}", T.TimestampType: "unix_micros({0}) AS {0}"}
    types = [field.dataType for field in frame.schema.fields]
    frame = frame.selectExpr(*[carry.get(type(t), "{0}").format(n) for t, n in zip(types, names)])
    return {"types": [t.simpleString() for t in types], "rows": [[text(v) for v in row] for row in frame.collect()]}


def answer(spark, query):
    """The result of a query; of one that fails, of each expression alone."""
    try:
        return [run(spark, query)]
    except Exception:  # whatever Spark throws is a finding
        answers = []
        for item in query["select"]:
            try:
                answers.append(run(spark, {**query, "select": [item]}))
            except Exception as problem:
                answers.append({"error": str(problem)[:1000]})
        return answers


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        spark = session(folder)
        for name, table in work["tables"].items():
            create(spark, name, table, folder)
        answers = [answer(spark, q) for q in work["queries"]]
        spark.stop()
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(answers, file)


main()
