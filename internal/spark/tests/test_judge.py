"""How raw rows are typed and judged."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

import tables
from lakehouse_spark import judge
from lakehouse_spark.lake import Lake
from tables import NEVER, check, column, expression, found, integer, raw_rows

ID = column("id", "nullif(`0_raw`.`id`, '')", required=True)


def spec(*raw: str, **other: Any) -> dict[str, Any]:
    return {"raw": {name: name for name in raw}, "references": [], **other}


def test_errors_of_columns(lake: Lake) -> None:
    table = tables.silver([ID, integer("n"), column("twice", "(`n` * 2)", "int", reads=["n"], required=True)])
    rows = raw_rows(lake.session, ["id", "n"], [("a", "1"), ("", "x"), ("b", None), ("c", "2147483648")])
    judged = judge.judge(lake, table, spec("id", "n"), rows).persist()
    assert found(judged, "id", "n", "twice", "0_bad") == [
        ("a", 1, 2, False),
        (None, None, None, True),
        ("b", None, None, True),
        ("c", None, None, True),
    ]
    # What could not be read is not missed a second time.
    assert found(judged, "0_type_0", "0_required_0", "0_type_1", "0_type_2", "0_required_2") == [
        (False, False, False, False, False),
        (False, True, True, False, False),
        (False, False, False, False, True),
        (False, False, True, False, False),
    ]
    assert found(judged, "0_all") == [(None,), (("", "x"),), (("b", None),), (("c", "2147483648"),)]
    assert judge.reasons(table) == {
        "type:id": "0_type_0",
        "required:id": "0_required_0",
        "type:n": "0_type_1",
        "type:twice": "0_type_2",
        "required:twice": "0_required_2",
    }
    judged.unpersist()


def test_columns_are_computed_after_those_that_they_read(lake: Lake) -> None:
    columns = [column("b", "(`a` + 1)", "int", reads=["a"]), integer("a"), column("c", "(`b` + `a`)", reads=["b", "a"])]
    table = tables.silver(columns, compute_order=["a", "b", "c"])
    rows = raw_rows(lake.session, ["a"], [("1",), ("x",)])
    judged = judge.judge(lake, table, spec("a"), rows)
    assert found(judged, "a", "b", "c", "0_type_0", "0_type_1", "0_type_2") == [
        (1, 2, 3, False, False, False),
        (None, None, None, False, True, False),
    ]


def test_names_that_are_like_those_of_this_program(lake: Lake) -> None:
    names = ["raw", "_all", "_bad", "_file", "_mark", "_type_0", "_value", "_failed_1"]
    table = tables.silver(
        [column(n, f"`0_raw`.`{n}`") for n in names], [check("is", ["_bad"], expect=expression("`_bad` = '_bad'"))]
    )
    rows = raw_rows(lake.session, names, [names])
    judged = judge.judge(lake, table, spec(*names), rows)
    assert found(judged, *names, "0_bad", "0_check_0") == [(*names, False, False)]


def test_raw_columns_of_any_name_and_those_that_are_not_there(lake: Lake) -> None:
    names = ["a.b", "x`y", "with blank", "0_replay", "Ärger"]
    columns = [column(f"c{i}", f"`0_raw`.`{n.replace('`', '``')}`") for i, n in enumerate([*names, "gone"])]
    rows = raw_rows(lake.session, names, [names])
    raw = {**{n: n for n in names}, "gone": None}
    judged = judge.judge(lake, tables.silver(columns), {"raw": raw, "references": []}, rows)
    assert found(judged, *[c["name"] for c in columns]) == [(*names, None)]


def test_a_table_that_reads_no_raw_column(lake: Lake) -> None:
    table = tables.silver([column("one", "1", "int")])
    assert found(judge.judge(lake, table, spec(), raw_rows(lake.session, ["a"], [("x",)])), "one") == [(1,)]


def test_checks(lake: Lake) -> None:
    positive = expression("(`n` > 0)")
    checks = [
        check("strict", ["n"], expect=positive),
        check("lenient", ["n"], expect=positive, null_ok=True, on_fail="flag"),
        check(
            "wrong", ["n"], expect=expression("(5 % nullif(`n`, 0) = 0)", "(`n` <=> 0)"), null_ok=True, on_fail="flag"
        ),
        check("deadly", ["n"], expect=expression("(`n` <> -7)"), null_ok=True, on_fail="fail"),
        check("always", [], expect=expression("FALSE"), on_fail="flag"),
    ]
    table = tables.silver([integer("n")], checks)
    values = ["5", "-5", "0", "-7", None, "x"]
    judged = judge.judge(lake, table, spec("n"), raw_rows(lake.session, ["n"], [(v,) for v in values])).persist()
    assert found(judged, *[f"0_check_{i}" for i in range(5)], "0_bad") == [
        (False, False, False, False, True, False),
        (True, True, False, False, True, True),
        (True, True, True, False, True, True),
        (True, True, True, True, True, True),
        (True, False, False, False, True, True),
        (False, False, False, False, True, True),  # no check reads what could not be read
    ]
    flagged = judged.selectExpr("source_file", "source_row", judge.issues(table, judge.flags(table)) + " AS issues")
    assert found(flagged, "issues") == [
        ("always",),
        ("lenient,always",),
        ("lenient,wrong,always",),
        ("lenient,wrong,always",),
        ("always",),
        ("always",),
    ]
    assert judge.issues(table, {}) == "CAST(NULL AS STRING)"
    judged.unpersist()


def test_a_row_that_fails_the_run_is_kept_whole(lake: Lake) -> None:
    table = tables.silver([ID], [check("deadly", ["id"], expect=expression("(`id` <> 'x')"), on_fail="fail")])
    judged = judge.judge(lake, table, spec("id"), raw_rows(lake.session, ["id"], [("a",), ("x",)]))
    assert found(judged, "0_bad", "0_all") == [(False, None), (False, ("x",))]


def referring(on_fail: str = "quarantine") -> tables.Table:
    return tables.silver(
        [integer("n")], [check("known", ["n"], on_fail=on_fail, references={"table": "o", "column": "m"})]
    )


@pytest.mark.parametrize("in_files", [True, False])
def test_references(lake: Lake, in_files: bool) -> None:
    reference: dict[str, Any] = {"column": "m", "type": "int", "files": [], "values": []}
    if in_files:
        lake.session.sql("SELECT col1 AS m FROM VALUES (1), (1), (null), (3)").write.parquet(f"{lake.url}/silver/o")
        reference["files"] = ["silver/o"]
    else:
        reference["values"] = ["1", "1", None, "3"]
    rows = raw_rows(lake.session, ["n"], [("1",), ("2",), (None,), ("x",), ("3",)])
    judged = judge.judge(lake, referring(), spec("n", references=[reference]), rows)
    assert found(judged, "0_found_0", "0_check_0", "0_bad") == [
        (True, False, False),
        (False, True, True),
        (False, False, False),  # null refers to nothing
        (False, False, True),  # and what could not be read is not looked for
        (True, False, False),
    ]


@pytest.mark.parametrize("values", [[], [None]])
def test_references_to_an_empty_table(lake: Lake, values: list[str | None]) -> None:
    reference = {"column": "m", "type": "int", "files": [], "values": values}
    rows = raw_rows(lake.session, ["n"], [("1",), (None,)])
    judged = judge.judge(lake, referring(), spec("n", references=[reference]), rows)
    assert found(judged, "0_check_0") == [(True,), (False,)]


FOLDERS = [
    ("", None, False),
    ("x" * 251, "x" * 251, False),
    ("x" * 252, "x" * 252, True),
    ("ä" * 125, "ä" * 125, False),
    ("ä" * 126, "ä" * 126, True),
    ("%" * 83, "%" * 83, False),
    ("%" * 84, "%" * 84, True),
    ("\x01" * 84, "\x01" * 84, True),
    ("\\" * 84, "\\" * 84, True),
    ("]" * 84, "]" * 84, True),
    ("-" * 84, "-" * 84, False),
    (None, None, False),
]


def test_texts_that_are_too_long_for_a_folder(lake: Lake) -> None:
    table = tables.silver([column("day", "`0_raw`.`day`")], partition_by=["day"])
    rows = raw_rows(lake.session, ["day"], [(text,) for text, _, _ in FOLDERS])
    judged = judge.judge(lake, table, spec("day"), rows)
    assert found(judged, "day", "0_type_0") == [(value, long) for _, value, long in FOLDERS]


def rejudged(lake: Lake, on_fail: str) -> list[tuple[Any, ...]]:
    """Judges rows again after 2 has left the table that they refer to."""
    table = referring(on_fail)
    table["checks"].insert(0, check("odd", ["n"], on_fail="flag", expect=expression("FALSE")))
    reference = {"column": "m", "type": "int", "files": [], "values": ["1"]}
    rows = lake.session.createDataFrame(
        [(1, 1, None), (1, 2, "odd,known"), (2, 3, "odd"), (2, 4, "known"), (None, 5, "odder")],
        "n int, source_row bigint, data_quality_issues string",
    )
    again = judge.rejudge(lake, table, {"references": [None, reference]}, rows)
    return found(again, "data_quality_issues", "data_quality_flag", "0_moved", "0_lost")


def test_flags_follow_what_they_refer_to(lake: Lake) -> None:
    assert rejudged(lake, "flag") == [
        (None, "PASSED", False, False),
        ("odd", "WARNED", True, False),
        ("odd,known", "WARNED", True, False),
        ("known", "WARNED", False, False),
        (None, "PASSED", True, False),
    ]


def test_rows_whose_reference_is_gone_are_lost(lake: Lake) -> None:
    assert [row[3] for row in rejudged(lake, "quarantine")] == [False, False, True, True, False]


def test_the_order_of_source_files(spark: SparkSession) -> None:
    assert found(judge.order_of(spark, {"order": {"b": 0, "a": 7}})) == [("a", 7), ("b", 0)]
    assert found(judge.order_of(spark, {"order": {}})) == []


def test_no_reason_no_condition() -> None:
    table = tables.silver([])
    assert (judge.bad(table), judge.fatal(table)) == (NEVER, NEVER)
