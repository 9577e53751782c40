// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/**
 * The work failed. The model reads the message, and may do better.
 *
 * <p>An IllegalArgumentException of a handler is read by the model as well; any other exception is
 * a bug, whose stack goes to the operator's log alone.
 */
public class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Says what is wrong and what to do. */
  public ToolException(String message) {
    super(message);
  }

  /** Says what is wrong and what to do. */
  public ToolException(String message, Throwable cause) {
    super(message, cause);
  }
}
