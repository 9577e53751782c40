// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"bytes"
	"encoding/json"
	"maps"
)

// Merge returns base with all that over sets. Environments are merged by
// variable and settings by their top-level keys; lists are replaced.
func Merge(base, over Manifest) Manifest {
	m := base
	m.Name = or(over.Name, base.Name)
	m.Path = or(over.Path, base.Path)
	m.Enabled = or(over.Enabled, base.Enabled)
	m.Headers = orList(over.Headers, base.Headers)
	m.Title = or(over.Title, base.Title)
	m.Description = or(over.Description, base.Description)
	m.Args = orList(over.Args, base.Args)
	m.Dir = or(over.Dir, base.Dir)
	m.Env = mergeEnv(base.Env, over.Env)
	m.Settings = mergeObjects(base.Settings, over.Settings)
	m.Provides = orList(over.Provides, base.Provides)
	m.Prefix = or(over.Prefix, base.Prefix)
	m.Limits = mergeLimits(base.Limits, over.Limits)
	return m
}

func mergeEnv(base, over map[string]string) map[string]string {
	if len(over) == 0 {
		return base
	}
	merged := make(map[string]string, len(base)+len(over))
	maps.Copy(merged, base)
	maps.Copy(merged, over)
	return merged
}

func mergeLimits(base, over Limits) Limits {
	return Limits{
		MaxConcurrent:  or(over.MaxConcurrent, base.MaxConcurrent),
		MaxQueued:      or(over.MaxQueued, base.MaxQueued),
		StartTimeout:   or(over.StartTimeout, base.StartTimeout),
		CallTimeout:    or(over.CallTimeout, base.CallTimeout),
		CallMax:        or(over.CallMax, base.CallMax),
		StopGrace:      or(over.StopGrace, base.StopGrace),
		MaxTools:       or(over.MaxTools, base.MaxTools),
		MaxPrompts:     or(over.MaxPrompts, base.MaxPrompts),
		MaxResources:   or(over.MaxResources, base.MaxResources),
		MaxTemplates:   or(over.MaxTemplates, base.MaxTemplates),
		MaxSchema:      or(over.MaxSchema, base.MaxSchema),
		MaxDescription: or(over.MaxDescription, base.MaxDescription),
	}
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// orList keeps an empty list that was given: it says "none".
func orList(value, fallback []string) []string {
	if value == nil {
		return fallback
	}
	return value
}

// mergeObjects returns the JSON object base with the members of over in place
// of its own, as they are written.
func mergeObjects(base, over []byte) []byte {
	if base == nil || over == nil {
		return append(base, over...)
	}
	ours := objectMembers(over)
	replaced := make(map[string]bool, len(ours))
	for _, m := range ours {
		replaced[m.key] = true
	}
	merged := []byte{'{'}
	for _, m := range objectMembers(base) {
		if !replaced[m.key] {
			merged = appendMember(merged, m)
		}
	}
	for _, m := range ours {
		merged = appendMember(merged, m)
	}
	return append(merged, '}')
}

type jsonMember struct {
	key   string
	value json.RawMessage
}

func appendMember(dst []byte, m jsonMember) []byte {
	dst = appendComma(dst, len(dst)-1)
	dst = append(appendString(dst, m.key), ':')
	return append(dst, m.value...)
}

// objectMembers splits an object that this package wrote.
func objectMembers(object []byte) []jsonMember {
	var members []jsonMember
	read := json.NewDecoder(bytes.NewReader(object))
	_, err := read.Token() // the brace
	for err == nil && read.More() {
		var m jsonMember
		var key json.Token
		if key, err = read.Token(); err == nil {
			m.key, _ = key.(string)
			err = read.Decode(&m.value)
			members = append(members, m)
		}
	}
	return members
}
