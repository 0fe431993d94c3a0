package spark

import (
	"encoding/json"
	"strings"
	"testing"
)

// That Spark computes the buckets of vec.Bucketer by this SQL is what
// internal/e2e/sparktest tests.
func TestBuckets(t *testing.T) {
	const yaml = `
project: p
lake: ./lake
bronze:
  a: {source: a}
silver:
  a:
    key: [id, day]
    BUCKETS
    columns:
      id:  {type: bigint}
      day: {type: date}
      key: {type: string}
`
	for _, test := range []struct{ buckets, want string }{
		{"buckets: 16", `"buckets": 16, "bucket": "crc32(CAST(concat_ws('\\u001f', CAST(` + "`id` AS STRING), CAST(`day`" + ` AS STRING)) AS BINARY)) % 16",`},
		{"buckets: 1", `"buckets": 1, "bucket": null,`},
		{"", `"buckets": 1, "bucket": null,`},
	} {
		text := compiled(t, bind(t, strings.Replace(yaml, "BUCKETS", test.buckets, 1)))
		if !json.Valid(text) || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), test.want) {
			t.Errorf("with %q it is %s, want %s", test.buckets, text, test.want)
		}
	}
}
