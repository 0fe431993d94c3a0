// Package schema holds the column types of lakectl and what they are called in
// Arrow and in each engine that reads the lake. It knows nothing of values.
package schema
