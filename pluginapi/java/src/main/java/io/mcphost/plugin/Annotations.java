// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import mcphost.plugin.v1.Plugin;

/**
 * Hints on content and resources.
 *
 * @param audience whom it is for; both if empty
 * @param priority from 0 (optional) to 1 (required); null: not said
 * @param lastModified when it changed last; null: not known
 */
public record Annotations(List<Role> audience, Double priority, Instant lastModified) {
  /** Copies the list. */
  public Annotations {
    audience = List.copyOf(audience);
  }

  Plugin.Annotations wire() {
    var wire = Plugin.Annotations.newBuilder();
    audience.forEach(role -> wire.addAudience(role.wire));
    if (priority != null) {
      wire.setPriority(priority);
    }
    if (lastModified != null) {
      wire.setLastModified(time());
    }
    return wire.build();
  }

  JsonObject json() {
    var json = new JsonObject();
    if (!audience.isEmpty()) {
      var roles = new JsonArray();
      audience.forEach(role -> roles.add(role.json));
      json.add("audience", roles);
    }
    if (priority != null) {
      json.addProperty("priority", priority);
    }
    if (lastModified != null) {
      json.addProperty("lastModified", time());
    }
    return json;
  }

  private String time() {
    return lastModified.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
