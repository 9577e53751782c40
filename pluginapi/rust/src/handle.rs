// SPDX-License-Identifier: Apache-2.0

//! A plugin that serves, and how to change what it offers.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::details::{Ability, Details};
use crate::error::{Error, Result};
use crate::logger::Logger;
use crate::offer::Offer;
use crate::prompt::{Prompt, PromptOutput};
use crate::resource::{Resource, ResourceOutput, ResourceTemplate};
use crate::template::Variables;
use crate::tool::{Tool, ToolOutput};

/// What the host has said with the settings.
pub(crate) struct Configured {
    pub(crate) identity: String,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) settings: Arc<dyn Any + Send + Sync>,
}

pub(crate) struct Inner {
    pub(crate) details: Details,
    pub(crate) offer: Offer,
    pub(crate) logger: Logger,
    pub(crate) configured: OnceLock<Configured>,
    /// What clients are told that there is, from the start on.
    pub(crate) announced: OnceLock<Vec<Ability>>,
}

/// A plugin that serves. Clones are of the same plugin; all methods may be
/// called by many threads at once. What is added and removed is announced to
/// clients. Adding something of a kind of which there was nothing when the plugin
/// began to serve, and that [`Plugin::ability`](crate::Plugin::ability) did not
/// name, is an error: clients do not look for it.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Inner>);

impl Handle {
    /// Offers a tool, as [`Plugin::tool`](crate::Plugin::tool) does.
    pub fn add_tool<In, Out, F, Fut>(&self, tool: Tool, handler: F) -> Result<()>
    where
        In: DeserializeOwned + JsonSchema + Send + 'static,
        Out: ToolOutput + 'static,
        F: Fn(Context, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        self.check_announced(Ability::Tools)?;
        self.offer().add_tool(tool, handler).map_err(Error::new)
    }

    /// Takes a tool away; calls in flight go on. It is no mistake to remove
    /// what is not there.
    pub fn remove_tool(&self, name: &str) {
        self.offer().tools.remove(name);
    }

    /// Offers a resource, as [`Plugin::resource`](crate::Plugin::resource) does.
    pub fn add_resource<Out, F, Fut>(&self, resource: Resource, handler: F) -> Result<()>
    where
        Out: ResourceOutput + 'static,
        F: Fn(Context, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        self.check_announced(Ability::Resources)?;
        self.warn_unsubscribable(resource.subscribable);
        self.0
            .offer
            .add_resource(resource, handler)
            .map_err(Error::new)
    }

    /// Takes a resource away; readings in flight go on.
    pub fn remove_resource(&self, uri: &str) {
        self.offer().resources.remove(uri);
    }

    /// Offers a family of resources, as
    /// [`Plugin::resource_template`](crate::Plugin::resource_template) does.
    pub fn add_resource_template<Out, F, Fut>(
        &self,
        template: ResourceTemplate,
        handler: F,
    ) -> Result<()>
    where
        Out: ResourceOutput + 'static,
        F: Fn(Context, String, Variables) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        self.check_announced(Ability::Resources)?;
        self.warn_unsubscribable(template.subscribable);
        self.0
            .offer
            .add_template(template, handler)
            .map_err(Error::new)
    }

    /// Takes a family of resources away; readings in flight go on.
    pub fn remove_resource_template(&self, uri_template: &str) {
        self.offer().templates.remove(uri_template);
    }

    /// Offers a prompt, as [`Plugin::prompt`](crate::Plugin::prompt) does.
    pub fn add_prompt<In, Out, F, Fut>(&self, prompt: Prompt, handler: F) -> Result<()>
    where
        In: DeserializeOwned + JsonSchema + Send + 'static,
        Out: PromptOutput + 'static,
        F: Fn(Context, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        self.check_announced(Ability::Prompts)?;
        self.offer().add_prompt(prompt, handler).map_err(Error::new)
    }

    /// Takes a prompt away; calls in flight go on.
    pub fn remove_prompt(&self, name: &str) {
        self.offer().prompts.remove(name);
    }

    /// Tells the clients that have subscribed to the resource, or to one that
    /// it is a part of, that it has changed. It is cheap when nobody has.
    /// Changes in quick succession become one.
    pub fn resource_updated(&self, uri: &str) {
        if self.offer().updates.add(uri) {
            self.offer().changes.raise();
        }
    }

    /// Writes to the operator's log.
    pub fn logger(&self) -> Logger {
        self.0.logger.clone()
    }

    /// The name that the host knows the plugin by; empty until the host has said
    /// it, which it does before the first call.
    pub fn identity(&self) -> &str {
        self.0.configured.get().map_or("", |c| &c.identity)
    }

    /// As [`Context::data_dir`].
    pub fn data_dir(&self) -> Option<&Path> {
        self.0.configured.get().and_then(|c| c.data_dir.as_deref())
    }

    /// As [`Context::settings`].
    pub fn settings<T: Send + Sync + 'static>(&self) -> Result<Arc<T>> {
        let configured = self.0.configured.get().map(|c| c.settings.clone());
        let settings = configured.or_else(|| self.details().settings.as_ref()?.defaults());
        settings
            .and_then(|s| s.downcast::<T>().ok())
            .ok_or_else(|| {
                self.logger().error(format!(
                    "the plugin has no settings of type {}",
                    std::any::type_name::<T>()
                ));
                Error::internal()
            })
    }

    fn check_announced(&self, ability: Ability) -> Result<()> {
        if self.announced().contains(&ability) {
            return Ok(());
        }
        let kind = format!("{ability:?}").to_lowercase();
        Err(Error::new(format!(
            "clients were told that this plugin provides no {kind}, and do not look for any: \
             announce what comes while it serves with Plugin::ability(Ability::{ability:?})"
        )))
    }

    /// What is added can be read all the same.
    fn warn_unsubscribable(&self, subscribable: bool) {
        if subscribable && !self.announced().contains(&Ability::Subscriptions) {
            self.logger().error(
                "nobody can subscribe to what was added: subscriptions are no announced ability",
            );
        }
    }

    /// Settles with the first call what clients are told that there is.
    pub(crate) fn announced(&self) -> &[Ability] {
        self.0.announced.get_or_init(|| self.abilities())
    }

    pub(crate) fn offer(&self) -> &Offer {
        &self.0.offer
    }

    pub(crate) fn details(&self) -> &Details {
        &self.0.details
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("name", &self.details().name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Plugin;

    #[test]
    fn what_comes_late_must_have_been_announced() {
        let plugin = Plugin::new("late", "1")
            .tool(Tool::new("first"), |_, ()| async { Ok(()) })
            .ability(Ability::Prompts)
            .start()
            .unwrap()
            .plugin;
        plugin
            .add_tool(Tool::new("second"), |_, ()| async { Ok(()) })
            .unwrap();
        plugin
            .add_prompt(Prompt::new("p"), |_, ()| async { Ok("x") })
            .unwrap();
        let late = plugin.add_resource(Resource::new("t://r", "r"), |_, _| async { Ok("x") });
        let text = late.unwrap_err().to_string();
        assert!(
            text.contains("Plugin::ability(Ability::Resources)"),
            "{text}"
        );
        assert!(plugin.offer().resources.is_empty());
    }
}
