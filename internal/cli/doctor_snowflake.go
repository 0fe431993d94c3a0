package cli

import (
	"context"
	"errors"
	"time"

	"github.com/lakectl/lakectl/internal/doctor"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
)

// snowflakeAccount logs in to the project's account of Snowflake, and looks for
// its way to the lake. Nothing of it needs a warehouse.
func (app *App) snowflakeAccount(ctx context.Context, w *workspace) (found doctor.Account, err error) {
	s := w.Config.Snowflake
	o := snowflake.FromConfig(w.Config, app.Getenv)
	if onS3(w.Config.Lake.Value) {
		o.Database, o.Schema, o.Warehouse = "", "", "" // before setup they need not exist
	}
	o.LoginTimeout = min(o.LoginTimeout, 10*time.Second)
	client, err := snowflake.Open(ctx, o)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	found.Name = s.Account.Value
	if !onS3(w.Config.Lake.Value) {
		return found, nil
	}
	conn, err := client.Session(ctx)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	place, err := setup.New(setup.Spec{Project: w.Config.Project.Value, Environment: w.Config.Environment.Value, Account: s.Account.Value,
		Database: s.Database.Value, Schema: s.Schema.Value, Warehouse: s.Warehouse.Value}, setup.Options{DB: conn, Explain: client.Explain})
	if err != nil {
		return found, err
	}
	found.Integration = place.Integration()
	i, err := place.Describe(ctx)
	found.There, found.Enabled = i != nil, i != nil && i.Enabled
	return found, err
}
