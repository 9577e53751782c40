// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * How large a value may be: what its Java type can hold, and what a {@link Limit} says. It turns
 * both into JSON Schema, and checks values against them.
 */
final class Bounds {
  private static final int MAX_SHOWN = 40; // characters of a number that is refused

  /** The numbers that a type holds. */
  private record Range(Number least, Number most) {}

  private static final Range INT = new Range(Integer.MIN_VALUE, Integer.MAX_VALUE);
  private static final Range LONG = new Range(Long.MIN_VALUE, Long.MAX_VALUE);
  private static final Range DOUBLE = new Range(-Double.MAX_VALUE, Double.MAX_VALUE);

  private static final Map<Class<?>, Range> RANGES =
      Map.of(
          int.class, INT,
          Integer.class, INT,
          long.class, LONG,
          Long.class, LONG,
          double.class, DOUBLE,
          Double.class, DOUBLE);

  private Bounds() {}

  /** DeclarationException: the limit says something that does not apply to the type. */
  static void declare(String member, Type type, Limit limit) {
    boolean number = List.of("integer", "number").contains(String.valueOf(Schema.simple(type)));
    boolean text = type == String.class;
    boolean sized = text || Schema.element(type, List.class) != null;
    boolean ranged =
        limit.min() != Double.NEGATIVE_INFINITY || limit.max() != Double.POSITIVE_INFINITY;
    if (ranged && !number) {
      String instead = sized ? "; for a String or a List use minLength and maxLength" : "";
      throw new DeclarationException(member + ": min and max limit numbers" + instead);
    }
    boolean measured = limit.minLength() > 0 || limit.maxLength() < Integer.MAX_VALUE;
    if (measured && !sized) {
      String instead = number ? "; for a number use min and max" : "";
      throw new DeclarationException(
          member + ": minLength and maxLength limit Strings and Lists" + instead);
    }
    if (!text && !(limit.pattern().isEmpty() && limit.format().isEmpty())) {
      throw new DeclarationException(member + ": pattern and format are for Strings");
    }
    checkPattern(member, limit.pattern());
  }

  private static void checkPattern(String member, String pattern) {
    try {
      Pattern.compile(pattern);
    } catch (PatternSyntaxException err) {
      throw new DeclarationException(
          member + ": the pattern is no regular expression: " + err.getMessage());
    }
  }

  /** Says in a schema which integers the type holds; of a double everybody knows. */
  static void describe(JsonObject schema, Class<?> type) {
    Range range = RANGES.get(type);
    if (range != null && range != DOUBLE) {
      schema.addProperty("minimum", range.least());
      schema.addProperty("maximum", range.most());
    }
  }

  /** Says in a schema what the limit says. */
  static void describe(JsonObject schema, Limit limit) {
    if (!limit.title().isEmpty()) {
      schema.addProperty("title", limit.title());
    }
    if (limit.min() != Double.NEGATIVE_INFINITY) {
      schema.addProperty("minimum", plain(limit.min()));
    }
    if (limit.max() != Double.POSITIVE_INFINITY) {
      schema.addProperty("maximum", plain(limit.max()));
    }
    boolean array = "array".equals(Json.string(schema, "type", ""));
    if (limit.minLength() > 0) {
      schema.addProperty(array ? "minItems" : "minLength", limit.minLength());
    }
    if (limit.maxLength() < Integer.MAX_VALUE) {
      schema.addProperty(array ? "maxItems" : "maxLength", limit.maxLength());
    }
    if (!limit.pattern().isEmpty()) {
      schema.addProperty("pattern", limit.pattern());
    }
    if (!limit.format().isEmpty()) {
      schema.addProperty("format", limit.format());
    }
  }

  /** IllegalArgumentException: the type cannot hold the number. */
  static void checkRange(Class<?> type, JsonPrimitive number, String path) {
    Range range = RANGES.get(type);
    if (range == null) {
      return;
    }
    int beyond = beyond(range, number, path);
    if (beyond != 0) {
      throw new IllegalArgumentException(
          path
              + ": "
              + shown(number)
              + (beyond < 0 ? " is less than " + range.least() : " is more than " + range.most()));
    }
  }

  private static int beyond(Range range, JsonPrimitive number, String path) {
    double near = number.getAsDouble();
    if (Double.isInfinite(near)) {
      return near < 0 ? -1 : 1;
    }
    if (range == DOUBLE) {
      return 0;
    }
    if (Math.abs(near) < range.most().doubleValue()) {
      return 0; // for sure, and however many digits it has
    }
    BigDecimal exact = Values.exact(number, path);
    if (exact.compareTo(BigDecimal.valueOf(range.least().longValue())) < 0) {
      return -1;
    }
    return exact.compareTo(BigDecimal.valueOf(range.most().longValue())) > 0 ? 1 : 0;
  }

  private static String shown(JsonPrimitive number) {
    String text = number.getAsString();
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
  }

  /** IllegalArgumentException: the value does not keep the limit. */
  static void check(Limit limit, Object value, String path) {
    if (value instanceof Number number && number.doubleValue() < limit.min()) {
      throw new IllegalArgumentException(
          path + ": " + value + " is less than " + plain(limit.min()));
    }
    if (value instanceof Number number && number.doubleValue() > limit.max()) {
      throw new IllegalArgumentException(
          path + ": " + value + " is more than " + plain(limit.max()));
    }
    if (value instanceof String text) {
      checkLength(limit, text.codePointCount(0, text.length()), path);
      if (!limit.pattern().isEmpty() && !Pattern.compile(limit.pattern()).matcher(text).find()) {
        throw new IllegalArgumentException(path + ": does not match " + limit.pattern());
      }
    }
    if (value instanceof List<?> list) {
      checkLength(limit, list.size(), path);
    }
  }

  private static void checkLength(Limit limit, int length, String path) {
    if (length < limit.minLength()) {
      throw new IllegalArgumentException(path + ": is shorter than " + limit.minLength());
    }
    if (length > limit.maxLength()) {
      throw new IllegalArgumentException(path + ": is longer than " + limit.maxLength());
    }
  }

  /** The number, without a fraction where it has none. */
  private static BigDecimal plain(double number) {
    BigDecimal exact = BigDecimal.valueOf(number).stripTrailingZeros();
    return exact.scale() < 0 ? exact.setScale(0) : exact;
  }
}
