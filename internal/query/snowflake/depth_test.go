//go:build !race

package snowflake

// thin is every how many cases of long tests are tried: all.
const thin = 1
