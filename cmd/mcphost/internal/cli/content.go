// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
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
		Blob     string  `json:"blob"`
	} `json:"resource"`
}

func (a *app) printResult(tool string, raw []byte, f callFlags) error {
	var result toolResult
	if err := json.Unmarshal(raw, &result); err != nil {
		return fmt.Errorf("call %s: result: %w", tool, err)
	}
	if f.json {
		return errors.Join(a.printJSON(raw), toolError(tool, result.IsError, ""))
	}
	if result.ResultType == "input_required" {
		return fmt.Errorf("call %s: the tool asks questions, which this command cannot answer; use it from an MCP client", tool)
	}
	show := resultPrinter{out: f.out}
	for _, block := range result.Content {
		if err := show.add(block); err != nil {
			return fmt.Errorf("call %s: %w", tool, err)
		}
	}
	if len(result.Content) == 0 && result.StructuredContent != nil {
		show.line(string(result.StructuredContent))
	}
	if result.IsError {
		return toolError(tool, true, show.text.String())
	}
	if f.out != "" && !show.saved {
		return fmt.Errorf("call %s: the result holds no image, sound or other bytes for --out", tool)
	}
	return a.print(append(show.bytes, show.text.Bytes()...))
}

// toolError is the error of a tool that answered with one, in its own words.
func toolError(tool string, isError bool, text string) error {
	if !isError {
		return nil
	}
	if text = strings.TrimSpace(text); text != "" {
		text = ": " + text
	}
	return withCode(exitTool, fmt.Errorf("call %s: the tool answered with an error%s", tool, text))
}

// resultPrinter gathers the text of a result, and saves the first bytes in it.
type resultPrinter struct {
	out   string // file for bytes; empty if they are only mentioned
	saved bool
	text  bytes.Buffer
	bytes []byte // for standard output, with out "-"
}

func (p *resultPrinter) line(text string) {
	p.text.WriteString(text)
	if !strings.HasSuffix(text, "\n") {
		p.text.WriteByte('\n')
	}
}

func (p *resultPrinter) add(raw json.RawMessage) error {
	var block contentBlock
	if err := json.Unmarshal(raw, &block); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	switch block.Type {
	case "text":
		p.line(block.Text)
	case "image", "audio":
		return p.media(block.Type, block.MIMEType, block.Data)
	case "resource_link":
		p.line(fmt.Sprintf("[link to %s: %s]", oneLine(block.Name), oneLine(block.URI)))
	case "resource":
		return p.resource(block)
	default:
		p.line(string(raw))
	}
	return nil
}

func (p *resultPrinter) resource(block contentBlock) error {
	if text := block.Resource.Text; text != nil {
		p.line(*text)
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(block.Resource.Blob)
	if err != nil {
		return fmt.Errorf("resource %s: %w", block.Resource.URI, err)
	}
	return p.media("resource", block.Resource.MIMEType, data)
}

// media saves the first bytes, and mentions the others.
func (p *resultPrinter) media(kind, mimeType string, data []byte) error {
	if p.out == "" || p.saved {
		p.line(fmt.Sprintf("[%s of type %s, %d bytes; --out FILE saves the first one]", kind, oneLine(mimeType), len(data)))
		return nil
	}
	p.saved = true
	if p.out == "-" {
		p.bytes = data
		return nil
	}
	return os.WriteFile(p.out, data, 0o644)
}
