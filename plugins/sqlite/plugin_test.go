// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

var update = flag.Bool("update", false, "rewrite testdata")

// file makes a database file with the tables that statements make.
func file(t *testing.T, statements string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	return path
}

const books = `CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
	CREATE INDEX by_title ON books(title);
	CREATE TABLE "odd/name" (x);
	INSERT INTO books(title) VALUES ('Emma'), ('Persuasion')`

// start serves the plugin with one database of books.
func start(t *testing.T, writable bool) *plugintest.Client {
	t.Helper()
	return plugintest.Start(t, newPlugin("1.2.3"), map[string]any{"path": file(t, books), "writable": writable})
}

func TestDefinitionsAreThoseInTestdata(t *testing.T) {
	c := start(t, true)
	var err [4]error
	var all struct {
		Tools     []pluginapi.Tool
		Prompts   []pluginapi.Prompt
		Resources []pluginapi.Resource
		Templates []pluginapi.ResourceTemplate
	}
	all.Tools, err[0] = c.ListTools(t.Context())
	all.Prompts, err[1] = c.ListPrompts(t.Context())
	all.Resources, err[2] = c.ListResources(t.Context())
	all.Templates, err[3] = c.ListResourceTemplates(t.Context())
	if err := errors.Join(err[:]...); err != nil {
		t.Fatal(err)
	}
	for _, tool := range all.Tools {
		compare(t, "tool_"+tool.Name+".json", toolSnapshot{
			tool.Name, tool.Title, tool.Description, tool.Hints, tool.InputSchema, tool.OutputSchema,
		})
	}
	for _, prompt := range all.Prompts {
		compare(t, "prompt_"+prompt.Name+".json", promptSnapshot{prompt.Name, prompt.Title, prompt.Description, prompt.Arguments})
	}
	for _, r := range all.Resources {
		compare(t, "resource_"+r.Name+".json", resourceSnapshot{r.URI, r.Name, r.Title, r.Description, r.MIMEType})
	}
	for _, r := range all.Templates {
		compare(t, "template_"+r.Name+".json", resourceSnapshot{r.URITemplate, r.Name, r.Title, r.Description, r.MIMEType})
	}
	files, _ := filepath.Glob("testdata/*.json")
	if len(files) != len(all.Tools)+len(all.Prompts)+len(all.Resources)+len(all.Templates) {
		t.Errorf("testdata has %q; remove what is not defined", files)
	}
}

// The snapshots are what a person would read of a definition.
type (
	toolSnapshot struct {
		Name, Title, Description string
		Hints                    pluginapi.Hints
		Input, Output            json.RawMessage `json:",omitempty"`
	}
	promptSnapshot struct {
		Name, Title, Description string
		Arguments                []pluginapi.PromptArgument
	}
	resourceSnapshot struct{ URI, Name, Title, Description, MIMEType string }
)

// compare fails unless the file in testdata holds v.
func compare(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nrun go test with -update if that is intended", name, got, want)
	}
}

// want calls a tool and fails unless its text contains text.
func want(t *testing.T, c *plugintest.Client, tool string, args map[string]any, text string, isError bool) {
	t.Helper()
	result, err := c.CallTool(t.Context(), tool, args, plugintest.Options{})
	if err != nil || result.IsError != isError || !strings.Contains(result.Text(), text) {
		t.Errorf("%s %v: %q, an error: %v, %v; want %q", tool, args, result.Text(), result.IsError, err, text)
	}
}

func TestToolsWorkThroughThePluginProtocol(t *testing.T) {
	c := start(t, true)
	want(t, c, "query", map[string]any{"sql": "SELECT title FROM books WHERE id = ?", "params": []any{2}}, `"rows":[["Persuasion"]]`, false)
	want(t, c, "query", map[string]any{"sql": "SELECT titel FROM books"}, "line 1, column 8: no such column: titel", true)
	want(t, c, "query", map[string]any{"sql": "DELETE FROM books"}, "refused: only statements that read", true)
	want(t, c, "query", map[string]any{"sql": "SELECT 1", "database": "other"}, `there is no database "other", only main`, true)
	want(t, c, "execute", map[string]any{"sql": "DELETE FROM books WHERE id = 1"}, `"rows_affected":1`, false)
	want(t, c, "tables", map[string]any{}, `{"database":"main","name":"books","type":"table","columns":2}`, false)
	want(t, c, "describe", map[string]any{"table": "books"}, `"indexes":[{"name":"by_title"`, false)
	want(t, c, "describe", map[string]any{"table": "x"}, `there is no table "x" in database main`, true)
}

func TestChangesAreOfferedOnlyIfWritable(t *testing.T) {
	for writable, names := range map[bool][]string{
		false: {"describe", "query", "tables"},
		true:  {"describe", "execute", "query", "tables"},
	} {
		tools, err := start(t, writable).ListTools(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tool := range tools {
			got = append(got, tool.Name)
		}
		if !slices.Equal(got, names) {
			t.Errorf("writable %v: %q; want %q", writable, got, names)
		}
	}
}

func TestUnconfiguredPluginSaysHowToConfigureIt(t *testing.T) {
	c := plugintest.Start(t, newPlugin("1.2.3"), nil)
	for tool, args := range map[string]map[string]any{"query": {"sql": "SELECT 1"}, "tables": {}, "describe": {"table": "x"}} {
		want(t, c, tool, args, `no database is configured: set "path"`, true)
	}
}

func TestWrongSettingsAreRefusedWithTheReason(t *testing.T) {
	path := file(t, books)
	for want, settings := range map[string]map[string]any{
		`set either "path" or "databases"`:  {"path": path, "databases": map[string]string{"a": path}},
		`"soon" is no duration such as`:     {"path": path, "timeout": "soon"},
		"cannot be negative":                {"path": path, "max_rows": -1},
		"database a: ":                      {"databases": map[string]string{"a": path + ".missing"}},
		`database "a b": a name is 1 to 64`: {"databases": map[string]string{"a b": path}},
	} {
		if got := plugintest.Refusal(t, newPlugin("1.2.3"), settings); !strings.Contains(got, want) {
			t.Errorf("%v: %s; want %q", settings, got, want)
		}
	}
}

func TestSchemaIsThereAsResources(t *testing.T) {
	c := start(t, false)
	for uri, want := range map[string]string{
		"sqlite://main/schema":            "# Database `main`\n\n## table `books`",
		"sqlite://main/tables/books":      "| title | TEXT | not null |\n\n- index `by_title` on (title)\n\n```sql\nCREATE TABLE books",
		"sqlite://main/tables/odd%2Fname": "## table `odd/name`",
	} {
		result, err := c.ReadResource(t.Context(), uri, plugintest.Options{})
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		got := result.Contents[0]
		if got.URI != uri || got.MIMEType != "text/markdown" || !strings.Contains(got.Text, want) {
			t.Errorf("%s: %+v; want %q", uri, got, want)
		}
	}
	for _, uri := range []string{"sqlite://other/schema", "sqlite://main/tables/none", "sqlite://other/tables/books"} {
		_, err := c.ReadResource(t.Context(), uri, plugintest.Options{})
		if refused, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || refused.Code != pluginapi.CodeNotFound {
			t.Errorf("%s: %v; want not found", uri, err)
		}
	}
}

func TestPromptsCarryTheSchemaAndThePlan(t *testing.T) {
	c := start(t, false)
	for _, p := range []struct {
		name          string
		args          map[string]string
		schema, wants string
	}{
		{"explore_database", nil, "## table `odd/name`", "suggest questions"},
		{"explore_database", map[string]string{"table": "books", "question": "How many?"}, "## table `books`", "Answer this question from it: How many?"},
		{"explain_query", map[string]string{"sql": "SELECT * FROM books WHERE title = ?"}, "# Database `main`", "    SEARCH books USING COVERING INDEX by_title (title=?)"},
	} {
		result, err := c.GetPrompt(t.Context(), p.name, p.args, plugintest.Options{})
		if err != nil || len(result.Messages) != 2 {
			t.Errorf("%s: %+v, %v", p.name, result, err)
			continue
		}
		if got, ok := result.Messages[0].Content.(pluginapi.EmbeddedResource); !ok || !strings.Contains(got.Contents.Text, p.schema) {
			t.Errorf("%s: %+v; want %q", p.name, result.Messages[0], p.schema)
		}
		if got, ok := result.Messages[1].Content.(pluginapi.Text); !ok || !strings.Contains(got.Text, p.wants) {
			t.Errorf("%s: %+v; want %q", p.name, result.Messages[1], p.wants)
		}
	}
	for want, args := range map[string]map[string]string{
		`"sql" is required`:                 {},
		"line 1, column 15: no such table:": {"sql": "SELECT * FROM boks"},
		`there is no database "x"`:          {"sql": "SELECT 1", "database": "x"},
	} {
		_, err := c.GetPrompt(t.Context(), "explain_query", args, plugintest.Options{})
		if refused, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || refused.Code != pluginapi.CodeInvalidParams || !strings.Contains(refused.Message, want) {
			t.Errorf("%v: %v; want %q", args, err, want)
		}
	}
}

func TestNamesAreCompleted(t *testing.T) {
	paths := map[string]string{"books": file(t, books), "other": file(t, "CREATE TABLE bones (x)")}
	c := plugintest.Start(t, newPlugin("1.2.3"), map[string]any{"databases": paths})
	template := plugintest.Reference{Template: tableTemplate}
	for _, r := range []struct {
		ref             plugintest.Reference
		argument, value string
		resolved        map[string]string
		want            []string
	}{
		{plugintest.Reference{Prompt: "explore_database"}, "table", "BO", nil, []string{"books", "bones"}},
		{plugintest.Reference{Prompt: "explore_database"}, "table", "bo", map[string]string{"database": "other"}, []string{"bones"}},
		{plugintest.Reference{Prompt: "explain_query"}, "database", "", nil, []string{"books", "other"}},
		{template, "db", "o", nil, []string{"other"}},
		{template, "table", "", map[string]string{"db": "other"}, []string{"bones"}},
		{template, "table", "", map[string]string{"db": "none"}, nil},
	} {
		got, err := c.Complete(t.Context(), r.ref, r.argument, r.value, r.resolved)
		if err != nil || !slices.Equal(got.Values, r.want) {
			t.Errorf("%+v: %q, %v", r, got.Values, err)
		}
	}
}

func TestLongQueriesReportProgress(t *testing.T) {
	c := plugintest.Start(t, newPlugin("1.2.3"), map[string]any{"path": file(t, books), "timeout": "1500ms"})
	result, err := c.CallTool(t.Context(), "query", map[string]any{
		"sql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n",
	}, plugintest.Options{})
	if err != nil || !result.IsError || !strings.Contains(result.Text(), "stopped after 1.5s") {
		t.Errorf("%q, %v", result.Text(), err)
	}
	if len(result.Progress) == 0 || result.Progress[0].Total != 1.5 || result.Progress[0].Done < 0.5 {
		t.Errorf("progress: %+v", result.Progress)
	}
}
