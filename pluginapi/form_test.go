// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

func TestSchemasByHandArePassedOnAsWritten(t *testing.T) {
	const schema = `{"type":"object",  "properties":{"pet":{"type":"string","enum":["a<b"],"enumNames":["A"]},"n":{"type":"integer","default":3}}}`
	got, report := tool(t, plugintest.Options{Answer: accepting(`{"pet":"a<b"}`)}, func(ctx context.Context) (string, error) {
		result, err := pluginapi.ElicitForm(ctx, "k", pluginapi.ElicitParams{Message: "Which?", Schema: raw(schema)})
		return string(result.Content), err
	})
	if got != `{"n":3,"pet":"a\u003cb"}` { // what was left out has its default
		t.Errorf("got %s", got)
	}
	if want := `{"message":"Which?","requestedSchema":` + schema + `}`; string(report.Questions[0].Params) != want {
		t.Errorf("params\n got %s\nwant %s", report.Questions[0].Params, want)
	}
}

func TestFormsAreInferred(t *testing.T) {
	type form struct {
		Name   string   `json:"name" jsonschema:"how to call you" form:"title=Your name;default=Ada;min=1;max=40"`
		Mail   *string  `json:"mail" form:"format=email"`
		Age    int      `json:"age,omitempty" form:"default=30;min=0;max=150"`
		Score  float64  `json:"score" form:"default=95.5"`
		Sure   bool     `json:"sure" form:"default=true"`
		Status string   `json:"status" form:"enum=active|off;default=active"`
		Tags   []string `json:"tags,omitempty" form:"enum=a|b;min=1;default=a|b"`
		Skip   int      `json:"-"`
	}
	const want = `{"message":"Hi","requestedSchema":{"type":"object","properties":{` +
		`"name":{"type":"string","title":"Your name","description":"how to call you","minLength":1,"maxLength":40,"default":"Ada"},` +
		`"mail":{"type":"string","format":"email"},` +
		`"age":{"type":"integer","minimum":0,"maximum":150,"default":30},` +
		`"score":{"type":"number","default":95.5},` +
		`"sure":{"type":"boolean","default":true},` +
		`"status":{"type":"string","enum":["active","off"],"default":"active"},` +
		`"tags":{"type":"array","items":{"type":"string","enum":["a","b"]},"minItems":1,"default":["a","b"]}},` +
		`"required":["name","score","sure","status"]}}`
	var filled form
	_, report := tool(t, plugintest.Options{Answer: accepting(`{"name":"Bea","score":1,"sure":false,"status":"off"}`)},
		func(ctx context.Context) (string, error) {
			answer, err := pluginapi.Elicit[form](ctx, "k", "Hi")
			filled = answer.Value
			return "", err
		})
	if got := string(report.Questions[0].Params); got != want {
		t.Errorf("params\n got %s\nwant %s", got, want)
	}
	if !reflect.DeepEqual(filled, form{Name: "Bea", Age: 30, Score: 1, Status: "off", Tags: []string{"a", "b"}}) {
		t.Errorf("filled in: %+v", filled)
	}
}

func TestFormsThatNoClientCanShowAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		ask  func(context.Context) error
		want string
	}{
		"nested":               {elicit[struct{ P point }], "P: a form has strings, numbers, booleans and slices of strings, no pluginapi_test.point"},
		"slice without choice": {elicit[struct{ S []string }], "a slice is a choice of several"},
		"no value": {elicit[struct {
			S string `form:"title"`
		}], `"title" is not name=value`},
		"unknown": {elicit[struct {
			S string `form:"titel=a"`
		}], `"titel=a": there is title, enum, default, min, max and format`},
		"choice of numbers": {elicit[struct {
			N int `form:"enum=1|2"`
		}], "a choice is of strings, not of integers"},
		"default": {elicit[struct {
			N int `form:"default=a"`
		}], `"default=a"`},
		"bound": {elicit[struct {
			B bool `form:"min=1"`
		}], "a boolean has no bounds"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := tool(t, plugintest.Options{}, func(ctx context.Context) (string, error) { return "", test.ask(ctx) })
			if !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func elicit[T any](ctx context.Context) error {
	_, err := pluginapi.Elicit[T](ctx, "k", "Hi")
	return err
}
