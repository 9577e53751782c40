// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.List;

/**
 * Ends a round: the question is on its way, and the host calls again.
 *
 * <p>It is no Exception, so that "catch (Exception err)" lets it pass. Do not catch it.
 */
public final class Asked extends Error {
  private static final long serialVersionUID = 1;

  /** The questions that an author has put together; null: those of the exchange. */
  private final transient List<InputRequest> requests;

  private final transient byte[] state;

  private Asked(List<InputRequest> requests, byte[] state) {
    super("a question was asked", null, false, false);
    this.requests = requests;
    this.state = state;
  }

  static Asked pending() {
    return new Asked(null, new byte[0]);
  }

  static Asked byHand(List<InputRequest> requests, byte[] state) {
    return new Asked(List.copyOf(requests), state.clone());
  }

  List<InputRequest> requests() {
    return requests;
  }

  byte[] state() {
    return state;
  }
}
