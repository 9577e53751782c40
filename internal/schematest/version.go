// SPDX-License-Identifier: Apache-2.0

package schematest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// version is one schema, and what its definitions are for.
type version struct {
	at             string // of the definitions: "#/$defs/", or "#/definitions/" in older ones
	resultEnvelope string // the definition of a response that is no error
	errorEnvelope  string
	requests       map[string]string // the definition of a server's request, by method
	notifications  map[string]string // of a server's notification, by method
	results        map[string]string // of the result of a client's request, by method
	asks           map[string]bool   // methods that input_required may answer
	errors         map[string]string // of an error, by code; those that have one
	stateless      bool              // results have a resultType
	nullID         bool              // an error may have no id but null

	mu       sync.Mutex // the compiler is for one goroutine at a time
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// definition is the part of a definition that tells what it is for.
type definition struct {
	AnyOf []struct {
		Ref string `json:"$ref"`
	} `json:"anyOf"`
	Properties struct {
		Method struct {
			Const string `json:"const"`
		} `json:"method"`
		Error struct {
			AllOf []struct {
				Properties struct {
					Code struct {
						Const json.Number `json:"const"`
					} `json:"code"`
				} `json:"properties"`
			} `json:"allOf"`
		} `json:"error"`
	} `json:"properties"`
}

// schemaURL names the one document that a compiler knows. It is never fetched.
const schemaURL = "schema:///mcp.json"

func load(path string) (*version, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var schema struct {
		Defs        map[string]json.RawMessage `json:"$defs"`
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		return nil, err
	}
	v := &version{at: "#/$defs/", compiler: jsonschema.NewCompiler(), compiled: make(map[string]*jsonschema.Schema)}
	raw := schema.Defs
	if raw == nil {
		v.at, raw = "#/definitions/", schema.Definitions
	}
	if err := v.index(raw); err != nil {
		return nil, err
	}
	return v, v.compiler.AddResource(schemaURL, document)
}

// index finds out what the definitions are for.
func (v *version) index(raw map[string]json.RawMessage) error {
	defs := make(map[string]definition, len(raw))
	for name, data := range raw {
		var d definition
		if err := json.Unmarshal(data, &d); err != nil {
			return fmt.Errorf("definition %s: %w", name, err)
		}
		defs[name] = d
	}
	v.requests = v.byMethod(defs, "ServerRequest")
	v.notifications = v.byMethod(defs, "ServerNotification")
	v.results, v.asks = make(map[string]string), make(map[string]bool)
	for method, request := range v.byMethod(defs, "ClientRequest") {
		name := strings.TrimSuffix(request, "Request")
		v.results[method] = "EmptyResult"
		if _, ok := raw[name+"Result"]; ok {
			v.results[method] = name + "Result"
		}
		v.asks[method] = bytes.Contains(raw[name+"ResultResponse"], []byte(v.at+"InputRequiredResult"))
	}
	v.errors = make(map[string]string)
	for name, d := range defs {
		for _, part := range d.Properties.Error.AllOf {
			if code := part.Properties.Code.Const.String(); code != "" {
				v.errors[code] = name
			}
		}
	}
	_, v.stateless = raw["InputRequiredResult"]
	v.resultEnvelope, v.errorEnvelope = "JSONRPCResultResponse", "JSONRPCErrorResponse"
	if _, ok := raw[v.resultEnvelope]; !ok {
		v.resultEnvelope, v.errorEnvelope, v.nullID = "JSONRPCResponse", "JSONRPCError", true
	}
	return nil
}

// byMethod returns the members of a union, by their methods.
func (v *version) byMethod(defs map[string]definition, union string) map[string]string {
	members := make(map[string]string)
	for _, member := range defs[union].AnyOf {
		name := strings.TrimPrefix(member.Ref, v.at)
		members[defs[name].Properties.Method.Const] = name
	}
	return members
}

func (v *version) request(m message) error {
	def, ok := v.requests[m.method()]
	if !ok {
		return fmt.Errorf("servers send no request %q in this version", m.method())
	}
	if err := v.validate("JSONRPCRequest", m.fields); err != nil {
		return err
	}
	return v.validate(def, m.fields)
}

func (v *version) notification(m message) error {
	def, ok := v.notifications[m.method()]
	if !ok {
		return fmt.Errorf("servers send no notification %q in this version", m.method())
	}
	if err := v.validate("JSONRPCNotification", m.fields); err != nil {
		return err
	}
	return v.validate(def, m.fields)
}

func (v *version) failure(m message) error {
	fields := m.fields
	if id, ok := fields["id"]; ok && id == nil && v.nullID {
		// JSON-RPC asks for null where the id of a request could not be read,
		// and these versions have no other word for it.
		fields = m.without("id")
		fields["id"] = json.Number("0")
	}
	if err := v.validate(v.errorEnvelope, fields); err != nil {
		return err
	}
	body, _ := fields["error"].(map[string]any)
	if def, ok := v.errors[fmt.Sprint(body["code"])]; ok {
		return v.validate(def, fields)
	}
	return nil
}

func (v *version) result(method string, m message) error {
	result, _ := m.fields["result"].(map[string]any)
	def := v.results[method]
	switch kind := result["resultType"]; {
	case !v.stateless || kind == "complete":
	case kind == "input_required" && v.asks[method]:
		def = "InputRequiredResult"
		if result["inputRequests"] == nil && result["requestState"] == nil {
			return errors.New("input_required with neither inputRequests nor requestState")
		}
	default:
		return fmt.Errorf("%s is answered with resultType %v", method, kind)
	}
	return v.validate(def, result)
}

func (v *version) validate(def string, value any) error {
	v.mu.Lock()
	schema, err := v.compile(def)
	v.mu.Unlock()
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("not a %s: %w", def, err)
	}
	return nil
}

func (v *version) compile(def string) (*jsonschema.Schema, error) {
	if schema := v.compiled[def]; schema != nil {
		return schema, nil
	}
	schema, err := v.compiler.Compile(schemaURL + v.at + def)
	if err == nil {
		v.compiled[def] = schema
	}
	return schema, err
}
