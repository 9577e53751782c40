// SPDX-License-Identifier: Apache-2.0

package mcp

import "testing"

func TestMalformedAnswersAreFound(t *testing.T) {
	good := map[string][]string{
		MethodElicit: {
			`{"action":"accept","content":{"n":1}}`, `{"action":"accept"}`, `{"action":"decline"}`,
			`{"action":"cancel","content":null}`, `{"action":"accept","content":{},"_meta":{}}`,
		},
		MethodSample: {
			`{"role":"assistant","model":"m","content":{"type":"text","text":"x"}}`,
			`{"role":"user","model":"","content":[]}`,
		},
		MethodListRoots: {`{"roots":[]}`, `{"roots":[{"uri":"file:///a"},{"uri":"file:///b","name":"b"}]}`},
		"":              {`{}`, `{"anything":1}`},
	}
	bad := map[string][]string{
		MethodElicit:    {`5`, `null`, `"accept"`, `[]`, `{}`, `{"action":"bogus"}`, `{"action":true}`, `{"action":"accept","content":[]}`},
		MethodSample:    {`{}`, `{"role":"assistant","model":"m"}`, `{"role":"system","model":"m","content":{}}`, `{"role":"assistant","model":1,"content":{}}`, `{"role":"assistant","model":"m","content":"x"}`},
		MethodListRoots: {`{}`, `{"roots":{}}`, `{"roots":["file:///a"]}`, `{"roots":[{}]}`, `{"roots":[{"uri":1}]}`},
		"":              {`7`, `null`},
	}
	for method, answers := range good {
		for _, answer := range answers {
			if err := CheckAnswer(LatestStateless, method, []byte(answer)); err != nil {
				t.Errorf("%s %s: %v", method, answer, err)
			}
		}
	}
	for method, answers := range bad {
		for _, answer := range answers {
			if CheckAnswer(LatestStateless, method, []byte(answer)) == nil {
				t.Errorf("%s %s is taken", method, answer)
			}
		}
	}
}

func TestOldClientsAreExcusedForWhatTheirLibrariesLeaveOut(t *testing.T) {
	for answer, method := range map[string]string{
		`{"roots":null}`: MethodListRoots,
		`{"role":"assistant","content":{"type":"text","text":"x"}}`: MethodSample,
	} {
		if err := CheckAnswer(Version20251125, method, []byte(answer)); err != nil {
			t.Errorf("%s %s: %v", method, answer, err)
		}
		if CheckAnswer(LatestStateless, method, []byte(answer)) == nil {
			t.Errorf("%s %s is taken of a new client", method, answer)
		}
	}
	if CheckAnswer(Version20251125, MethodListRoots, []byte(`{}`)) == nil {
		t.Error("an answer without roots is taken")
	}
}

func TestProgressTokenMayBeAnyInteger(t *testing.T) {
	for _, token := range []string{`0`, `-1`, `9223372036854775808`, `-123456789012345678901234567890`, `"t"`} {
		m := ParseRequestMeta([]byte(`{"_meta":{"progressToken":` + token + `}}`))
		if m.BadToken || string(m.ProgressToken) != token {
			t.Errorf("%s was read as %q, bad: %v", token, m.ProgressToken, m.BadToken)
		}
	}
	for _, token := range []string{`1.5`, `1.0`, `1e3`, `null`, `true`, `{}`, `[]`} {
		if m := ParseRequestMeta([]byte(`{"_meta":{"progressToken":` + token + `}}`)); !m.BadToken || m.ProgressToken != nil {
			t.Errorf("%s was taken", token)
		}
	}
}
