package ops

import "github.com/aws/smithy-go"

// refusal is an error for one object in an answer that is not one itself.
type refusal struct{ code, message string }

// Error implements error.
func (r refusal) Error() string { return r.code + ": " + r.message }

// ErrorCode implements smithy.APIError.
func (r refusal) ErrorCode() string { return r.code }

// ErrorMessage implements smithy.APIError.
func (r refusal) ErrorMessage() string { return r.message }

// ErrorFault implements smithy.APIError.
func (r refusal) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }
