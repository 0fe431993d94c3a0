// Package sparkrun runs projects on a real Spark and on this machine, in turn on
// one lake too, and compares what they make, row by row. It has no code of its
// own.
//
// One Spark serves all tests. It needs what `make e2e-spark` installs: Java 17 and
// a Python with pyspark, pandas and pyarrow.
package sparkrun
