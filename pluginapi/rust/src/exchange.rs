// SPDX-License-Identifier: Apache-2.0

//! The questions and answers of one call, of which a process sees one round:
//! what came before is in the answers and the state.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::prelude::{Engine, BASE64_STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::caller::Capabilities;
use crate::error::{Error, Kind, ProtocolError, QuestionError, Result};
use crate::input::{Input, InputMethod, InputRequest};
use crate::json;
use crate::proto::v1;
use crate::question::Question;
use crate::questions::Questions;

// What the protocol and the host allow a round to end with.
const MAX_QUESTIONS: usize = 32;
const MAX_STATE: usize = 64 << 10; // bytes

/// How often a question is asked whose answer does not fit.
const MAX_ASKED: u32 = 2;

pub(crate) struct Exchange {
    able: Capabilities,
    answers: HashMap<String, Input>,
    /// How often each question was asked in the rounds before, what is computed
    /// already, and the author's own state.
    state: State,

    /// The questions of this run by key: what they ask.
    met: HashMap<String, Option<(InputMethod, Value)>>,
    /// The keys of `met`, first met first.
    order: Vec<String>,
    /// To be asked at the end of this run.
    pending: Vec<InputRequest>,
    /// The author has looked at the answers without us.
    manual: bool,
    /// The author's, in a question: nothing is asked then.
    mistake: Option<String>,
}

/// What an exchange leaves for the next round.
#[derive(Default, Serialize, Deserialize)]
struct State {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    asked: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    memo: BTreeMap<String, Memoized>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    own: String, // base64
}

/// A computed value and the questions that were asked for it, which nobody asks
/// when it is recalled.
#[derive(Serialize, Deserialize)]
struct Memoized {
    value: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
}

/// How a round ends.
pub(crate) enum Ending<T> {
    Done(T),
    Asked(v1::InputRequired),
}

impl Exchange {
    pub(crate) fn new(able: Capabilities, resumption: Option<v1::Resumption>) -> Result<Self> {
        let resumption = resumption.unwrap_or_default();
        let state = match &resumption.state[..] {
            [] => State::default(),
            raw => serde_json::from_slice(raw).map_err(|_| {
                Error::new(
                    "the state of the call is not one of this plugin's: start the call again",
                )
            })?,
        };
        let answers = resumption
            .responses
            .into_iter()
            .map(|r| (r.key, read_input(r.outcome)));
        Ok(Self {
            able,
            answers: answers.collect(),
            state,
            met: HashMap::new(),
            order: Vec::new(),
            pending: Vec::new(),
            manual: false,
            mistake: None,
        })
    }

    /// Takes the answers that there are and notes the questions that have none.
    pub(crate) fn ask<Q: Questions>(&mut self, questions: &Q) -> Result<Q::Answers> {
        let mut requests = Vec::new();
        for request in questions.requests() {
            match request.and_then(|request| self.meet(&request).map(|()| request)) {
                Ok(request) => requests.push(request),
                Err(mistake) => {
                    self.mistake = Some(mistake.clone());
                    return Err(Error::new(mistake));
                }
            }
        }
        let mut round = Round {
            exchange: self,
            requests: requests.into_iter(),
            unanswered: Vec::new(),
            failure: None,
        };
        let answers = questions.take(&mut round);
        let (unanswered, failure) = (round.unanswered, round.failure);
        if let Some(failure) = failure {
            return Err(failure.into()); // the others would be asked in vain
        }
        if let Some(answers) = answers {
            return Ok(answers);
        }
        self.allow(&unanswered)?;
        for request in unanswered {
            if !self.pending.iter().any(|p| p.key == request.key) {
                self.pending.push(request);
            }
        }
        Err(Error::of(Kind::Asked))
    }

    /// Notes that the run has come to a question.
    fn meet(&mut self, request: &InputRequest) -> Result<(), String> {
        request.check()?;
        let asks = (request.method, request.params.clone());
        match self.met.get(&request.key) {
            None => self.note(&request.key, Some(asks)),
            Some(Some(before)) if *before != asks => {
                return Err(format!(
                    "two different questions have the key {:?}: give each its own",
                    request.key
                ));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn note(&mut self, key: &str, asks: Option<(InputMethod, Value)>) {
        self.met.insert(key.to_owned(), asks);
        self.order.push(key.to_owned());
    }

    /// Refuses questions of kinds that the client has not declared. MCP: a
    /// server must not ask for more.
    fn allow(&self, requests: &[InputRequest]) -> Result<()> {
        let needs = requests
            .iter()
            .fold(Capabilities::default(), |all, r| all.with(r.needs()));
        if self.able.with(needs) != self.able {
            return Err(ProtocolError::missing_capability(needs).into());
        }
        Ok(())
    }

    /// All that the client has answered, asked for or not.
    pub(crate) fn answers(&mut self) -> HashMap<String, Input> {
        self.manual = true;
        self.answers.clone()
    }

    /// The author's own state.
    pub(crate) fn own(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.state.own).unwrap_or_default()
    }

    /// What a memo has kept.
    pub(crate) fn recall(&mut self, key: &str) -> Option<Value> {
        let memo = self.state.memo.get(key)?;
        let value = memo.value.clone();
        for asked in memo.keys.clone() {
            if !self.met.contains_key(&asked) {
                self.note(&asked, None);
            }
        }
        Some(value)
    }

    /// How many questions have been met; `remember` takes it.
    pub(crate) fn mark(&self) -> usize {
        self.order.len()
    }

    /// Keeps a value, and the questions met since `mark`.
    pub(crate) fn remember(&mut self, key: &str, value: Value, mark: usize) {
        let keys = self.order.get(mark..).unwrap_or_default().to_vec();
        self.state
            .memo
            .insert(key.to_owned(), Memoized { value, keys });
    }

    /// Says how the round ends, given the handler's result: with questions, or
    /// with that result. A handler that has asked has not come to its end,
    /// whatever it says.
    pub(crate) fn finish<T>(&mut self, result: Result<T>) -> Result<Ending<T>> {
        if let Some(mistake) = self.mistake.take() {
            return Err(Error::new(mistake));
        }
        let manual = match result {
            Err(err) => match err.kind() {
                Kind::Manual(round) => round,
                other if self.pending.is_empty() => return Err(Error::of(other)),
                _ => return self.end_asked(),
            },
            Ok(value) if self.pending.is_empty() => return Ok(Ending::Done(value)),
            Ok(_) => return self.end_asked(),
        };
        let mut requests = std::mem::take(&mut self.pending);
        requests.extend(manual.requests);
        self.end(requests, BASE64_STANDARD.encode(manual.state))
            .map(Ending::Asked)
    }

    /// Ends with the pending questions, if they are not new ones in place of
    /// others.
    fn end_asked<T>(&mut self) -> Result<Ending<T>> {
        let fresh = self
            .pending
            .iter()
            .find(|r| !self.state.asked.contains_key(&r.key));
        if let (Some(fresh), Some(forgotten)) = (fresh, self.forgotten()) {
            return Err(Error::new(format!(
                "the plugin asks {:?} where it asked {forgotten:?} before: \
                 a call has to ask the same questions under the same keys whenever it is entered again",
                fresh.key
            )));
        }
        let requests = std::mem::take(&mut self.pending);
        let own = std::mem::take(&mut self.state.own);
        self.end(requests, own).map(Ending::Asked)
    }

    /// A question of the rounds before that this run has not come to.
    fn forgotten(&self) -> Option<&str> {
        if self.manual {
            return None;
        }
        self.state
            .asked
            .keys()
            .map(String::as_str)
            .find(|key| !self.met.contains_key(*key))
    }

    /// Makes the outcome of a round.
    fn end(&mut self, requests: Vec<InputRequest>, own: String) -> Result<v1::InputRequired> {
        if requests.len() > MAX_QUESTIONS {
            let count = requests.len();
            return Err(Error::new(format!(
                "the plugin asks {count} questions at once; the most is {MAX_QUESTIONS}"
            )));
        }
        let mut seen = HashSet::new();
        for request in &requests {
            request.check().map_err(Error::new)?;
            if !seen.insert(&request.key) {
                return Err(Error::new(format!(
                    "two questions have the key {:?}: give each its own",
                    request.key
                )));
            }
        }
        self.allow(&requests)?;
        self.state.own = own;
        for request in &requests {
            *self.state.asked.entry(request.key.clone()).or_default() += 1;
        }
        let state = json::encode(&self.state)?;
        if state.len() > MAX_STATE {
            let size = state.len();
            return Err(Error::new(format!(
                "the state of the call is {size} bytes; the most is {MAX_STATE}: keep less in memos"
            )));
        }
        Ok(v1::InputRequired {
            requests: requests.into_iter().map(InputRequest::into_wire).collect(),
            state,
        })
    }
}

fn read_input(outcome: Option<v1::input_response::Outcome>) -> Input {
    use v1::input_response::Outcome;
    match outcome {
        Some(Outcome::ResultJson(raw)) => read_result(&raw),
        Some(Outcome::Failure(failure)) if !failure.message.is_empty() => {
            Input::Failure(failure.message)
        }
        _ => Input::Failure("the client gives no reason".to_owned()),
    }
}

fn read_result(raw: &Bytes) -> Input {
    match serde_json::from_slice(raw) {
        Ok(result) => Input::Result(result),
        Err(err) => Input::Failure(format!("the answer is not JSON: {err}")),
    }
}

/// Takes the answers of questions that are asked together.
pub struct Round<'a> {
    exchange: &'a Exchange,
    requests: std::vec::IntoIter<InputRequest>,
    unanswered: Vec<InputRequest>,
    failure: Option<QuestionError>,
}

impl Round<'_> {
    /// Reads the answer to the next question, if there is one that fits. What
    /// was never asked has none, whatever the client sends.
    pub(crate) fn take<Q: Question + ?Sized>(&mut self, question: &Q) -> Option<Q::Answer> {
        let request = self.requests.next()?;
        let key = request.key.clone();
        let asked = self
            .exchange
            .state
            .asked
            .get(&key)
            .copied()
            .unwrap_or_default();
        let message = match self.exchange.answers.get(&key).filter(|_| asked > 0) {
            Some(Input::Result(result)) => match question.read(result) {
                Ok(answer) => return Some(answer),
                Err(err) if asked >= MAX_ASKED => format!("the answer does not fit: {err}"),
                Err(_) => {
                    self.unanswered.push(request);
                    return None;
                }
            },
            Some(Input::Failure(message)) => message.clone(),
            None => {
                self.unanswered.push(request);
                return None;
            }
        };
        self.failure.get_or_insert(QuestionError { key, message });
        None
    }
}

#[cfg(test)]
mod tests;
