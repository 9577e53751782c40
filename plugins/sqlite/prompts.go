// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/mcphost/mcphost/pluginapi"
)

// addPrompts adds the prompts for analysis, and what completes their arguments.
func (s *server) addPrompts(p *pluginapi.Plugin) {
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name: "explore_database", Title: "Explore a database",
		Description: "Finds out what a database, or one of its tables, holds.",
	}, s.exploreDatabase)
	pluginapi.CompletePrompt(p, "explore_database", "database", s.completeDatabase)
	pluginapi.CompletePrompt(p, "explore_database", "table", s.completeTable("database"))

	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name: "explain_query", Title: "Explain a query",
		Description: "Explains what a query does, how SQLite runs it, and how it could be faster.",
	}, s.explainQuery)
	pluginapi.CompletePrompt(p, "explain_query", "database", s.completeDatabase)
}

type exploreArguments struct {
	Database string `json:"database,omitempty" jsonschema:"name of the database; may be left out if there is only one"`
	Table    string `json:"table,omitempty" jsonschema:"the table or view to look into; all if left out"`
	Question string `json:"question,omitempty" jsonschema:"what to find out"`
}

func (s *server) exploreDatabase(ctx context.Context, args exploreArguments) ([]pluginapi.PromptMessage, error) {
	db, err := s.databases.Load().Get(args.Database)
	if err != nil {
		return nil, pluginapi.InvalidParams("%v", err)
	}
	what, about := "the SQLite database "+db.Name(), pluginapi.ResourceContents{URI: schemaURI(db.Name()), MIMEType: markdown}
	if args.Table == "" {
		about.Text, err = s.schema(ctx, db.Name())
	} else if info, describeErr := db.Describe(ctx, args.Table); describeErr == nil {
		what = fmt.Sprintf("the table %s of %s", info.Name, what)
		about.URI, about.Text = tableURI(db.Name(), info.Name), info.Markdown()
	} else {
		err = pluginapi.InvalidParams("%v", describeErr)
	}
	if err != nil {
		return nil, err
	}
	task := "Find out what it holds: what the tables stand for and how they belong together, how many rows there are, what the values look like, and what is missing or strange in them. Then sum it up and suggest questions that the data can answer."
	if args.Question != "" {
		task = "Answer this question from it: " + args.Question
	}
	return []pluginapi.PromptMessage{
		{Content: pluginapi.EmbeddedResource{Contents: about}},
		{Content: pluginapi.Text{Text: fmt.Sprintf("This is the schema of %s. %s\n\nUse the tool query with database %q. Look before you count: begin with a few rows, and use aggregates rather than reading whole tables.", what, task, db.Name())}},
	}, nil
}

type explainArguments struct {
	SQL      string `json:"sql" jsonschema:"the query"`
	Database string `json:"database,omitempty" jsonschema:"name of the database; may be left out if there is only one"`
}

func (s *server) explainQuery(ctx context.Context, args explainArguments) ([]pluginapi.PromptMessage, error) {
	db, err := s.databases.Load().Get(args.Database)
	if err != nil {
		return nil, pluginapi.InvalidParams("%v", err)
	}
	plan, err := db.Plan(ctx, args.SQL)
	if err != nil {
		return nil, pluginapi.InvalidParams("sql: %v", err)
	}
	schema, err := s.schema(ctx, db.Name())
	if err != nil {
		return nil, err
	}
	return []pluginapi.PromptMessage{
		{Content: pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: schemaURI(db.Name()), MIMEType: markdown, Text: schema}}},
		{Content: pluginapi.Text{Text: fmt.Sprintf("Explain this query on the SQLite database %s:\n\n%s\n\nThis is how SQLite runs it (EXPLAIN QUERY PLAN):\n\n%s\n\nSay in plain words what it returns, what each step of the plan does and costs, and whether an index or another way to write it would help.", db.Name(), indent(args.SQL), indent(plan))}},
	}, nil
}

// indent makes text a block of code in Markdown, whatever it holds.
func indent(text string) string {
	return "    " + strings.ReplaceAll(text, "\n", "\n    ")
}
