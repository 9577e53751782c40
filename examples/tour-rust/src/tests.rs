// SPDX-License-Identifier: Apache-2.0

//! The tour as a host would call it, without a process. The contract that all
//! tours share is tested elsewhere, with one.

use mcphost_plugin::testing::TestPlugin;
use serde_json::json;

fn tour() -> TestPlugin {
    TestPlugin::new(crate::tour()).unwrap()
}

#[tokio::test]
async fn greetings_follow_the_settings() {
    let tour = tour();
    tour.configure(&json!({"greeting": "Salut"})).await.unwrap();
    let called = tour.call("greet", json!({"who": "Ada"})).await.unwrap();
    assert_eq!(called.text(), "Salut, Ada!");
}

#[tokio::test]
async fn counting_tells_its_progress() {
    let called = tour().call("count", json!({"n": 2})).await.unwrap();
    let want = [
        (1.0, Some(2.0), "counted 1".to_owned()),
        (2.0, Some(2.0), "counted 2".to_owned()),
    ];
    assert_eq!(
        (called.text(), &*called.progress),
        ("Counted to 2.".to_owned(), &want[..])
    );
}

#[tokio::test]
async fn surveys_ask_one_after_the_other() {
    let mut tour = tour();
    tour.answer(
        "who",
        json!({"action": "accept", "content": {"name": "Ada"}}),
    );
    let said = json!({"type": "text", "text": "Hi"});
    tour.answer(
        "model",
        json!({"role": "assistant", "model": "m", "content": said}),
    );
    tour.answer("roots", json!({"roots": [{"uri": "file:///a"}]}));
    let called = tour.call("survey", json!({})).await.unwrap();
    assert_eq!(called.text(), "name=Ada model=Hi roots=1");
    assert_eq!(called.asked, ["who", "model", "roots"]);

    tour.answer("who", json!({"action": "decline"}));
    assert_eq!(
        tour.call("survey", json!({})).await.unwrap().text(),
        "nobody answered"
    );
}

#[tokio::test]
async fn a_tool_grows_once() {
    let tour = tour();
    for _ in 0..2 {
        assert_eq!(
            tour.call("grow", json!({})).await.unwrap().text(),
            "A tool grew."
        );
    }
    assert_eq!(tour.call("grown", json!({})).await.unwrap().text(), "grown");
}

#[tokio::test]
async fn squares_are_of_integers() {
    let tour = tour();
    assert_eq!(
        tour.read("tour://squares/-12").await.unwrap(),
        [b"144".to_vec()]
    );
    assert!(tour
        .read("tour://squares/x")
        .await
        .is_err_and(|err| err.as_protocol().is_some()));
}

#[tokio::test]
async fn introductions_are_friendly() {
    let messages = tour().prompt("introduce", &[("who", "Ada")]).await.unwrap();
    assert_eq!(messages, ["Introduce Ada in a friendly way."]);
}
