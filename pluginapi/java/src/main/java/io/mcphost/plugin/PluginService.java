// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.logging.Level;
import java.util.logging.Logger;
import mcphost.plugin.v1.Plugin.ConfigureRequest;
import mcphost.plugin.v1.Plugin.ConfigureResponse;
import mcphost.plugin.v1.Plugin.DescribeRequest;
import mcphost.plugin.v1.Plugin.DescribeResponse;
import mcphost.plugin.v1.Plugin.EndConnectionRequest;
import mcphost.plugin.v1.Plugin.EndConnectionResponse;
import mcphost.plugin.v1.Plugin.WatchRequest;
import mcphost.plugin.v1.Plugin.WatchResponse;

/** Serves what every plugin does: who it is, its settings, and word of changes. */
final class PluginService {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private final Plugin plugin;
  private final Calls calls;

  PluginService(Plugin plugin, Calls calls) {
    this.plugin = plugin;
    this.calls = calls;
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder("mcphost.plugin.v1.PluginService")
        .addMethod(Endpoints.DESCRIBE, ServerCalls.asyncUnaryCall(this::describe))
        .addMethod(Endpoints.CONFIGURE, ServerCalls.asyncUnaryCall(this::configure))
        .addMethod(Endpoints.WATCH, ServerCalls.asyncServerStreamingCall(this::watch))
        .addMethod(Endpoints.END_CONNECTION, ServerCalls.asyncUnaryCall(this::endConnection))
        .build();
  }

  private void describe(DescribeRequest request, StreamObserver<DescribeResponse> to) {
    to.onNext(plugin.describe());
    to.onCompleted();
  }

  private void configure(ConfigureRequest request, StreamObserver<ConfigureResponse> to) {
    calls.answer(
        to,
        () -> {
          configure(request);
          return ConfigureResponse.getDefaultInstance();
        });
  }

  private void configure(ConfigureRequest request) {
    try {
      JsonObject settings = Json.object(request.getSettingsJson());
      plugin.configure(settings, request.getDataDir());
    } catch (RuntimeException err) {
      if (Mistakes.isTold(err)) {
        throw Status.INVALID_ARGUMENT.withDescription(Mistakes.text(err)).asRuntimeException();
      }
      LOG.log(Level.SEVERE, "the settings could not be taken", err);
      String told = "the settings could not be taken; the plugin's log says why";
      throw Status.INTERNAL.withDescription(told).asRuntimeException();
    }
  }

  private void watch(WatchRequest request, StreamObserver<WatchResponse> to) {
    plugin.changes().tell((ServerCallStreamObserver<WatchResponse>) to);
  }

  private void endConnection(
      EndConnectionRequest request, StreamObserver<EndConnectionResponse> to) {
    calls.answer(
        to,
        () -> {
          plugin.endConnection(request.getConnectionId());
          return EndConnectionResponse.getDefaultInstance();
        });
  }
}
