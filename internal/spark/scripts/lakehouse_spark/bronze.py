"""The bronze layer: lakectl reads each raw file in a task of its own."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from lakehouse_spark import tasks

# The most tasks that Spark is given at a time; with more files each takes several.
MOST_TASKS = 10_000


def ingest(session: SparkSession, binary: tasks.Binary, spec: dict[str, Any]) -> dict[str, Any]:
    """Takes files in, and returns a report of each, in their order."""
    order: str = spec["order"]
    files: list[str] = spec["files"]
    # The largest first, so that the last to end is not a large one.
    by_size = sorted(range(len(files)), key=lambda i: -spec["bytes"][i])
    work = session.sparkContext.parallelize([(i, files[i]) for i in by_size], min(len(files), MOST_TASKS))
    # A task reads the file as a line after the order.
    done = dict(work.map(lambda item: (item[0], tasks.run(binary, f"{order}\n{item[1]}"))).collect())
    return {"reports": [done[i] for i in range(len(files))]}
