// SPDX-License-Identifier: Apache-2.0

//! What the tools do.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcphost_plugin::{
    Content, Context, Error, LogLevel, ProtocolError, Result, Sample, Structured, Tool,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resources::LOGO;
use crate::{Clock, Settings, CLOCK};

/// The arguments of `greet`.
#[derive(Deserialize, JsonSchema)]
pub struct Greet {
    /// whom to greet
    who: String,
}

pub async fn greet(ctx: Context, args: Greet) -> Result<String> {
    let settings = ctx.settings::<Settings>()?;
    Ok(format!("{}, {}!", settings.greeting, args.who))
}

/// The arguments of `count`.
#[derive(Deserialize, JsonSchema)]
pub struct Count {
    /// where to stop
    n: u64,
    /// milliseconds before each number
    #[serde(default)]
    delay_ms: u64,
}

/// A cancelled count stops by itself: its future is dropped.
pub async fn count(ctx: Context, args: Count) -> Result<String> {
    for i in 1..=args.n {
        tokio::time::sleep(Duration::from_millis(args.delay_ms)).await;
        ctx.progress(i as f64, args.n as f64, format!("counted {i}"))
            .await;
    }
    Ok(format!("Counted to {}.", args.n))
}

/// The arguments of `stats`.
#[derive(Deserialize, JsonSchema)]
pub struct Numbers {
    /// what to look at
    numbers: Vec<f64>,
}

/// What `stats` returns.
#[derive(Serialize, JsonSchema)]
pub struct Stats {
    count: usize,
    sum: f64,
    mean: f64,
}

pub async fn stats(_: Context, Numbers { numbers }: Numbers) -> Result<Structured<Stats>> {
    if numbers.is_empty() {
        return Err(Error::new("numbers must not be empty"));
    }
    let (count, sum) = (numbers.len(), numbers.iter().sum::<f64>());
    Ok(Structured(Stats {
        count,
        sum,
        mean: sum / count as f64,
    }))
}

/// The arguments of `fill`.
#[derive(Deserialize, JsonSchema)]
pub struct Fill {
    /// how many letters
    bytes: usize,
}

/// The most that `fill` returns; a message of the protocol holds 64 MiB.
const MAX_FILL: usize = 60 << 20;

pub async fn fill(_: Context, Fill { bytes }: Fill) -> Result<String> {
    if bytes > MAX_FILL {
        return Err(Error::new(format!(
            "bytes: has to be at most {MAX_FILL}, not {bytes}"
        )));
    }
    Ok("x".repeat(bytes))
}

pub async fn picture(_: Context, (): ()) -> Result<Content> {
    Ok(Content::image(LOGO, "image/png"))
}

/// The arguments of `fail`.
#[derive(Deserialize, JsonSchema)]
pub struct Fail {
    /// the way
    how: How,
}

/// The ways to fail.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum How {
    Error,
    Crash,
    Protocol,
}

pub async fn fail(_: Context, args: Fail) -> Result<()> {
    match args.how {
        How::Error => Err(Error::new("asked to fail")),
        How::Crash => panic!("asked to crash"),
        How::Protocol => Err(ProtocolError::invalid_params("asked to fail").into()),
    }
}

/// The arguments of `say`.
#[derive(Deserialize, JsonSchema)]
pub struct Say {
    /// debug, info, notice, warning, error, critical, alert or emergency
    level: String,
    /// what to say
    message: String,
}

pub async fn say(ctx: Context, args: Say) -> Result<&'static str> {
    let level: LogLevel = args.level.parse()?;
    ctx.log(level, args.message).await;
    Ok("Said.")
}

/// What `whoami` returns.
#[derive(Serialize, JsonSchema)]
pub struct Whoami {
    client: String,
    principal: String,
    wants_progress: bool,
    elicitation: bool,
}

pub async fn whoami(ctx: Context, (): ()) -> Result<Structured<Whoami>> {
    let caller = ctx.caller();
    Ok(Structured(Whoami {
        client: caller.client.name.clone(),
        principal: caller
            .principal
            .as_ref()
            .map_or_else(String::new, |p| p.subject.clone()),
        wants_progress: caller.wants_progress,
        elicitation: caller.capabilities.elicitation_form,
    }))
}

/// The form that `survey` asks to fill in.
#[derive(Deserialize, JsonSchema)]
struct Who {
    name: String,
}

/// Reads as if it ran once. It runs once for each question, and once more.
pub async fn survey(ctx: Context, (): ()) -> Result<String> {
    let started: u128 = ctx.memo("started", || async { Ok(now()) }).await?;
    let Some(who) = ctx.elicit::<Who>("who", "Who are you?")?.accepted() else {
        return Ok("nobody answered".to_owned());
    };
    let greeting = Sample::new("model")
        .user(format!("Greet {}.", who.name))
        .max_tokens(100);
    let model = ctx.sample(greeting)?;
    let roots = ctx.roots("roots")?;

    ctx.logger()
        .with("took_ms", now().saturating_sub(started))
        .debug("the survey is over");
    let first = model
        .content
        .first()
        .and_then(Content::as_text)
        .unwrap_or_default();
    Ok(format!(
        "name={} model={first} roots={}",
        who.name,
        roots.len()
    ))
}

/// Milliseconds since 1970.
fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}

pub async fn tick(ctx: Context, clock: Clock) -> Result<String> {
    let now = clock.fetch_add(1, Ordering::SeqCst) + 1;
    ctx.plugin().resource_updated(CLOCK);
    Ok(now.to_string())
}

pub async fn grow(ctx: Context, (): ()) -> Result<&'static str> {
    let grown = Tool::new("grown")
        .description("Was added at run time.")
        .read_only();
    // It fails where the tool has grown already, which is as good.
    let _ = ctx.plugin().add_tool(grown, |_, ()| async { Ok("grown") });
    Ok("A tool grew.")
}
