// SPDX-License-Identifier: Apache-2.0

//! Several questions that are asked in one round.

use crate::error::Result;
use crate::exchange::Round;
use crate::input::InputRequest;
use crate::question::sealed::Asks;
use crate::question::Question;

/// Questions to ask in one round: one, a tuple of up to four, or a `Vec` of one
/// kind.
pub trait Questions: several::AskAll {}

impl<Q: several::AskAll> Questions for Q {}

pub(crate) mod several {
    use super::{InputRequest, Round};

    pub trait AskAll {
        /// The answers, as the questions stand.
        type Answers;

        fn requests(&self) -> Vec<Result<InputRequest, String>>;

        /// Takes the answers, or notes in the round which have none.
        fn take(&self, round: &mut Round<'_>) -> Option<Self::Answers>;
    }
}

impl<Q: Question> several::AskAll for Q {
    type Answers = Q::Answer;

    fn requests(&self) -> Vec<Result<InputRequest, String>> {
        vec![self.request()]
    }

    fn take(&self, round: &mut Round<'_>) -> Option<Q::Answer> {
        round.take(self)
    }
}

impl<Q: Question> several::AskAll for Vec<Q> {
    type Answers = Vec<Q::Answer>;

    fn requests(&self) -> Vec<Result<InputRequest, String>> {
        self.iter().map(Asks::request).collect()
    }

    fn take(&self, round: &mut Round<'_>) -> Option<Vec<Q::Answer>> {
        // Each is taken, so that all that are missing are asked at once.
        let answers: Vec<_> = self.iter().map(|q| round.take(q)).collect();
        answers.into_iter().collect()
    }
}

macro_rules! tuple {
    ($($question:ident $at:tt),+) => {
        impl<$($question: Question),+> several::AskAll for ($($question,)+) {
            type Answers = ($($question::Answer,)+);

            fn requests(&self) -> Vec<Result<InputRequest, String>> {
                vec![$(self.$at.request()),+]
            }

            fn take(&self, round: &mut Round<'_>) -> Option<Self::Answers> {
                let answers = ($(round.take(&self.$at),)+);
                Some(($(answers.$at?,)+))
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
