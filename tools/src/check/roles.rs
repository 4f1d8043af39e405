//! The roles of the filter in one chain: alone, or a pair in its order.

use crate::document::Document;

use super::entry::{Entry, Role};
use super::world::Policy;
use super::{Finding, Rule};

/// The entries of a policy, each for itself and all together.
pub fn check_policy(policy: &Policy<'_>, found: &mut Vec<Finding>) {
    for (_, entry) in &policy.entries {
        entry.check(policy.document, found);
    }
    let entries: Vec<&Entry> = policy.entries.iter().map(|(_, entry)| entry).collect();
    check(policy.document, &entries, found);
    let wasm = policy.document.spec().get("wasm").items();
    for (index, entry) in &policy.entries {
        if wasm[*index].get("failOpen").boolean() == Some(true) {
            found.push(Finding::new(Rule::FailOpen, policy.document, format!("spec.wasm[{index}].failOpen")));
        }
        let of_first = policy.entries.iter().find(|(_, first)| first.role == Role::Transform);
        let is_other = |first: usize| wasm[first].get("code") != wasm[*index].get("code");
        if entry.role == Role::Hold && of_first.is_some_and(|(first, _)| is_other(*first)) {
            found.push(Finding::new(Rule::RoleCode, policy.document, format!("spec.wasm[{index}].code")));
        }
    }
}

/// The entries of one chain, in its order.
pub fn check(document: &Document, entries: &[&Entry], found: &mut Vec<Finding>) {
    let places =
        |role: Role| -> Vec<usize> { (0..entries.len()).filter(|&index| entries[index].role == role).collect() };
    let (singles, transforms, holds) = (places(Role::Single), places(Role::Transform), places(Role::Hold));
    if transforms.is_empty() && holds.is_empty() {
        return;
    }
    let path = entries[0].path.rsplit_once('[').map_or("", |(list, _)| list);
    match (transforms.as_slice(), holds.as_slice()) {
        ([transform], [hold]) if singles.is_empty() => {
            if hold < transform {
                found.push(Finding::new(Rule::RoleOrder, document, &entries[*hold].path));
            }
        }
        _ => {
            let count = |places: &[usize], role: &str| format!("{} {role}", places.len());
            let counts = [count(&transforms, "transform"), count(&holds, "hold"), count(&singles, "single")];
            found.push(Finding::new(Rule::RolePair, document, path).detail(format!("here are {}", counts.join(", "))));
        }
    }
}
