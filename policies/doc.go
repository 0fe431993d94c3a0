// Package policies holds the IAM policies of a lakehouse as JSON documents, with
// placeholders such as ${LakeBucket} for what differs between projects. They are
// the one source: the policies in the CloudFormation template are made from them
// (package internal/aws/template), and `lakectl policy show` prints them.
//
// A wildcard that is not below something of the lakehouse's own has its reason
// in reasons.json; a test of the template's package holds that. The statement
// UseKey is for lakehouses with a key of their own, and left out of others.
package policies
