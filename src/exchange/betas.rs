//! The betas of a request: what the client asks for, and what of it Bedrock gets.

use super::headers::Headers;
use super::reply::Reply;
use crate::bedrock::betas;
use crate::config;

/// So many different ones a request may ask for. There are some fifty.
const MOST: usize = 128;

/// What a client asks for, by Bedrock's names, once each and in order.
#[derive(Debug, Default)]
pub struct Betas {
    /// One more than [`MOST`] when there are too many.
    asked: Vec<Beta>,
}

#[derive(Debug)]
struct Beta {
    name: String,
    denied: bool,
}

/// What Bedrock gets of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// These are sent.
    pub sent: Vec<String>,
    /// These are not.
    pub dropped: Vec<String>,
}

impl Betas {
    /// Those of every `anthropic-beta` line, each a comma-separated list.
    pub fn of_head(head: &Headers<'_>, rules: &config::Betas) -> Self {
        let mut betas = Self::default();
        for line in head.all("anthropic-beta") {
            for beta in String::from_utf8_lossy(line).split(',') {
                betas.ask(beta.trim(), rules);
            }
        }
        betas
    }

    /// One more.
    pub fn ask(&mut self, beta: &str, rules: &config::Betas) {
        if self.asked.len() > MOST {
            return;
        }
        let name = match rules.alias.get(beta) {
            Some(name) => name,
            // One that is let through by its own name keeps it.
            None if rules.allow.iter().any(|allowed| allowed == beta) => beta,
            None => betas::name(beta),
        };
        if !beta.is_empty() && !self.asked.iter().any(|known| known.name == name) {
            let denied = rules.deny.iter().any(|denied| denied == beta || denied == name);
            self.asked.push(Beta { name: name.to_owned(), denied });
        }
    }

    /// Refuses a request that asks for more than there can be.
    pub fn check(&self) -> Result<(), Reply> {
        if self.asked.len() > MOST {
            return Err(Reply::invalid(&format!("anthropic-beta: more than {MOST} different ones")));
        }
        Ok(())
    }

    /// What of them Bedrock gets for a model of 4.7 or later, or for an older one.
    pub fn filter(&self, rules: &config::Betas, newer: bool) -> Filtered {
        let mut filtered = Filtered::default();
        for Beta { name, denied } in &self.asked {
            let taken = betas::is_taken(name, newer) || rules.allow.contains(name);
            let list = if taken && !denied { &mut filtered.sent } else { &mut filtered.dropped };
            list.push(name.clone());
        }
        filtered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(lines: &[&str], rules: &config::Betas, newer: bool) -> (String, String) {
        let head = Headers(lines.iter().map(|line| (b"anthropic-beta".as_slice(), line.as_bytes())).collect());
        let Filtered { sent, dropped } = Betas::of_head(&head, rules).filter(rules, newer);
        (sent.join(" "), dropped.join(" "))
    }

    fn pair(sent: &str, dropped: &str) -> (String, String) {
        (sent.to_owned(), dropped.to_owned())
    }

    #[test]
    fn lines_are_joined_aliased_filtered_and_kept_in_order() {
        let rules = config::Betas::default();
        for (lines, newer, expected) in [
            (&[][..], true, pair("", "")),
            (&["effort-2025-11-24, claude-code-20250219"], true, pair("effort-2025-11-24", "claude-code-20250219")),
            (
                &["compact-2026-01-12", " ,effort-2025-11-24,,compact-2026-01-12"],
                false,
                pair("compact-2026-01-12 effort-2025-11-24", ""),
            ),
            (
                &["advanced-tool-use-2025-11-20,tool-search-tool-2025-10-19"],
                false,
                pair("tool-search-tool-2025-10-19", ""),
            ),
            (&["dangerous-tool-use-2026-09-03"], false, pair("", "dangerous-tool-use-2026-09-03")),
            (&["dangerous-tool-use-2026-09-03"], true, pair("dangerous-tool-use-2026-09-03", "")),
        ] {
            assert_eq!(filtered(lines, &rules, newer), expected, "{lines:?}");
        }
    }

    #[test]
    fn there_may_be_so_many_and_no_more() {
        let names: Vec<_> = (0..=MOST).map(|number| format!("beta-{number}")).collect();
        let (last, most) = names.split_last().unwrap();
        let betas = |names: &[String]| {
            let line = format!("{0},{0}", names.join(","));
            Betas::of_head(&Headers(vec![(b"anthropic-beta", line.as_bytes())]), &config::Betas::default())
        };
        let mut asked = betas(most);
        assert!(asked.check().is_ok());
        asked.ask(last, &config::Betas::default());
        for asked in [asked, betas(&names)] {
            let reply = asked.check().unwrap_err();
            assert!(String::from_utf8_lossy(&reply.body).contains("anthropic-beta: more than 128"), "{reply:?}");
            assert_eq!(asked.asked.len(), MOST + 1);
        }
    }

    #[test]
    fn a_configuration_lets_more_through_and_less() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let rules = config::Betas {
            allow: texts(&["skills-2025-10-02", "advanced-tool-use-2025-11-20", "dangerous-tool-use-2026-09-03"]),
            deny: texts(&["effort-2025-11-24", "old-name"]),
            alias: [
                ("old-name".to_owned(), "compact-2026-01-12".to_owned()),
                ("a".to_owned(), "effort-2025-11-24".to_owned()),
            ]
            .into_iter()
            .collect(),
        };
        for (line, expected) in [
            ("skills-2025-10-02", pair("skills-2025-10-02", "")),
            ("advanced-tool-use-2025-11-20", pair("advanced-tool-use-2025-11-20", "")),
            ("dangerous-tool-use-2026-09-03", pair("dangerous-tool-use-2026-09-03", "")),
            ("effort-2025-11-24", pair("", "effort-2025-11-24")),
            ("a", pair("", "effort-2025-11-24")),
            ("old-name", pair("", "compact-2026-01-12")),
            ("compact-2026-01-12", pair("compact-2026-01-12", "")),
        ] {
            assert_eq!(filtered(&[line], &rules, false), expected, "{line}");
        }
    }
}
