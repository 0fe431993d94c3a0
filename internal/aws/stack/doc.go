// Package stack deploys a CloudFormation stack and explains what happens: it
// brings a stack that got stuck back to where it can be deployed, previews each
// change by a change set, follows what is executed event by event, and says
// first why something failed. It can be interrupted anywhere; the next
// deployment goes on from what it finds.
package stack
