// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// defaultMaxTokens is the answer's length where the author gives none; MCP
// requires one.
const defaultMaxTokens = 1024

// SampleParams are a question to the client's model. Messages is required; the
// client may change or ignore all the rest.
type SampleParams struct {
	Messages         []SampleMessage
	MaxTokens        int // 1024 if zero
	SystemPrompt     string
	Temperature      *float64
	StopSequences    []string
	ModelPreferences *ModelPreferences
	IncludeContext   string          // "none", "thisServer" or "allServers"; none if empty
	Metadata         json.RawMessage // for the model's provider, a JSON object

	// Tools and ToolChoice need Capabilities.SamplingTools. They are MCP's own
	// JSON, an array of tools and an object, passed on as written.
	Tools      json.RawMessage
	ToolChoice json.RawMessage
}

// A SampleMessage is one message of the conversation with the model: Text, Image
// and Audio, and Raw for the uses of tools and their results.
type SampleMessage struct {
	Role    Role // of the user if zero
	Content []Content
}

// ModelPreferences say what kind of model is wanted. Priorities are from 0 to 1.
type ModelPreferences struct {
	Hints                []string // parts of model names, best first
	CostPriority         *float64
	SpeedPriority        *float64
	IntelligencePriority *float64
}

// A SampleResult is what the client's model said.
type SampleResult struct {
	Role       Role
	Content    []Content // a Raw, without fallback, for kinds that have no type here
	Model      string
	StopReason string          // such as "endTurn", "maxTokens" or "toolUse"; empty if unknown
	JSON       json.RawMessage // all of it, as the client wrote it
}

// Text is the text of the result, its blocks one after the other.
func (r SampleResult) Text() string {
	var text strings.Builder
	for _, c := range r.Content {
		if t, ok := c.(Text); ok {
			text.WriteString(t.Text)
		}
	}
	return text.String()
}

// SampleQuestion is the question of Sample.
func SampleQuestion(key string, params SampleParams, to *SampleResult) Question {
	raw, err := params.json()
	return Question{
		request: InputRequest{Key: key, Method: MethodSample, Params: raw},
		err:     err,
		take: func(raw json.RawMessage) error {
			result, err := readSample(raw)
			if err == nil {
				*to = result
			}
			return err
		},
	}
}

// json is MCP's "CreateMessageRequestParams".
func (p SampleParams) json() (json.RawMessage, error) {
	if len(p.Messages) == 0 {
		return nil, errors.New("a question to a model needs a message")
	}
	messages := make([]json.RawMessage, 0, len(p.Messages))
	for i, m := range p.Messages {
		raw, err := m.json()
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
		messages = append(messages, raw)
	}
	maxTokens := p.MaxTokens
	if maxTokens == 0 {
		maxTokens = defaultMaxTokens
	}

	var o object
	o.raw("messages", jsonArray(messages))
	o.value("maxTokens", maxTokens)
	if p.SystemPrompt != "" {
		o.value("systemPrompt", p.SystemPrompt)
	}
	if p.Temperature != nil {
		o.value("temperature", *p.Temperature)
	}
	if len(p.StopSequences) > 0 {
		o.value("stopSequences", p.StopSequences)
	}
	if p.ModelPreferences != nil {
		o.raw("modelPreferences", p.ModelPreferences.json())
	}
	if p.IncludeContext != "" {
		o.value("includeContext", p.IncludeContext)
	}
	o.raw("metadata", p.Metadata)
	o.raw("tools", p.Tools)
	o.raw("toolChoice", p.ToolChoice)
	return o.bytes(), nil
}

func (p *ModelPreferences) json() json.RawMessage {
	type hint struct {
		Name string `json:"name"`
	}
	wire := struct {
		Hints        []hint   `json:"hints,omitempty"`
		Cost         *float64 `json:"costPriority,omitempty"`
		Speed        *float64 `json:"speedPriority,omitempty"`
		Intelligence *float64 `json:"intelligencePriority,omitempty"`
	}{Cost: p.CostPriority, Speed: p.SpeedPriority, Intelligence: p.IntelligencePriority}
	for _, name := range p.Hints {
		wire.Hints = append(wire.Hints, hint{name})
	}
	return jsonOrText(wire)
}

// json is MCP's "SamplingMessage". Clients before 2025-11-25 know no array of
// contents, so that one stands alone.
func (m SampleMessage) json() (json.RawMessage, error) {
	blocks := make([]json.RawMessage, 0, len(m.Content))
	for _, c := range m.Content {
		raw, err := contentJSON(c)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, raw)
	}
	content := jsonArray(blocks)
	switch len(blocks) {
	case 0:
		return nil, errors.New("it has no content")
	case 1:
		content = blocks[0]
	}
	role := "user"
	if m.Role == RoleAssistant {
		role = "assistant"
	}
	var o object
	o.value("role", role)
	o.raw("content", content)
	return o.bytes(), nil
}

// contentBlock is MCP's form of the content that models and plugins exchange.
type contentBlock struct {
	Type        string            `json:"type"`
	Text        *string           `json:"text,omitempty"`
	Data        []byte            `json:"data,omitempty"` // base64
	MIMEType    string            `json:"mimeType,omitempty"`
	Annotations *blockAnnotations `json:"annotations,omitempty"`
	Meta        json.RawMessage   `json:"_meta,omitempty"`
}

type blockAnnotations struct {
	Audience     []string `json:"audience,omitempty"`
	Priority     *float64 `json:"priority,omitempty"`
	LastModified string   `json:"lastModified,omitempty"`
}

func contentJSON(c Content) (json.RawMessage, error) {
	if c == nil {
		return nil, errors.New("a content is nil")
	}
	if _, err := c.block(); err != nil {
		return nil, err
	}
	var b contentBlock
	switch c := c.(type) {
	case Text:
		b = contentBlock{Type: "text", Text: &c.Text, Annotations: c.Annotations.json(), Meta: c.Meta}
	case Image:
		b = contentBlock{Type: "image", Data: c.Data, MIMEType: c.MIMEType, Annotations: c.Annotations.json(), Meta: c.Meta}
	case Audio:
		b = contentBlock{Type: "audio", Data: c.Data, MIMEType: c.MIMEType, Annotations: c.Annotations.json(), Meta: c.Meta}
	case Raw:
		return c.Block, nil
	default:
		return nil, fmt.Errorf("a model is sent a Text, Image, Audio or Raw, no %T", c)
	}
	return json.Marshal(b)
}

func (a Annotations) json() *blockAnnotations {
	if a.wire() == nil {
		return nil
	}
	b := &blockAnnotations{Priority: a.Priority}
	for _, role := range a.Audience {
		name := "user"
		if role == RoleAssistant {
			name = "assistant"
		}
		b.Audience = append(b.Audience, name)
	}
	if !a.LastModified.IsZero() {
		b.LastModified = a.LastModified.UTC().Format(time.RFC3339)
	}
	return b
}

// readSample reads MCP's "CreateMessageResult".
func readSample(raw json.RawMessage) (SampleResult, error) {
	var wire struct {
		Role       string          `json:"role"`
		Content    json.RawMessage `json:"content"`
		Model      string          `json:"model"`
		StopReason string          `json:"stopReason"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return SampleResult{}, err
	}
	blocks := []json.RawMessage{wire.Content}
	if bytes.HasPrefix(wire.Content, []byte("[")) {
		blocks = nil
		if err := json.Unmarshal(wire.Content, &blocks); err != nil {
			return SampleResult{}, err
		}
	}
	result := SampleResult{Role: RoleAssistant, Model: wire.Model, StopReason: wire.StopReason, JSON: bytes.Clone(raw)}
	if wire.Role == "user" {
		result.Role = RoleUser
	}
	for _, block := range blocks {
		c, err := readContent(block)
		if err != nil {
			return SampleResult{}, err
		}
		result.Content = append(result.Content, c)
	}
	return result, nil
}

// readContent reads one block, of any kind.
func readContent(raw json.RawMessage) (Content, error) {
	var b contentBlock
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	switch b.Type {
	case "":
		return nil, errors.New("a content has no type")
	case "text":
		if b.Text == nil {
			return nil, errors.New("a text has no text")
		}
		return Text{Text: *b.Text, Meta: b.Meta}, nil
	case "image":
		return Image{Data: b.Data, MIMEType: b.MIMEType, Meta: b.Meta}, nil
	case "audio":
		return Audio{Data: b.Data, MIMEType: b.MIMEType, Meta: b.Meta}, nil
	}
	return Raw{Block: bytes.Clone(raw)}, nil
}

// jsonArray joins values that stay as they were written.
func jsonArray(values []json.RawMessage) json.RawMessage {
	array := []byte{'['}
	for i, v := range values {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, v...)
	}
	return append(array, ']')
}
