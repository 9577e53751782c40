// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ResolvedSettings returns Settings with each ${NAME} in its strings replaced by
// what lookup knows, so that a secret need not stand in a file; os.LookupEnv
// fits. An unset name is an error. Numbers keep their digits.
func (m *Manifest) ResolvedSettings(lookup func(string) (string, bool)) ([]byte, error) {
	if !bytes.Contains(m.Settings, []byte("${")) {
		return m.Settings, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(m.Settings))
	decoder.UseNumber()
	var settings any
	if err := decoder.Decode(&settings); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	settings, err := expandAll(settings, lookup)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return json.Marshal(settings)
}

// expandAll replaces in every string of a decoded JSON value, but not in keys.
func expandAll(value any, lookup func(string) (string, bool)) (any, error) {
	var err error
	switch value := value.(type) {
	case string:
		return Expand(value, lookup)
	case []any:
		for i := range value {
			if value[i], err = expandAll(value[i], lookup); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range value {
			if value[key], err = expandAll(value[key], lookup); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return value, nil
}
