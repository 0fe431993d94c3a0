// Package session opens the way to AWS: the standard configuration (variables,
// profiles, SSO, roles, AWS_ENDPOINT_URL), retries that adapt to throttling, who
// we are, and what AWS's errors mean for people and for exit codes.
package session
