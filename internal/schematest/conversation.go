// SPDX-License-Identifier: Apache-2.0

package schematest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	newestHandshake = "2025-11-25"
	newestStateless = "2026-07-28"
	versionKey      = "io.modelcontextprotocol/protocolVersion"
)

// A Conversation checks what a server says on one connection, in the version
// that it is said in: that of the request which is answered, that which
// initialize has agreed on, or, for a notification on a connection that has
// seen both eras, either. Tell it what the client says before the server can
// hear it. It is safe for concurrent use.
type Conversation struct {
	checker *Checker

	mu         sync.Mutex
	negotiated string           // by initialize; empty before
	stateless  string           // the version of the stateless requests; empty if there were none
	asked      map[string]asked // requests of the client, by id as it is written
}

// asked is a request of the client.
type asked struct {
	method  string
	version string // of a stateless request; empty for others
}

// Conversation returns a new one, about which the Checker reports.
func (c *Checker) Conversation() *Conversation {
	return &Conversation{checker: c, asked: make(map[string]asked)}
}

// Client notes what the client says: one message or a batch. What is no JSON is
// left to the server to answer.
func (c *Conversation) Client(line []byte) {
	for _, data := range split(line) {
		m, err := parse(data)
		if err != nil || !m.has("method") || !m.has("id") {
			continue
		}
		c.note(m)
	}
}

func (c *Conversation) note(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	request := asked{method: m.method()}
	if params, _ := m.fields["params"].(map[string]any); params != nil {
		if meta, _ := params["_meta"].(map[string]any); meta[versionKey] != nil {
			request.version = newestStateless // and so a refusal of another is
			c.stateless = request.version
		}
	}
	c.asked[m.id()] = request
}

// Server checks what the server says: one message or a batch.
func (c *Conversation) Server(line []byte) {
	c.checker.t.Helper()
	if c.checker.loaded == nil {
		return
	}
	for _, data := range split(line) {
		if err := c.check(data); err != nil {
			c.checker.t.Errorf("not a message as the schemas have it: %v\n%s", err, data)
		}
	}
}

func (c *Conversation) check(data []byte) error {
	m, err := parse(data)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.has("method") {
		return c.either(data)
	}
	request, known := c.asked[m.id()]
	switch {
	case known:
		return c.answer(request, m, data)
	case m.has("error"): // to what could not be read
		return c.either(data)
	default:
		return errors.New("a result for a request that nobody sent")
	}
}

// answer checks the answer to a request.
func (c *Conversation) answer(request asked, m message, data []byte) error {
	if result, ok := m.fields["result"].(map[string]any); ok && request.method == "initialize" && request.version == "" {
		c.negotiated = fmt.Sprint(result["protocolVersion"])
	}
	name := request.version
	if name == "" {
		name = or(c.negotiated, newestHandshake)
	}
	return inVersion(name, c.checker.Check(name, request.method, data))
}

// either checks what belongs to no one request, in the eras that were spoken.
func (c *Conversation) either(data []byte) error {
	legacy := or(c.negotiated, newestHandshake)
	if c.stateless == "" {
		return inVersion(legacy, c.checker.Check(legacy, "", data))
	}
	err := inVersion(c.stateless, c.checker.Check(c.stateless, "", data))
	if err == nil || c.negotiated == "" {
		return err
	}
	if c.checker.Check(legacy, "", data) == nil {
		return nil
	}
	return err
}

func inVersion(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("version %s: %w", name, err)
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// message is one JSON object.
type message struct{ fields map[string]any }

func parse(data []byte) (message, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return message{}, err
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return message{}, errors.New("not an object")
	}
	return message{fields}, nil
}

func (m message) has(field string) bool {
	_, ok := m.fields[field]
	return ok
}

func (m message) method() string {
	method, _ := m.fields["method"].(string)
	return method
}

// id returns the id as it is written, so that 1 and "1" differ.
func (m message) id() string {
	text, _ := json.Marshal(m.fields["id"]) // came from JSON
	return string(text)
}

func (m message) without(field string) map[string]any {
	fields := maps.Clone(m.fields)
	delete(fields, field)
	return fields
}

// split returns the messages of a batch, or the one message there is.
func split(line []byte) [][]byte {
	var batch []json.RawMessage
	if json.Unmarshal(line, &batch) != nil {
		return [][]byte{line}
	}
	messages := make([][]byte, len(batch))
	for i, data := range batch {
		messages[i] = data
	}
	return messages
}
