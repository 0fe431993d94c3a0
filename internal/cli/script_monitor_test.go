package cli

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cloudWatch is CloudWatch, CloudFormation, SNS and STS of a script. What it is sent stands in
// files of the script's folder: metrics.log, messages.log and fired.log. What it
// answers stands there, too: the operation DescribeAlarms answers what is in
// DescribeAlarms.xml; the operations named in denied fail.
type cloudWatch struct{ dir string }

// startCloudWatch starts CloudWatch, CloudFormation, SNS and STS.
func startCloudWatch(ts *testscript.TestScript, _ bool, _ []string) {
	server := httptest.NewServer(cloudWatch{ts.MkAbs(".")})
	ts.Defer(server.Close)
	for _, service := range []string{"CLOUDWATCH", "CLOUDFORMATION", "SNS", "STS"} {
		ts.Setenv("AWS_ENDPOINT_URL_"+service, server.URL)
	}
	ts.Setenv("AWS_REGION", "us-east-1")
	ts.Setenv("AWS_ACCESS_KEY_ID", "test")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "test")
}

// ServeHTTP implements http.Handler.
func (c cloudWatch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, err := queryForm(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	operation := form.Get("Action")
	if denied, _ := os.ReadFile(filepath.Join(c.dir, "denied")); strings.Contains(string(denied), operation) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not allowed: %s</Message></Error></ErrorResponse>`, operation)
		return
	}
	switch operation {
	case "GetCallerIdentity":
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		return
	case "PutMetricData":
		for i := 1; form.Has(fmt.Sprintf("MetricData.member.%d.MetricName", i)); i++ {
			member := fmt.Sprintf("MetricData.member.%d.", i)
			c.log("metrics.log", "%s.%s %s %s\n", form.Get(member+"Dimensions.member.2.Value"), form.Get(member+"Dimensions.member.3.Value"),
				form.Get(member+"MetricName"), form.Get(member+"Value"))
		}
	case "Publish":
		c.log("messages.log", "%s\n%s\n", form.Get("Subject"), form.Get("Message"))
	case "SetAlarmState":
		c.log("fired.log", "%s %s\n", form.Get("AlarmName"), form.Get("StateValue"))
	}
	answer, _ := os.ReadFile(filepath.Join(c.dir, operation+".xml"))
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, answer)
}

func (c cloudWatch) log(file, format string, args ...any) {
	f, err := os.OpenFile(filepath.Join(c.dir, file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err) // the folder of the script is not there
	}
	defer f.Close()
	fmt.Fprintf(f, format, args...)
}

// queryForm returns the fields of a request, whose body may be packed.
func queryForm(r *http.Request) (url.Values, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		packed, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		body = packed
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(data))
}
