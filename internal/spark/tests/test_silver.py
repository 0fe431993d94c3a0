"""How rows are merged into a silver table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import tables
from lakehouse_spark import judge, silver
from lakehouse_spark.lake import WHENCE, Lake
from lakehouse_spark.tasks import Binary
from tables import check, column, expression, found, integer, nobody

NONE = Binary("/is/not/there", shipped=False)
ORDER = {"new.csv": 1, "old.csv": 0, "newest.csv": 2}
KINDS = "k string, at int, source_file string, source_row bigint"
Row = tuple[str | None, int | None, str, int]


def build(lake: Lake, **table: Any) -> silver.Build:
    """Returns a build of a table of keys k and times at."""
    columns = [column("k", "`0_raw`.`k`"), integer("at")]
    kinds = tables.schema(k="string", at="int", source_file="string", source_row="bigint")
    made = {**tables.silver(columns), "key": ["k"], "latest_by": "at", "schema": kinds, **table}
    return silver.Build(lake, NONE, made, {"order": ORDER, "rejudge": False}, nobody)


def rows(b: silver.Build, values: Iterable[Row]) -> DataFrame:
    return b.lake.session.createDataFrame(list(values), KINDS)


def settle(b: silver.Build, good: Iterable[Row], present: Iterable[Row] | None = None) -> tuple[Any, Any]:
    """Returns the rows that enter the table, and those whose key came again with whether they stay."""
    have = None if present is None else rows(b, present)
    fresh, hit = silver.settle(b, silver.numbered(b, rows(b, good)), have)
    return found(fresh, "k", "at", "source_file", "source_row"), hit and found(hit, "k", "0_stays")


def test_the_latest_counts(lake: Lake) -> None:
    b = build(lake)
    good: list[Row] = [
        ("a", 3, "old.csv", 1),
        ("a", 2, "new.csv", 1),
        ("b", None, "newest.csv", 9),
        ("b", -5, "old.csv", 2),
        ("c", 7, "new.csv", 2),
        ("c", 7, "old.csv", 3),  # of an earlier file
        ("d", None, "new.csv", 10),
        ("d", None, "new.csv", 9),  # an earlier row
        (None, 1, "old.csv", 4),
        (None, 2, "old.csv", 5),
    ]
    fresh, hit = settle(b, good)
    assert fresh == [
        ("c", 7, "new.csv", 2),
        ("d", None, "new.csv", 10),
        ("a", 3, "old.csv", 1),
        ("b", -5, "old.csv", 2),
        (None, 2, "old.csv", 5),
    ]
    assert hit is None
    b.close()


def test_a_key_with_many_versions_is_reduced_where_it_is_read(lake: Lake) -> None:
    b = build(lake)
    many = silver.choose(b, silver.numbered(b, rows(b, [("a", i, "old.csv", i) for i in range(100)])).repartition(3))
    plan: str = many._jdf.queryExecution().executedPlan().toString()
    steps = re.findall(r"WindowGroupLimit|Exchange|Window\b", plan)
    assert steps[:4] == ["Window", "WindowGroupLimit", "Exchange", "WindowGroupLimit"], plan  # the last first
    assert found(many, "at") == [(99,)]


def test_the_last_counts_if_there_is_no_time(lake: Lake) -> None:
    b = build(lake, latest_by="")
    assert settle(b, [("a", 9, "old.csv", 1), ("a", 1, "new.csv", 1), ("a", 5, "new.csv", 0)])[0] == [
        ("a", 1, "new.csv", 1)
    ]
    b.close()


def test_of_equal_rows_the_first_counts(lake: Lake) -> None:
    b = build(lake, distinct=True)
    good: list[Row] = [
        ("a", 1, "new.csv", 1),
        ("a", 1, "old.csv", 8),
        ("a", None, "new.csv", 2),
        ("a", None, "new.csv", 3),
    ]
    assert settle(b, good)[0] == [("a", None, "new.csv", 2), ("a", 1, "old.csv", 8)]
    b.close()


def test_without_a_key_every_row_counts(lake: Lake) -> None:
    b = build(lake, key=[])
    good: list[Row] = [("a", 1, "new.csv", 1), ("a", 1, "new.csv", 2)]
    assert settle(b, good, [("a", 1, "old.csv", 1)]) == (good, None)
    b.close()


def test_rows_of_the_table_stay_or_go(lake: Lake) -> None:
    b = build(lake)
    good: list[Row] = [("a", 1, "new.csv", 1), ("b", 9, "new.csv", 2), ("n", 0, "new.csv", 3), (None, 0, "new.csv", 4)]
    present: list[Row] = [
        ("a", 5, "old.csv", 1),
        ("b", 5, "old.csv", 2),
        ("c", 5, "old.csv", 3),
        (None, 5, "old.csv", 4),
    ]
    fresh, hit = settle(b, good, present)
    assert fresh == [("b", 9, "new.csv", 2), ("n", 0, "new.csv", 3)]
    assert hit == [("a", True), ("b", False), (None, True)]
    b.close()


def test_a_duplicate_of_a_row_of_the_table_does_not_enter(lake: Lake) -> None:
    b = build(lake, distinct=True)
    assert settle(b, [("a", None, "new.csv", 1)], [("a", None, "old.csv", 1)]) == ([], [("a", True)])
    b.close()


def test_values_that_come_and_go_are_noted(lake: Lake, fake: Callable[[str], Binary]) -> None:
    b = build(lake)
    b.binary = fake(SHOW)
    b.spec |= {"referenced": ["k", "at"], "changed": '{"kind": "write", "show": ["0_which", "k", "at"]}'}
    fresh = rows(b, [("a", 1, "new.csv", 1), ("b", 2, "new.csv", 2), ("b", 7, "new.csv", 3), (None, 1, "new.csv", 4)])
    hit = rows(b, [("a", 5, "old.csv", 1), ("c", 2, "old.csv", 2), ("d", 9, "old.csv", 3)])
    hit = hit.withColumn("0_stays", F.expr("k = 'd'"))
    noted = [dict(row) for row in silver.note(b, fresh, hit)]
    assert [(row["0_which"], row["k"], row["at"]) for row in noted] == [
        (-1, None, None),
        (0, "b", None),
        (0, "c", None),
        (0, None, None),
        (1, None, 1),
        (1, None, 5),
        (1, None, 7),
    ]
    noted = [dict(row) for row in silver.note(b, fresh.limit(0), None)]
    assert [row["0_which"] for row in noted] == [-1]
    b.spec["referenced"] = []
    assert silver.note(b, fresh, hit) == []


def test_columns_that_are_like_those_of_this_program(lake: Lake) -> None:
    columns = [column("_file", "`0_raw`.`_file`"), column("_row", "`0_raw`.`_row`"), column("_home", "`0_raw`.`_home`")]
    kinds = tables.schema(_file="string", _row="string", _home="string", source_file="string", source_row="bigint")
    table = {**tables.silver(columns), "key": ["_file"], "schema": kinds, "latest_by": "_row"}
    b = silver.Build(lake, NONE, table, {"order": ORDER}, nobody)
    names = [c["name"] for c in kinds]
    have = lake.session.createDataFrame([("a", "1", "x", "old.csv", 1)], names)
    good = lake.session.createDataFrame([("a", "2", "y", "new.csv", 1)], names)
    fresh, hit = silver.settle(b, silver.numbered(b, good), have)
    assert found(fresh, *names) == [("a", "2", "y", "new.csv", 1)]
    assert hit is not None
    assert found(hit, "_row", "0_stays") == [("1", False)]
    b.close()


def test_a_row_of_an_unknown_file_fails_the_run(lake: Lake) -> None:
    b = build(lake)
    with pytest.raises(Py4JJavaError) as caught:
        silver.placed(b, rows(b, [("a", 1, "lost.csv", 1)])).collect()
    assert "a row says that it is of lost.csv, which was never ingested" in str(caught.value)
    b.close()


@pytest.mark.parametrize("distinct", [False, True])
def test_totals(lake: Lake, distinct: bool) -> None:
    dropped = "duplicate" if distinct else "superseded"
    b = build(lake, distinct=distinct)
    raw = tables.raw_rows(lake.session, ["k", "at"], [("a", "1"), ("a", "2"), ("b", "x"), ("c", "y"), ("a", "1")])
    marked = raw.selectExpr("*", "source_row = 4 AS `0_replay`")
    judged = judge.judge(lake, b.table, {"raw": {"k": "k", "at": "at"}, "references": []}, marked)
    totals, counts, all_rows = silver.count(b, judged)
    # A row of quarantine that stays there is no news.
    assert totals == {"f.csv": {"quarantined": 1, dropped: 3}}
    assert (counts, all_rows) == ({"type:at": 2}, 5)
    fresh = rows(b, [("a", 2, "f.csv", 2)])
    hit = rows(b, [("a", 0, "old.csv", 1), ("b", 0, "old.csv", 2)]).selectExpr("*", "k = 'b' AS `0_stays`")
    silver.settled(b, totals, fresh, hit)
    assert totals == {"f.csv": {"quarantined": 1, dropped: 2, "silver": 1}, "old.csv": {"silver": -1, dropped: 1}}
    b.close()


SHOW = """
if order["kind"] == "write":
    shown = [[(name, row[name]) for name in sorted(order["show"])] for row in rows().to_pylist()]
    report(files=sorted(shown, key=str))
else:
    report(files=[{"names": rows().schema.names}])
"""


def project(lake: Lake, **table: Any) -> silver.Table:
    """Returns a table with a partition for each first letter, whose bronze has the columns k, at and a.b."""
    columns = [
        column("k", "nullif(`0_raw`.`k`, '')", required=True),
        integer("at"),
        column("part", "substr(`k`, 1, 1)", reads=["k"]),
    ]
    kinds = tables.schema(
        k="string",
        at="int",
        part="string",
        data_quality_flag="string",
        data_quality_issues="string",
        source_file="string",
        source_row="bigint",
        ingestion_timestamp="timestamp",
        ingestion_date="date",
        processed_timestamp="timestamp",
    )
    checks = [check("deadly", ["k"], on_fail="fail", expect=expression("(`k` <> 'dead')"))]
    return {
        **tables.silver(columns, checks),
        "key": ["k"],
        "latest_by": "at",
        "partition_by": ["part"],
        "schema": kinds,
        **table,
    }


MIDNIGHT = "TIMESTAMP '2024-02-29 00:00:00'"


def ingest(lake: Lake, name: str, *values: tuple[str | None, str | None]) -> str:
    """Writes a file of bronze, and returns its name."""
    kinds = "k string, at string, `a.b` string, source_file string, source_row bigint"
    data = [(k, at, "x", f"{name}.csv", i) for i, (k, at) in enumerate(values, 1)]
    rows = lake.session.createDataFrame(data, kinds).selectExpr("*", f"{MIDNIGHT} AS ingestion_timestamp")
    folder = f"bronze/raws/ingestion_date=2024-02-29/{name}"
    rows.write.parquet(f"{lake.url}/{folder}")
    return folder


def request(lake: Lake, *inputs: str, **other: Any) -> dict[str, Any]:
    return {
        "raw_columns": ["k", "at", "a.b"],
        "raw": {"k": "k", "at": "at"},
        "inputs": [*inputs],
        "replay": [],
        "files": [],
        "order": {"one.csv": 0, "two.csv": 1},
        "references": [None],
        "rejudge": False,
        "now": 1_700_000_000_000_000,
        "write": '{"kind": "write", "show": ["k", "0_mark", "ingestion_date", "processed_timestamp"]}',
        "rejected": '{"kind": "rejected"}',
        "changed": '{"kind": "write", "show": ["0_which", "k", "part"]}',
        "referenced": [],
        **other,
    }


def shown(put: list[Any]) -> list[tuple[Any, ...]]:
    """Returns mark, ingestion date, key and time of processing of the rows that were written."""
    return [tuple(value for _, value in row) for row in put]


def test_a_build_from_nothing(lake: Lake, fake: Callable[[str], Binary]) -> None:
    name = ingest(lake, "one", ("a1", "1"), ("b1", "2"), ("a1", "3"), ("", "4"), ("dead", "5"), ("c1", "x"))
    answer = silver.build(lake, fake(SHOW), project(lake), request(lake, name), nobody)
    assert shown(answer["put"]) == [
        (False, "2024-02-29", key, "2023-11-14 22:13:20+00:00") for key in ("a1", "b1", "dead")
    ]
    assert answer["quarantined"] == [
        {"names": [*(f"0_raw_{i}" for i in range(3)), *WHENCE.fieldNames()]},
    ]
    assert answer["totals"] == {"one.csv": {"quarantined": 2, "superseded": 1, "silver": 3}}
    assert (answer["judged"], answer["counts"]) == (6, {"required:k": 1, "type:at": 1, "deadly": 1})
    dead = {"check": "deadly", "raw": ["dead", "5", "x"], "found": [None], "source_file": "one.csv", "source_row": 5}
    assert answer["fatal"] == [dead]


def test_only_partitions_that_change_are_written(lake: Lake, fake: Callable[[str], Binary], tmp_path: Path) -> None:
    at = "TIMESTAMP '2024-01-01 00:00:00'"
    base = lake.session.sql(
        "SELECT col1 AS k, col2 AS at, substr(col1, 1, 1) AS part, 'PASSED' AS data_quality_flag, "
        "CAST(null AS STRING) AS data_quality_issues, 'one.csv' AS source_file, CAST(col3 AS BIGINT) AS source_row, "
        f"{at} AS ingestion_timestamp, DATE '2024-01-01' AS ingestion_date, {at} AS processed_timestamp "
        "FROM VALUES ('a1', 1, 1), ('a2', 1, 2), ('b1', 9, 3), ('c1', 1, 4), (null, 1, 5)"
    )
    base.write.partitionBy("part").parquet(f"{lake.url}/silver/t")
    files = [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.glob("silver/t/*/*.parquet"))]
    assert len(files) == 4
    name = ingest(lake, "two", ("a1", "2"), ("b1", "2"))  # the table has a later b1
    answer = silver.build(lake, fake(SHOW), project(lake), request(lake, name, files=files), nobody)
    assert shown(answer["put"]) == [
        (False, "2024-01-01", "a2", "2024-01-01 00:00:00+00:00"),
        (False, "2024-02-29", "a1", "2023-11-14 22:13:20+00:00"),
        (True, None, None, None),
    ]
    assert answer["totals"] == {
        "one.csv": {"silver": -1, "superseded": 1},
        "two.csv": {"quarantined": 0, "superseded": 1, "silver": 1},
    }
    assert (answer["quarantined"], answer["fatal"]) == ([], [])
