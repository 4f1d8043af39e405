//! Where in a text something is of interest: a tree of member names and array elements, made once and shared.

use std::fmt;

/// Which of the members at a rule's path it is about, and what goes. The tests get the value's JSON text, or nothing when
/// that has more than [`LONGEST_VALUE`] bytes.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// All of them; the member.
    Present,
    /// Those with such a value; the member.
    Value(fn(&[u8]) -> bool),
    /// Those with such a value; the element of the array that the member belongs to.
    OfElement(fn(&[u8]) -> bool),
}

/// The longest value that a rule looks at, bytes.
pub const LONGEST_VALUE: usize = 4096;

/// Members that a rule is about.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Names from the top, divided by `.`, each with `[]` behind it where it is an array: `tools[].cache_control.scope`.
    pub path: String,
    /// Which of them, and what goes.
    pub when: When,
}

/// A top-level member that is taken out.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    /// Its name, decoded.
    pub name: &'static str,
    /// The longest value that is taken, bytes; 0: the value is dropped, however long.
    pub most: usize,
}

/// Rules by their paths. A rule is known by its place in the list that this was made of.
#[derive(Debug)]
pub struct Paths {
    nodes: Vec<Node>,
    rules: Vec<Rule>,
    takings: &'static [Taking],
}

#[derive(Debug, Default)]
pub(super) struct Node {
    /// By length and name: most names of a request are known by their length already to be none of these.
    members: Vec<(String, usize)>,
    elements: Option<usize>,
    /// What is taken out here.
    pub(super) taking: Option<usize>,
    /// Rules that are about this member.
    pub(super) rules: Vec<usize>,
    /// One of them needs the value.
    pub(super) reads_value: bool,
    /// A member of this may make an array's element go, so that nothing of it is sure to stay before its end.
    pub(super) may_go_at_end: bool,
}

impl Paths {
    /// For these takings and rules.
    pub fn new(takings: &'static [Taking], rules: Vec<Rule>) -> Self {
        let mut paths = Self { nodes: vec![Node::default()], rules: Vec::new(), takings };
        for (index, taking) in takings.iter().enumerate() {
            if let Some(node) = paths.at(taking.name) {
                node.taking = Some(index);
            }
        }
        for (index, rule) in rules.iter().enumerate() {
            if let Some(node) = paths.at(&rule.path) {
                node.rules.push(index);
                node.reads_value |= !matches!(rule.when, When::Present);
            }
            if let (When::OfElement(_), Some((holder, _))) = (rule.when, rule.path.rsplit_once('.'))
                && let Some(node) = paths.at(holder)
            {
                node.may_go_at_end = true;
            }
        }
        paths.rules = rules;
        paths
    }

    /// What is taken out.
    pub(super) fn takings(&self) -> &'static [Taking] {
        self.takings
    }

    /// The rule of that number.
    pub(super) fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules.get(index)
    }

    pub(super) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// The node of a path, which is made where it is not there yet.
    #[inline(never)]
    fn at(&mut self, path: &str) -> Option<&mut Node> {
        let mut place = 0;
        for segment in path.split('.') {
            let mut names = segment.split("[]");
            place = self.member(place, names.next().unwrap_or_default());
            for _ in names {
                place = self.element(place);
            }
        }
        self.nodes.get_mut(place)
    }

    fn member(&mut self, of: usize, name: &str) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(of) else { return of };
        match node.find(name.as_bytes()) {
            Ok(at) => return node.members.get(at).map_or(of, |(_, known)| *known),
            Err(at) => node.members.insert(at, (name.to_owned(), new)),
        }
        self.nodes.push(Node::default());
        new
    }

    fn element(&mut self, of: usize) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(of) else { return of };
        if let Some(known) = node.elements {
            return known;
        }
        node.elements = Some(new);
        self.nodes.push(Node::default());
        new
    }
}

impl Node {
    /// The member of this name.
    pub(super) fn member(&self, name: &[u8]) -> Option<usize> {
        let (_, node) = self.members.get(self.find(name).ok()?)?;
        Some(*node)
    }

    fn find(&self, name: &[u8]) -> Result<usize, usize> {
        let order = |known: &str| known.len().cmp(&name.len()).then_with(|| known.as_bytes().cmp(name));
        self.members.binary_search_by(|(known, _)| order(known))
    }

    /// The elements of an array that stands here.
    pub(super) fn elements(&self) -> Option<usize> {
        self.elements
    }

    /// Whether something inside an object, or else an array, that stands here is of interest.
    pub(super) fn has_inside(&self, object: bool) -> bool {
        if object { !self.members.is_empty() } else { self.elements.is_some() }
    }
}

/// A member that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule.
    pub rule: usize,
    /// How often.
    pub count: u32,
    /// Where first: the rule's path with the elements' numbers, `tools[2].type`.
    pub path: String,
}

/// A path with its brackets filled.
pub(super) fn numbered(path: &str, mut numbers: impl Iterator<Item = u32>) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    for (place, part) in path.split("[]").enumerate() {
        if place > 0 {
            let _ = match numbers.next() {
                Some(number) => fmt::Write::write_fmt(&mut out, format_args!("[{number}]")),
                None => fmt::Write::write_str(&mut out, "[]"),
            };
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_numbered_in_order() {
        assert_eq!(numbered("a[].b[].c", [3, 0].into_iter()), "a[3].b[0].c");
        assert_eq!(numbered("a", [].into_iter()), "a");
        assert_eq!(numbered("a[]", [7].into_iter()), "a[7]");
    }
}
