"""The silver layer on Spark: it types, checks and dedupes rows.

This version of lakectl has no Spark program for it. The job says so and fails,
so that nobody takes a run that did nothing for one that did.
"""

import sys

# Glue shows the text as the error of the run; an exit code alone it does not explain.
sys.exit(
    "lakectl: this version has no Spark program for the layer silver; nothing was read or written. "
    "Run it on one machine: lakectl run silver, without --engine glue"
)
