package inspect

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/template"
)

// permission is what one statement of a policy allows: each of the actions on
// each of the resources, when the request has the context.
type permission struct {
	actions   []string
	resources []string
	context   []types.ContextEntry
}

// permissions returns what a policy of ours allows, so that IAM can be asked
// whether it is so. What stands for many, a star, becomes one of them.
func permissions(policy string, n names.Names, kms bool) ([]permission, error) {
	text, err := template.Policy(policy, n, kms)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	var list []permission
	for _, s := range d.Statement {
		p := permission{actions: s.Action, resources: one(s.Resource)}
		for operator, keys := range s.Condition {
			for key, values := range keys {
				p.context = append(p.context, entry(operator, key, one(values)))
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// entry is a key of a request's context that fulfils a condition.
func entry(operator, key string, values []string) types.ContextEntry {
	e := types.ContextEntry{ContextKeyName: aws.String(key), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: values[:1]}
	if strings.HasPrefix(operator, "ForAnyValue:") {
		e.ContextKeyType = types.ContextKeyTypeEnumStringList
	}
	return e
}

// one replaces the stars of patterns. The resource that is but a star is that of
// actions that have none.
func one(patterns []string) []string {
	out := slices.Clone(patterns)
	for i, p := range out {
		if p != "*" {
			out[i] = strings.ReplaceAll(p, "*", "any")
		}
	}
	return out
}

// writer is what whoever runs lakectl needs of a lake on S3.
func writer(n names.Names) []permission {
	bucket := "arn:" + n.Partition + ":s3:::" + n.LakeBucket
	return []permission{
		{actions: []string{"s3:ListBucket"}, resources: []string{bucket}},
		{actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
			resources: []string{bucket + "/" + n.LakePrefix + "_lakectl/any", bucket + "/" + n.LakePrefix + "silver/any"}},
	}
}
