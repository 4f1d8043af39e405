//! An order for a fault, as a test sends it.

use std::time::Duration;

use serde::Deserialize;

use super::Fault;
use crate::credentials::Service;
use crate::credentials::reply::Failure;

/// How long a slow answer takes, when nothing else is said.
const SLOW: Duration = Duration::from_secs(1);

const FAILED: &str = "The request processing has failed because of an unknown error, exception or failure.";

/// What was ordered.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    /// For which service.
    pub service: Service,
    /// What is to go wrong; nothing when it is switched off.
    pub fault: Option<Fault>,
    /// For how many requests; forever when there is no number.
    pub times: Option<u32>,
}

/// The words for faults.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Word {
    None,
    Error,
    Slow,
    Stall,
    Reset,
    Garbage,
    Cut,
    Huge,
    Redirect,
    Echo,
    WrongType,
    Empty,
}

/// The JSON: what is not in it is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    service: Service,
    fault: Word,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    ms: Option<u64>,
    times: Option<u32>,
}

impl Order {
    /// Reads an order, or says what is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(json).map_err(|error| format!("simulator: {error}"))?;
        let (service, times) = (written.service, written.times);
        Ok(Self { service, fault: written.fault()?, times })
    }
}

impl Written {
    fn fault(self) -> Result<Option<Fault>, String> {
        let status = self.status.unwrap_or(500);
        if !(200..=599).contains(&status) {
            return Err(format!("simulator: status {status} is none of 200 to 599"));
        }
        Ok(Some(match self.fault {
            Word::None => return Ok(None),
            Word::Error => Fault::Error(Failure {
                status,
                code: self.code.unwrap_or_else(|| self.service.internal_failure().into()),
                message: self.message.unwrap_or_else(|| FAILED.into()),
            }),
            Word::Slow => Fault::Slow(self.ms.map_or(SLOW, Duration::from_millis)),
            Word::Stall => Fault::Stall,
            Word::Reset => Fault::Reset,
            Word::Garbage => Fault::Garbage,
            Word::Cut => Fault::Cut,
            Word::Huge => Fault::Huge,
            Word::Redirect => Fault::Redirect,
            Word::Echo => Fault::Echo,
            Word::WrongType => Fault::WrongType,
            Word::Empty => Fault::Empty,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_refused() {
        for order in [
            "",
            "[]",
            r#"{"fault":"stall"}"#,
            r#"{"service":"imds","fault":"stall"}"#,
            r#"{"service":"sts","fault":"explode"}"#,
            r#"{"service":"sts","fault":"stall","after":1}"#,
            r#"{"service":"sts","fault":"error","status":99}"#,
            r#"{"service":"sts","fault":"error","status":101}"#,
        ] {
            let complaint = Order::parse(order.as_bytes()).expect_err(order);
            assert!(complaint.starts_with("simulator: "), "{complaint}");
        }
    }
}
