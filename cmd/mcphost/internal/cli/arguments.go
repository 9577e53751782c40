// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// arguments puts the arguments together as a JSON object.
func (f *callFlags) arguments(in io.Reader) ([]byte, error) {
	object, err := f.object(in)
	if err != nil || len(f.pairs) == 0 {
		return object, err
	}
	return withMembers(object, "--arg", f.pairs)
}

// withMembers sets members of a JSON object, each name=value, as a flag had them.
func withMembers(object []byte, flag string, pairs []string) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	given := make(map[string]bool, len(pairs))
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("%s %q: is not name=value", flag, pair)
		case !utf8.ValidString(pair):
			return nil, fmt.Errorf("%s %q: is not valid UTF-8", flag, pair)
		case given[name]:
			return nil, fmt.Errorf("%s %s: is given twice", flag, name)
		}
		given[name] = true
		value, err := jsonOrText(text)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, name, err)
		}
		members[name] = value
	}
	return json.Marshal(members)
}

func (f *callFlags) object(in io.Reader) ([]byte, error) {
	data, source := []byte(f.args), "--args"
	var err error
	switch f.argsFile {
	case "":
	case "-":
		source = "standard input"
		data, err = io.ReadAll(in)
	default:
		source = f.argsFile
		data, err = os.ReadFile(f.argsFile)
	}
	if err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	if f.args == "" && f.argsFile == "" {
		return []byte("{}"), nil
	}
	if err := checkJSON(data); err != nil {
		return nil, fmt.Errorf("arguments: %s %w", source, err)
	}
	if data = bytes.TrimSpace(data); data[0] != '{' {
		return nil, fmt.Errorf(`arguments: %s is not a JSON object, such as {"path":"x"}`, source)
	}
	return data, nil
}

// jsonOrText returns the JSON that text is, or else text as a JSON string. What
// is JSON but for a name that is given twice is a mistake, and no text.
func jsonOrText(text string) (json.RawMessage, error) {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), checkJSON([]byte(text))
	}
	quoted, _ := json.Marshal(text) // a string always has a JSON form
	return quoted, nil
}

// checkJSON accepts one JSON value that all parsers read alike: no name twice
// in an object, and nothing but valid UTF-8.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("is not valid UTF-8")
	}
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	_, err := dec.ReadValue()
	if err == nil {
		if _, err = dec.ReadToken(); err == io.EOF {
			return nil
		}
	}
	wrong := (*jsontext.SyntacticError)(nil)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &wrong):
		return fmt.Errorf("names %q twice", wrong.JSONPointer.LastToken())
	case errors.As(err, &wrong):
		return fmt.Errorf("is not JSON: %w, at byte %d", wrong.Err, wrong.ByteOffset+1)
	}
	return errors.New("is not one JSON value")
}
