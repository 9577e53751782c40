// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The members of a record, looked up once for each class.
 *
 * @param all in the order of their declaration
 * @param constructor takes a value for each
 */
record Members(List<Member> all, Constructor<?> constructor) {

  private static final ClassValue<Members> OF =
      new ClassValue<>() {
        @Override
        protected Members computeValue(Class<?> type) {
          return look(type);
        }
      };

  /**
   * One member.
   *
   * @param name in JSON
   * @param type what is inside, if it is optional
   * @param optional whether it is declared as an Optional
   * @param fallback what it is that is missing; null: it must be there, unless it is optional
   * @param description for the model; null: none
   * @param limit null: none
   * @param accessor reads it
   */
  record Member(
      String name,
      Type type,
      boolean optional,
      JsonElement fallback,
      String description,
      Limit limit,
      Method accessor) {

    boolean required() {
      return !optional && fallback == null;
    }

    Object of(Object record) {
      try {
        return accessor.invoke(record);
      } catch (ReflectiveOperationException err) {
        throw new IllegalStateException(record.getClass() + ": " + name + " cannot be read", err);
      }
    }
  }

  /** The members of a record. DeclarationException: one is declared wrongly. */
  static Members of(Class<?> type) {
    return OF.get(type);
  }

  /** A record of these values. IllegalArgumentException: its constructor refuses them. */
  Object create(List<Object> values) {
    try {
      return constructor.newInstance(values.toArray());
    } catch (InvocationTargetException err) {
      if (err.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(constructor + " failed", err.getCause());
    } catch (ReflectiveOperationException err) {
      throw new IllegalStateException(constructor + " cannot be called", err);
    }
  }

  private static Members look(Class<?> type) {
    var members = new ArrayList<Member>();
    var components = type.getRecordComponents();
    var types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      members.add(member(components[i]));
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true); // records of authors need not be public
      return new Members(List.copyOf(members), constructor);
    } catch (NoSuchMethodException err) {
      throw new IllegalStateException("a record has its constructor", err);
    }
  }

  private static Member member(RecordComponent component) {
    var name = component.getAnnotation(Name.class);
    var description = component.getAnnotation(Description.class);
    boolean optional = component.getType() == Optional.class;
    Type type = component.getGenericType();
    if (optional) {
      type = inside(type);
    }
    var limit = component.getAnnotation(Limit.class);
    if (limit != null) {
      Bounds.declare(component.getName(), type, limit);
    }
    component.getAccessor().setAccessible(true);
    return new Member(
        name == null ? component.getName() : name.value(),
        type,
        optional,
        fallback(component, type),
        description == null ? null : description.value(),
        limit,
        component.getAccessor());
  }

  private static Type inside(Type optional) {
    if (optional instanceof ParameterizedType generic) {
      return generic.getActualTypeArguments()[0];
    }
    throw new DeclarationException("an Optional needs its type, such as Optional<String>");
  }

  private static JsonElement fallback(RecordComponent component, Type type) {
    var given = component.getAnnotation(Default.class);
    if (given == null) {
      return null;
    }
    try {
      boolean text = type == String.class || type instanceof Class<?> kind && kind.isEnum();
      JsonElement value = text ? new JsonPrimitive(given.value()) : Json.parse(given.value());
      Values.read(type, value, component.getName()); // refuses what does not fit
      return value;
    } catch (IllegalArgumentException err) {
      throw new DeclarationException(
          "the default of " + component.getName() + ": " + err.getMessage());
    }
  }
}
