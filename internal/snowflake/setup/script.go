package setup

import (
	"fmt"
	"strings"
)

// Script returns a plan as SQL that an administrator can read, sign and run. What
// comes between its two parts is done by lakectl in AWS.
func (s *Spec) Script(p *Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- Snowflake for the lake of %s (%s), as lakectl snowflake setup makes it.\n", s.Project, s.Environment)
	fmt.Fprintf(&b, "-- Statements can be run again: what is there stays as it is.\n")
	fmt.Fprintf(&b, "--   lake        s3://%s/%s, of which silver and gold can be read, and nothing written\n", s.Bucket, s.Prefix)
	fmt.Fprintf(&b, "--   role in AWS %s\n", s.RoleARN)
	fmt.Fprintf(&b, "--   owner       %s: owns and refreshes all of it\n", s.Owner())
	fmt.Fprintf(&b, "--   readers     %s: gold and the views; grant it to those who ask questions\n", s.Reader())
	role := ""
	part := func(title string, steps []Step) {
		fmt.Fprintf(&b, "\n-- %s\n-- %s\n", title, strings.Repeat("-", len(title)))
		for _, step := range steps {
			if step.Role != role {
				role = step.Role
				fmt.Fprintf(&b, "\nuse role %s;\n", ident(role))
			}
			fmt.Fprintf(&b, "\n-- %s: %s\n%s;\n", step, step.Why, step.SQL)
		}
	}
	part("1. The account: roles, database, integration", p.Account)
	fmt.Fprintf(&b, "\n-- 2. AWS: the role trusts the integration\n-- ---------------------------------------\n\n"+
		"-- lakectl reads STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID of\n--   desc integration %s;\n"+
		"-- and gives them to the stack, as SnowflakePrincipal and SnowflakeExternalId. Then, until it succeeds:\n", ident(s.Integration()))
	for _, place := range s.allowed() {
		fmt.Fprintf(&b, "--   select system$validate_storage_integration(%s);\n", literals([]string{s.Integration(), place, "lakectl", "list"}))
	}
	part("3. The lake: schemas, stages, tables, views", p.Objects)
	fmt.Fprintf(&b, "\n-- 4. What is in the lake is told by lakectl snowflake sync\n-- --------------------------------------------------------\n")
	for _, text := range p.LeftOut {
		fmt.Fprintf(&b, "\n-- left out: the view %s\n", text)
	}
	return b.String()
}
