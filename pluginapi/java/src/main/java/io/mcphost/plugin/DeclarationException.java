// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/** A tool, resource, prompt or form is declared wrongly. */
public final class DeclarationException extends RuntimeException {
  private static final long serialVersionUID = 1;

  DeclarationException(String message) {
    super(message);
  }
}
