// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;

/** What all messages of the protocol share: JSON and text. */
final class Json {
  private Json() {}

  /** The JSON in its shortest form. */
  static ByteString dump(JsonElement value) {
    return ByteString.copyFromUtf8(value.toString());
  }

  /** A "_meta", of which none is no bytes. */
  static ByteString meta(JsonObject meta) {
    return meta == null ? ByteString.EMPTY : dump(meta);
  }

  /** The JSON value; null for no bytes. IllegalArgumentException: it is none. */
  static JsonElement parse(ByteString json) {
    return json.isEmpty() ? JsonNull.INSTANCE : parse(json.toStringUtf8());
  }

  static JsonElement parse(String json) {
    var reader = new JsonReader(new StringReader(json));
    reader.setStrictness(Strictness.STRICT);
    try {
      JsonElement value = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("there is more than one JSON value");
      }
      return value;
    } catch (IOException | JsonParseException err) {
      throw new IllegalArgumentException("this is no JSON: " + err.getMessage(), err);
    }
  }

  /** The JSON object; an empty one for no bytes. */
  static JsonObject object(ByteString json) {
    return json.isEmpty() ? new JsonObject() : object(parse(json), "the value");
  }

  static JsonObject object(JsonElement value, String what) {
    if (value == null || !value.isJsonObject()) {
      throw new IllegalArgumentException(what + ": is not an object");
    }
    return value.getAsJsonObject();
  }

  /** The string member of an object; the fallback if there is none. */
  static String string(JsonObject object, String name, String fallback) {
    JsonElement value = object.get(name);
    boolean string =
        value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    return string ? value.getAsString() : fallback;
  }

  /** The text with what UTF-8 cannot hold, lone surrogates, replaced. */
  static String validText(String text) {
    return isValid(text)
        ? text
        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  /** The text. IllegalArgumentException: UTF-8 cannot hold it. */
  static String checkedText(String text) {
    if (!isValid(text)) {
      throw new IllegalArgumentException(
          "text is not valid UTF-8; return binary data as an Image, an Audio or an"
              + " EmbeddedResource");
    }
    return text;
  }

  private static boolean isValid(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (!pair) {
        return false;
      }
      i++;
    }
    return true;
  }
}
