//! The route of plain Envoy that the filter's requests end in.

use regex::Regex;

use crate::document::Document;
use crate::value::{Value, join};

use super::destinations::other_place;
use super::entry::{Call, Entry};
use super::matching::{has_prefix, is_kept};
use super::routes::is_signed;
use super::{Finding, Rule, cluster_tls, timeouts};

/// How a route fits a request.
#[derive(PartialEq, Eq)]
enum Fit {
    Yes,
    /// But for a header that has gone.
    Gone,
    No,
}

/// The route of every kind of request.
pub fn check(document: &Document, (chain, path): (&Value, &str), entries: &[&Entry], found: &mut Vec<Finding>) {
    let hosts = chain.at("route_config.virtual_hosts").items();
    if hosts.is_empty() {
        return;
    }
    let chain_path = path;
    let path = join(path, "route_config");
    for call in entries.iter().flat_map(|entry| entry.calls()) {
        let what = call.shown();
        let Some(at) = virtual_host(hosts, call.host.as_deref()) else {
            found.push(Finding::new(Rule::RouteHostname, document, join(&path, "virtual_hosts")).detail(what));
            continue;
        };
        let path = join(&path, &format!("virtual_hosts[{at}]"));
        let routes = hosts[at].get("routes").items();
        let fits: Vec<Fit> = routes.iter().map(|route| fit(route.get("match"), &call)).collect();
        let taken = fits.iter().position(|fit| *fit == Fit::Yes).filter(|&at| !routes[at].get("route").is_null());
        match (taken, fits.iter().position(|fit| *fit == Fit::Gone)) {
            (Some(index), _) => {
                check_modifiers(document, &[&routes[index], &hosts[at], chain.get("route_config")], &path, found);
                let path = join(&path, &format!("routes[{index}].route"));
                let action = routes[index].get("route");
                timeouts::check_action(document, (chain, chain_path), (action, &path), found);
                check_action(document, action, &path, &call, found);
            }
            (None, Some(index)) => {
                let path = join(&path, &format!("routes[{index}].match"));
                found.push(Finding::new(Rule::RouteHeader, document, path).detail(what));
            }
            (None, None) => found.push(Finding::new(Rule::NoBedrockRule, document, join(&path, "routes")).detail(what)),
        }
    }
}

/// The virtual host of an authority: the exact one, else the longest with a `*`.
fn virtual_host(hosts: &[Value], authority: Option<&str>) -> Option<usize> {
    let rank = |domain: &str| match (authority, domain.split_once('*')) {
        (_, Some(("", ""))) => Some(1),
        (None, _) => Some(2),
        (Some(authority), Some((prefix, suffix))) => {
            (authority.starts_with(prefix) && authority.ends_with(suffix)).then_some(domain.len() + 1)
        }
        (Some(authority), None) => (domain == authority).then_some(usize::MAX),
    };
    let ranked = hosts.iter().enumerate().filter_map(|(at, host)| {
        let domains = host.get("domains").items().iter().filter_map(Value::text);
        Some((domains.filter_map(rank).max()?, at))
    });
    ranked.max_by_key(|(rank, at)| (*rank, std::cmp::Reverse(*at))).map(|(_, at)| at)
}

fn fit(condition: &Value, call: &Call) -> Fit {
    let text = |path: &str| condition.at(path).text();
    let takes_path = match (text("prefix"), text("path"), text("path_separated_prefix"), text("safe_regex.regex")) {
        (Some(prefix), ..) => call.path.starts_with(prefix),
        (_, Some(path), ..) => call.path == path,
        (.., Some(prefix), _) => has_prefix(call.path, prefix),
        (.., Some(regex)) => Regex::new(&format!("^(?:{regex})$")).is_ok_and(|regex| regex.is_match(call.path)),
        _ => true,
    };
    if !takes_path {
        return Fit::No;
    }
    let mut fit = Fit::Yes;
    for header in condition.get("headers").items() {
        let name = header.get("name").text().unwrap_or_default();
        let exact = header.at("string_match.exact").text().or(header.get("exact_match").text());
        match (name, exact, call.host.as_deref()) {
            (":authority" | "host", Some(exact), Some(host)) if exact != host => return Fit::No,
            _ if !is_kept(name) => fit = Fit::Gone,
            _ => {}
        }
    }
    if condition.get("query_parameters").items().is_empty() { fit } else { Fit::Gone }
}

fn check_modifiers(document: &Document, levels: &[&Value], path: &str, found: &mut Vec<Finding>) {
    for level in levels {
        let added = level.get("request_headers_to_add").items().iter();
        let added = added.filter_map(|header| header.at("header.key").text());
        let removed = level.get("request_headers_to_remove").items().iter().filter_map(Value::text);
        for header in added.chain(removed).filter(|header| is_signed(header)) {
            found.push(Finding::new(Rule::HeaderModifier, document, path).detail(header));
        }
    }
}

fn check_action(document: &Document, action: &Value, path: &str, call: &Call, found: &mut Vec<Finding>) {
    for member in ["prefix_rewrite", "regex_rewrite", "path_rewrite_policy", "host_rewrite_header", "path_rewrite"] {
        if !action.get(member).is_null() {
            found.push(Finding::new(Rule::Rewrite, document, join(path, member)));
        }
    }
    check_cluster(document, action, "cluster", path, call, found);
    for (index, cluster) in action.at("weighted_clusters.clusters").items().iter().enumerate() {
        let path = join(path, &format!("weighted_clusters.clusters[{index}]"));
        check_modifiers(document, &[cluster], &path, found);
        check_cluster(document, cluster, "name", &path, call, found);
    }
}

/// What names a cluster: an action, or one of several in it.
fn check_cluster(document: &Document, holder: &Value, member: &str, path: &str, call: &Call, found: &mut Vec<Finding>) {
    if holder.get("host_rewrite_literal").text().is_some_and(|host| call.host.as_deref() != Some(host)) {
        found.push(Finding::new(Rule::Rewrite, document, join(path, "host_rewrite_literal")));
    }
    let Some(cluster) = holder.get(member).text() else { return };
    let path = join(path, member);
    let root = &document.value;
    let clusters = root.at("static_resources.clusters").items();
    let Some(known) = clusters.iter().find(|known| known.get("name").text() == Some(cluster)) else {
        if root.at("dynamic_resources.cds_config").is_null() {
            found.push(Finding::new(Rule::ClusterUnknown, document, path).detail(cluster));
        }
        return;
    };
    if let Some(host) = cluster_tls::place(known)
        && let Some(rule) = other_place(host, call)
    {
        let signed = call.host.as_deref().unwrap_or("Bedrock's host");
        let detail = format!("requests are signed for {signed}, the cluster leads to {host}");
        found.push(Finding::new(rule, document, path).detail(detail));
    }
}

/// The routes to a cluster that has the filter in its own chain.
pub fn check_upstream(document: &Document, chain_path: &str, found: &mut Vec<Finding>) {
    let clusters = document.value.at("static_resources.clusters").items().iter().enumerate();
    let own = clusters.filter(|(index, _)| chain_path.starts_with(&format!("static_resources.clusters[{index}].")));
    let Some(name) = own.filter_map(|(_, cluster)| cluster.get("name").text()).next() else { return };
    document.value.objects("", &mut |manager, manager_path| {
        manager.get("route_config").objects(&join(manager_path, "route_config"), &mut |object, path| {
            let action = object.get("route");
            let of_weights = action.at("weighted_clusters.clusters").items().iter().map(|cluster| cluster.get("name"));
            if of_weights.chain([action.get("cluster")]).any(|cluster| cluster.text() == Some(name)) {
                let action_path = join(path, "route");
                timeouts::check_action(document, (manager, manager_path), (action, &action_path), found);
            }
        });
    });
}
