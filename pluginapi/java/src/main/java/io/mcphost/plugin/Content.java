// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.OptionalLong;
import mcphost.plugin.v1.Content.ContentBlock;

/** One of the pieces that tools return and prompts hold. */
public sealed interface Content {

  /** Text for the model or the person. */
  static Text text(String text) {
    return new Text(text, Hints.NONE);
  }

  /** A picture, such as an "image/png". */
  static Image image(byte[] data, String mimeType) {
    return new Image(data, mimeType, Hints.NONE);
  }

  /** A sound, such as an "audio/wav". */
  static Audio audio(byte[] data, String mimeType) {
    return new Audio(data, mimeType, Hints.NONE);
  }

  /** A pointer at a resource that the client can read. */
  static ResourceLink link(String uri, String name) {
    return new ResourceLink(uri, name, "", "", "", OptionalLong.empty(), List.of(), Hints.NONE);
  }

  /** What a resource holds; it needs its URI. */
  static EmbeddedResource embedded(ResourceContents resource) {
    return new EmbeddedResource(resource, Hints.NONE);
  }

  /**
   * A block of a kind that this package has no type for.
   *
   * @param block the whole MCP block, with "type"
   * @param fallback what a client sees that does not know the kind
   */
  static Raw raw(JsonObject block, String fallback) {
    return new Raw(block, fallback);
  }

  /**
   * The same piece with annotations and a "_meta", each of which may be null. A Raw keeps its own.
   */
  Content with(Annotations annotations, JsonObject meta);

  /**
   * What is said about a piece.
   *
   * @param annotations null: none
   * @param meta the "_meta"; null: none
   */
  record Hints(Annotations annotations, JsonObject meta) {
    static final Hints NONE = new Hints(null, null);

    ContentBlock.Builder block() {
      var block = ContentBlock.newBuilder().setMetaJson(Json.meta(meta));
      if (annotations != null) {
        block.setAnnotations(annotations.wire());
      }
      return block;
    }

    JsonObject json(String type) {
      var json = new JsonObject();
      json.addProperty("type", type);
      if (annotations != null) {
        json.add("annotations", annotations.json());
      }
      if (meta != null) {
        json.add("_meta", meta);
      }
      return json;
    }
  }

  /** Text. See {@link #text}. */
  record Text(String text, Hints hints) implements Content {
    @Override
    public Text with(Annotations annotations, JsonObject meta) {
      return new Text(text, new Hints(annotations, meta));
    }
  }

  /** A picture. See {@link #image}. */
  record Image(byte[] data, String mimeType, Hints hints) implements Content {
    @Override
    public Image with(Annotations annotations, JsonObject meta) {
      return new Image(data, mimeType, new Hints(annotations, meta));
    }
  }

  /** A sound. See {@link #audio}. */
  record Audio(byte[] data, String mimeType, Hints hints) implements Content {
    @Override
    public Audio with(Annotations annotations, JsonObject meta) {
      return new Audio(data, mimeType, new Hints(annotations, meta));
    }
  }

  /**
   * A pointer at a resource. See {@link #link}.
   *
   * @param size in bytes; empty: not known
   */
  record ResourceLink(
      String uri,
      String name,
      String title,
      String description,
      String mimeType,
      OptionalLong size,
      List<Icon> icons,
      Hints hints)
      implements Content {
    @Override
    public ResourceLink with(Annotations annotations, JsonObject meta) {
      var hints = new Hints(annotations, meta);
      return new ResourceLink(uri, name, title, description, mimeType, size, icons, hints);
    }
  }

  /** What a resource holds. See {@link #embedded}. */
  record EmbeddedResource(ResourceContents resource, Hints hints) implements Content {
    @Override
    public EmbeddedResource with(Annotations annotations, JsonObject meta) {
      return new EmbeddedResource(resource, new Hints(annotations, meta));
    }
  }

  /** A block of another kind. See {@link #raw}. */
  record Raw(JsonObject block, String fallback) implements Content {
    @Override
    public Raw with(Annotations annotations, JsonObject meta) {
      return this;
    }
  }
}
