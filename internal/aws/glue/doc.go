// Package glue runs a project in AWS Glue: it registers the jobs of the layers,
// starts and follows their runs with logs and cost, and does the same for the
// crawlers.
//
// What is registered is what lakehouse.yaml says, no more: a registration looks
// first, and creates or updates only what differs. The code of a run lies under
// keys made of its hash, so that a run never mixes versions: what a job is
// started with stays what it was, whatever is registered meanwhile.
package glue
