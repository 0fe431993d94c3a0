"""Has lakectl do tasks: on an executor, next to the rows.

A task of lakectl reads an order, which is opaque here, and then rows as an Arrow
stream; it prints a report. A report of an error that may pass is raised, so that
Spark tries the task again; others reach the driver as they are.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa
from pyspark import SparkContext, SparkFiles
from pyspark.sql import DataFrame

from lakehouse_spark import credentials
from lakehouse_spark.failure import TASK_MARK, TRANSIENT, Failure

Report = dict[str, Any]


class Binary:
    """Where lakectl is on the machines of Spark."""

    def __init__(self, path: str, shipped: bool) -> None:
        self.path = path
        self.shipped = shipped

    @classmethod
    def ship(cls, context: SparkContext, path: str) -> Binary:
        """Sends lakectl to the executors, unless they are this machine."""
        if (context.master or "").startswith("local"):
            return cls(path, shipped=False)
        context.addFile(path)
        return cls(os.path.basename(path), shipped=True)

    def find(self) -> str:
        """Returns the path of lakectl here, as a file that may be run."""
        if not self.shipped:
            return self.path
        found: str = SparkFiles.get(self.path)
        if os.access(found, os.X_OK):
            return found
        copy = os.path.join(tempfile.gettempdir(), f"lakectl-{os.getuid()}-{os.stat(found).st_mtime_ns}")
        if not os.path.exists(copy):
            partial = f"{copy}.{os.getpid()}"
            shutil.copyfile(found, partial)
            os.chmod(partial, stat.S_IRWXU)
            os.replace(partial, copy)
        return copy


def run(binary: Binary, order: str, batches: Iterable[pa.RecordBatch] | None = None) -> Report:
    """Does one task, and returns its report."""
    environment = os.environ | credentials.of_task()
    line = [binary.find(), "task"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(BrokenPipeError):  # it has failed, and says why
                process.stdin.write(order.encode() + b"\n")
                if batches is not None:
                    send(process.stdin, batches)
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(BrokenPipeError):  # of what is still in the buffer
                process.stdin.close()
        printed = process.stdout.read()
    if not printed:
        raise RuntimeError(f"lakectl ended with {process.returncode} and reports nothing")
    report: Report = json.loads(printed)
    error = report.get("error")
    if error and error["class"] == TRANSIENT:
        raise RuntimeError(TASK_MARK + json.dumps(error))
    return report


def send(out: Any, batches: Iterable[pa.RecordBatch]) -> None:
    """Writes batches of rows as an Arrow stream."""
    writer = None
    for batch in batches:
        if writer is None:
            writer = pa.ipc.new_stream(out, batch.schema)
        writer.write_batch(batch)
    if writer is not None:
        writer.close()


def writer_of(
    binary: Binary, order: str, names: list[str]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Returns what hands the rows of a partition of Spark to one task, with the names of their columns."""

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = (pa.RecordBatch.from_arrays(batch.columns, names=names) for batch in batches)
        first = next((b for b in rows if b.num_rows), None)
        if first is None:
            return

        def all_rows() -> Iterator[pa.RecordBatch]:
            yield first
            yield from rows

        report = run(binary, order, all_rows())
        yield pa.RecordBatch.from_pydict({"report": [json.dumps(report)]})

    return work


# How many values a batch of rows has: a batch is in the memory of Java, of Python
# and of lakectl, however many columns there are.
BATCH = 1 << 20


def write(rows: DataFrame, binary: Binary, order: str) -> list[dict[str, Any]]:
    """Hands rows to tasks, as they are partitioned and sorted, and returns the files that these wrote."""
    files: list[dict[str, Any]] = []
    most = max(BATCH // len(rows.columns), 1)
    rows.sparkSession.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(most))
    # mapInArrow asks for columns by their names, and takes a dot for a field.
    numbered = rows.toDF(*[f"c{i}" for i in range(len(rows.columns))])
    for row in numbered.mapInArrow(writer_of(binary, order, rows.columns), "report string").collect():
        report = json.loads(row["report"])
        if report.get("error"):
            raise Failure.of_report(report["error"])
        files += report.get("files") or []
    return files
