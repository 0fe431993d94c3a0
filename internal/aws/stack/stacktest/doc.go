// Package stacktest is CloudFormation for tests: stacks that change step by step
// as time passes, with change sets, pages, events, nested stacks, rollbacks and
// everything that can go wrong on the way.
//
// A template is lines of text:
//
//	Parameters:
//	  Name:
//	Resources:
//	  Bucket: AWS::S3::Bucket some text
//
// A resource whose text changes is modified, and replaced if the text has the
// word replace. It fails if the text has fails=REASON, to the end of the line;
// in a resource of type AWS::CloudFormation::Stack it is a resource in that
// stack that fails.
package stacktest
