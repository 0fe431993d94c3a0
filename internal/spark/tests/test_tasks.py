"""Tasks, done by a lakectl that is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse_spark import tasks
from lakehouse_spark.failure import GATE, TRANSIENT, UNEXPECTED, Failure

Fake = Callable[[str], tasks.Binary]


def batch(*texts: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": list(texts)})


def test_a_task_gets_its_order_and_its_rows(fake: Fake) -> None:
    binary = fake("report(files=[{'path': order['path'], 'rows': rows().num_rows}], argv=sys.argv[1:])")
    done = tasks.run(binary, json.dumps({"path": "a"}), [batch("x"), batch("y", "z")])
    assert done == {"files": [{"path": "a", "rows": 3}], "argv": ["task"]}


def test_a_task_without_rows_gets_the_end(fake: Fake) -> None:
    assert tasks.run(fake("report(rest=len(sys.stdin.buffer.read()))"), "{}") == {"rest": 0}


def test_an_error_is_reported(fake: Fake) -> None:
    binary = fake("rows(); report(error={'class': 3, 'message': 'no', 'next': 'look'}); sys.exit(3)")
    assert tasks.run(binary, "{}", [batch("x")]) == {"error": {"class": 3, "message": "no", "next": "look"}}


def test_an_error_that_may_pass_is_raised(fake: Fake) -> None:
    binary = fake("report(error={'class': 4, 'message': 'S3 is slow', 'next': 'run again'})")
    with pytest.raises(RuntimeError, match="S3 is slow"):
        tasks.run(binary, "{}")


def test_a_death_without_a_report_is_raised(fake: Fake) -> None:
    with pytest.raises(RuntimeError, match="ended with -9 and reports nothing"):
        tasks.run(fake("os.kill(os.getpid(), 9)"), "{}")


@pytest.mark.parametrize("size", [10, 10_000])  # below and above what the pipe's buffer takes
def test_who_does_not_read_all_rows_may_say_why(fake: Fake, size: int) -> None:
    binary = fake("report(error={'class': 1, 'message': 'the disk is full'})")
    many = [pa.RecordBatch.from_pydict({"number": list(range(size))})] * (1_000_000 // size)
    assert tasks.run(binary, "{}", many)["error"]["message"] == "the disk is full"


def test_an_error_of_the_rows_kills_the_task(fake: Fake) -> None:
    def rows() -> Iterator[pa.RecordBatch]:
        yield batch("x")
        raise ValueError("the shuffle is gone")

    binary = fake("import time; rows(); time.sleep(1); open(order['mark'], 'w')")
    with pytest.raises(ValueError, match="the shuffle is gone"):
        tasks.run(binary, json.dumps({"mark": binary.path + ".mark"}), rows())
    with pytest.raises(FileNotFoundError), open(binary.path + ".mark"):
        pass


NAMES = ["a.b", "x`y", "z z", "ä", "_file", "order"]


def test_rows_are_written_with_the_names_of_their_columns(spark: SparkSession, fake: Fake) -> None:
    binary = fake("r = rows(); report(files=[{'names': r.schema.names, 'rows': r.to_pylist()}])")
    values = [tuple(f"{n}{i}" for n in NAMES) for i in range(2)]
    rows = spark.createDataFrame(values, NAMES).coalesce(1)
    files = tasks.write(rows, binary, "{}")
    assert files == [{"names": NAMES, "rows": [dict(zip(NAMES, v, strict=True)) for v in values]}]


def test_two_columns_of_a_name_are_written(spark: SparkSession, fake: Fake) -> None:
    binary = fake("r = rows(); report(files=[{'names': r.schema.names, 'values': [c[0].as_py() for c in r.columns]}])")
    rows = spark.sql("SELECT 'raw' AS f, true AS f")
    assert tasks.write(rows, binary, "{}") == [{"names": ["f", "f"], "values": ["raw", True]}]


def test_wide_rows_come_in_short_batches(spark: SparkSession, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 5)
    binary = fake("report(files=[{'rows': [b.num_rows for b in rows().to_batches()]}])")
    rows = spark.range(0, 5, 1, 1)
    assert tasks.write(rows.selectExpr("id", "id AS b"), binary, "{}") == [{"rows": [2, 2, 1]}]
    assert tasks.write(rows.selectExpr(*[f"id AS c{i}" for i in range(9)]), binary, "{}") == [{"rows": [1] * 5}]


def test_no_rows_are_no_task(spark: SparkSession) -> None:
    rows = spark.sql("SELECT 1 AS a WHERE false")
    assert tasks.write(rows, tasks.Binary("/is/not/there", shipped=False), "{}") == []


def test_a_task_fails_the_run_with_its_own_words(spark: SparkSession, fake: Fake) -> None:
    binary = fake("rows(); report(error={'class': 3, 'message': 'too wide', 'next': 'narrow it'})")
    with pytest.raises(Failure) as caught:
        tasks.write(spark.sql("SELECT 1 AS a"), binary, "{}")
    assert caught.value.as_json() == {"class": GATE, "message": "too wide", "next": "narrow it"}


def said(spark: SparkSession, binary: tasks.Binary) -> dict[str, Any]:
    """Returns what lakectl is told of a task that fails each time."""
    with pytest.raises(Exception, match="lakectl") as caught:  # Spark has no one class for it
        tasks.write(spark.sql("SELECT 1 AS a"), binary, "{}")
    return Failure.of(caught.value).as_json()


def test_what_did_not_pass_is_told_as_it_was(spark: SparkSession, fake: Fake) -> None:
    binary = fake("rows(); report(error={'class': 4, 'message': 'S3: \"slow\"\\ndown', 'next': 'run again'})")
    assert said(spark, binary) == {"class": TRANSIENT, "message": 'S3: "slow"\ndown', "next": "run again"}


def test_a_death_that_comes_again_is_told(spark: SparkSession, fake: Fake) -> None:
    told = said(spark, fake("rows(); sys.exit(9)"))
    assert told["class"] == UNEXPECTED
    assert told["message"] == "Spark: RuntimeError: lakectl ended with 9 and reports nothing"
