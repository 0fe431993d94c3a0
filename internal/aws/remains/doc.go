// Package remains knows what stays in AWS when a project's stack is gone: the
// jobs and crawlers that were never in it, and what holds data. It says what of
// that is there, and deletes it.
package remains
