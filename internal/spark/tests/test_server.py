"""The conversation with lakectl, over a pair of sockets."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse_spark import server
from lakehouse_spark.failure import UNEXPECTED

PROJECT: dict[str, Any] = {
    "format": server.FORMAT,
    "lake": "file:///nowhere/",
    "spark_settings": {"spark.sql.ansi.enabled": "true"},
    "silver": [],
    "gold": [],
}


class Client:
    """The side of lakectl."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.lines = connection.makefile("r", encoding="utf-8")

    def tell(self, request: dict[str, Any]) -> None:
        self.connection.sendall(json.dumps(request).encode() + b"\n")

    def ask(self, do: str, spec: dict[str, Any]) -> Any:
        self.tell({"id": 7, "do": do, "spec": spec})
        while "progress" in (answer := json.loads(self.lines.readline())):
            continue
        return answer

    def hang_up(self) -> None:
        self.lines.close()
        self.connection.close()


@pytest.fixture
def client(spark: SparkSession) -> Iterator[Client]:
    """A connection that a program which stays answers, until it ends."""
    ours, theirs = socket.socketpair()

    def work() -> None:
        with theirs:
            try:
                server.converse(spark, theirs, stay=True)
            except OSError:
                return  # as serve does

    thread = threading.Thread(target=work)
    thread.start()
    client = Client(ours)
    yield client
    client.hang_up()
    thread.join(30)
    assert not thread.is_alive()


def test_the_project_comes_first(spark: SparkSession, client: Client) -> None:
    spark.conf.unset("spark.sql.ansi.enabled")
    assert client.ask("open", {"project": PROJECT, "binary": "/bin/lakectl", "parallel": 0}) == {"id": 7, "result": {}}
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"


def test_a_format_that_is_not_known(client: Client) -> None:
    project = {**PROJECT, "format": "lakectl-spark/9"}
    answer = client.ask("open", {"project": project, "binary": "", "parallel": 0})
    assert answer["error"]["class"] == UNEXPECTED
    assert "has the format lakectl-spark/9" in answer["error"]["message"]


def test_a_request_that_is_not_known(client: Client) -> None:
    answer = client.ask("dance", {})
    assert answer["id"] == 7
    assert answer["error"]["message"] == "these programs know no request dance"


def test_an_error_is_answered_and_the_next_request_is_done(client: Client) -> None:
    assert "error" in client.ask("gold", {"bytes": 0, "tables": []})  # there is no lake yet
    client.ask("open", {"project": PROJECT, "binary": "", "parallel": 3})
    assert client.ask("gold", {"bytes": 0, "tables": []}) == {"id": 7, "result": {"tables": {}}}


def test_shuffles_are_as_large_as_they_were_asked_to_be(spark: SparkSession, client: Client) -> None:
    client.ask("open", {"project": PROJECT, "binary": "", "parallel": 3})
    client.ask("gold", {"bytes": 1 << 40, "tables": []})
    assert spark.conf.get("spark.sql.shuffle.partitions") == "3"
    client.ask("open", {"project": PROJECT, "binary": "", "parallel": 0})
    client.ask("gold", {"bytes": 1 << 40, "tables": []})
    assert spark.conf.get("spark.sql.shuffle.partitions") == "1"


def test_who_hangs_up_in_the_middle_ends_the_work(client: Client, tmp_path: Path) -> None:
    slow, begun = tmp_path / "lakectl", tmp_path / "begun"
    slow.write_text(f"#!/bin/sh\ntouch {begun}\nexec sleep 60\n")
    slow.chmod(0o700)
    client.ask("open", {"project": PROJECT, "binary": str(slow), "parallel": 0})
    client.tell({"id": 8, "do": "ingest", "spec": {"order": "{}", "files": ["{}"], "bytes": [1]}})
    end = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    # The fixture hangs up, and waits for the end of the work.


def test_files_are_reported_in_their_order(client: Client, tmp_path: Path) -> None:
    echo = tmp_path / "lakectl"
    echo.write_text('#!/bin/sh\nread order; read file; printf \'{"order": %s, "file": %s}\' "$order" "$file"\n')
    echo.chmod(0o700)
    client.ask("open", {"project": PROJECT, "binary": str(echo), "parallel": 0})
    answer = client.ask("ingest", {"order": "8", "files": ["1", "2", "3"], "bytes": [5, 9, 7]})
    assert answer == {"id": 7, "result": {"reports": [{"order": 8, "file": i} for i in (1, 2, 3)]}}


@pytest.mark.parametrize("lake", ["s3://bucket/lake", "file:///lake"])
def test_who_is_not_glue_opens_s3_as_s3a(lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.address(lake) == lake.replace("s3://", "s3a://")
    monkeypatch.setitem(sys.modules, "awsglue", server)
    assert server.address(lake) == lake


def test_a_program_serves_one_connection(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    thread = threading.Thread(target=server.serve, args=(spark, str(path)))
    thread.start()
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        client = Client(connection)
        assert client.ask("dance", {})["id"] == 7
        client.hang_up()
    thread.join(30)
    assert not thread.is_alive()
