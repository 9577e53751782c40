// SPDX-License-Identifier: Apache-2.0

//! What a handler fails with: for the model, for the client's developer, or
//! because it has asked and its call is over for now.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

use crate::caller::Capabilities;
use crate::input::InputRequired;
use crate::json;
use crate::proto::v1;

/// What handlers return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a handler returns no value.
///
/// Any [`std::error::Error`] becomes one through `?`. From a tool it is a
/// result that says it failed, for the model to read and to do better. MCP
/// knows no such result for resources, prompts and completions, whose errors
/// all go to the client's developer, as a [`ProtocolError`] always does.
///
/// Like `anyhow::Error` it is no `std::error::Error` itself.
pub struct Error(Box<Kind>);

pub(crate) enum Kind {
    Failure(String),
    Protocol(ProtocolError),
    Question(QuestionError),
    /// The question is on its way to the client.
    Asked,
    /// A round that the author ends by hand.
    Manual(InputRequired),
}

impl Error {
    /// A failure that says `text`.
    pub fn new(text: impl fmt::Display) -> Self {
        Self::of(Kind::Failure(text.to_string()))
    }

    /// Whether the call ends with a question and is entered again with the
    /// answer: hand such an error on, and do nothing else.
    pub fn is_asked(&self) -> bool {
        matches!(*self.0, Kind::Asked | Kind::Manual(_))
    }

    /// The protocol error that this is, if it is one.
    pub fn as_protocol(&self) -> Option<&ProtocolError> {
        match &*self.0 {
            Kind::Protocol(err) => Some(err),
            _ => None,
        }
    }

    /// Why there is no answer to a question, if that is what this says.
    pub fn as_question(&self) -> Option<&QuestionError> {
        match &*self.0 {
            Kind::Question(err) => Some(err),
            _ => None,
        }
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    pub(crate) fn kind(self) -> Kind {
        *self.0
    }

    /// Stands for what the operator's log tells and nobody else may know.
    pub(crate) fn internal() -> Self {
        Self::new(INTERNAL)
    }

    /// What is said of it to whoever is to read it.
    pub(crate) fn told(&self) -> String {
        let text = self.to_string();
        if text.is_empty() {
            return INTERNAL.to_owned();
        }
        text
    }

    /// The error as the outcome of what knows no other failure.
    pub(crate) fn into_wire(self) -> v1::ProtocolError {
        match self.kind() {
            Kind::Protocol(err) => err.into_wire(),
            other => v1::ProtocolError {
                code: v1::ProtocolErrorCode::Internal.into(),
                message: Self::of(other).told(),
                ..Default::default()
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Failure(text) => f.write_str(text),
            Kind::Protocol(err) => err.fmt(f),
            Kind::Question(err) => err.fmt(f),
            Kind::Asked => f.write_str(ASKED),
            Kind::Manual(round) => round.fmt(f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Says no more than that something went wrong.
const INTERNAL: &str = "internal error";

pub(crate) const ASKED: &str =
    "the call ends with a question, and is entered again with the answer";

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(err: E) -> Self {
        let err: Box<dyn Any> = Box::new(err);
        match downcast(err) {
            Ok(kind) => Self::of(kind),
            Err(err) => match err.downcast::<E>() {
                Ok(err) => Self::of(Kind::Failure(chain(&*err))),
                Err(_) => Self::internal(), // it was put in as an E
            },
        }
    }
}

/// Finds our own errors among all that `?` takes.
fn downcast(err: Box<dyn Any>) -> std::result::Result<Kind, Box<dyn Any>> {
    let err = match err.downcast::<ProtocolError>() {
        Ok(err) => return Ok(Kind::Protocol(*err)),
        Err(err) => err,
    };
    let err = match err.downcast::<QuestionError>() {
        Ok(err) => return Ok(Kind::Question(*err)),
        Err(err) => err,
    };
    err.downcast::<InputRequired>()
        .map(|round| Kind::Manual(*round))
}

/// The error and what caused it, unless it says so itself.
fn chain(err: &dyn StdError) -> String {
    let mut text = err.to_string();
    let mut source = err.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Ends a call that cannot be served as asked. It is for the client's
/// developer: any other error is for the model to read.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtocolError {
    /// What is wrong.
    pub code: ErrorCode,
    /// One sentence.
    pub message: String,
    /// More, for programs.
    pub data: Option<Value>,
    /// With [`ErrorCode::MissingCapability`]: what the client would need.
    pub required: Capabilities,
}

/// What is wrong with a call. The host gives each its JSON-RPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The parameters make no sense.
    InvalidParams,
    /// What the call names does not exist.
    NotFound,
    /// The client cannot do what the call needs.
    MissingCapability,
    /// Something else; the client is shown the message.
    Internal,
}

impl ProtocolError {
    /// An error of any code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
            required: Capabilities::default(),
        }
    }

    /// Says that the parameters of a call make no sense.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }

    /// Says that what a call names does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// Says that the client cannot do what the call needs. What a tool always
    /// needs belongs in [`Tool::requires`](crate::Tool::requires) instead.
    pub fn missing_capability(required: Capabilities) -> Self {
        let message = format!("the client lacks a capability that this call needs: {required}");
        Self {
            required,
            ..Self::new(ErrorCode::MissingCapability, message)
        }
    }

    pub(crate) fn into_wire(self) -> v1::ProtocolError {
        let code = match self.code {
            ErrorCode::InvalidParams => v1::ProtocolErrorCode::InvalidParams,
            ErrorCode::NotFound => v1::ProtocolErrorCode::NotFound,
            ErrorCode::MissingCapability => v1::ProtocolErrorCode::MissingClientCapability,
            ErrorCode::Internal => v1::ProtocolErrorCode::Internal,
        };
        v1::ProtocolError {
            code: code.into(),
            message: self.message,
            data_json: self.data.as_ref().map(json::bytes).unwrap_or_default(),
            required: self.required.into_wire(),
        }
    }

    pub(crate) fn from_wire(wire: v1::ProtocolError) -> Self {
        let code = match wire.code() {
            v1::ProtocolErrorCode::InvalidParams => ErrorCode::InvalidParams,
            v1::ProtocolErrorCode::NotFound => ErrorCode::NotFound,
            v1::ProtocolErrorCode::MissingClientCapability => ErrorCode::MissingCapability,
            _ => ErrorCode::Internal,
        };
        Self {
            code,
            data: serde_json::from_slice(&wire.data_json).ok(),
            required: Capabilities::from_wire(wire.required),
            message: wire.message,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ProtocolError {}

/// Says that there is no answer to a question: the client could not or would
/// not give one that fits. A person's refusal is none: that is an
/// [`Answer`](crate::Answer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionError {
    /// The key of the question.
    pub key: String,
    /// Why there is no answer.
    pub message: String,
}

impl fmt::Display for QuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no answer to the question {:?}: {}",
            self.key, self.message
        )
    }
}

impl StdError for QuestionError {}
