// SPDX-License-Identifier: Apache-2.0

use serde_json::json;

use crate::input::InputRequired;
use crate::question::{Form, ListRoots};

use super::*;

const ABLE: Capabilities = Capabilities {
    elicitation_form: true,
    elicitation_url: true,
    sampling: true,
    sampling_tools: false,
    roots: true,
};

#[derive(serde::Deserialize, schemars::JsonSchema, Debug)]
struct Name {
    #[allow(dead_code)] // read by the form
    name: String,
}

fn first() -> Exchange {
    Exchange::new(ABLE, None).unwrap()
}

/// The next round, with answers.
fn next(asked: &v1::InputRequired, answers: &[(&str, Value)]) -> Exchange {
    let responses = answers.iter().map(|(key, result)| v1::InputResponse {
        key: key.to_string(),
        outcome: Some(v1::input_response::Outcome::ResultJson(json::bytes(result))),
    });
    let resumption = v1::Resumption {
        responses: responses.collect(),
        state: asked.state.clone(),
    };
    Exchange::new(ABLE, Some(resumption)).unwrap()
}

fn asked(ending: Result<Ending<()>>) -> v1::InputRequired {
    match ending {
        Ok(Ending::Asked(asked)) => asked,
        Ok(Ending::Done(())) => panic!("the call is over"),
        Err(err) => panic!("{err}"),
    }
}

fn ask_round(x: &mut Exchange, key: &str) -> v1::InputRequired {
    let result = x.ask(&ListRoots::new(key)).map(|_| ());
    asked(x.finish(result))
}

#[test]
fn an_answer_is_read_in_the_round_after() {
    let mut x = first();
    let round = ask_round(&mut x, "r");
    assert_eq!(round.requests[0].key, "r");
    let mut x = next(&round, &[("r", json!({"roots": [{"uri": "file:///a"}]}))]);
    assert_eq!(x.ask(&ListRoots::new("r")).unwrap()[0].uri, "file:///a");
    assert!(matches!(x.finish(Ok(1)), Ok(Ending::Done(1))));
}

#[test]
fn answers_that_were_not_asked_for_count_nothing() {
    let mut x = first();
    let round = ask_round(&mut x, "a");
    let mut x = next(&round, &[("b", json!({"roots": []}))]);
    assert!(x.ask(&ListRoots::new("b")).is_err_and(|err| err.is_asked()));
}

#[test]
fn an_answer_that_does_not_fit_is_asked_once_more() {
    let form = Form::<Name>::new("n", "Name?");
    let wrong = json!({"action": "accept", "content": {"name": 3}});
    let mut x = first();
    let result = x.ask(&form).map(|_| ());
    let round = asked(x.finish(result));
    let mut x = next(&round, &[("n", wrong.clone())]);
    let result = x.ask(&form).map(|_| ());
    let round = asked(x.finish(result));
    let mut x = next(&round, &[("n", wrong)]);
    let err = x.ask(&form).unwrap_err();
    assert!(
        err.as_question()
            .is_some_and(|q| q.message.contains("name: ")),
        "{err}"
    );
}

#[test]
fn changed_keys_are_reported() {
    let mut x = first();
    let round = ask_round(&mut x, "monday");
    let mut x = next(&round, &[("monday", json!({"roots": []}))]);
    let result = x.ask(&ListRoots::new("tuesday")).map(|_| ());
    let Err(err) = x.finish(result) else {
        panic!("the change is not seen")
    };
    assert!(
        err.to_string().contains("monday") && err.to_string().contains("tuesday"),
        "{err}"
    );
}

#[test]
fn memos_travel_with_the_questions_met_for_them() {
    let mut x = first();
    assert_eq!(x.recall("m"), None);
    let mark = x.mark();
    let _ = x.ask(&ListRoots::new("inner"));
    x.remember("m", json!(7), mark);
    let round = asked(x.finish(Ok(())));
    let mut x = next(&round, &[("inner", json!({"roots": []}))]);
    assert_eq!(x.recall("m"), Some(json!(7)));
    // The inner question was not forgotten: its value was recalled.
    ask_round(&mut x, "outer");
}

#[test]
fn several_questions_are_asked_at_once() {
    let mut x = first();
    let questions = (ListRoots::new("a"), Form::<Name>::new("b", "Name?"));
    let result = x.ask(&questions).map(|_| ());
    let round = asked(x.finish(result));
    let keys: Vec<_> = round.requests.iter().map(|r| &*r.key).collect();
    assert_eq!(keys, ["a", "b"]);
    let answers = [
        ("a", json!({"roots": []})),
        ("b", json!({"action": "decline"})),
    ];
    let (roots, name) = next(&round, &answers).ask(&questions).unwrap();
    assert!(roots.is_empty() && name.accepted().is_none());
}

#[test]
fn questions_that_the_client_cannot_answer_are_not_asked() {
    let mut x = Exchange::new(Capabilities::default(), None).unwrap();
    let err = x.ask(&ListRoots::new("r")).unwrap_err();
    assert!(err.as_protocol().is_some_and(|e| e.required.roots), "{err}");
}

#[test]
fn authors_may_end_rounds_by_hand() {
    let request = InputRequest {
        key: "k".into(),
        method: InputMethod::ListRoots,
        params: json!({}),
    };
    let manual = InputRequired {
        requests: vec![request],
        state: b"mine".to_vec(),
    };
    let round = asked(first().finish(Err(manual.into())));
    let mut x = next(&round, &[("k", json!(1))]);
    assert_eq!(x.own(), b"mine");
    assert_eq!(x.answers()["k"], Input::Result(json!(1)));
}

#[test]
fn a_state_that_is_not_ours_is_refused() {
    let resumption = v1::Resumption {
        state: Bytes::from_static(b"\xff"),
        ..Default::default()
    };
    assert!(Exchange::new(ABLE, Some(resumption)).is_err());
}

#[test]
fn what_is_kept_is_bounded() {
    let mut x = first();
    x.remember("m", json!("a".repeat(MAX_STATE)), 0);
    let result = x.ask(&ListRoots::new("r")).map(|_| ());
    let Err(err) = x.finish(result) else {
        panic!("it was kept")
    };
    assert!(err.to_string().contains("the most is 65536"), "{err}");
}
