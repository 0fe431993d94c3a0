"""What lakectl has Spark do: the work on rows of a run.

A run is conducted by lakectl: it knows the log of the lake, says what is to be
done, judges the gates and commits. It sends requests to this package, which
holds the session of Spark (server.py). How tables are made stands in the
compiled project that comes with the first request; how files are written, and
why a row is not good enough, is lakectl's own business too: the tasks on the
executors hand their rows to it (tasks.py). So nothing is defined here twice.
"""
