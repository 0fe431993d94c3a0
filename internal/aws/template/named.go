package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/names"
)

// name is what identifies a resource that outlives its stack.
type name struct{ resource, property, value string }

// retained are the names of what stays in AWS when the stack is deleted. The key
// is not among them: AWS names it, so that it cannot be taken in again.
func retained(n names.Names, kms bool) []name {
	list := []name{
		{"LogsBucket", "BucketName", n.LogsBucket()}, {"LogsBucketPolicy", "Bucket", n.LogsBucket()},
		{"LakeBucket", "BucketName", n.LakeBucket}, {"LakeBucketPolicy", "Bucket", n.LakeBucket},
		{"JobOutputLogs", "LogGroupName", n.LogGroup("jobs/output")}, {"JobErrorLogs", "LogGroupName", n.LogGroup("jobs/error")},
		{"CrawlerLogs", "LogGroupName", n.CrawlerLogGroup(kms)}, {"PipelineLogs", "LogGroupName", n.PipelineLogGroup()},
	}
	for _, layer := range []string{"bronze", "silver", "gold"} {
		list = append(list, name{databaseID(layer), "DatabaseName", n.Database(layer)})
	}
	return list
}

// Named writes out the names of what outlives the stack in a template that was
// rendered. A later stack takes such resources in again instead of failing because
// they exist; but CloudFormation looks only for those whose name is a plain text,
// not a function of parameters. The names are those that the functions would give.
func Named(text string, n names.Names, kms bool) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	for _, v := range retained(n, kms) {
		begin, end := valueOf(lines, v)
		if begin < 0 {
			return "", fmt.Errorf("the template has no %s of %s", v.property, v.resource)
		}
		lines = slices.Replace(lines, begin, end, propertyIndent+v.property+": "+yamlText(v.value)+"\n")
	}
	return strings.Join(lines, ""), nil
}

const (
	resourceIndent = "  "
	propertyIndent = "      "
)

// valueOf returns which lines are a property of a resource, or -1 if there is none.
func valueOf(lines []string, v name) (begin, end int) {
	begin = slices.Index(lines, resourceIndent+v.resource+":\n")
	if begin < 0 {
		return -1, -1
	}
	for begin++; begin < len(lines) && deeper(lines[begin], resourceIndent); begin++ {
		if strings.HasPrefix(lines[begin], propertyIndent+v.property+":") {
			for end = begin + 1; end < len(lines) && deeper(lines[end], propertyIndent); end++ {
			}
			return begin, end
		}
	}
	return -1, -1
}

// deeper says whether a line is indented by more than that, or empty.
func deeper(line, indent string) bool {
	return strings.HasPrefix(line, indent+" ") || strings.TrimSpace(line) == ""
}
