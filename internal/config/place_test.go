package config

import (
	"strings"
	"testing"
)

// Places on S3 are such that S3 takes them, and all readers find them.
func TestPlacesOnS3(t *testing.T) {
	for lake, want := range map[string]string{
		"s3://lake/a/b": "", "s3://lake/": "", "s3://lake": "", "s3://lake.of.us": "",
		"s3://lake/a//b":   `"s3://lake/a//b" has // within`,
		"s3://192.168.1.1": `"192.168.1.1" is not the name of an S3 bucket`,
		"s3://la..ke":      `"la..ke" is not the name of an S3 bucket`,
		"s3:///lake":       `"" is not the name of an S3 bucket`,
	} {
		_, problems := Parse("lakehouse.yaml", []byte("project: shop\nlake: "+lake+"\nbronze: {a: {source: x.csv}}"), Options{})
		if err := problems.Err(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", lake, err, want)
		}
	}
}
