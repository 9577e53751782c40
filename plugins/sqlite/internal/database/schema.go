// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"
)

// A NotFoundError means that there is no such database, table or view.
type NotFoundError struct{ message string }

// Error says what there is not.
func (e *NotFoundError) Error() string { return e.message }

// A Table is a table or view, by name.
type Table struct {
	Database string `json:"database"`
	Name     string `json:"name"`
	Type     string `json:"type" jsonschema:"table, view or virtual"`
	Columns  int    `json:"columns" jsonschema:"how many columns it has"`
}

// A TableInfo is all that the schema says of a table or view.
type TableInfo struct {
	Database    string        `json:"database"`
	Name        string        `json:"name"`
	Type        string        `json:"type" jsonschema:"table, view or virtual"`
	SQL         string        `json:"sql" jsonschema:"the statement that made it"`
	Columns     []ColumnInfo  `json:"columns"`
	Indexes     []IndexInfo   `json:"indexes"`
	ForeignKeys []ForeignKey  `json:"foreign_keys"`
	Triggers    []TriggerInfo `json:"triggers"`
	Problem     string        `json:"problem,omitempty" jsonschema:"why SQLite cannot tell its columns, such as a view of a table that is gone"`
}

// A ColumnInfo is a column of a table.
type ColumnInfo struct {
	Name       string  `json:"name"`
	Type       string  `json:"type" jsonschema:"as declared; may be empty"`
	NotNull    bool    `json:"not_null"`
	Default    *string `json:"default,omitempty" jsonschema:"an SQL expression"`
	PrimaryKey int     `json:"primary_key" jsonschema:"place in the primary key, from 1; 0 if not in it"`
	Generated  bool    `json:"generated,omitempty"`
}

// An IndexInfo is an index of a table.
type IndexInfo struct {
	Name    string   `json:"name"`
	Unique  bool     `json:"unique"`
	Partial bool     `json:"partial,omitempty" jsonschema:"whether it covers only some rows"`
	Columns []string `json:"columns" jsonschema:"an expression is an empty string"`
	SQL     string   `json:"sql,omitempty" jsonschema:"the statement that made it; none if the table did"`
}

// A ForeignKey is a reference from one column of a table. Those of a key of
// several columns have the same ID.
type ForeignKey struct {
	ID       int    `json:"id"`
	Column   string `json:"column"`
	Table    string `json:"references_table"`
	To       string `json:"references_column" jsonschema:"empty: the primary key"`
	OnUpdate string `json:"on_update"`
	OnDelete string `json:"on_delete"`
}

// A TriggerInfo is a trigger of a table.
type TriggerInfo struct {
	Name string `json:"name"`
	SQL  string `json:"sql"`
}

const tablesSQL = `SELECT name, type, ncol FROM pragma_table_list
	WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`

// Tables lists the tables and views, by name.
func (db *DB) Tables(ctx context.Context) ([]Table, error) {
	var tables []Table
	err := db.run(ctx, false, nil, func(ctx context.Context, s *session) (err error) {
		tables, err = collect(ctx, s, func(r *sql.Rows) (t Table, err error) {
			t.Database = db.name
			return t, r.Scan(&t.Name, &t.Type, &t.Columns)
		}, tablesSQL)
		if err != nil {
			return err
		}
		return countColumns(ctx, s, tables)
	})
	return tables, err
}

// countColumns fills in what SQLite leaves out: it counts no columns of views
// while one of them is broken.
func countColumns(ctx context.Context, s *session, tables []Table) error {
	for i := range tables {
		t := &tables[i]
		if t.Columns > 0 {
			continue
		}
		err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM pragma_table_xinfo(?)", t.Name).Scan(&t.Columns)
		if err = ended(ctx, err); err == nil {
			continue
		}
		if _, ok := errors.AsType[*brokenError](err); !ok {
			return err
		}
	}
	return nil
}

// Describe tells about one table or view; a *NotFoundError if there is none of
// that name.
func (db *DB) Describe(ctx context.Context, table string) (*TableInfo, error) {
	var info *TableInfo
	err := db.run(ctx, false, nil, func(ctx context.Context, s *session) (err error) {
		info, err = db.describe(ctx, s, table)
		return err
	})
	return info, err
}

// Schema tells about all tables and views, by name.
func (db *DB) Schema(ctx context.Context) ([]*TableInfo, error) {
	var all []*TableInfo
	err := db.run(ctx, false, nil, func(ctx context.Context, s *session) error {
		names, err := collect(ctx, s, func(r *sql.Rows) (name string, err error) {
			var ignored any
			return name, r.Scan(&name, &ignored, &ignored)
		}, tablesSQL)
		for _, name := range names {
			info, err := db.describe(ctx, s, name)
			if err != nil {
				return err
			}
			all = append(all, info)
		}
		return err
	})
	return all, err
}

func (db *DB) describe(ctx context.Context, s *session, table string) (*TableInfo, error) {
	info := &TableInfo{Database: db.name}
	err := s.conn.QueryRowContext(ctx, `SELECT l.name, l.type, coalesce(m.sql, '') FROM pragma_table_list AS l
		LEFT JOIN sqlite_schema AS m ON m.name = l.name AND m.type IN ('table', 'view')
		WHERE l.schema = 'main' AND l.name = ? COLLATE NOCASE`, table).Scan(&info.Name, &info.Type, &info.SQL)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &NotFoundError{fmt.Sprintf("there is no table %q in database %s; tables lists them", table, db.name)}
	}
	if err != nil {
		return nil, ended(ctx, err)
	}
	for _, read := range []func(context.Context, *session) error{info.readColumns, info.readIndexes, info.readForeignKeys, info.readTriggers} {
		err := read(ctx, s)
		if broken, ok := errors.AsType[*brokenError](err); ok {
			info.Problem = broken.Error() // of this one table, not of the others
		} else if err != nil {
			return nil, err
		}
	}
	return info, nil
}

func (t *TableInfo) readColumns(ctx context.Context, s *session) (err error) {
	t.Columns, err = collect(ctx, s, func(r *sql.Rows) (c ColumnInfo, err error) {
		return c, r.Scan(&c.Name, &c.Type, &c.NotNull, &c.Default, &c.PrimaryKey, &c.Generated)
	}, `SELECT name, type, "notnull", dflt_value, pk, hidden > 1 FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid`, t.Name)
	return err
}

func (t *TableInfo) readIndexes(ctx context.Context, s *session) (err error) {
	t.Indexes, err = collect(ctx, s, func(r *sql.Rows) (i IndexInfo, err error) {
		return i, r.Scan(&i.Name, &i.Unique, &i.Partial, &i.SQL)
	}, `SELECT i.name, i."unique", i.partial, coalesce(m.sql, '') FROM pragma_index_list(?) AS i
		LEFT JOIN sqlite_schema AS m ON m.name = i.name AND m.type = 'index' ORDER BY i.name`, t.Name)
	for i := range t.Indexes {
		if err != nil {
			break
		}
		t.Indexes[i].Columns, err = collect(ctx, s, func(r *sql.Rows) (name string, err error) {
			return name, r.Scan(&name)
		}, `SELECT coalesce(name, '') FROM pragma_index_info(?) ORDER BY seqno`, t.Indexes[i].Name)
	}
	return err
}

func (t *TableInfo) readForeignKeys(ctx context.Context, s *session) (err error) {
	t.ForeignKeys, err = collect(ctx, s, func(r *sql.Rows) (k ForeignKey, err error) {
		return k, r.Scan(&k.ID, &k.Column, &k.Table, &k.To, &k.OnUpdate, &k.OnDelete)
	}, `SELECT id, "from", "table", coalesce("to", ''), on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq`, t.Name)
	return err
}

func (t *TableInfo) readTriggers(ctx context.Context, s *session) (err error) {
	t.Triggers, err = collect(ctx, s, func(r *sql.Rows) (g TriggerInfo, err error) {
		return g, r.Scan(&g.Name, &g.SQL)
	}, `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name`, t.Name)
	return err
}

// collect reads all rows of a query of ours; never nil.
func collect[T any](ctx context.Context, s *session, read func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	list := []T{}
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return list, ended(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		item, err := read(rows)
		if err != nil {
			return list, err
		}
		list = append(list, item)
	}
	return list, ended(ctx, rows.Err())
}

// ended is why ctx ended, if it has, else err in plain words.
func ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case codeOf(err) == sqlite3.SQLITE_ERROR:
		return &brokenError{plain(err)}
	}
	return errors.New(plain(err))
}

// A brokenError is SQLite's word on a schema that does not hold together.
type brokenError struct{ message string }

func (e *brokenError) Error() string { return e.message }
