// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"
	"strings"
)

// Markdown describes the table for people and models: its columns, indexes and
// references, and the SQL that made it.
func (t *TableInfo) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s `%s`\n\n| column | type | constraints |\n|---|---|---|\n", t.Type, t.Name)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.Name), cell(c.Type), cell(strings.Join(c.constraints(), ", ")))
	}
	for _, i := range t.Indexes {
		kind := "index"
		if i.Unique {
			kind = "unique index"
		}
		if i.Partial {
			kind = "partial " + kind
		}
		fmt.Fprintf(&b, "\n- %s `%s` on (%s)", kind, i.Name, strings.Join(i.Columns, ", "))
	}
	for _, k := range t.ForeignKeys {
		fmt.Fprintf(&b, "\n- `%s` references `%s`", k.Column, k.Table)
		if k.To != "" {
			fmt.Fprintf(&b, "(%s)", k.To)
		}
	}
	for _, g := range t.Triggers {
		fmt.Fprintf(&b, "\n- trigger `%s`", g.Name)
	}
	if len(t.Indexes)+len(t.ForeignKeys)+len(t.Triggers) > 0 {
		b.WriteByte('\n')
	}
	if t.Problem != "" {
		fmt.Fprintf(&b, "\nIts columns cannot be told: %s.\n", t.Problem)
	}
	if t.SQL != "" {
		fence := "```"
		for strings.Contains(t.SQL, fence) {
			fence += "`"
		}
		fmt.Fprintf(&b, "\n%ssql\n%s;\n%s\n", fence, t.SQL, fence)
	}
	return b.String()
}

// constraints are what limits the values of a column.
func (c ColumnInfo) constraints() []string {
	var list []string
	if c.PrimaryKey > 0 {
		list = append(list, "primary key")
	}
	if c.NotNull {
		list = append(list, "not null")
	}
	if c.Default != nil {
		list = append(list, "default "+*c.Default)
	}
	if c.Generated {
		list = append(list, "generated")
	}
	return list
}

// cell is text that stays within a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ").Replace(text)
}
