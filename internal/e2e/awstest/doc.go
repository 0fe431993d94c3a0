// Package awstest tests what is done in AWS against a server that speaks as AWS
// does (moto), at E2E_AWS_ENDPOINT. It has no code of its own. Beside it lies what
// starts another such server, whose Athena runs SQL (ministack), for .ci/e2e-athena.
package awstest
