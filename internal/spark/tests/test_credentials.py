"""Tests of module credentials."""

from __future__ import annotations

import datetime
import json
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_spark import credentials


def session(token: str | None, region: str | None = "eu-central-1") -> Any:
    """Returns a session of boto3 that has credentials."""
    keys = SimpleNamespace(access_key="AK", secret_key="SK", token=token)
    return SimpleNamespace(
        region_name=region, get_credentials=lambda: SimpleNamespace(get_frozen_credentials=lambda: keys)
    )


def given(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    monkeypatch.setattr(credentials, "session", lambda: found)
    monkeypatch.delenv("AWS_REGION", raising=False)


def test_outside_of_glue_there_are_none() -> None:
    assert credentials.session() is None
    assert credentials.of_task() == {}
    assert credentials.served() == {}


def test_a_task_has_them_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, session("T"))
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_SESSION_TOKEN": "T"}
    assert credentials.of_task() == keys | {"AWS_REGION": "eu-central-1"}
    given(monkeypatch, session(None, None))
    assert credentials.of_task() == {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}


def test_the_region_of_the_job_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, session("T"))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert credentials.of_task()["AWS_REGION"] == "us-east-1"


def ask(variables: dict[str, str], word: str) -> Any:
    request = urllib.request.Request(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": word})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_they_are_served_to_who_knows_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, session(None))
    variables = credentials.served()
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:")
    assert variables["AWS_REGION"] == "eu-central-1"
    told = ask(variables, variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    again = datetime.datetime.strptime(told.pop("Expiration"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    assert told == {"AccessKeyId": "AK", "SecretAccessKey": "SK", "Token": ""}
    assert datetime.timedelta(minutes=5) < again - datetime.datetime.now(datetime.UTC) <= datetime.timedelta(minutes=10)
    for wrong in ("", "a guess"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(variables, wrong)
