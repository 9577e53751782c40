// SPDX-License-Identifier: Apache-2.0

//! Completions: values suggested while a user types.

use std::collections::BTreeMap;
use std::future::{ready, Ready};

use crate::context::Context;
use crate::error::Result;
use crate::proto::v1;

/// How many suggestions MCP lets a completion hold.
const MAX_VALUES: usize = 100;

/// Asks for the values of one argument or variable.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompleteRequest {
    /// Which one.
    pub argument: String,
    /// What is typed so far; may be empty.
    pub value: String,
    /// Those that are filled in already, where the client tells.
    pub arguments: BTreeMap<String, String>,
}

/// A list of suggestions that is not all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Best first; clients see the first 100.
    pub values: Vec<String>,
    /// How many there are in all; `None`: unknown.
    pub total: Option<u32>,
    /// Whether there are more than `values` holds.
    pub has_more: bool,
}

impl Completion {
    pub(crate) fn into_wire(mut self) -> v1::Completion {
        let has_more = self.has_more || self.values.len() > MAX_VALUES;
        self.values.truncate(MAX_VALUES);
        v1::Completion {
            values: self.values,
            total: self.total,
            has_more,
        }
    }
}

/// What a completion may be: the values, all there are, or the best of more.
pub trait CompletionOutput {
    /// The list that the client gets.
    fn into_completion(self) -> Completion;
}

impl CompletionOutput for Completion {
    fn into_completion(self) -> Completion {
        self
    }
}

impl CompletionOutput for Vec<String> {
    fn into_completion(self) -> Completion {
        Completion {
            total: u32::try_from(self.len()).ok(),
            values: self,
            has_more: false,
        }
    }
}

/// Suggests those of the values that begin with what is typed, in any case.
pub fn prefix_completion<I, S>(
    values: I,
) -> impl Fn(Context, CompleteRequest) -> Ready<Result<Vec<String>>> + Send + Sync + 'static
where
    I: IntoIterator<Item = S>,
    S: Into<String>,
{
    let values: Vec<String> = values.into_iter().map(Into::into).collect();
    move |_, request| {
        let typed = request.value.to_lowercase();
        let matching = values
            .iter()
            .filter(|value| value.to_lowercase().starts_with(&typed));
        ready(Ok(matching.cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_limit_are_counted() {
        let values: Vec<String> = (0..150).map(|i| i.to_string()).collect();
        let wire = values.into_completion().into_wire();
        assert_eq!(
            (wire.values.len(), wire.total, wire.has_more),
            (MAX_VALUES, Some(150), true)
        );
    }
}
