// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"
)

// summaryLength is how many characters of a description a table shows.
const summaryLength = 100

// print writes data to standard output.
func (a *app) print(data []byte) error {
	if _, err := a.env.Out.Write(data); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// printJSON writes a document that is JSON already, indented.
func (a *app) printJSON(raw []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	out.WriteByte('\n')
	return a.print(out.Bytes())
}

func (a *app) printValue(value any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return a.print(out.Bytes())
}

// printTable writes rows with their columns aligned.
func (a *app) printTable(rows [][]string) error {
	var out bytes.Buffer
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		fmt.Fprintln(table, strings.Join(row, "\t")) // a buffer takes all
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return a.print(out.Bytes())
}

// oneLine keeps foreign text from breaking a line or steering a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// summary is the first line of a description, or else the title.
func summary(title, description string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(description), "\n")
	if line == "" {
		line = title
	}
	if runes := []rune(line); len(runes) > summaryLength {
		return string(runes[:summaryLength-1]) + "…"
	}
	return line
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
