// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/plugins/sqlite/internal/database"
)

// settings are what the operator configures.
type settings struct {
	Path      string            `json:"path,omitempty" jsonschema:"the database file, if there is only one; it is named main"`
	Databases map[string]string `json:"databases,omitempty" jsonschema:"database files by name"`
	Writable  bool              `json:"writable,omitempty" jsonschema:"also offer the tool that changes databases, and make files that do not exist; default: false"`
	MaxRows   int               `json:"max_rows,omitempty" jsonschema:"most rows in one answer; default: 1000"`
	MaxBytes  int               `json:"max_bytes,omitempty" jsonschema:"most bytes of values in one answer; default: 1048576"`
	Timeout   string            `json:"timeout,omitempty" jsonschema:"longest time that a statement may take, such as 1m30s; default: 30s"`
}

// server answers the calls of all tools, resources and prompts.
type server struct {
	databases atomic.Pointer[database.Set] // set when the host configures; never nil
}

// newPlugin returns the plugin, ready to serve. Until it is configured each
// call is answered with how to do that.
func newPlugin(version string) *pluginapi.Plugin {
	p := pluginapi.New("sqlite", version)
	p.SetDetails(pluginapi.Details{
		Title:       "SQLite",
		Description: "Query SQLite databases and read their schema.",
		// A statement can keep a processor busy for as long as its timeout.
		Limits: pluginapi.Limits{MaxConcurrentCalls: 8},
	})
	s := &server{}
	s.databases.Store(&database.Set{})
	s.addReaders(p)
	s.addSchema(p)
	s.addPrompts(p)
	pluginapi.OnConfigure(p, func(ctx context.Context, set settings) error {
		opened, err := set.open(ctx)
		if err != nil {
			return err
		}
		s.databases.Store(opened)
		for _, name := range opened.Names() {
			s.addSchemaOf(p, name)
		}
		if set.Writable {
			// A client that may not change databases is not offered to.
			s.addWriter(p)
		}
		return nil
	})
	return p
}

// open opens the databases that the settings name.
func (set settings) open(ctx context.Context) (*database.Set, error) {
	paths := maps.Clone(set.Databases)
	if set.Path != "" {
		if len(paths) > 0 {
			return nil, errors.New(`set either "path" or "databases"`)
		}
		paths = map[string]string{"main": set.Path}
	}
	limits := database.Limits{MaxRows: set.MaxRows, MaxBytes: set.MaxBytes}
	if set.Timeout != "" {
		timeout, err := time.ParseDuration(set.Timeout)
		if err != nil {
			return nil, fmt.Errorf(`timeout: %q is no duration such as "30s"`, set.Timeout)
		}
		limits.Timeout = timeout
	}
	return database.Open(ctx, paths, set.Writable, limits)
}

// addReaders adds the tools that change nothing.
func (s *server) addReaders(p *pluginapi.Plugin) {
	reads := pluginapi.Hints{ReadOnly: true, Destructive: new(false), Idempotent: true, OpenWorld: new(false)}
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "query", Title: "Query a database", Hints: reads,
		Description: "Runs one SQL statement that reads (SELECT, WITH, VALUES, EXPLAIN, or a PRAGMA that describes) and returns its rows. Put values into params and ? into the SQL. Rows, bytes and time are limited; the answer says when it was cut.",
	}, s.query)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "tables", Title: "List tables", Hints: reads,
		Description: "Lists the tables and views of a database, or of all.",
	}, s.tables)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "describe", Title: "Describe a table", Hints: reads,
		Description: "Tells the columns, indexes, foreign keys and triggers of a table or view, and the SQL that made it. Use it before writing a query.",
	}, s.describe)
}

// addWriter adds the tool that changes databases.
func (s *server) addWriter(p *pluginapi.Plugin) {
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "execute", Title: "Change a database",
		Hints:       pluginapi.Hints{Destructive: new(true), OpenWorld: new(false)},
		Description: "Runs one SQL statement that changes data or schema, as a whole or not at all, and returns how many rows it changed and what RETURNING gives. Put values into params and ? into the SQL. To read, use query.",
	}, s.execute)
}

func (s *server) query(ctx context.Context, req database.QueryRequest) (*database.Rows, error) {
	db, err := s.databases.Load().Get(req.Database)
	if err != nil {
		return nil, err
	}
	return db.Query(ctx, req, progress(ctx))
}

func (s *server) execute(ctx context.Context, req database.QueryRequest) (*database.Change, error) {
	db, err := s.databases.Load().Get(req.Database)
	if err != nil {
		return nil, err
	}
	return db.Execute(ctx, req, progress(ctx))
}

// progress tells the client how long a statement has run.
func progress(ctx context.Context) database.Progress {
	return func(elapsed, limit time.Duration) {
		pluginapi.Progress(ctx, elapsed.Seconds(), limit.Seconds(), fmt.Sprintf("running for %v", elapsed.Round(time.Second)))
	}
}

type tablesRequest struct {
	Database string `json:"database,omitempty" jsonschema:"name of the database; all if left out"`
}

type tableList struct {
	Tables []database.Table `json:"tables"`
}

func (s *server) tables(ctx context.Context, req tablesRequest) (*tableList, error) {
	set := s.databases.Load()
	names := set.Names()
	if req.Database != "" || len(names) == 0 {
		names = []string{req.Database} // which, of none, says how to configure one
	}
	list := &tableList{Tables: []database.Table{}}
	for _, name := range names {
		db, err := set.Get(name)
		if err != nil {
			return nil, err
		}
		tables, err := db.Tables(ctx)
		if err != nil {
			return nil, err
		}
		list.Tables = append(list.Tables, tables...)
	}
	return list, nil
}

type describeRequest struct {
	Database string `json:"database,omitempty" jsonschema:"name of the database; may be left out if there is only one"`
	Table    string `json:"table" jsonschema:"name of the table or view"`
}

func (s *server) describe(ctx context.Context, req describeRequest) (*database.TableInfo, error) {
	db, err := s.databases.Load().Get(req.Database)
	if err != nil {
		return nil, err
	}
	return db.Describe(ctx, req.Table)
}
