package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

// maxPolicy is how many characters a policy may have, blanks not counted. Some
// are left for the names that stand for placeholders.
const maxPolicy = 6144 - 500

// Sources returns where in S3 the raw files of a project are.
func Sources(cfg *config.Config) []string {
	var list []string
	for _, e := range cfg.Bronze.Entries {
		for _, source := range e.Value.Source.Values() {
			if strings.HasPrefix(source, "s3://") {
				list = append(list, source)
			}
		}
	}
	return list
}

// sourcesPolicy returns the policy by which Glue jobs read raw files, "" if
// there are none in S3. It may list and read what begins as the sources do, up
// to their first wildcard.
func sourcesPolicy(sources []string) (string, error) {
	prefixes := map[string][]string{} // of each bucket
	for _, source := range sources {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(source, "s3://"), "/")
		if i := strings.IndexAny(key, "*?[{"); i >= 0 {
			key = key[:i]
		}
		if !slices.Contains(prefixes[bucket], key) {
			prefixes[bucket] = append(prefixes[bucket], key)
		}
	}
	if len(prefixes) == 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString(`  GlueJobSourcesPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: !Sub ${Project}-${Environment}-${AWS::Region}-glue-job-sources
      Description: Where the raw files of the lakehouse are
      Roles: [!Ref GlueJobRole]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
`)
	for i, bucket := range slices.Sorted(maps.Keys(prefixes)) {
		slices.Sort(prefixes[bucket])
		sourceStatements(&b, i+1, bucket, prefixes[bucket])
	}
	if size := len(strings.Join(strings.Fields(b.String()), "")); size > maxPolicy {
		return "", diag.Errorf(diag.Usage, "the raw files are in too many places in S3 for one policy: it would have %d characters", size).
			WithNext("name a folder that holds several of them, in place of each, under `bronze:`")
	}
	return b.String(), nil
}

func sourceStatements(b *strings.Builder, number int, bucket string, prefixes []string) {
	text := func(format string, args ...any) string {
		return "!Sub " + yamlText("arn:${AWS::Partition}:s3:::"+fmt.Sprintf(format, args...)) // a key has no ${: it ends before {
	}
	fmt.Fprintf(b, `          - Sid: ListSources%d
            Effect: Allow
            Action: [s3:ListBucket]
            Resource: [%s]
            Condition:
              StringLike:
                s3:prefix:
`, number, text("%s", bucket))
	for _, prefix := range prefixes {
		fmt.Fprintf(b, "                  - %s\n", yamlText(prefix+"*"))
	}
	fmt.Fprintf(b, `          - Sid: ReadSources%d
            Effect: Allow
            Action: [s3:GetObject]
            Resource:
`, number)
	for _, prefix := range prefixes {
		fmt.Fprintf(b, "              - %s\n", text("%s/%s*", bucket, prefix))
	}
}
