// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A session is one connection, for the time of one call. One goroutine uses it.
type session struct {
	pool  *sql.DB // of this one connection
	conn  *sql.Conn
	guard *guard
}

// connect opens a connection that may write only if write says so.
func (db *DB) connect(ctx context.Context, write bool) (*session, error) {
	connector, err := sqlite.NewConnector(db.dsn(write))
	if err != nil {
		return nil, errors.New(plain(err))
	}
	g := &guard{write: write, query: !write}
	pool := sql.OpenDB(guardedConnector{connector, g})
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err == nil {
		s := &session{pool: pool, conn: conn, guard: g}
		if err = s.limit(); err == nil {
			return s, nil
		}
	}
	_ = pool.Close() // closes the connection, too
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, errors.New(plain(err))
}

// close gives the connection back; what it has left open is rolled back.
func (s *session) close() {
	_ = s.conn.Close()
	_ = s.pool.Close()
}

// limit sets what SQLite itself bounds.
func (s *session) limit() error {
	for id, value := range map[int]int{
		sqlite3.SQLITE_LIMIT_LENGTH:     maxValue,
		sqlite3.SQLITE_LIMIT_SQL_LENGTH: maxSQL + 1<<16, // and what we put around it
	} {
		if _, err := sqlite.Limit(s.conn, id, value); err != nil {
			return fmt.Errorf("set limit: %w", err)
		}
	}
	return nil
}

// prepare compiles a statement, without running it, and returns its columns.
func (s *session) prepare(ctx context.Context, statement string) (columns []sqlite.ColumnInfo, err error) {
	s.guard.refused = ""
	// To compile the first statement the schema is read, for which SQLite may
	// wait until the file is not locked. The driver ends that wait with ctx here;
	// below, where it has no ctx, nothing is left to be waited for.
	compiled, err := s.conn.PrepareContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	err = s.conn.Raw(func(conn any) error {
		preparer, ok := conn.(columnInformer)
		if !ok {
			return errors.New("the driver cannot describe statements")
		}
		columns, err = preparer.ColumnInfo(statement)
		return err
	})
	return columns, err
}

type columnInformer interface {
	ColumnInfo(query string) ([]sqlite.ColumnInfo, error)
}

// guardedConnector opens connections that ask the guard before each statement.
type guardedConnector struct {
	driver.Connector
	guard *guard
}

// Connect opens a connection and sets the guard before anybody can use it.
func (c guardedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	registerer, ok := conn.(sqlite.AuthorizerRegisterer)
	if !ok {
		return nil, errors.Join(errors.New("the driver cannot guard a connection"), conn.Close())
	}
	if err := registerer.RegisterAuthorizer(c.guard.authorize); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
