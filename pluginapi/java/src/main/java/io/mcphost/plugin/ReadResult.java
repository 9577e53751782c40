// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.List;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceResult;

/**
 * What reading a resource gives.
 *
 * @param contents at least one
 * @param fresh for how long it stays so; stale at once if zero
 * @param shareable whether others than this caller may be given a cached copy
 * @param meta the "_meta"; null: none
 */
public record ReadResult(
    List<ResourceContents> contents, Duration fresh, boolean shareable, JsonObject meta) {
  /** Checks that there is something. */
  public ReadResult {
    contents = List.copyOf(contents);
    if (contents.isEmpty()) {
      throw new IllegalStateException("a resource that is there holds something");
    }
  }

  /** Text. */
  public static ReadResult text(String text) {
    return of(ResourceContents.text(text));
  }

  /** Bytes. */
  public static ReadResult blob(byte[] blob) {
    return of(ResourceContents.blob(blob));
  }

  /** One or several pieces. */
  public static ReadResult of(ResourceContents... contents) {
    return new ReadResult(List.of(contents), Duration.ZERO, false, null);
  }

  ReadResourceResult wire(String uri, String mimeType) {
    var wire =
        ReadResourceResult.newBuilder()
            .setTtlMs(fresh.toMillis())
            .setShareable(shareable)
            .setMetaJson(Json.meta(meta));
    contents.forEach(one -> wire.addContents(one.wire(uri, mimeType)));
    return wire.build();
  }
}
