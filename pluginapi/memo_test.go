// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

func TestQuestionsInsideAMemoAreNotMissed(t *testing.T) {
	booked := 0
	got, report := tool(t, plugintest.Options{Answer: accepting(`{"name":"Ada"}`)}, func(ctx context.Context) (string, error) {
		room, err := pluginapi.Memo(ctx, "room", func() (string, error) {
			answer, err := pluginapi.Elicit[who](ctx, "first", "Who?")
			if err != nil {
				return "", err
			}
			booked++
			return "room of " + answer.Value.Name, nil
		})
		if err != nil {
			return "", err
		}
		_, err = pluginapi.Elicit[who](ctx, "second", "Who pays?")
		if err != nil {
			return "", err
		}
		_, err = pluginapi.Roots(ctx, "third")
		return room, err
	})
	if got != "room of Ada" || booked != 1 || report.Rounds != 4 {
		t.Errorf("got %q, booked %d times in %d rounds", got, booked, report.Rounds)
	}
}

func TestMemoKeepsNoErrors(t *testing.T) {
	runs := 0
	got, _ := tool(t, plugintest.Options{Answer: accepting(`{"name":"Ada"}`)}, func(ctx context.Context) (string, error) {
		_, memoErr := pluginapi.Memo(ctx, "m", func() (int, error) {
			if runs++; runs == 1 {
				return 0, errors.New("not yet")
			}
			return runs, nil
		})
		if _, err := pluginapi.Roots(ctx, "roots"); err != nil {
			return "", err
		}
		return fmt.Sprint(memoErr), nil
	})
	if got != "<nil>" || runs != 2 {
		t.Errorf("got %q after %d runs", got, runs)
	}
	if v, err := pluginapi.Memo(t.Context(), "m", func() (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("outside a call: %v %v", v, err)
	}
	if got, _ := tool(t, plugintest.Options{}, func(ctx context.Context) (string, error) {
		_, err := pluginapi.Memo(ctx, "m", func() (any, error) { return func() {}, nil })
		return "", err
	}); !strings.Contains(got, `memo "m": json: unsupported type`) {
		t.Errorf("got %q", got)
	}
}
