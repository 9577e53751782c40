// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Turns JSON into values of the types that {@link Schema} knows, and back. */
final class Values {
  private Values() {}

  /** The JSON value as one of a class. IllegalArgumentException: it is none, and where. */
  static <T> T read(Class<T> type, JsonElement value, String path) {
    return wrap(type).cast(read((Type) type, value, path));
  }

  @SuppressWarnings("unchecked")
  private static <T> Class<T> wrap(Class<T> type) {
    if (type == int.class) {
      return (Class<T>) Integer.class;
    }
    if (type == long.class) {
      return (Class<T>) Long.class;
    }
    if (type == double.class) {
      return (Class<T>) Double.class;
    }
    return type == boolean.class ? (Class<T>) Boolean.class : type;
  }

  /** The JSON value as one of a type. IllegalArgumentException: it is none, and where. */
  static Object read(Type type, JsonElement value, String path) {
    if (type == JsonElement.class) {
      return value;
    }
    if (type == JsonObject.class) {
      return Json.object(value, named(path));
    }
    if (Schema.simple(type) != null) {
      return simple((Class<?>) type, value, path);
    }
    if (Schema.element(type, List.class) != null) {
      return list(Schema.element(type, List.class), value, path);
    }
    if (Schema.element(type, Map.class) != null) {
      return map(Schema.element(type, Map.class), value, path);
    }
    if (type instanceof Class<?> kind && kind.isEnum()) {
      return constant(kind, value, path);
    }
    if (type instanceof Class<?> kind && kind.isRecord()) {
      return record(kind, value, path);
    }
    throw new DeclarationException(type.getTypeName() + " has no JSON form");
  }

  private static Object simple(Class<?> type, JsonElement value, String path) {
    Object found =
        value instanceof JsonPrimitive primitive ? primitive(type, primitive, named(path)) : null;
    if (found == null) {
      throw new IllegalArgumentException(named(path) + ": is not of type " + Schema.simple(type));
    }
    return found;
  }

  /** The value, or null if it is of another type. */
  private static Object primitive(Class<?> type, JsonPrimitive value, String path) {
    switch (Schema.simple(type)) {
      case "string":
        return value.isString() ? value.getAsString() : null;
      case "boolean":
        return value.isBoolean() ? (Object) value.getAsBoolean() : null;
      case "integer":
        return value.isNumber() ? integer(type, value, path) : null;
      default:
        return value.isNumber() ? number(type, value, path) : null;
    }
  }

  private static Object number(Class<?> type, JsonPrimitive value, String path) {
    Bounds.checkRange(type, value, path);
    return type == BigDecimal.class ? exact(value, path) : (Object) value.getAsDouble();
  }

  /** A whole number however it is written: JSON has one kind of number. */
  private static Object integer(Class<?> type, JsonPrimitive value, String path) {
    Bounds.checkRange(type, value, path);
    try {
      BigInteger number = exact(value, path).toBigIntegerExact();
      if (type == BigInteger.class) {
        return number;
      }
      boolean small = type == int.class || type == Integer.class;
      return small ? (Object) number.intValueExact() : (Object) number.longValueExact();
    } catch (ArithmeticException err) {
      return null;
    }
  }

  /** The number to its last digit. IllegalArgumentException: it has too many of them. */
  static BigDecimal exact(JsonPrimitive value, String path) {
    try {
      return value.getAsBigDecimal();
    } catch (NumberFormatException err) { // of more than 10,000 digits, to protect us
      throw new IllegalArgumentException(path + ": the number has too many digits", err);
    }
  }

  private static List<Object> list(Type element, JsonElement value, String path) {
    if (!(value instanceof JsonArray array)) {
      throw new IllegalArgumentException(named(path) + ": is not an array");
    }
    var found = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      found.add(read(element, array.get(i), path + "[" + i + "]"));
    }
    return found;
  }

  private static Map<String, Object> map(Type element, JsonElement value, String path) {
    var found = new LinkedHashMap<String, Object>();
    for (var entry : Json.object(value, named(path)).entrySet()) {
      found.put(entry.getKey(), read(element, entry.getValue(), below(path, entry.getKey())));
    }
    return found;
  }

  private static Object constant(Class<?> kind, JsonElement value, String path) {
    List<String> names = Schema.names(kind);
    boolean string = value instanceof JsonPrimitive primitive && primitive.isString();
    int index = string ? names.indexOf(value.getAsString()) : -1;
    if (index < 0) {
      throw new IllegalArgumentException(named(path) + ": is none of " + String.join(", ", names));
    }
    return kind.getEnumConstants()[index];
  }

  private static Object record(Class<?> kind, JsonElement value, String path) {
    JsonObject object = Json.object(value, named(path));
    Members members = Members.of(kind);
    checkKnown(members, object, path);
    var values = new ArrayList<>();
    for (Members.Member member : members.all()) {
      values.add(member(member, object.get(member.name()), below(path, member.name())));
    }
    return members.create(values);
  }

  private static void checkKnown(Members members, JsonObject object, String path) {
    var known = new TreeSet<String>();
    members.all().forEach(member -> known.add(member.name()));
    for (String name : object.keySet()) {
      if (!known.contains(name)) {
        String there = known.isEmpty() ? "none" : String.join(", ", known);
        throw new IllegalArgumentException(
            below(path, name) + ": is not known; there are " + there);
      }
    }
  }

  private static Object member(Members.Member member, JsonElement value, String path) {
    if (member.required() && value == null) {
      throw new IllegalArgumentException(path + ": is missing");
    }
    boolean absent = value == null || member.optional() && value.isJsonNull();
    JsonElement given = absent ? member.fallback() : value;
    if (given == null) {
      return Optional.empty();
    }
    Object found = read(member.type(), given, path);
    if (member.limit() != null) {
      Bounds.check(member.limit(), found, path);
    }
    return member.optional() ? Optional.of(found) : found;
  }

  /** The value as JSON. IllegalStateException: it has none. */
  static JsonElement json(Object value) {
    if (value == null) {
      return JsonNull.INSTANCE;
    }
    if (value instanceof JsonElement element) {
      return element;
    }
    if (value instanceof String text) {
      return new JsonPrimitive(text);
    }
    if (value instanceof Number number) {
      return number(number);
    }
    if (value instanceof Boolean truth) {
      return new JsonPrimitive(truth);
    }
    if (value instanceof Enum<?> constant) {
      return new JsonPrimitive(Schema.name(constant));
    }
    return parts(value);
  }

  private static JsonElement number(Number number) {
    if (!Double.isFinite(number.doubleValue())
        && !(number instanceof BigDecimal)
        && !(number instanceof BigInteger)) {
      throw new IllegalStateException(number + " has no JSON form");
    }
    return new JsonPrimitive(number);
  }

  private static JsonElement parts(Object value) {
    if (value instanceof Iterable<?> all) {
      var array = new JsonArray();
      all.forEach(one -> array.add(json(one)));
      return array;
    }
    var object = new JsonObject();
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, one) -> object.add(String.valueOf(name), json(one)));
      return object;
    }
    if (!value.getClass().isRecord()) {
      throw new IllegalStateException(value.getClass().getName() + " has no JSON form");
    }
    for (Members.Member member : Members.of(value.getClass()).all()) {
      Object one = member.of(value);
      if (one instanceof Optional<?> optional) {
        optional.ifPresent(it -> object.add(member.name(), json(it)));
      } else {
        object.add(member.name(), json(one));
      }
    }
    return object;
  }

  private static String named(String path) {
    return path.isEmpty() ? "the value" : path;
  }

  private static String below(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
