package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// projectCheck looks whether lakehouse.yaml is right, and its files are there.
func projectCheck(o Options) Check {
	return Check{Group: Project, Name: "lakehouse.yaml", Timeout: time.Minute, Run: func(ctx context.Context) diag.Finding {
		inventory, odd, err := o.Validate(ctx)
		switch {
		case err != nil:
			return brokenProject(err)
		case len(odd) > 0:
			return diag.Findf(diag.Suspect, "%s", more(odd)).WithRemedy("put files there, or mend `source:`; until then a run has nothing to read")
		}
		return diag.Findf(diag.Good, "%s", inventory)
	}}
}

func brokenProject(err error) diag.Finding {
	var problems *diag.Problems
	var typed *diag.Error
	switch {
	case errors.As(err, &problems):
		var texts []string
		for _, p := range problems.List {
			texts = append(texts, p.String())
		}
		return diag.Findf(diag.Bad, "%s", more(texts)).WithRemedy("`lakectl validate` lists all that is wrong")
	case errors.As(err, &typed):
		return diag.Findf(diag.Bad, "%v", err).WithRemedy("%s", typed.Next)
	}
	return diag.Findf(diag.Bad, "%v", err)
}

// more is the first of several texts, and how many there are beside it.
func more(texts []string) string {
	if n := len(texts) - 1; n > 0 {
		return fmt.Sprintf("%s (and %d more)", texts[0], n)
	}
	return texts[0]
}
