"""Answers the requests of lakectl: lines of JSON on a socket.

There is one connection, and when it ends so does the program: lakectl has all it
wanted, or is gone.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from pyspark.sql import SparkSession

from lakehouse_spark import bronze, checks, gold, silver, tasks
from lakehouse_spark.failure import Failure
from lakehouse_spark.lake import Lake
from lakehouse_spark.progress import Progress, meanwhile, reported
from lakehouse_spark.session import spread

FORMAT = "lakectl-spark/1"
Json = dict[str, Any]


class Server:
    """One run: a session of Spark, and the project that lakectl tells it first."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.project: Json = {}
        self.lake: Lake
        self.binary: tasks.Binary
        self.parallel = 0  # tasks that shuffles have; 0: as many as suit the input

    def open(self, spec: Json, _: Progress) -> Json:
        """Learns of the project."""
        self.project = spec["project"]
        known = self.project["format"]
        if known != FORMAT:
            raise Failure(f"the compiled project has the format {known}, and these programs know {FORMAT}")
        for key, value in self.project["spark_settings"].items():
            self.session.conf.set(key, value)
        self.parallel = spec["parallel"]
        self.lake = Lake(self.session, address(self.project["lake"]))
        self.binary = tasks.Binary.ship(self.session.sparkContext, spec["binary"])
        return {}

    def ingest(self, spec: Json, _: Progress) -> Json:
        """Takes raw files in."""
        return bronze.ingest(self.session, self.binary, spec)

    def silver(self, spec: Json, progress: Progress) -> Json:
        """Brings a silver table up to date."""
        spread(self.session, spec["bytes"], self.parallel)
        table = next(s for s in self.project["silver"] if s["name"] == spec["table"])
        return silver.build(self.lake, self.binary, table, spec, progress.begin)

    def gold(self, spec: Json, progress: Progress) -> Json:
        """Builds gold tables."""
        spread(self.session, spec["bytes"], self.parallel)
        return gold.build(self.lake, self.binary, self.project, spec, progress.begin)

    def check(self, ask: Callable[[Lake, Json, Json], Json], spec: Json, _: Progress) -> Json:
        """Answers what a check asks of a table."""
        spread(self.session, spec["bytes"], self.parallel)
        table = next(t for t in self.project[spec["layer"]] if t["name"] == spec["table"])
        return ask(self.lake, table, spec)

    def answer(self, request: Json, progress: Progress) -> Json:
        """Does what a request asks for, and returns the line that answers it."""
        do: dict[str, Callable[[Json, Progress], Json]] = {
            "open": self.open, "ingest": self.ingest, "silver": self.silver, "gold": self.gold,
            "unique": partial(self.check, checks.unique), "sum": partial(self.check, checks.total),
        }  # fmt: skip
        try:
            if request["do"] not in do:
                raise Failure(f"these programs know no request {request['do']}")
            return {"id": request["id"], "result": do[request["do"]](request["spec"], progress)}
        except Exception as error:
            traceback.print_exc()
            return {"id": request["id"], "error": Failure.of(error).as_json()}


def address(lake: str) -> str:
    """Returns the address of the lake as this Spark opens it: Glue has s3, others s3a."""
    if lake.startswith("s3://") and "awsglue" not in sys.modules:
        return "s3a://" + lake.removeprefix("s3://")
    return lake


def listen(path: str) -> socket.socket:
    """Listens at path, for this user alone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(1)
    return listener


def wake(path: str) -> None:
    """Has serve_on look whether it is to go on, by a connection that says nothing."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.connect(path)


def serve(session: SparkSession, path: str, stay: bool = False) -> None:
    """Listens at path, and answers a connection until it ends; those that stay answer the next one."""
    with listen(path) as listener:
        serve_on(session, listener, stay, until=lambda: not stay)


def serve_on(session: SparkSession, listener: socket.socket, stay: bool, until: Callable[[], bool]) -> None:
    """Answers one connection after the other, until it is time to end."""
    while True:
        connection, _ = listener.accept()
        with connection, suppress(OSError):  # the other side may hang up at any time
            converse(session, connection, stay)
        if until():
            return


def converse(session: SparkSession, connection: socket.socket, stay: bool) -> None:
    """Answers the requests of a connection."""
    server = Server(session)
    with connection.makefile("r", encoding="utf-8") as lines, connection.makefile("w", encoding="utf-8") as out:
        said = threading.Lock()

        def say(line: Json) -> None:
            with said:
                out.write(json.dumps(line) + "\n")
                out.flush()

        for text in lines:
            request = json.loads(text)

            def tell(share: float, id_: int = request["id"]) -> None:
                say({"id": id_, "progress": share})

            with watched(session, connection, stay), reported(session, tell) as progress:
                line = server.answer(request, progress)
            say(line)


@contextmanager
def watched(session: SparkSession, connection: socket.socket, stay: bool) -> Iterator[None]:
    """Ends the work on a request, if the other side hangs up: nobody wants it any more."""

    def look() -> None:
        if gone(connection):
            if not stay:
                os._exit(1)
            session.sparkContext.cancelAllJobs()

    with meanwhile(0.2, look):
        yield


def gone(connection: socket.socket) -> bool:
    """Says whether the other side of a connection has hung up."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
