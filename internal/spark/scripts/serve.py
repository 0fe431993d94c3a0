"""Serves lakectl, which has started this program: serve.py SOCKET.

With --stay it serves one run of lakectl after the other.
"""

import sys

from lakehouse_spark import server, session

server.serve(session.start(), sys.argv[1], stay="--stay" in sys.argv[2:])
