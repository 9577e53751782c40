// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.List;
import java.util.OptionalInt;

/**
 * A list of suggestions.
 *
 * @param values the best first; clients see the first 100
 * @param total how many there are in all; empty: not known
 * @param hasMore whether there are more than values holds
 */
public record Completion(List<String> values, OptionalInt total, boolean hasMore) {
  /** How many a client sees: MCP's limit. */
  private static final int MAX = 100;

  /** Copies the list. */
  public Completion {
    values = List.copyOf(values);
  }

  /** These, and no word of others. */
  public static Completion of(List<String> values) {
    return new Completion(values, OptionalInt.empty(), false);
  }

  /** The first 100 of these, which are all there are, and how many there are. */
  public static Completion first(List<String> all) {
    List<String> seen = all.subList(0, Math.min(MAX, all.size()));
    return new Completion(seen, OptionalInt.of(all.size()), all.size() > MAX);
  }
}
