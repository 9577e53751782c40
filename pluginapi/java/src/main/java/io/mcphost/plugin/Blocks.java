// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import java.util.Base64;
import mcphost.plugin.v1.Content.ContentBlock;
import mcphost.plugin.v1.Content.MediaContent;
import mcphost.plugin.v1.Content.RawContent;
import mcphost.plugin.v1.Content.TextContent;

/** Turns content into the protocol's blocks, into MCP's JSON for models, and back. */
final class Blocks {
  private Blocks() {}

  static ContentBlock text(String text) {
    var kind = TextContent.newBuilder().setText(Json.checkedText(text));
    return ContentBlock.newBuilder().setText(kind).build();
  }

  static ContentBlock wire(Content content) {
    if (content instanceof Content.Text one) {
      var text = TextContent.newBuilder().setText(Json.checkedText(one.text()));
      return one.hints().block().setText(text).build();
    }
    if (content instanceof Content.Image one) {
      return one.hints().block().setImage(media(one.data(), one.mimeType())).build();
    }
    if (content instanceof Content.Audio one) {
      return one.hints().block().setAudio(media(one.data(), one.mimeType())).build();
    }
    if (content instanceof Content.ResourceLink one) {
      return one.hints().block().setResourceLink(link(one)).build();
    }
    if (content instanceof Content.EmbeddedResource one) {
      if (one.resource().uri().isEmpty()) {
        throw new IllegalArgumentException("an embedded resource needs a URI");
      }
      return one.hints().block().setResource(one.resource().wire("", "")).build();
    }
    var raw = (Content.Raw) content;
    var kind =
        RawContent.newBuilder()
            .setBlockJson(Json.dump(raw.block()))
            .setFallbackText(raw.fallback());
    return ContentBlock.newBuilder().setRaw(kind).build();
  }

  private static MediaContent media(byte[] data, String mimeType) {
    return MediaContent.newBuilder()
        .setData(ByteString.copyFrom(data))
        .setMimeType(mimeType)
        .build();
  }

  private static mcphost.plugin.v1.Content.ResourceLink link(Content.ResourceLink one) {
    var link =
        mcphost.plugin.v1.Content.ResourceLink.newBuilder()
            .setUri(one.uri())
            .setName(one.name())
            .setTitle(one.title())
            .setDescription(one.description())
            .setMimeType(one.mimeType());
    one.size().ifPresent(link::setSize);
    one.icons().forEach(icon -> link.addIcons(icon.wire()));
    return link.build();
  }

  /** MCP's own form, as models are sent it. */
  static JsonObject json(Content content) {
    if (content instanceof Content.Text one) {
      JsonObject json = one.hints().json("text");
      json.addProperty("text", one.text());
      return json;
    }
    if (content instanceof Content.Image one) {
      return mediaJson(one.hints().json("image"), one.data(), one.mimeType());
    }
    if (content instanceof Content.Audio one) {
      return mediaJson(one.hints().json("audio"), one.data(), one.mimeType());
    }
    if (content instanceof Content.Raw one) {
      return one.block();
    }
    String kind = content.getClass().getSimpleName();
    throw new IllegalStateException("a model is sent a Text, Image, Audio or Raw, no " + kind);
  }

  private static JsonObject mediaJson(JsonObject json, byte[] data, String mimeType) {
    json.addProperty("data", Base64.getEncoder().encodeToString(data));
    json.addProperty("mimeType", mimeType);
    return json;
  }

  /** One block as a model answers with it, of any kind. IllegalArgumentException: it is none. */
  static Content read(JsonElement value) {
    JsonObject block = Json.object(value, "a content");
    JsonElement meta = block.get("_meta");
    var hints =
        new Content.Hints(
            null, meta != null && meta.isJsonObject() ? meta.getAsJsonObject() : null);
    switch (Json.string(block, "type", "")) {
      case "":
        throw new IllegalArgumentException("a content has no type");
      case "text":
        String text = Json.string(block, "text", null);
        if (text == null) {
          throw new IllegalArgumentException("a text has no text");
        }
        return new Content.Text(text, hints);
      case "image":
        return new Content.Image(data(block), Json.string(block, "mimeType", ""), hints);
      case "audio":
        return new Content.Audio(data(block), Json.string(block, "mimeType", ""), hints);
      default:
        return new Content.Raw(block, "");
    }
  }

  private static byte[] data(JsonObject block) {
    return Base64.getDecoder().decode(Json.string(block, "data", ""));
  }
}
