// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"strings"
	"testing"
)

func TestSettingsTakeSecretsFromTheEnvironment(t *testing.T) {
	lookup := func(name string) (string, bool) { return "se\"cret", name == "KEY" }
	m := Manifest{Settings: []byte(`{"a":["${KEY}",12345678901234567890,true],"b":{"c":"x$${KEY}-${KEY}"}}`)}
	got, err := m.ResolvedSettings(lookup)
	const want = `{"a":["se\"cret",12345678901234567890,true],"b":{"c":"x${KEY}-se\"cret"}}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestSettingsWithoutReferencesStayAsTheyAre(t *testing.T) {
	m := Manifest{Settings: []byte(`{"b": 1, "a": "$5"}`)}
	if got, err := m.ResolvedSettings(nil); err != nil || string(got) != string(m.Settings) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestSettingsNameWhatTheEnvironmentLacks(t *testing.T) {
	m := Manifest{Settings: []byte(`{"token":"${NOPE}"}`)}
	_, err := m.ResolvedSettings(func(string) (string, bool) { return "", false })
	if err == nil || !strings.Contains(err.Error(), "settings: token: ") || !strings.Contains(err.Error(), "NOPE") {
		t.Errorf("error %v", err)
	}
}
