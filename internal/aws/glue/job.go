package glue

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
)

// version is that of Glue: Spark 3.5 and Python 3.11.
const version = "5.1"

// Layers are the layers that have a job and a crawler, in the order in which they run.
func Layers() []string { return []string{"bronze", "silver", "gold"} }

// Job is a job as it should be.
type Job struct {
	Layer, Name, ARN string
	Description      string
	Role             string
	Script           string // s3://...
	WorkerType       string
	MaxWorkers       int
	Timeout          time.Duration
	Retries          int
	Flex             bool
	Security         string            // name of the security configuration
	Arguments        map[string]string // of every run, unless the run has others
	Tags             map[string]string
}

// Jobs returns the jobs of a project, one for each layer.
func Jobs(cfg *config.Config, n names.Names, code *Code) []Job {
	var jobs []Job
	g := &cfg.AWS.Glue
	for _, layer := range Layers() {
		name := n.Job(layer)
		jobs = append(jobs, Job{
			Layer: layer, Name: name, ARN: arn(n, "job", name),
			Description: "The " + layer + " layer of " + n.Project + " in " + n.Environment + "; made by lakectl",
			Role:        n.RoleARN("glue-job"), Script: place(n, code.Scripts[layer]),
			WorkerType: g.WorkerType.Value, MaxWorkers: int(g.MaxWorkers.Value), Timeout: g.Timeout.Value,
			Retries: int(g.Retries.Value), Flex: g.Flex.Value, Security: n.SecurityConfiguration(cfg.AWS.KMS.Value),
			Arguments: arguments(layer, n, code), Tags: Tags(cfg, n),
		})
	}
	return jobs
}

// arguments are those of every run of a job. The temporary folder is in the
// lake, the only place that the role of jobs may write to.
func arguments(layer string, n names.Names, code *Code) map[string]string {
	return map[string]string{
		"--job-language":                 "python",
		"--job-bookmark-option":          "job-bookmark-disable", // the lake's own log knows what was done
		"--enable-auto-scaling":          "true",
		"--enable-metrics":               "true",
		"--enable-observability-metrics": "true",
		"--custom-logGroup-prefix":       n.LogGroup("jobs"),
		"--TempDir":                      "s3://" + n.LakeBucket + "/" + n.LakePrefix + "_lakectl/tmp/glue/",
		"--layer":                        layer,
		"--project-s3":                   place(n, code.Project),
		"--extra-py-files":               place(n, code.Package),
		"--extra-files":                  place(n, code.Program),
	}
}

// place is where an object of the bucket of scripts is, as Glue is told it.
func place(n names.Names, key string) string { return "s3://" + n.ScriptsBucket() + "/" + key }

// Tags are those of everything of a project.
func Tags(cfg *config.Config, n names.Names) map[string]string {
	tags := map[string]string{"Project": n.Project, "Environment": n.Environment}
	for _, t := range cfg.AWS.Tags.Entries {
		tags[t.Name] = t.Value.Value
	}
	return tags
}

func arn(n names.Names, kind, name string) string {
	return strings.Join([]string{"arn", n.Partition, "glue", n.Region, n.Account, kind + "/" + name}, ":")
}

func (j *Job) class() types.ExecutionClass {
	if j.Flex {
		return types.ExecutionClassFlex
	}
	return types.ExecutionClassStandard
}

func (j *Job) command() *types.JobCommand {
	return &types.JobCommand{Name: aws.String("glueetl"), ScriptLocation: &j.Script, PythonVersion: aws.String("3")}
}

func (j *Job) minutes() int32 { return int32(j.Timeout / time.Minute) }

func (j *Job) create() *glue.CreateJobInput {
	return &glue.CreateJobInput{
		Name: &j.Name, Description: &j.Description, Role: &j.Role, Command: j.command(), GlueVersion: aws.String(version),
		WorkerType: types.WorkerType(j.WorkerType), NumberOfWorkers: aws.Int32(int32(j.MaxWorkers)), ExecutionClass: j.class(),
		Timeout: aws.Int32(j.minutes()), MaxRetries: int32(j.Retries), ExecutionProperty: &types.ExecutionProperty{MaxConcurrentRuns: 1},
		SecurityConfiguration: &j.Security, DefaultArguments: j.Arguments, Tags: j.Tags,
	}
}

// update replaces all of a job but its tags.
func (j *Job) update() *glue.UpdateJobInput {
	c := j.create()
	return &glue.UpdateJobInput{JobName: &j.Name, JobUpdate: &types.JobUpdate{
		Description: c.Description, Role: c.Role, Command: c.Command, GlueVersion: c.GlueVersion, WorkerType: c.WorkerType,
		NumberOfWorkers: c.NumberOfWorkers, ExecutionClass: c.ExecutionClass, Timeout: c.Timeout, MaxRetries: c.MaxRetries,
		ExecutionProperty: c.ExecutionProperty, SecurityConfiguration: c.SecurityConfiguration, DefaultArguments: c.DefaultArguments,
	}}
}

// fields are those of the job as it should be, without its tags.
func (j *Job) fields() []field {
	c := j.create()
	return jobFields(&types.Job{
		Description: c.Description, Role: c.Role, Command: c.Command, GlueVersion: c.GlueVersion, WorkerType: c.WorkerType,
		NumberOfWorkers: c.NumberOfWorkers, ExecutionClass: c.ExecutionClass, Timeout: c.Timeout, MaxRetries: c.MaxRetries,
		ExecutionProperty: c.ExecutionProperty, SecurityConfiguration: c.SecurityConfiguration, DefaultArguments: c.DefaultArguments,
	})
}

// jobFields are the fields of a job that lakectl says something of.
func jobFields(j *types.Job) []field {
	list := []field{
		{"description", aws.ToString(j.Description)}, {"role", aws.ToString(j.Role)},
		{"glue_version", aws.ToString(j.GlueVersion)}, {"worker_type", string(j.WorkerType)},
		{"max_workers", number(aws.ToInt32(j.NumberOfWorkers))}, {"execution_class", string(j.ExecutionClass)},
		{"timeout_minutes", number(aws.ToInt32(j.Timeout))}, {"retries", number(j.MaxRetries)},
		{"security_configuration", aws.ToString(j.SecurityConfiguration)},
	}
	if j.Command != nil {
		list = append(list, field{"command", aws.ToString(j.Command.Name)}, field{"script", aws.ToString(j.Command.ScriptLocation)},
			field{"python", aws.ToString(j.Command.PythonVersion)})
	}
	if j.ExecutionProperty != nil {
		list = append(list, field{"concurrent_runs", number(j.ExecutionProperty.MaxConcurrentRuns)})
	}
	return pairs(list, "arguments.", j.DefaultArguments)
}
