"""How a job of Glue starts lakectl."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lakehouse_spark import job

GIVEN = ["job.py", "--JOB_NAME", "silver", "--project-s3", "s3://b/p.json", "--enable-metrics", "true"]
BEGIN = ["/l", "run"]
END = ["--engine", "spark", "--project", "/f", "--env", "dev", "--lock-timeout", "10m"]


@pytest.mark.parametrize(
    ("more", "want"),
    [
        ([], [*BEGIN, "silver", *END]),
        (["--tables", ""], [*BEGIN, "silver", *END]),
        (["--tables", "bronze.a,silver.b,silver.c,gold.d"], [*BEGIN, "silver.b", "silver.c", *END]),
        (["--full-refresh", "true"], [*BEGIN, "silver", *END, "--full-refresh"]),
        (["--full-refresh", "false", "--rebuild-changed", "true"], [*BEGIN, "silver", *END, "--rebuild-changed"]),
        (["--accept", ""], [*BEGIN, "silver", *END]),
        (
            ["--accept", '{"silver.b.unique": "known", "silver.c.x": "known"}'],
            [*BEGIN, "silver", *END, "--accept", "silver.b.unique", "--accept", "silver.c.x", "--reason", "known"],
        ),
    ],
)
def test_the_command_line_of_lakectl(more: list[str], want: list[str]) -> None:
    given = job.arguments([*GIVEN[1:], *more])
    assert job.command("/l", "silver", {"environment": "dev"}, "/f", given) == want


def test_lakectl_may_be_run_where_it_lies_or_in_a_copy(tmp_path: Path) -> None:
    binary, folder = tmp_path / "lakectl", tmp_path / "folder"
    folder.mkdir()
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o600)
    copy = job.executable(str(binary), str(folder))
    assert (copy, os.access(copy, os.X_OK)) == (str(folder / "lakectl"), True)
    binary.chmod(0o700)
    assert job.executable(str(binary), str(folder)) == str(binary)


def test_a_job_without_lakectl_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the file no-such-lakectl is not here; deploy again"):
        job.executable("no-such-lakectl", str(tmp_path))


def test_what_lakectl_says_is_passed_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said: list[str] = []
    text = tmp_path / "stderr"
    text.write_text("first\n\n  last\n")
    with text.open() as stream:
        job.hear(stream, said)
    assert said == ["first", "last"]
    assert capsys.readouterr().err == "first\n\n  last\n"
