// Package cloudformation holds the template of the stack that a lakehouse has in
// AWS. It can be deployed as it is, by any tool; `lakectl deploy` adds the named
// queries of the project (package internal/aws/template).
//
// Its policies, between markers, are made from the documents in the package
// policies, and its named queries from those in queries, by
//
//	go test ./internal/aws/template -update
package cloudformation
