// SPDX-License-Identifier: Apache-2.0

//! A host for one plugin process, in as much as the tests need.

use std::io::{BufRead, BufReader, Error, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use mcphost_plugin::proto::goplugin::grpc_controller_client::GrpcControllerClient;
use mcphost_plugin::proto::goplugin::grpc_stdio_client::GrpcStdioClient;
use mcphost_plugin::proto::v1;
use mcphost_plugin::proto::v1::call_tool_response::Event;
use mcphost_plugin::proto::v1::plugin_service_client::PluginServiceClient;
use mcphost_plugin::proto::v1::tool_service_client::ToolServiceClient;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};
use tonic::Streaming;

/// How long a process may take for what it does at once.
const PATIENCE: Duration = Duration::from_secs(20);

const MAX_MESSAGE: usize = 64 << 20;

/// A plugin process, and the connection to it. It is killed when this is
/// dropped.
pub struct Process {
    pub child: Child,
    pub line: String,
    pub folder: PathBuf,
    pub channel: Channel,
}

/// The command that runs the example `probe`.
pub fn probe(mode: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(|deps| deps.parent()).unwrap();
    let mut command = Command::new(built.join("examples").join("probe"));
    command
        .env("PROBE", mode)
        .env_remove("MCPHOST_PLUGIN")
        .env_remove("MCPHOST_DEBUG");
    command
}

/// An empty folder for sockets.
pub fn socket_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("probe-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Connects once: a plugin that closes the connection is found out.
pub async fn connect(socket: PathBuf) -> Channel {
    let mut socket = Some(socket);
    let connector = tower::service_fn(move |_| {
        let socket = socket.take();
        async move {
            let socket = socket.ok_or_else(|| Error::other("the connection was closed"))?;
            UnixStream::connect(socket).await.map(TokioIo::new)
        }
    });
    Endpoint::from_static("http://unused")
        .connect_with_connector(connector)
        .await
        .unwrap()
}

impl Process {
    pub async fn start() -> Self {
        let folder = socket_folder();
        let mut child = probe("")
            .env("MCPHOST_PLUGIN", "mcphost-plugin-v1")
            .env("PLUGIN_PROTOCOL_VERSIONS", "1")
            .env("PLUGIN_UNIX_SOCKET_DIR", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let socket = line
            .split('|')
            .nth(3)
            .unwrap_or_else(|| panic!("the line is {line:?}"));
        let channel = connect(socket.into()).await;
        Self {
            child,
            line,
            folder,
            channel,
        }
    }

    pub fn plugin(&self) -> PluginServiceClient<Channel> {
        PluginServiceClient::new(self.channel.clone())
    }

    pub fn tools(&self) -> ToolServiceClient<Channel> {
        ToolServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    pub fn controller(&self) -> GrpcControllerClient<Channel> {
        GrpcControllerClient::new(self.channel.clone())
    }

    pub fn stdio(&self) -> GrpcStdioClient<Channel> {
        GrpcStdioClient::new(self.channel.clone())
    }

    /// Starts a call.
    pub async fn call(&self, tool: &str, args: &str) -> Streaming<v1::CallToolResponse> {
        let context = v1::CallContext {
            request_id: "r1".into(),
            wants_progress: true,
            ..Default::default()
        };
        let request = v1::CallToolRequest {
            context: Some(context),
            name: tool.into(),
            arguments_json: args.to_owned().into(),
            resumption: None,
        };
        self.tools().call_tool(request).await.unwrap().into_inner()
    }

    /// Runs a call to its end and returns its result and its text.
    pub async fn text(&self, tool: &str, args: &str) -> (bool, String) {
        let result = outcome(&mut self.call(tool, args).await).await;
        (result.is_error, text(&result))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: kill takes any two numbers; the child has not been waited for.
        #[allow(unsafe_code)]
        let sent = unsafe { libc::kill(self.child.id() as i32, signal) };
        assert_eq!(sent, 0);
    }

    /// Waits for the process to end, and returns what it wrote to standard
    /// error.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the process lives on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let mut stderr = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        (status, stderr)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The first event of a call that has begun.
pub async fn begun(stream: &mut Streaming<v1::CallToolResponse>) {
    let event = stream.message().await.unwrap().unwrap().event;
    assert!(matches!(event, Some(Event::Progress(_))), "{event:?}");
}

pub async fn outcome(stream: &mut Streaming<v1::CallToolResponse>) -> v1::CallToolResult {
    loop {
        let response = stream
            .message()
            .await
            .unwrap()
            .expect("the call has no outcome");
        if let Some(Event::Result(result)) = response.event {
            assert!(
                stream.message().await.unwrap().is_none(),
                "there is more after the outcome"
            );
            return result;
        }
    }
}

pub fn text(result: &v1::CallToolResult) -> String {
    match result.content.first().and_then(|block| block.kind.as_ref()) {
        Some(v1::content_block::Kind::Text(text)) => text.text.clone(),
        _ => String::new(),
    }
}
