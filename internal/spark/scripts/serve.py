"""Serves lakectl, which has started this program: serve.py SOCKET."""

import sys

from lakehouse_spark import server, session

server.serve(session.start(), sys.argv[1])
