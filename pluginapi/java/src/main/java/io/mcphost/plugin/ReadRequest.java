// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.Map;

/**
 * What is to be read.
 *
 * @param uri as the client wrote it
 * @param variables the template's, by name, decoded: they are the client's word, so check them
 */
public record ReadRequest(String uri, Map<String, String> variables) {
  /** Copies the map. */
  public ReadRequest {
    variables = Map.copyOf(variables);
  }

  /** The value of a variable of the template. */
  public String variable(String name) {
    String value = variables.get(name);
    if (value == null) {
      throw new IllegalStateException("the template has no variable " + name);
    }
    return value;
  }
}
