// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/**
 * What a person did with a form.
 *
 * @param <T> the form, a record
 */
public final class Filled<T> {
  private final Action action;
  private final T value;

  Filled(Action action, T value) {
    this.action = action;
    this.value = value;
  }

  /** What the person did. */
  public Action action() {
    return action;
  }

  /** Whether the person filled in the form. */
  public boolean accepted() {
    return action == Action.ACCEPT;
  }

  /** The form. ToolException: it was not filled in. */
  public T value() {
    if (!accepted()) {
      throw new ToolException("the person did not fill in the form, but chose to " + action.json);
    }
    return value;
  }
}
