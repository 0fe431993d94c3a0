"""Gives lakectl the credentials of a job of Glue.

Where lakectl runs beside Spark it finds credentials as everywhere. In Glue it is
not documented where those of the job are; boto3, which is there, finds them.
"""

from __future__ import annotations

import datetime
import importlib.util
import json
import os
import secrets
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


def session() -> Any:
    """Returns the session of boto3 in Glue; None elsewhere."""
    if importlib.util.find_spec("awsglue") is None:
        return None
    import boto3

    return boto3.session.Session()


def region(found: Any) -> dict[str, str]:
    """Returns a variable with the region of a session, if it has one."""
    name = os.environ.get("AWS_REGION") or found.region_name
    return {"AWS_REGION": name} if name else {}


def of_task() -> dict[str, str]:
    """Returns variables with credentials that last as long as a task does."""
    found = session()
    if found is None:
        return {}
    now = found.get_credentials().get_frozen_credentials()
    keys = {"AWS_ACCESS_KEY_ID": now.access_key, "AWS_SECRET_ACCESS_KEY": now.secret_key}
    if now.token:
        keys["AWS_SESSION_TOKEN"] = now.token
    return keys | region(found)


def served() -> dict[str, str]:
    """Serves credentials on this machine, for a process that needs new ones when they expire.

    Returns variables that say where, and the word without which nobody gets them.
    """
    found = session()
    if found is None:
        return {}
    word = secrets.token_urlsafe(32)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not secrets.compare_digest(self.headers.get("Authorization", ""), word):
                self.send_error(403)
                return
            body = json.dumps(document(found)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Says nothing: the log is for the run."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": address, "AWS_CONTAINER_AUTHORIZATION_TOKEN": word} | region(found)


def document(found: Any) -> dict[str, str]:
    """Returns credentials as the metadata of containers has them.

    They are asked for again before they expire: boto3 renews them some minutes
    earlier by itself.
    """
    now = found.get_credentials().get_frozen_credentials()
    again = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=10)
    return {
        "AccessKeyId": now.access_key,
        "SecretAccessKey": now.secret_key,
        "Token": now.token or "",
        "Expiration": again.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
