package inspect

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// How far a clock may be off: AWS refuses requests that are signed at a time
// more than five minutes (some services: fifteen) from its own.
const (
	skewSuspect = time.Minute
	skewBad     = 5 * time.Minute
)

// Clock compares the clock of this machine with that of AWS, also where that
// refuses to say who we are.
func Clock(ctx context.Context, s *session.Session) diag.Finding {
	out, err := sts.NewFromConfig(impatient(s.Config)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		theirs, ok := dateOf(err)
		if !ok {
			i := Inspector{imitated: s.Endpoint() != ""}
			return i.unchecked("ask AWS for the time", err)
		}
		return judgeClock(time.Until(theirs))
	}
	skew, ok := middleware.GetAttemptSkew(out.ResultMetadata)
	if !ok {
		return diag.Findf(diag.Suspect, "could not be checked: the answer has no date, or came too late to judge by it")
	}
	return judgeClock(skew)
}

// dateOf returns the date of the answer that an error is.
func dateOf(err error) (time.Time, bool) {
	var answered *awshttp.ResponseError
	if !errors.As(err, &answered) || answered.Response == nil || answered.Response.Response == nil {
		return time.Time{}, false
	}
	t, err := http.ParseTime(answered.Response.Header.Get("Date"))
	return t, err == nil
}

// judgeClock says what it means that the clock of AWS is so much ahead of ours.
func judgeClock(ahead time.Duration) diag.Finding {
	off, word := ahead, "behind"
	if ahead < 0 {
		off, word = -ahead, "ahead of"
	}
	off = off.Round(time.Second)
	const remedy = "set the clock, and let it be kept: `timedatectl set-ntp true`"
	switch {
	case off > skewBad:
		return diag.Findf(diag.Bad, "this clock is %s %s that of AWS, which refuses what is signed more than 5 minutes off", off, word).WithRemedy(remedy)
	case off > skewSuspect:
		return diag.Findf(diag.Suspect, "this clock is %s %s that of AWS; at 5 minutes AWS refuses requests", off, word).WithRemedy(remedy)
	case off <= 2*time.Second: // dates in answers are whole seconds, and answers take time
		return diag.Findf(diag.Good, "the same as that of AWS")
	}
	return diag.Findf(diag.Good, "%s %s that of AWS", off, word)
}

// OtherEndpoint warns if it is not AWS that answers.
func OtherEndpoint(s *session.Session) diag.Finding {
	if s.Endpoint() == "" {
		return diag.Findf(diag.Good, "AWS in %s", s.Config.Region)
	}
	return diag.Findf(diag.Suspect, "it is %s that answers, not AWS: what is found here says nothing of a real account", s.Endpoint()).
		WithRemedy("unset AWS_ENDPOINT_URL, or `endpoint_url` in ~/.aws/config")
}
