// Package e2e tests whole runs: projects, files and lakes, against models and
// other engines that read the same lake. It has no code of its own.
package e2e
