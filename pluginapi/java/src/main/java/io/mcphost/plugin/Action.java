// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;

/** What a person did with what they were asked. */
public enum Action {
  /** Filled in the form; agreed to visit the URL. */
  ACCEPT("accept"),
  /** Said no. */
  DECLINE("decline"),
  /** Closed it without a choice. */
  CANCEL("cancel");

  final String json;

  Action(String json) {
    this.json = json;
  }

  static Action read(JsonElement result) {
    String said = Json.string(Json.object(result, "the answer"), "action", "");
    for (Action action : values()) {
      if (action.json.equals(said)) {
        return action;
      }
    }
    throw new IllegalArgumentException("there is no action \"" + said + "\"");
  }
}
