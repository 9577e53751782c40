// SPDX-License-Identifier: Apache-2.0

//! The operator's log: lines of JSON on standard error, in the form of
//! go-hclog, from which the host reads level and fields.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Value};

/// Writes to the operator's log.
#[derive(Clone, Debug)]
pub struct Logger {
    module: String,
    fields: Map<String, Value>,
}

impl Logger {
    pub(crate) fn new(module: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            fields: Map::new(),
        }
    }

    /// A logger whose every line has one more field.
    pub fn with(&self, key: impl Into<String>, value: impl Serialize) -> Self {
        let mut logger = self.clone();
        // What has no JSON form is left out rather than the line.
        if let Ok(value) = serde_json::to_value(value) {
            logger.fields.insert(key.into(), value);
        }
        logger
    }

    /// Writes what only a debugger wants to know.
    pub fn trace(&self, message: impl AsRef<str>) {
        self.write("trace", message.as_ref());
    }

    /// Writes what helps to find a fault.
    pub fn debug(&self, message: impl AsRef<str>) {
        self.write("debug", message.as_ref());
    }

    /// Writes what is good to know.
    pub fn info(&self, message: impl AsRef<str>) {
        self.write("info", message.as_ref());
    }

    /// Writes what should be looked at.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.write("warn", message.as_ref());
    }

    /// Writes what has gone wrong.
    pub fn error(&self, message: impl AsRef<str>) {
        self.write("error", message.as_ref());
    }

    fn write(&self, level: &str, message: &str) {
        let mut line = Map::new();
        line.insert("@level".to_owned(), level.into());
        line.insert("@message".to_owned(), message.into());
        line.insert("@module".to_owned(), self.module.as_str().into());
        line.insert("@timestamp".to_owned(), timestamp(SystemTime::now()).into());
        line.extend(self.fields.clone());
        let mut line = Value::from(line).to_string();
        line.push('\n');
        // Nobody is left to tell when the log is gone; eprintln would panic.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// RFC 3339 with microseconds, in UTC.
fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The date that is so many days after 1970-01-01, by counting in eras of 400
/// years that begin on a first of March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timestamps_are_dates() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_827_696, "2000-02-29T12:34:56.000000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000000Z"),
            (4_102_444_799, "2099-12-31T23:59:59.000000Z"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), want);
        }
    }
}
