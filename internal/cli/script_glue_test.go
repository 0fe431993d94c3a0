package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/internal/aws/program"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// fakeGlue is Glue, CloudWatch Logs and STS in the process of a test, as far as
// jobs and crawlers need them.
type fakeGlue struct {
	mu       sync.Mutex
	states   []string          // of a run, one for each time it is looked at
	fails    map[string]string // by operation: the code of its error
	jobs     map[string]object
	crawlers map[string]object
	tags     map[string]object
	runs     []*fakeRun
	crawled  int // times that a crawler was looked at
	seen     func(operation string)
}

type object = map[string]any

// fakeRun is a run of a job.
type fakeRun struct {
	job, id string
	attempt int
	at      int // of states
	args    any
}

// startGlue starts AWS for a script: S3 with the buckets of the project shop,
// Glue, logs, STS. Arguments: states=A,B,C that runs go through, the last one for
// good, and fail=OPERATION:CODE, may be repeated. A second call starts another one.
func startGlue(ts *testscript.TestScript, _ bool, args []string) {
	f := newFakeGlue()
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "states":
			f.states = strings.Split(value, ",")
		case "fail":
			operation, code, _ := strings.Cut(value, ":")
			f.fails[operation] = code
		default:
			ts.Fatalf("gluejobs: what is %q?", arg)
		}
	}
	url, stop, err := f.start()
	ts.Check(err)
	ts.Defer(stop)
	for name, value := range glueEnvironment(url) {
		ts.Setenv(name, value)
	}
	path, err := programForJobs()
	ts.Check(err)
	ts.Setenv(program.Variable, path)
}

func newFakeGlue() *fakeGlue {
	return &fakeGlue{states: []string{"STARTING", "SUCCEEDED"}, fails: map[string]string{}, jobs: map[string]object{}, crawlers: map[string]object{}, tags: map[string]object{}}
}

// start serves until stop is called.
func (f *fakeGlue) start() (url string, stop func(), err error) {
	server, stop, err := s3test.Start(f.serve, "shop-dev-ops-111122223333", "lake")
	if err != nil {
		return "", nil, err
	}
	return server.URL, stop, nil
}

func glueEnvironment(url string) map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
}

// serve answers requests that are not for S3.
func (f *fakeGlue) serve(w http.ResponseWriter, r *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	target := r.Header.Get("X-Amz-Target")
	if target == "" && r.Method == http.MethodPost && r.URL.Path == "/" {
		if form, err := queryForm(r); err == nil && f.seen != nil {
			f.seen(form.Get("Action"))
		}
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		return true
	}
	_, operation, ok := strings.Cut(target, ".")
	if !ok {
		return false
	}
	var in object
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return true
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	code := f.fails[operation]
	if f.seen != nil {
		f.seen(operation)
	}
	var out object
	if code == "" {
		out, code = f.answer(operation, in)
	}
	if code != "" {
		w.WriteHeader(http.StatusBadRequest)
		out = object{"__type": code, "Message": "the fake says no"}
	}
	_ = json.NewEncoder(w).Encode(out)
	return true
}

const notThere = "EntityNotFoundException"

// answer returns what an operation returns, or the code of its error.
func (f *fakeGlue) answer(operation string, in object) (object, string) {
	text := func(key string) string { s, _ := in[key].(string); return s }
	switch operation {
	case "GetTags":
		return object{"Tags": f.tags[after(text("ResourceArn"))]}, ""
	case "GetTables":
		return object{"TableList": f.tables()}, ""
	case "FilterLogEvents":
		id := text("logStreamNamePrefix")
		return object{"events": []object{{"eventId": id, "logStreamName": id, "timestamp": time.Now().UnixMilli(), "message": "hello from " + text("logGroupName") + "\n"}}}, ""
	}
	if strings.Contains(operation, "Crawl") {
		return f.crawler(operation, text("Name")+text("CrawlerName"), in)
	}
	return f.job(operation, text("Name")+text("JobName"), in)
}

func (f *fakeGlue) job(operation, name string, in object) (object, string) {
	switch {
	case operation == "CreateJob":
		f.jobs[name], f.tags["job/"+name] = in, in["Tags"].(object)
		return object{"Name": name}, ""
	case f.jobs[name] == nil:
		return nil, notThere
	}
	switch operation {
	case "GetJob":
		return object{"Job": f.jobs[name]}, ""
	case "UpdateJob":
		f.jobs[name] = in["JobUpdate"].(object)
	case "StartJobRun":
		f.runs = append(f.runs, &fakeRun{job: name, id: fmt.Sprintf("jr_%d", len(f.runs)+1), args: in["Arguments"]})
		return object{"JobRunId": f.runs[len(f.runs)-1].id}, ""
	case "GetJobRuns":
		list := []object{}
		for _, run := range f.runs {
			if run.job == name {
				list = append(list, f.shown(run))
			}
		}
		slices.Reverse(list)
		return object{"JobRuns": list}, ""
	case "GetJobRun":
		for _, run := range f.runs {
			if run.job == name && run.id == in["RunId"] {
				shown := f.shown(run)
				run.at = min(run.at+1, len(f.states)-1)
				return object{"JobRun": shown}, ""
			}
		}
		return nil, notThere
	case "BatchStopJobRun":
		return object{"Errors": []object{}}, ""
	}
	return object{}, ""
}

// shown is a run as Glue shows it.
func (f *fakeGlue) shown(run *fakeRun) object {
	out := object{"Id": run.id, "JobName": run.job, "Attempt": run.attempt, "JobRunState": f.states[run.at], "StartedOn": float64(time.Date(2026, 11, 23, 9, 40, 0, 0, time.UTC).Unix()),
		"ExecutionTime": 90, "DPUSeconds": 720, "WorkerType": "G.1X", "NumberOfWorkers": 10, "LogGroupName": "/shop/dev/jobs", "Arguments": run.args}
	if f.states[run.at] == "FAILED" {
		out["ErrorMessage"] = "SystemExit: lakectl: no Spark program"
	}
	return out
}

func (f *fakeGlue) crawler(operation, name string, in object) (object, string) {
	switch {
	case operation == "CreateCrawler":
		f.crawlers[name], f.tags["crawler/"+name] = in, in["Tags"].(object)
		return object{}, ""
	case f.crawlers[name] == nil:
		return nil, notThere
	}
	c := f.crawlers[name]
	switch operation {
	case "GetCrawler":
		switch c["State"] {
		case "RUNNING":
			if f.crawled++; f.crawled > 1 {
				c["State"], c["LastCrawl"] = "READY", object{"Status": f.states[len(f.states)-1], "StartTime": float64(time.Date(2026, 11, 23, 9, 44, 0, 0, time.UTC).Unix()), "ErrorMessage": "it is what the fake was told"}
			}
		case nil:
			c["State"] = "READY"
		}
		return object{"Crawler": c}, ""
	case "StartCrawler":
		if c["State"] == "RUNNING" {
			return nil, "CrawlerRunningException"
		}
		c["State"] = "RUNNING"
	case "ListCrawls":
		return object{"Crawls": []object{{"DPUHour": 0.25, "StartTime": 1000.0, "EndTime": 1060.0}}}, ""
	}
	return object{}, ""
}

// tables are those of the catalog: a crawl that has ended made one.
func (f *fakeGlue) tables() []object {
	if f.crawled < 2 {
		return []object{}
	}
	return []object{{"Name": "orders"}}
}

// after returns the end of an ARN.
func after(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
