// SPDX-License-Identifier: Apache-2.0

//! A plugin in a process of its own, over a real socket, as a host has it.

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{begun, connect, outcome, probe, text, Process};
use mcphost_plugin::proto::goplugin::Empty;
use mcphost_plugin::proto::health::health_client::HealthClient;
use mcphost_plugin::proto::health::HealthCheckRequest;
use mcphost_plugin::proto::v1;
use tonic::{Code, Request};

/// Well under the 2 s that a plugin gives its calls.
const PROMPTLY: Duration = Duration::from_millis(1500);

#[test]
fn explains_itself_without_a_host() {
    let output = probe("").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("probe 1.0.0 is a plugin for mcphost"),
        "{stderr}"
    );
}

#[test]
fn mistakes_of_the_author_are_reported_at_the_start() {
    let output = probe("mistake")
        .env("MCPHOST_PLUGIN", "mcphost-plugin-v1")
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains(r#"tool "not a name": a name is"#),
        "{stderr}"
    );
}

#[tokio::test]
async fn the_handshake_line_comes_first_and_names_a_private_socket() {
    let process = Process::start().await;
    let folder = process.folder.to_str().unwrap();
    assert!(
        process.line.starts_with(&format!("1|1|unix|{folder}/")),
        "{}",
        process.line
    );
    assert!(process.line.ends_with("|grpc|\n"), "{}", process.line);
    let socket = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    assert_eq!(
        socket.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn what_is_printed_goes_to_standard_error() {
    let process = Process::start().await;
    assert_eq!(process.text("print", "{}").await.1, "printed");
    process.signal(libc::SIGTERM);
    let (status, stderr) = process.ended().await;
    assert_eq!(status.code(), Some(0));
    for words in [
        "chatter before the handshake",
        "chatter in a call",
        "shut down",
    ] {
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[tokio::test]
async fn health_and_description_are_told() {
    let process = Process::start().await;
    let request = HealthCheckRequest {
        service: "plugin".into(),
    };
    let health = HealthClient::new(process.channel.clone())
        .check(request)
        .await
        .unwrap();
    assert_eq!(health.into_inner().status, 1);
    let described = process
        .plugin()
        .describe(v1::DescribeRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((&*described.name, &*described.version), ("probe", "1.0.0"));
    assert_eq!(described.abilities, [1, 2, 5]);
    let refused = process
        .plugin()
        .configure(v1::ConfigureRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test]
async fn large_messages_pass_both_ways() {
    let process = Process::start().await;
    let long = "a".repeat(20 << 20);
    let (is_error, echoed) = process
        .text("echo", &format!(r#"{{"text":"{long}"}}"#))
        .await;
    assert!(!is_error && echoed == long, "{} bytes", echoed.len());
}

#[tokio::test]
async fn a_panic_ends_its_call_alone() {
    let process = Process::start().await;
    assert_eq!(
        process.text("panic", "{}").await,
        (true, "internal error".to_owned())
    );
    assert_eq!(
        process.text("echo", r#"{"text":"a"}"#).await,
        (false, "a".to_owned())
    );
    process.signal(libc::SIGTERM);
    let (_, stderr) = process.ended().await;
    let line = stderr
        .lines()
        .find(|line| line.contains("on purpose"))
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["@level"], &line["@module"]),
        (&"error".into(), &"probe".into())
    );
    assert!(
        line["stack"]
            .as_str()
            .is_some_and(|stack| stack.contains("probe")),
        "{line}"
    );
}

#[tokio::test]
async fn cancelled_calls_are_dropped_and_a_thousand_do_no_harm() {
    let process = Process::start().await;
    for _ in 0..10 {
        let mut calls = Vec::new();
        for _ in 0..100 {
            let mut call = process.call("wait", "{}").await;
            begun(&mut call).await;
            calls.push(call);
        }
        drop(calls); // resets a hundred streams at once
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while process.text("dropped", "{}").await.1 != "1000" {
        assert!(Instant::now() < deadline, "handlers live on");
        tokio::task::yield_now().await;
    }
}

/// A stream that is reset before the plugin has looked at it counts against a
/// limit of its HTTP/2 library, which closes the connection.
#[tokio::test]
async fn calls_that_are_given_up_at_once_do_no_harm() {
    let process = Process::start().await;
    process.signal(libc::SIGSTOP); // so that all is there before it looks
    for _ in 0..200 {
        let mut tools = process.tools();
        let request = v1::CallToolRequest {
            name: "wait".into(),
            ..Default::default()
        };
        let call = tokio::spawn(async move { tools.call_tool(request).await.map(drop) });
        settle().await; // the request is sent
        call.abort();
        settle().await; // and taken back
    }
    process.signal(libc::SIGCONT);
    assert_eq!(
        process.text("echo", r#"{"text":"still here"}"#).await.1,
        "still here"
    );
}

/// Lets the tasks of the connection run.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_in_flight_may_end_when_the_host_says_stop() {
    let process = Process::start().await;
    let mut call = process.call("sleep", r#"{"ms":300}"#).await;
    begun(&mut call).await;
    let mut controller = process.controller();
    let (stopped, result) = tokio::join!(controller.shutdown(Empty {}), outcome(&mut call));
    stopped.unwrap();
    assert_eq!(text(&result), "awake");
    let folder = process.folder.clone();
    let began = Instant::now();
    let (status, _) = process.ended().await;
    assert!(
        status.code() == Some(0) && began.elapsed() < PROMPTLY,
        "{status} after {:?}",
        began.elapsed()
    );
    assert!(!folder.exists() || std::fs::read_dir(folder).unwrap().next().is_none());
}

#[tokio::test]
async fn the_hosts_patience_bounds_a_call_that_does_not_end() {
    let process = Process::start().await;
    let mut call = process.call("block", "{}").await; // a thread that nothing stops
    begun(&mut call).await;
    let mut request = Request::new(Empty {});
    request.set_timeout(Duration::from_millis(300));
    let began = Instant::now();
    let _ = process.controller().shutdown(request).await; // the deadline may come first
    let (status, _) = process.ended().await;
    assert!(
        status.code() == Some(0) && began.elapsed() < PROMPTLY,
        "{status} after {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn late_calls_are_refused() {
    let process = Process::start().await;
    let mut call = process.call("wait", "{}").await;
    begun(&mut call).await;
    let mut controller = process.controller();
    let stopping = tokio::spawn(async move { controller.shutdown(Empty {}).await });
    // The call in flight ends with the grace, and says why.
    let err = call.message().await.unwrap_err();
    assert_eq!(
        (err.code(), err.message()),
        (Code::Unavailable, "the plugin is stopping")
    );
    let _ = stopping.await.unwrap();
    assert_eq!(process.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn it_ends_with_its_standard_input() {
    let mut process = Process::start().await;
    drop(process.child.stdin.take());
    let began = Instant::now();
    let (status, _) = process.ended().await;
    assert!(
        status.code() == Some(0) && began.elapsed() < PROMPTLY,
        "{status} after {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn it_ends_with_the_stdio_stream() {
    let process = Process::start().await;
    let stream = process.stdio().stream_stdio(()).await.unwrap();
    drop(stream);
    assert_eq!(process.ended().await.0.code(), Some(0));
}

/// The child's head finds no input, and its grep no variable of the host's.
#[tokio::test]
async fn children_read_nothing_and_are_not_told_of_the_handshake() {
    let process = Process::start().await;
    assert_eq!(process.text("child", "{}").await, (false, "1\n".to_owned()));
}

#[tokio::test]
async fn interrupts_are_for_the_host() {
    let process = Process::start().await;
    process.signal(libc::SIGINT);
    assert_eq!(process.text("echo", r#"{"text":"here"}"#).await.1, "here");
}

#[tokio::test]
async fn changes_are_reported_while_it_serves() {
    use mcphost_plugin::proto::v1::resource_service_client::ResourceServiceClient;
    use mcphost_plugin::proto::v1::watch_response::Event;
    let process = Process::start().await;
    let mut watch = process
        .plugin()
        .watch(v1::WatchRequest {})
        .await
        .unwrap()
        .into_inner();
    let Some(Event::Revisions(first)) = watch.message().await.unwrap().unwrap().event else {
        panic!()
    };
    let listed = process
        .tools()
        .list_tools(v1::ListToolsRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.revision, first.tools);

    let uris = vec!["probe://a".to_owned(), "probe://b".to_owned()];
    let mut resources = ResourceServiceClient::new(process.channel.clone());
    let set = resources
        .set_subscriptions(v1::SetSubscriptionsRequest { uris })
        .await
        .unwrap();
    assert_eq!(set.into_inner().accepted_uris, ["probe://a"]);

    process.text("grow", "{}").await;
    let (mut grown, mut updated) = (false, false);
    while !grown || !updated {
        match watch.message().await.unwrap().unwrap().event {
            Some(Event::Revisions(now)) => grown = now.tools != first.tools,
            Some(Event::ResourceUpdated(update)) => updated = update.uri == "probe://a",
            None => {}
        }
    }
}

#[tokio::test]
async fn a_person_may_debug_it() {
    let mut child = probe("")
        .env("MCPHOST_DEBUG", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let line = stderr
        .find(|line| line.starts_with("MCPHOST_REATTACH="))
        .unwrap();
    let json = line
        .trim_start_matches("MCPHOST_REATTACH='")
        .trim_end_matches('\'');
    let reattach: serde_json::Value = serde_json::from_str(json).unwrap();
    let plugin = &reattach["probe"];
    assert_eq!(plugin["Pid"], child.id());
    assert_eq!(
        (&plugin["Protocol"], &plugin["Test"]),
        (&"grpc".into(), &true.into())
    );

    let socket = plugin["Addr"]["String"].as_str().unwrap().to_owned();
    let channel = connect(socket.clone().into()).await;
    let folder = common::socket_folder();
    let process = Process {
        child,
        line,
        folder,
        channel,
    };
    drop(process.stdio().stream_stdio(()).await.unwrap());
    process.controller().shutdown(Empty {}).await.unwrap();
    assert_eq!(
        process.text("echo", r#"{"text":"still here"}"#).await.1,
        "still here"
    );
    process.signal(libc::SIGINT);
    let mut process = process;
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
    assert!(!std::path::Path::new(&socket).parent().unwrap().exists());
}
