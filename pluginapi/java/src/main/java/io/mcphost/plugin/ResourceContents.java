// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;

/**
 * What a resource holds: text, or bytes.
 *
 * @param text the text; null: it holds bytes
 * @param blob the bytes; null: it holds text
 * @param uri that which was asked for, if empty; required in a {@link Content#embedded}
 * @param mimeType the declared one, if empty
 * @param meta the "_meta"; null: none
 */
public record ResourceContents(
    String text, byte[] blob, String uri, String mimeType, JsonObject meta) {

  /** Text of what was asked for. */
  public static ResourceContents text(String text) {
    return new ResourceContents(text, null, "", "", null);
  }

  /** Bytes of what was asked for. */
  public static ResourceContents blob(byte[] blob) {
    return new ResourceContents(null, blob, "", "", null);
  }

  /** The same as the contents of a URI. */
  public ResourceContents at(String uri, String mimeType) {
    return new ResourceContents(text, blob, uri, mimeType, meta);
  }

  mcphost.plugin.v1.Content.ResourceContents wire(String asked, String declared) {
    String at = uri.isEmpty() ? asked : uri;
    String kind = mimeType.isEmpty() && at.equals(asked) ? declared : mimeType;
    var wire =
        mcphost.plugin.v1.Content.ResourceContents.newBuilder()
            .setUri(at)
            .setMimeType(kind)
            .setMetaJson(Json.meta(meta));
    if (text != null) {
      wire.setText(Json.checkedText(text));
    } else {
      wire.setBlob(ByteString.copyFrom(blob));
    }
    return wire.build();
  }
}
