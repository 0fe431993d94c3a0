"""The bronze layer on Spark: it takes in new raw files.

This version of lakectl has no Spark program for it. The job says so and fails,
so that nobody takes a run that did nothing for one that did.
"""

import sys

# Glue shows the text as the error of the run; an exit code alone it does not explain.
sys.exit(
    "lakectl: this version has no Spark program for the layer bronze; nothing was read or written. "
    "Run it on one machine: lakectl run bronze, without --engine glue"
)
