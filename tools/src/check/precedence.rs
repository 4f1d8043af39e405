//! Of several EnvoyExtensionPolicies for a route, the one that Envoy Gateway takes.

use crate::document::Document;

use super::routes::{RouteRule, client_rules};
use super::world::{Policy, Target, World};
use super::{Finding, Rule};

/// No other policy takes this one's place: by the same target, or in all rules that clients' messages come in by.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    if let Some(other) = with_same_target(world, policy.document).or_else(|| more_specific(world, policy)) {
        found.push(Finding::new(Rule::PolicyDisplaced, policy.document, "spec.targetRefs").detail(other.label()));
    }
}

/// Of two for one target the older one counts, which no file says.
fn with_same_target<'a>(world: &World<'a>, policy: &'a Document) -> Option<&'a Document> {
    let own = world.targets(policy);
    let is_same = |one: &Target<'_>, other: &Target<'_>| match (one.document, other.document) {
        (Some(document), Some(other_document)) => {
            std::ptr::eq(document, other_document) && one.section == other.section
        }
        _ => false,
    };
    world.of_kind("EnvoyExtensionPolicy").find(|other| {
        let targets = world.targets(other);
        !std::ptr::eq(*other, policy) && targets.iter().any(|target| own.iter().any(|own| is_same(own, target)))
    })
}

fn more_specific<'a>(world: &World<'a>, policy: &Policy<'a>) -> Option<&'a Document> {
    let rules = client_rules(policy).into_iter();
    let in_place = rules.map(|rule| in_place_of(world, policy, rule)).collect::<Option<Vec<&Document>>>()?;
    let other = *in_place.first()?;
    // Another listener may lead to the route too.
    let is_of_listener = world.targets(other).iter().any(|target| target.kind == "Gateway" && target.section.is_some());
    let has_filter = world.policies.iter().any(|policy| std::ptr::eq(policy.document, other));
    (!is_of_listener && !has_filter).then_some(other)
}

/// The policy that is in force for a rule where this one is not.
fn in_place_of<'a>(world: &World<'a>, policy: &Policy<'_>, (route, index): RouteRule<'a>) -> Option<&'a Document> {
    let rule = &route.spec().get("rules").items()[index];
    let in_force = world.in_force("EnvoyExtensionPolicy", route, rule);
    let is_there = in_force.iter().any(|other| std::ptr::eq(*other, policy.document));
    in_force.first().copied().filter(|_| !is_there)
}
