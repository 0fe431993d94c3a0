"""Makes the session of Spark."""

from __future__ import annotations

import os
import time

from pyspark.sql import SparkSession

# What must stand before the session begins. Rows go to lakectl in large batches;
# a task is not run twice at a time for speed, as each writes a file.
BEFORE = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.speculation": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.analyzer.maxIterations": "1000",
    "spark.sql.optimizer.maxIterations": "1000",
    "spark.sql.maxPlanStringLength": "10000",
    "spark.sql.autoBroadcastJoinThreshold": "32m",
    "spark.ui.showConsoleProgress": "false",
}


def start() -> SparkSession:
    """Returns a session whose times are in UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = SparkSession.builder.appName("lakectl")
    for key, value in BEFORE.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
