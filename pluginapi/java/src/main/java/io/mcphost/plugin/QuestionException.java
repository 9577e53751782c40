// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/** There is no answer to a question. A person's refusal is none: see {@link Action}. */
public final class QuestionException extends ToolException {
  private static final long serialVersionUID = 1;

  private final String key;

  QuestionException(String key, String message) {
    super("no answer to the question \"" + key + "\": " + message);
    this.key = key;
  }

  /** The key of the question. */
  public String key() {
    return key;
  }
}
