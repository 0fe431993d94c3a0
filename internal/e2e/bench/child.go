package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// The child processes. Even what is not measured runs in one: Linux counts the
// memory of a parent to the peak of a process that it starts, so this program
// stays small.
const (
	generateChild = "generate"
	compareChild  = "compare"
	lakectlChild  = "run-lakectl"
	duckdbChild   = "run-duckdb"
)

// child is what a process does; what it returns is its answer.
type child func(context.Context, *settings) (any, error)

func children() map[string]child {
	return map[string]child{
		generateChild: func(ctx context.Context, s *settings) (any, error) { return nil, generate(ctx, s.rawDir(), s.Raw) },
		compareChild:  func(ctx context.Context, s *settings) (any, error) { return compare(ctx, s) },
		lakectlChild:  func(ctx context.Context, s *settings) (any, error) { return runLakectl(ctx, s) },
		duckdbChild:   func(ctx context.Context, s *settings) (any, error) { return runDuckDB(ctx, s) },
	}
}

// run does the work of the child in this process; text is the settings.
func (c child) run(ctx context.Context, text string) error {
	s := new(settings)
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return err
	}
	answer, err := c(ctx, s)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// command returns a child process that is yet to be started.
func command(ctx context.Context, name string, s *settings) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, self, name, string(text)), nil
}

// spawn runs a child and decodes its answer, unless answer is nil.
func spawn(ctx context.Context, name string, s *settings, answer any) error {
	cmd, err := command(ctx, name, s)
	if err != nil {
		return err
	}
	text, err := output(cmd)
	if err != nil || answer == nil {
		return err
	}
	return decode(text, answer)
}

// output runs a command and returns what it printed.
func output(cmd *exec.Cmd) ([]byte, error) {
	var printed, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &messages
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(messages.Bytes()))
	}
	return printed.Bytes(), nil
}

func decode(text []byte, answer any) error {
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%q is not the answer of a child: %w", text, err)
	}
	return nil
}
