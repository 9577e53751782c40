// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.Map;

/** The answers to the questions of one {@link Call#ask}. */
public final class Answers {
  private final Map<Question<?>, Object> taken;

  Answers(Map<Question<?>, Object> taken) {
    this.taken = taken;
  }

  /** The answer to one of the questions. */
  @SuppressWarnings("unchecked") // each question has made its own answer
  public <T> T get(Question<T> question) {
    if (!taken.containsKey(question)) {
      throw new IllegalStateException(
          "the question \"" + question.request().key() + "\" was not asked here");
    }
    return (T) taken.get(question);
  }
}
