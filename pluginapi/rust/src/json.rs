// SPDX-License-Identifier: Apache-2.0

//! Small conversions between JSON values and the bytes that carry them.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// The bytes of a value, which always has some.
pub(crate) fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// The bytes of anything that has a JSON form.
pub(crate) fn encode(value: &impl Serialize) -> serde_json::Result<Bytes> {
    serde_json::to_vec(value).map(Bytes::from)
}
