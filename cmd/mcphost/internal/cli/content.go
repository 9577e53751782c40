// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// toolResult is what is shown of a result.
type toolResult struct {
	ResultType        string            `json:"resultType"`
	Content           []json.RawMessage `json:"content"`
	StructuredContent json.RawMessage   `json:"structuredContent"`
	IsError           bool              `json:"isError"`
}

// contentBlock is what is shown of a piece of content.
type contentBlock struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Data     []byte `json:"data"` // base64 on the wire
	MIMEType string `json:"mimeType"`
	URI      string `json:"uri"`
	Name     string `json:"name"`
	Resource struct {
		URI      string  `json:"uri"`
		MIMEType string  `json:"mimeType"`
		Text     *string `json:"text"`
		Blob     []byte  `json:"blob"` // base64 on the wire
	} `json:"resource"`
}

// printResult shows a result. If it is an error, broken says that the server
// speaks in it of a plugin that failed, instead of the tool.
func (a *app) printResult(tool string, raw []byte, f callFlags, broken bool) error {
	var result toolResult
	if err := json.Unmarshal(raw, &result); err != nil {
		return fmt.Errorf("call %s: result: %w", tool, err)
	}
	if result.ResultType == "input_required" && !f.json {
		return fmt.Errorf("call %s: the tool asks questions, which this command cannot answer; use it from an MCP client", tool)
	}
	show := resultPrinter{out: f.out}
	for _, block := range result.Content {
		show.add(block)
	}
	if len(result.Content) == 0 && result.StructuredContent != nil {
		show.line(string(result.StructuredContent))
	}
	switch {
	case f.json && result.IsError:
		return errors.Join(a.printJSON(raw), resultError(tool, show.text.String(), broken))
	case f.json:
		return a.printJSON(raw)
	case result.IsError:
		return resultError(tool, show.text.String(), broken)
	}
	return a.printShown(tool, &show)
}

// printShown prints what is shown of a result. What cannot be saved is printed:
// a call is not made twice to see what it returned.
func (a *app) printShown(tool string, show *resultPrinter) error {
	text := show.text.Bytes()
	if show.out != "" && show.out != "-" && !show.hasBytes {
		err := os.WriteFile(show.out, text, 0o644)
		if err == nil {
			return nil
		}
		show.err = err
	}
	if a.env.WatchedOut {
		text = forTerminal(text)
	}
	err := a.print(append(show.bytes, text...))
	if show.err != nil {
		err = errors.Join(fmt.Errorf("call %s: --out: %w", tool, show.err), err)
	}
	return err
}

// forTerminal replaces what could steer a terminal. Elsewhere the bytes of a
// text are its own.
func forTerminal(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// resultError is the error that a result is: what the server says of a broken
// plugin, or else the tool's own words.
func resultError(tool, text string, broken bool) error {
	text = strings.TrimSpace(text)
	if broken {
		return withCode(exitPlugins, fmt.Errorf("call %s: %s", tool, text))
	}
	if text != "" {
		text = ": " + text
	}
	return withCode(exitTool, fmt.Errorf("call %s: the tool answered with an error%s", tool, text))
}

// checkOut says why nothing could be saved, before a call is made for it.
func checkOut(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--out %s: is a directory; name a file", path)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("--out %s: there is no directory %s", path, folder)
	}
	return nil
}

// resultPrinter gathers the text of a result, and saves the first bytes in it.
type resultPrinter struct {
	out      string // file for bytes; empty if they are only mentioned
	hasBytes bool   // the first bytes were seen
	text     bytes.Buffer
	bytes    []byte // for standard output, with out "-"
	err      error  // why bytes could not be saved
}

func (p *resultPrinter) line(text string) {
	p.text.WriteString(text)
	if !strings.HasSuffix(text, "\n") {
		p.text.WriteByte('\n')
	}
}

// add shows a piece of content; one of an unknown kind, as it came.
func (p *resultPrinter) add(raw json.RawMessage) {
	var block contentBlock
	if json.Unmarshal(raw, &block) != nil {
		p.line(string(raw))
		return
	}
	switch {
	case block.Type == "text":
		p.line(block.Text)
	case block.Type == "image", block.Type == "audio":
		p.media(block.Type, block.MIMEType, block.Data)
	case block.Type == "resource_link":
		p.line(fmt.Sprintf("[link to %s: %s]", oneLine(block.Name), oneLine(block.URI)))
	case block.Type == "resource" && block.Resource.Text != nil:
		p.line(*block.Resource.Text)
	case block.Type == "resource":
		p.media("resource", block.Resource.MIMEType, block.Resource.Blob)
	default:
		p.line(string(raw))
	}
}

// media saves the first bytes, and mentions the others.
func (p *resultPrinter) media(kind, mimeType string, data []byte) {
	if p.out == "" || p.hasBytes {
		p.line(fmt.Sprintf("[%s of type %s, %d bytes; --out FILE saves the first one]", kind, oneLine(mimeType), len(data)))
		return
	}
	p.hasBytes = true
	if p.out == "-" {
		p.bytes = data
		return
	}
	p.err = os.WriteFile(p.out, data, 0o644)
}
