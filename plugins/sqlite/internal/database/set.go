// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A Set is the databases that are configured. It is immutable; the zero value is
// empty.
type Set struct {
	byName map[string]*DB
}

// Open opens the databases at paths, by name. A name is made of letters, digits
// and _ . -, as it is part of URIs.
func Open(ctx context.Context, paths map[string]string, writable bool, limits Limits) (*Set, error) {
	limits, err := limits.withDefaults()
	if err != nil {
		return nil, err
	}
	set := &Set{byName: map[string]*DB{}}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		if !regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`).MatchString(name) {
			return nil, fmt.Errorf("database %q: a name is 1 to 64 of the letters, digits and _ . -", name)
		}
		db, err := open(ctx, name, paths[name], writable, limits)
		if err != nil {
			return nil, fmt.Errorf("database %s: %w", name, err)
		}
		set.byName[name] = db
	}
	return set, nil
}

// Names are the names of the databases, in order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// Get returns a database by name; the only one if name is empty. For a name that
// is not configured the error is a *NotFoundError.
func (s *Set) Get(name string) (*DB, error) {
	names := s.Names()
	if len(names) == 0 {
		return nil, errors.New(`no database is configured: set "path" or "databases" in the plugin's settings`)
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	db, ok := s.byName[name]
	if !ok && name == "" {
		return nil, fmt.Errorf("say which database: one of %s", strings.Join(names, ", "))
	}
	if !ok {
		return nil, &NotFoundError{fmt.Sprintf("there is no database %q, only %s", name, strings.Join(names, ", "))}
	}
	return db, nil
}

// Name is the name that the database is configured by.
func (db *DB) Name() string { return db.name }
