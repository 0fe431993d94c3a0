// Package doctor looks whether everything is in order that lakectl works with:
// this machine, lakehouse.yaml, the lake, what is deployed in AWS, and the account
// of Snowflake; and says what to do about what is not. It changes nothing.
//
// A check has one finding. Checks run side by side, each for a limited time. One
// that makes no sense without something that an earlier check did not find, such
// as our identity, is skipped and says so. What can be checked without a network
// is checked without one.
package doctor
