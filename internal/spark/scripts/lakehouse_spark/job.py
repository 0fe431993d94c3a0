"""A job of AWS Glue: it starts lakectl for one layer, and serves it.

The arguments are those that `lakectl run --engine glue` gives and those of the
job itself; a scheduled run has the latter alone, and means all tables of its
layer. Of awsglue only the beginning and the end of the job are used, where it is
there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any

from pyspark.sql import SparkSession

from lakehouse_spark import credentials, server, session

# Exit codes of lakectl that are no failure of the job: of files that failed whole
# alarms tell, and whoever started the run; the rest is committed.
PARTIAL = 5


def arguments(argv: list[str]) -> argparse.Namespace:
    """Reads the arguments; Glue gives others too."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--JOB_NAME", default="lakectl")
    parser.add_argument("--project-s3", required=True)
    parser.add_argument("--binary", default="lakectl")
    parser.add_argument("--run", default="")
    parser.add_argument("--tables", default="")
    parser.add_argument("--full-refresh", default="")
    parser.add_argument("--rebuild-changed", default="")
    parser.add_argument("--accept", default="")
    parser.add_argument("--lock-timeout", default="10m")
    return parser.parse_known_args(argv)[0]


def command(binary: str, layer: str, project: dict[str, Any], folder: str, given: argparse.Namespace) -> list[str]:
    """Returns the command line of lakectl."""
    tables = [t for t in given.tables.split(",") if t.startswith(layer + ".")] or [layer]
    line = [binary, "run", *tables, "--engine", "spark", "--project", folder, "--env", project["environment"]]
    line += ["--lock-timeout", given.lock_timeout]
    if given.full_refresh == "true":
        line.append("--full-refresh")
    if given.rebuild_changed == "true":
        line.append("--rebuild-changed")
    accepted: dict[str, str] = json.loads(given.accept) if given.accept else {}
    for gate in accepted:
        line += ["--accept", gate]
    if accepted:
        line += ["--reason", next(iter(accepted.values()))]
    return line


def run(layer: str) -> None:
    """Runs the job of a layer, and exits with the error that it ends with."""
    given = arguments(sys.argv[1:])
    spark = session.start()
    finish = begin(spark, given.JOB_NAME)
    project = json.loads(spark.read.text(server.address(given.project_s3), wholetext=True).head()[0])  # type: ignore[index]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "lakehouse.yaml"), "w", encoding="utf-8") as file:
            file.write(project["lakehouse_yaml"])
        binary = executable(given.binary, folder)
        line = command(binary, layer, project, folder, given)
        code, last = conduct(spark, line, os.path.join(folder, "socket"), {"LAKEHOUSE_PART_OF": given.run})
    if code not in (0, PARTIAL):
        sys.exit(f"lakectl (exit {code}): {last}")
    finish()


def begin(spark: SparkSession, name: str) -> Any:
    """Tells Glue that the job begins, and returns what tells it that it is done."""
    try:
        from awsglue.context import GlueContext
        from awsglue.job import Job
    except ImportError:
        return lambda: None
    job = Job(GlueContext(spark.sparkContext))
    job.init(name, {})
    return job.commit


def executable(name: str, folder: str) -> str:
    """Returns lakectl as a file that may be run: Glue copies it without its permissions."""
    places = [name, *(os.path.join(p, name) for p in [os.getcwd(), *sys.path, tempfile.gettempdir()])]
    found = next((p for p in places if os.path.isfile(p)), None)
    if found is None:
        sys.exit(f"lakectl: the file {name} is not here; deploy again, which uploads it for the jobs")
    if os.access(found, os.X_OK):
        return os.path.abspath(found)
    copy = os.path.join(folder, "lakectl")
    shutil.copyfile(found, copy)
    os.chmod(copy, stat.S_IRWXU)
    return copy


def conduct(spark: SparkSession, line: list[str], path: str, variables: dict[str, str]) -> tuple[int, str]:
    """Runs lakectl, which works with this session, and returns its exit code and last words."""
    listener = server.listen(path)
    environment = os.environ | credentials.served() | variables | {"LAKEHOUSE_SPARK_SOCKET": path, "NO_COLOR": "1"}
    process = subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    said: list[str] = []
    assert process.stderr is not None
    hearing = threading.Thread(target=hear, args=(process.stderr, said), daemon=True)
    hearing.start()

    def end() -> None:
        """Wakes the server: lakectl may end without ever asking for Spark, when there is nothing to do."""
        process.wait()
        server.wake(path)

    threading.Thread(target=end, daemon=True).start()
    with listener:
        server.serve_on(spark, listener, stay=True, until=lambda: process.poll() is not None)
    code = process.wait()
    hearing.join()
    return code, " ".join(said[-3:])


def hear(stream: IO[str], said: list[str]) -> None:
    """Passes on what lakectl says, and remembers it."""
    for text in stream:
        sys.stderr.write(text)
        sys.stderr.flush()
        if text.strip():
            said.append(text.strip())
