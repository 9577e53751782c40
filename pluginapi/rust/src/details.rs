// SPDX-License-Identifier: Apache-2.0

//! What does not change while a plugin serves, and what the host is told of it.

use std::any::Any;
use std::sync::Arc;

use serde_json::Value;

use crate::catalogue::locked;
use crate::error::Result;
use crate::handle::Handle;
use crate::offer::BoxFuture;
use crate::proto::v1;
use crate::schema::Input;

type ConnectionHook = Box<dyn Fn(String) + Send + Sync>;
type SubscriptionHook = Box<dyn Fn(&[String]) -> Vec<String> + Send + Sync>;
pub(crate) type ConfigureHook =
    Box<dyn Fn(Value) -> BoxFuture<Result<Arc<dyn Any + Send + Sync>>> + Send + Sync>;

/// What does not change while the plugin serves.
#[derive(Default)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) website_url: String,
    pub(crate) extensions: Vec<String>,
    pub(crate) max_concurrent_calls: u32,
    pub(crate) abilities: Vec<Ability>,
    pub(crate) settings: Option<Settings>,
    pub(crate) on_end_connection: Option<ConnectionHook>,
    pub(crate) on_subscriptions: Option<SubscriptionHook>,
}

/// What takes the operator's settings.
pub(crate) struct Settings {
    pub(crate) input: Input,
    pub(crate) configure: ConfigureHook,
    /// Decodes no settings at all, for calls that come before any.
    pub(crate) unset: fn() -> Option<Arc<dyn Any + Send + Sync>>,
}

impl Settings {
    pub(crate) fn defaults(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        (self.unset)()
    }
}

/// A kind of thing that a plugin provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ability {
    Tools,
    Resources,
    Prompts,
    Completions,
    Subscriptions,
}

impl Ability {
    fn wire(self) -> v1::Ability {
        match self {
            Self::Tools => v1::Ability::Tools,
            Self::Resources => v1::Ability::Resources,
            Self::Prompts => v1::Ability::Prompts,
            Self::Completions => v1::Ability::Completions,
            Self::Subscriptions => v1::Ability::Subscriptions,
        }
    }
}

impl Handle {
    /// What the host is told first.
    pub(crate) fn describe(&self) -> v1::DescribeResponse {
        let details = self.details();
        v1::DescribeResponse {
            name: details.name.clone(),
            version: details.version.clone(),
            title: details.title.clone(),
            description: details.description.clone(),
            website_url: details.website_url.clone(),
            abilities: self.announced().iter().map(|a| a.wire().into()).collect(),
            settings_schema_json: details
                .settings
                .as_ref()
                .map(|s| s.input.schema_json())
                .unwrap_or_default(),
            limits: Some(v1::Limits {
                max_concurrent_calls: details.max_concurrent_calls,
            }),
            extensions: details.extensions.clone(),
        }
    }

    /// Those that something was added for, and those that the author names. None
    /// at all would mean tools as well.
    pub(crate) fn abilities(&self) -> Vec<Ability> {
        let (details, offer) = (self.details(), self.offer());
        let no_completions = locked(&offer.completions).is_empty();
        let has = [
            (Ability::Tools, !offer.tools.is_empty()),
            (
                Ability::Resources,
                !offer.resources.is_empty() || !offer.templates.is_empty(),
            ),
            (Ability::Prompts, !offer.prompts.is_empty()),
            (Ability::Completions, !no_completions),
            (
                Ability::Subscriptions,
                details.on_subscriptions.is_some() || offer.any_subscribable(),
            ),
        ];
        let provided =
            |(ability, has)| (has || details.abilities.contains(&ability)).then_some(ability);
        let list: Vec<_> = has.into_iter().filter_map(provided).collect();
        if list.is_empty() {
            return vec![Ability::Tools];
        }
        list
    }
}
