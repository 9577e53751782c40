// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import mcphost.plugin.v1.Context.ProtocolError;
import mcphost.plugin.v1.Context.ProtocolErrorCode;

/** A call that cannot be served as asked, for the client's developer to read. */
public final class ProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What is wrong with a call. The host gives each its JSON-RPC code. */
  public enum Code {
    /** The parameters make no sense. */
    INVALID_PARAMS(ProtocolErrorCode.PROTOCOL_ERROR_CODE_INVALID_PARAMS),
    /** What the call names does not exist. */
    NOT_FOUND(ProtocolErrorCode.PROTOCOL_ERROR_CODE_NOT_FOUND),
    /** The client cannot do what the call needs. */
    MISSING_CAPABILITY(ProtocolErrorCode.PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY),
    /** The plugin failed. */
    INTERNAL(ProtocolErrorCode.PROTOCOL_ERROR_CODE_INTERNAL);

    private final ProtocolErrorCode wire;

    Code(ProtocolErrorCode wire) {
      this.wire = wire;
    }
  }

  private final Code code;
  private final transient JsonElement data;
  private final transient Capabilities required;

  private ProtocolException(Code code, String message, JsonElement data, Capabilities required) {
    super(message);
    this.code = code;
    this.data = data;
    this.required = required;
  }

  /** An error with data for the client's program; data may be null. */
  public ProtocolException(Code code, String message, JsonElement data) {
    this(code, message, data, null);
  }

  /** The parameters of a call make no sense. */
  public static ProtocolException invalidParams(String message) {
    return new ProtocolException(Code.INVALID_PARAMS, message, null);
  }

  /** What a call names does not exist. */
  public static ProtocolException notFound(String message) {
    return new ProtocolException(Code.NOT_FOUND, message, null);
  }

  /** The client cannot do what the call needs. */
  public static ProtocolException missingCapability(Capabilities required) {
    String message = "the client lacks a capability that this call needs";
    return new ProtocolException(Code.MISSING_CAPABILITY, message, null, required);
  }

  static ProtocolException internal(String message) {
    return new ProtocolException(Code.INTERNAL, message, null);
  }

  /** What is wrong. */
  public Code code() {
    return code;
  }

  /** Any JSON value for the client's program; null: none. */
  public JsonElement data() {
    return data;
  }

  /** With MISSING_CAPABILITY what the client would have to declare; otherwise null. */
  public Capabilities required() {
    return required;
  }

  ProtocolError wire() {
    var wire =
        ProtocolError.newBuilder()
            .setCode(code.wire)
            .setMessage(Json.validText(String.valueOf(getMessage())));
    if (data != null) {
      wire.setDataJson(Json.dump(data));
    }
    if (required != null) {
      wire.setRequired(required.wire());
    }
    return wire.build();
  }

  static ProtocolException read(ProtocolError wire) {
    for (Code code : Code.values()) {
      if (code.wire == wire.getCode()) {
        return new ProtocolException(
            code, wire.getMessage(), null, Capabilities.read(wire.getRequired()));
      }
    }
    return internal(wire.getMessage());
  }
}
