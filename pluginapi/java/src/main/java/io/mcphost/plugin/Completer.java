// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Suggests values while a person fills in an argument of a prompt, or a variable of a template. */
@FunctionalInterface
public interface Completer {
  /**
   * Suggests values. It may be called by several threads at once.
   *
   * @param typed what is typed so far; may be empty
   * @param given the arguments that are filled in already
   */
  Completion complete(String typed, Map<String, String> given) throws Exception;

  /**
   * Suggests those of the values that begin with what is typed, in any case: the first 100, and how
   * many there are.
   */
  static Completer prefix(String... values) {
    List<String> all = List.of(values);
    return (typed, given) -> {
      String start = typed.toLowerCase(Locale.ROOT);
      return Completion.first(
          all.stream().filter(one -> one.toLowerCase(Locale.ROOT).startsWith(start)).toList());
    };
  }
}
