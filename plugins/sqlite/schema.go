// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/plugins/sqlite/internal/database"
)

// tableTemplate names the resource of one table.
const tableTemplate = "sqlite://{db}/tables/{table}"

// maxSchema bounds, in bytes, the description of a whole schema.
const maxSchema = 1 << 20

const markdown = "text/markdown"

// addSchema adds the resources that are there whatever is configured.
func (s *server) addSchema(p *pluginapi.Plugin) {
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{
		URITemplate: tableTemplate,
		Name:        "table",
		Title:       "Table of a database",
		Description: "Columns, indexes, foreign keys and SQL of one table or view.",
		MIMEType:    markdown,
	}, func(ctx context.Context, _ string, vars map[string]string) (string, error) {
		db, err := s.databases.Load().Get(vars["db"])
		if err != nil {
			return "", forDeveloper(err)
		}
		info, err := db.Describe(ctx, vars["table"])
		if err != nil {
			return "", forDeveloper(err)
		}
		return info.Markdown(), nil
	})
	pluginapi.CompleteTemplate(p, tableTemplate, "db", s.completeDatabase)
	pluginapi.CompleteTemplate(p, tableTemplate, "table", s.completeTable("db"))
}

// addSchemaOf adds the resource of one database's schema.
func (s *server) addSchemaOf(p *pluginapi.Plugin, name string) {
	pluginapi.AddResource(p, pluginapi.Resource{
		URI:         schemaURI(name),
		Name:        name + "-schema",
		Title:       "Schema of " + name,
		Description: "All tables and views of the database " + name + ".",
		MIMEType:    markdown,
	}, func(ctx context.Context, _ string) (string, error) {
		text, err := s.schema(ctx, name)
		return text, forDeveloper(err)
	})
}

// schema describes a database; of a huge one the first tables, and says so.
func (s *server) schema(ctx context.Context, name string) (string, error) {
	db, err := s.databases.Load().Get(name)
	if err != nil {
		return "", err
	}
	tables, err := db.Schema(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Database `%s`\n", db.Name())
	for i, t := range tables {
		text := t.Markdown()
		if b.Len()+len(text) > maxSchema {
			fmt.Fprintf(&b, "\n%d more tables are left out: read them one by one, as %s.\n", len(tables)-i, tableTemplate)
			break
		}
		b.WriteString("\n" + text)
	}
	if len(tables) == 0 {
		b.WriteString("\nIt has no tables.\n")
	}
	return b.String(), nil
}

func schemaURI(name string) string { return "sqlite://" + name + "/schema" }

func tableURI(name, table string) string {
	return "sqlite://" + name + "/tables/" + url.PathEscape(table)
}

// forDeveloper is an error as the protocol has it where no model reads it.
func forDeveloper(err error) error {
	if missing, ok := errors.AsType[*database.NotFoundError](err); ok {
		return pluginapi.NotFound("%s", missing.Error())
	}
	return err
}

// completeDatabase suggests names of databases.
func (s *server) completeDatabase(ctx context.Context, req pluginapi.CompleteRequest) ([]string, error) {
	return pluginapi.PrefixCompletion(s.databases.Load().Names())(ctx, req)
}

// completeTable suggests names of tables in the database that the argument of
// this name holds, or in all.
func (s *server) completeTable(argument string) func(context.Context, pluginapi.CompleteRequest) ([]string, error) {
	return func(ctx context.Context, req pluginapi.CompleteRequest) ([]string, error) {
		list, err := s.tables(ctx, tablesRequest{Database: req.Arguments[argument]})
		if err != nil {
			return nil, nil // nothing to suggest is no mistake of whoever types
		}
		var names []string
		for _, t := range list.Tables {
			names = append(names, t.Name)
		}
		return pluginapi.PrefixCompletion(names)(ctx, req)
	}
}
