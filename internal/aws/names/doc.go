// Package names says what everything in AWS is called that belongs to a project
// in an environment. Names follow from the project, the environment and, where
// they are global, the account and the region; so commands find what they need
// even where a stack's outputs cannot be read, and outputs only confirm.
package names
