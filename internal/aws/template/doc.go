// Package template makes the CloudFormation template of a project from the
// committed one (package cloudformation), its named queries (package queries) and
// its IAM policies (package policies), says what the template's parameters are
// for a project, and writes out the policies with a project's names.
package template
