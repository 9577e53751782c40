// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Turns Java types into JSON Schema.
 *
 * <p>It knows the types that plugins declare: String, numbers, boolean, JsonElement, lists, maps
 * with strings as keys, enums and records of them. It knows nothing of tools and forms.
 */
final class Schema {
  private static final Map<Class<?>, String> SIMPLE =
      Map.ofEntries(
          Map.entry(String.class, "string"),
          Map.entry(int.class, "integer"),
          Map.entry(Integer.class, "integer"),
          Map.entry(long.class, "integer"),
          Map.entry(Long.class, "integer"),
          Map.entry(BigInteger.class, "integer"),
          Map.entry(double.class, "number"),
          Map.entry(Double.class, "number"),
          Map.entry(BigDecimal.class, "number"),
          Map.entry(boolean.class, "boolean"),
          Map.entry(Boolean.class, "boolean"));

  private final Deque<Class<?>> within = new ArrayDeque<>();

  private final boolean given;

  private Schema(boolean given) {
    this.given = given;
  }

  /** The schema of a type. DeclarationException: it has none. */
  static JsonObject of(Type type) {
    return new Schema(false).schema(type);
  }

  /**
   * The schema of what others give: null stands for an Optional that is missing.
   * DeclarationException: it has none.
   */
  static JsonObject ofGiven(Type type) {
    return new Schema(true).schema(type);
  }

  /** What JSON Schema calls a type without parts; null if it has parts. */
  static String simple(Type type) {
    return type instanceof Class<?> kind ? SIMPLE.get(kind) : null;
  }

  /** What a list or a map holds; null if the type is none of that kind. */
  static Type element(Type type, Class<?> kind) {
    if (type == kind) {
      return JsonElement.class;
    }
    if (type instanceof ParameterizedType generic && generic.getRawType() == kind) {
      Type[] arguments = generic.getActualTypeArguments();
      return arguments[arguments.length - 1];
    }
    return null;
  }

  /** What the constants of an enum are called in JSON, in order. */
  static List<String> names(Class<?> kind) {
    var names = new ArrayList<String>();
    for (Object constant : kind.getEnumConstants()) {
      names.add(name((Enum<?>) constant));
    }
    return names;
  }

  static String name(Enum<?> constant) {
    try {
      Field field = constant.getDeclaringClass().getField(constant.name());
      Name name = field.getAnnotation(Name.class);
      return name == null ? constant.name() : name.value();
    } catch (NoSuchFieldException err) {
      throw new IllegalStateException("a constant has its field", err);
    }
  }

  private JsonObject schema(Type type) {
    var schema = new JsonObject();
    String simple = simple(type);
    if (simple != null) {
      schema.addProperty("type", simple);
      Bounds.describe(schema, (Class<?>) type);
    } else if (type instanceof Class<?> kind && kind.isEnum()) {
      schema.addProperty("type", "string");
      schema.add("enum", strings(names(kind)));
    } else if (element(type, List.class) != null) {
      schema.addProperty("type", "array");
      schema.add("items", schema(element(type, List.class)));
    } else if (element(type, Map.class) != null) {
      checkKeys(type);
      schema.addProperty("type", "object");
      schema.add("additionalProperties", schema(element(type, Map.class)));
    } else if (type == JsonObject.class) {
      schema.addProperty("type", "object");
    } else if (type instanceof Class<?> kind && kind.isRecord()) {
      return object(kind);
    } else if (type != JsonElement.class) {
      throw new DeclarationException(
          type.getTypeName()
              + " has no JSON form: use String, int, long, double, boolean, List, Map, enums,"
              + " records or JsonElement");
    }
    return schema;
  }

  private static void checkKeys(Type type) {
    if (type instanceof ParameterizedType generic
        && generic.getActualTypeArguments()[0] != String.class) {
      throw new DeclarationException(type.getTypeName() + ": a JSON object has strings as keys");
    }
  }

  private JsonObject object(Class<?> kind) {
    if (within.contains(kind)) {
      throw new DeclarationException(
          kind.getName() + " holds itself: use JsonElement for that member");
    }
    within.push(kind);
    var properties = new JsonObject();
    var required = new ArrayList<String>();
    for (Members.Member member : Members.of(kind).all()) {
      properties.add(member.name(), schema(member));
      if (member.required()) {
        required.add(member.name());
      }
    }
    within.pop();
    var schema = new JsonObject();
    schema.addProperty("type", "object");
    if (kind.isAnnotationPresent(Description.class)) {
      schema.addProperty("description", kind.getAnnotation(Description.class).value());
    }
    schema.add("properties", properties);
    schema.addProperty("additionalProperties", false);
    if (!required.isEmpty()) {
      schema.add("required", strings(required));
    }
    return schema;
  }

  private JsonObject schema(Members.Member member) {
    JsonObject schema = schema(member.type());
    if (member.description() != null) {
      schema.addProperty("description", member.description());
    }
    if (member.fallback() != null) {
      schema.add("default", member.fallback());
    }
    if (member.limit() != null) {
      Bounds.describe(schema, member.limit());
    }
    if (given && member.optional()) {
      allowNull(schema);
    }
    return schema;
  }

  /** Lets null stand for what is missing. */
  private static void allowNull(JsonObject schema) {
    JsonElement type = schema.get("type");
    if (type == null) {
      return; // any value fits
    }
    var types = new JsonArray();
    types.add(type);
    types.add("null");
    schema.add("type", types);
    if (schema.has("enum")) {
      schema.getAsJsonArray("enum").add(JsonNull.INSTANCE);
    }
  }

  private static JsonArray strings(List<String> values) {
    var array = new JsonArray();
    values.forEach(array::add);
    return array;
  }
}
