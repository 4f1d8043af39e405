//! The timeouts of rules that have become one: the longest of each.

use crate::map;
use crate::value::Value;

use super::notes::Notes;
use super::rules::SourceRule;

/// What counts where no rule says how long a stream may be idle.
pub const STREAM_IDLE: &str = "600s";

/// `timeouts` of the route's rule; nothing where there is no limit.
pub fn of_route(rules: &[SourceRule<'_>], notes: &mut Notes) -> Value {
    let mut timeouts = map! {};
    for member in ["request", "backendRequest"] {
        if let Some(longest) = longest(rules, &format!("timeouts.{member}"), None, notes) {
            *timeouts.entry(member) = longest.into();
        }
    }
    if timeouts.entries().is_empty() { Value::Null } else { timeouts }
}

/// How long a stream may be idle.
pub fn stream_idle<'a>(rules: &[SourceRule<'a>], notes: &mut Notes) -> &'a str {
    longest(rules, "streamIdleTimeout", Some(STREAM_IDLE), notes).unwrap_or(STREAM_IDLE)
}

/// The longest of what the rules say, each that differs with a line; `None` is no limit, and longer than all.
fn longest<'a>(
    rules: &[SourceRule<'a>],
    member: &str,
    default: Option<&'static str>,
    notes: &mut Notes,
) -> Option<&'a str> {
    let said = |rule: &SourceRule<'a>| rule.rule.at(member).text().or(default);
    // The first of equal ones: the last is what `max_by_key` takes.
    let longest = rules.iter().rev().map(said).max_by_key(|text| milliseconds(*text))?;
    for rule in rules {
        let own = said(rule);
        if milliseconds(own) == milliseconds(longest) {
            continue;
        }
        let (own, longest) = (own.unwrap_or_default(), longest.filter(|text| milliseconds(Some(text)) != u64::MAX));
        let words = match longest {
            Some(longest) => format!("{own} here: one is for all rules, and the longest counts, {longest}"),
            None => format!("{own} here: one is for all rules, and there is a rule without a limit"),
        };
        notes.add(rule.route, &format!("{}.{member}", rule.path), &words);
    }
    longest
}

/// A duration such as `1h30m`; no limit where there is none, it is 0, or it cannot be read.
fn milliseconds(text: Option<&str>) -> u64 {
    let read = |text: &str| {
        let (mut sum, mut rest) = (0_u64, text);
        while !rest.is_empty() {
            let digits = rest.find(|char: char| !char.is_ascii_digit())?;
            let (number, unit) = rest.split_at(digits);
            let end = unit.find(|char: char| char.is_ascii_digit()).unwrap_or(unit.len());
            let factor = match &unit[..end] {
                "h" => 3_600_000,
                "m" => 60_000,
                "s" => 1000,
                "ms" => 1,
                _ => return None,
            };
            sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
            rest = &unit[end..];
        }
        Some(sum)
    };
    text.and_then(read).filter(|sum| *sum > 0).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("1h30m", 5_400_000),
            ("600s", 600_000),
            ("500ms", 500),
            ("0s", u64::MAX),
            ("é", u64::MAX),
            ("5", u64::MAX),
        ] {
            assert_eq!(milliseconds(Some(text)), expected, "{text}");
        }
        assert_eq!(milliseconds(None), u64::MAX);
    }
}
