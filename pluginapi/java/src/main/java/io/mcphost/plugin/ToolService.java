// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.protobuf.MessageLite;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.logging.Level;
import java.util.logging.Logger;
import mcphost.plugin.v1.Context.InputRequired;
import mcphost.plugin.v1.Context.Log;
import mcphost.plugin.v1.Context.Progress;
import mcphost.plugin.v1.Context.ProtocolError;
import mcphost.plugin.v1.Context.ReleaseStream;
import mcphost.plugin.v1.ToolOuterClass.CallToolRequest;
import mcphost.plugin.v1.ToolOuterClass.CallToolResponse;
import mcphost.plugin.v1.ToolOuterClass.CallToolResult;
import mcphost.plugin.v1.ToolOuterClass.ListToolsRequest;
import mcphost.plugin.v1.ToolOuterClass.ListToolsResponse;

/** Serves the tools of a plugin. */
final class ToolService implements Round.Kind<CallToolResponse> {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private final Plugin plugin;
  private final Calls calls;

  ToolService(Plugin plugin, Calls calls) {
    this.plugin = plugin;
    this.calls = calls;
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder("mcphost.plugin.v1.ToolService")
        .addMethod(Endpoints.LIST_TOOLS, ServerCalls.asyncUnaryCall(this::list))
        .addMethod(Endpoints.CALL_TOOL, ServerCalls.asyncServerStreamingCall(this::call))
        .build();
  }

  /** The page is whole: the host's limits are far below 64 MiB. */
  private void list(ListToolsRequest request, StreamObserver<ListToolsResponse> to) {
    var list =
        ListToolsResponse.newBuilder().setRevision(plugin.changes().revision(Changes.Kind.TOOLS));
    plugin.tools().forEach(tool -> list.addTools(tool.wire()));
    to.onNext(list.build());
    to.onCompleted();
  }

  private void call(CallToolRequest request, StreamObserver<CallToolResponse> to) {
    var round =
        new Round<>(
            calls,
            (ServerCallStreamObserver<CallToolResponse>) to,
            this,
            call ->
                plugin.tool(request.getName()).run(Json.object(request.getArgumentsJson()), call));
    round.start(request.getContext(), request.getResumption());
  }

  @Override
  public MessageLite failed(Throwable err) {
    if (err instanceof ProtocolException told) {
      return told.wire();
    }
    if (Mistakes.isTold(err)) {
      return error(Mistakes.text(err));
    }
    LOG.log(Level.SEVERE, "a tool failed", err);
    return error(Round.INTERNAL);
  }

  private static CallToolResult error(String text) {
    return CallToolResult.newBuilder().addContent(Blocks.text(text)).setIsError(true).build();
  }

  @Override
  public CallToolResponse response(MessageLite event) {
    var response = CallToolResponse.newBuilder();
    if (event instanceof Progress progress) {
      response.setProgress(progress);
    } else if (event instanceof Log log) {
      response.setLog(log);
    } else if (event instanceof ReleaseStream release) {
      response.setReleaseStream(release);
    } else if (event instanceof InputRequired required) {
      response.setInputRequired(required);
    } else if (event instanceof ProtocolError error) {
      response.setError(error);
    } else {
      response.setResult((CallToolResult) event);
    }
    return response.build();
  }
}
