// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.protobuf.MessageLite;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.lite.ProtoLiteUtils;
import mcphost.plugin.v1.CompletionOuterClass.CompleteRequest;
import mcphost.plugin.v1.CompletionOuterClass.CompleteResponse;
import mcphost.plugin.v1.Plugin.ConfigureRequest;
import mcphost.plugin.v1.Plugin.ConfigureResponse;
import mcphost.plugin.v1.Plugin.DescribeRequest;
import mcphost.plugin.v1.Plugin.DescribeResponse;
import mcphost.plugin.v1.Plugin.EndConnectionRequest;
import mcphost.plugin.v1.Plugin.EndConnectionResponse;
import mcphost.plugin.v1.Plugin.WatchRequest;
import mcphost.plugin.v1.Plugin.WatchResponse;
import mcphost.plugin.v1.PromptOuterClass.GetPromptRequest;
import mcphost.plugin.v1.PromptOuterClass.GetPromptResponse;
import mcphost.plugin.v1.PromptOuterClass.ListPromptsRequest;
import mcphost.plugin.v1.PromptOuterClass.ListPromptsResponse;
import mcphost.plugin.v1.ResourceOuterClass.ListResourceTemplatesRequest;
import mcphost.plugin.v1.ResourceOuterClass.ListResourceTemplatesResponse;
import mcphost.plugin.v1.ResourceOuterClass.ListResourcesRequest;
import mcphost.plugin.v1.ResourceOuterClass.ListResourcesResponse;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceRequest;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceResponse;
import mcphost.plugin.v1.ResourceOuterClass.SetSubscriptionsRequest;
import mcphost.plugin.v1.ResourceOuterClass.SetSubscriptionsResponse;
import mcphost.plugin.v1.ToolOuterClass.CallToolRequest;
import mcphost.plugin.v1.ToolOuterClass.CallToolResponse;
import mcphost.plugin.v1.ToolOuterClass.ListToolsRequest;
import mcphost.plugin.v1.ToolOuterClass.ListToolsResponse;

/** The methods of the plugin protocol. They are few, so no stubs are generated. */
final class Endpoints {
  /** The largest message, in bytes, that host and plugins exchange. */
  static final int MAX_MESSAGE_SIZE = 64 << 20;

  static final MethodDescriptor<DescribeRequest, DescribeResponse> DESCRIBE =
      unary(
          "PluginService/Describe",
          DescribeRequest.getDefaultInstance(),
          DescribeResponse.getDefaultInstance());
  static final MethodDescriptor<ConfigureRequest, ConfigureResponse> CONFIGURE =
      unary(
          "PluginService/Configure",
          ConfigureRequest.getDefaultInstance(),
          ConfigureResponse.getDefaultInstance());
  static final MethodDescriptor<WatchRequest, WatchResponse> WATCH =
      stream(
          "PluginService/Watch",
          WatchRequest.getDefaultInstance(),
          WatchResponse.getDefaultInstance());
  static final MethodDescriptor<EndConnectionRequest, EndConnectionResponse> END_CONNECTION =
      unary(
          "PluginService/EndConnection",
          EndConnectionRequest.getDefaultInstance(),
          EndConnectionResponse.getDefaultInstance());
  static final MethodDescriptor<ListToolsRequest, ListToolsResponse> LIST_TOOLS =
      unary(
          "ToolService/ListTools",
          ListToolsRequest.getDefaultInstance(),
          ListToolsResponse.getDefaultInstance());
  static final MethodDescriptor<CallToolRequest, CallToolResponse> CALL_TOOL =
      stream(
          "ToolService/CallTool",
          CallToolRequest.getDefaultInstance(),
          CallToolResponse.getDefaultInstance());
  static final MethodDescriptor<ListResourcesRequest, ListResourcesResponse> LIST_RESOURCES =
      unary(
          "ResourceService/ListResources",
          ListResourcesRequest.getDefaultInstance(),
          ListResourcesResponse.getDefaultInstance());
  static final MethodDescriptor<ListResourceTemplatesRequest, ListResourceTemplatesResponse>
      LIST_TEMPLATES =
          unary(
              "ResourceService/ListResourceTemplates",
              ListResourceTemplatesRequest.getDefaultInstance(),
              ListResourceTemplatesResponse.getDefaultInstance());
  static final MethodDescriptor<ReadResourceRequest, ReadResourceResponse> READ_RESOURCE =
      stream(
          "ResourceService/ReadResource",
          ReadResourceRequest.getDefaultInstance(),
          ReadResourceResponse.getDefaultInstance());
  static final MethodDescriptor<SetSubscriptionsRequest, SetSubscriptionsResponse>
      SET_SUBSCRIPTIONS =
          unary(
              "ResourceService/SetSubscriptions",
              SetSubscriptionsRequest.getDefaultInstance(),
              SetSubscriptionsResponse.getDefaultInstance());
  static final MethodDescriptor<ListPromptsRequest, ListPromptsResponse> LIST_PROMPTS =
      unary(
          "PromptService/ListPrompts",
          ListPromptsRequest.getDefaultInstance(),
          ListPromptsResponse.getDefaultInstance());
  static final MethodDescriptor<GetPromptRequest, GetPromptResponse> GET_PROMPT =
      stream(
          "PromptService/GetPrompt",
          GetPromptRequest.getDefaultInstance(),
          GetPromptResponse.getDefaultInstance());
  static final MethodDescriptor<CompleteRequest, CompleteResponse> COMPLETE =
      unary(
          "CompletionService/Complete",
          CompleteRequest.getDefaultInstance(),
          CompleteResponse.getDefaultInstance());

  private Endpoints() {}

  private static <Q extends MessageLite, R extends MessageLite> MethodDescriptor<Q, R> unary(
      String name, Q request, R response) {
    return method(MethodType.UNARY, name, request, response);
  }

  private static <Q extends MessageLite, R extends MessageLite> MethodDescriptor<Q, R> stream(
      String name, Q request, R response) {
    return method(MethodType.SERVER_STREAMING, name, request, response);
  }

  private static <Q extends MessageLite, R extends MessageLite> MethodDescriptor<Q, R> method(
      MethodType type, String name, Q request, R response) {
    return MethodDescriptor.<Q, R>newBuilder()
        .setType(type)
        .setFullMethodName("mcphost.plugin.v1." + name)
        .setRequestMarshaller(ProtoLiteUtils.marshaller(request))
        .setResponseMarshaller(ProtoLiteUtils.marshaller(response))
        .build();
  }
}
