package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/lakectl/lakectl/internal/bronze"
	"github.com/lakectl/lakectl/internal/gold"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/pipeline/task"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/spark"
)

// Options say what a run is of.
type Options struct {
	Project  *project.Project
	Source   task.Project // the same, as tasks read it
	LakeURL  string       // of the lake's folder, as Spark opens it
	Binary   string       // lakectl, which executors run
	Parallel int          // tasks of Spark that shuffles are made of; 0: as many as suit what is read
	ReadHere int64        // bytes of a table up to which its checks read it in this process: Spark takes a second to begin
}

// Engine is a session of Spark. It is for one run.
type Engine struct {
	conn *conn
	o    Options
}

var _ pipeline.Engine = (*Engine)(nil)

// New tells the program at the other end of the connection of the project. The
// caller closes the connection.
func New(ctx context.Context, c net.Conn, o Options) (*Engine, error) {
	compiled, err := spark.Compile(o.Project, o.LakeURL)
	if err != nil {
		return nil, err
	}
	e := &Engine{conn: &conn{Conn: c, in: bufio.NewReaderSize(c, 1<<16)}, o: o}
	spec := struct {
		Project  json.RawMessage `json:"project"`
		Binary   string          `json:"binary"`
		Parallel int             `json:"parallel"`
	}{compiled, o.Binary, o.Parallel}
	return e, e.conn.ask(ctx, doOpen, spec, &struct{}{}, nil)
}

// order returns an order for tasks of a table, as the program hands it on.
func (e *Engine) order(tx *lake.Tx, o task.Order, now time.Time) (string, error) {
	o.Project, o.Staging, o.Now = e.o.Source, tx.Staging(), now
	text, err := json.Marshal(o)
	return string(text), err
}

// ingestSpec is a request to take in files: the order for their tasks, which has
// the project and is sent once, and each file as a task reads it after the order.
type ingestSpec struct {
	Dataset string   `json:"dataset"`
	Order   string   `json:"order"`
	Files   []string `json:"files"`
	Bytes   []int64  `json:"bytes"` // of the files
}

// Ingest implements pipeline.Engine: each file is a task.
func (e *Engine) Ingest(ctx context.Context, tx *lake.Tx, req bronze.Request, o bronze.Options) (*bronze.Result, error) {
	plan, err := bronze.PlanFiles(ctx, req)
	if err != nil {
		return nil, err
	}
	result := &bronze.Result{Columns: plan.Columns, Failed: plan.Failed, Damage: map[string]int64{}}
	if len(plan.Files) == 0 {
		return result, nil
	}
	spec := ingestSpec{Dataset: req.Dataset.Name}
	spec.Order, err = e.order(tx, task.Order{Kind: task.Ingest, Table: lake.TableRef{Layer: lake.Bronze, Name: req.Dataset.Name}, RawColumns: plan.Columns}, o.Now)
	if err != nil {
		return nil, err
	}
	bytes := int64(0)
	for _, f := range plan.Files {
		bytes += f.Size
		text, err := json.Marshal(f)
		if err != nil {
			return nil, err
		}
		spec.Files, spec.Bytes = append(spec.Files, string(text)), append(spec.Bytes, f.Size)
	}
	var answer struct {
		Reports []task.Report `json:"reports"`
	}
	told := steps(bytes, func(n int64) { o.Progress(0, n) })
	if err := e.conn.ask(ctx, doIngest, spec, &answer, told); err != nil {
		return nil, fmt.Errorf("bronze.%s: %w", req.Dataset.Name, err)
	}
	if len(answer.Reports) != len(plan.Files) {
		return nil, fmt.Errorf("bronze.%s: Spark reports of %d files instead of %d", req.Dataset.Name, len(answer.Reports), len(plan.Files))
	}
	for _, r := range answer.Reports {
		if err := collect(tx, result, plan, r); err != nil {
			return nil, fmt.Errorf("bronze.%s: %w", req.Dataset.Name, err)
		}
	}
	return result, nil
}

// collect adds what a task took in to the result.
func collect(tx *lake.Tx, result *bronze.Result, plan *bronze.Plan, r task.Report) error {
	switch {
	case r.Error != nil:
		return r.Error.Err()
	case r.Ingest == nil:
		return errors.New("a task reports nothing")
	}
	in := r.Ingest
	for i := range in.Inputs {
		in.Inputs[i].ColumnsAdded = plan.Added[in.Inputs[i].SourceFile]
	}
	tx.Adopt(in.Put...)
	tx.Adopt(in.Quarantined...)
	for _, f := range in.Failed {
		result.Failed = append(result.Failed, f.Err())
	}
	result.Inputs, result.Put, result.Quarantined = append(result.Inputs, in.Inputs...), append(result.Put, in.Put...), append(result.Quarantined, in.Quarantined...)
	result.Records, result.Bytes = result.Records+in.Records, result.Bytes+in.Bytes
	for kind, n := range in.Damage {
		result.Damage[kind] += n
	}
	return nil
}

// goldSpec is a request to build gold tables.
type goldSpec struct {
	Tables []string            `json:"tables"`
	Inputs map[string][]string `json:"inputs"` // by silver table: objects
	Orders map[string]string   `json:"orders"` // by gold table: of tasks that write it
	Bytes  int64               `json:"bytes"`  // of all objects
	Now    int64               `json:"now"`    // microseconds: aggregation_timestamp
}

// Gold implements pipeline.Engine.
func (e *Engine) Gold(ctx context.Context, tx *lake.Tx, req gold.Request, o gold.Options) ([]gold.Result, error) {
	spec, rows := goldSpec{Inputs: map[string][]string{}, Orders: map[string]string{}, Now: o.Now.UnixMicro()}, int64(0)
	for s, files := range req.Inputs {
		for _, f := range files {
			spec.Inputs[s.Name] = append(spec.Inputs[s.Name], f.Path)
			spec.Bytes, rows = spec.Bytes+f.Bytes, rows+f.Rows
		}
	}
	for _, g := range req.Tables {
		spec.Tables = append(spec.Tables, g.Name)
		var err error
		if spec.Orders[g.Name], err = e.order(tx, task.Order{Kind: task.Write, Table: lake.TableRef{Layer: lake.Gold, Name: g.Name}}, o.Now); err != nil {
			return nil, err
		}
	}
	var answer struct {
		Tables map[string][]lake.FileChange `json:"tables"`
	}
	if err := e.conn.ask(ctx, doGold, spec, &answer, steps(rows, o.Progress)); err != nil {
		return nil, err
	}
	results := make([]gold.Result, len(req.Tables))
	for i, g := range req.Tables {
		files, ok := answer.Tables[g.Name]
		if !ok {
			return nil, fmt.Errorf("gold.%s: Spark does not say what it wrote", g.Name)
		}
		tx.Adopt(files...)
		results[i] = gold.Result{Table: g, Parts: 1, Files: files}
		for _, f := range files {
			results[i].Rows += f.Rows
		}
	}
	return results, nil
}
