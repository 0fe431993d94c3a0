package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/template"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	querysnowflake "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/queries"
)

// queriesFolder is where a project's own queries are, beside lakehouse.yaml.
const queriesFolder = "queries"

// ownQueries reads the project's own queries, and returns all that is wrong with
// them. Those with problems are left out.
func ownQueries(cfg *config.Config) ([]queries.Query, diag.List, error) {
	return queriesIn(cfg, template.Engine)
}

// queriesIn is ownQueries for an engine: those in its folder come before those
// for all engines.
func queriesIn(cfg *config.Config, engine string) ([]queries.Query, diag.List, error) {
	dir := cfg.Path(queriesFolder)
	list, found, err := queries.Load(os.DirFS(dir), engine)
	if err != nil {
		return nil, nil, err
	}
	var problems diag.List
	for _, p := range found {
		problems.AddHint(diag.Pos{File: filepath.Join(dir, filepath.FromSlash(p.File)), Line: p.Line}, p.Hint, "%s", p.Message)
	}
	return list, problems, nil
}

// checkCloud returns how many queries the project has, and what is wrong with
// them and with what else its stack in AWS is made of. Nothing is asked of AWS.
func checkCloud(cfg *config.Config) (int, diag.List, error) {
	list, problems, err := ownQueries(cfg)
	if err != nil {
		return 0, nil, err
	}
	_, more, err := queriesIn(cfg, querysnowflake.Name)
	if err != nil {
		return 0, nil, err
	}
	for _, p := range more {
		if !slices.Contains(problems, p) { // those for all engines are read twice
			problems = append(problems, p)
		}
	}
	add := func(pos diag.Pos, err error) {
		var typed *diag.Error
		if errors.As(err, &typed) {
			problems.AddHint(pos, typed.Next, "%s", typed.Msg)
		} else if err != nil {
			problems.Addf(pos, "%v", err)
		}
	}
	_, more, err = snowflakeViews(cfg)
	if err != nil {
		return 0, nil, err
	}
	problems.Add(more)
	_, err = template.Render(template.Options{Queries: list, Sources: template.Sources(cfg)})
	add(diag.Pos{File: cfg.Path(queriesFolder)}, err)
	if onS3(cfg.Lake.Value) || cfg.AWS.Account.Value != "" {
		_, err = names.Of(cfg, cfg.AWS.Account.Value, cfg.AWS.Region.Value)
		add(cfg.Project.Pos, err)
	}
	return len(list), problems, nil
}
