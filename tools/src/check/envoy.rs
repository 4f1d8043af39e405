//! A configuration of plain Envoy.

use crate::document::Document;
use crate::value::{Value, join};

use super::buffers::quantity;
use super::entry::{Entry, Role, Variables};
use super::ours::is_ours;
use super::{Finding, Rule, bootstraps, cluster_tls, clusters, envoy_routes, roles, signers};

const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
/// Envoy's own, of a listener that says nothing.
const DEFAULT_BUFFER: u64 = 1 << 20;

/// All uses of the filter in it, and what they need around them; whether there are any.
pub fn check(document: &Document, found: &mut Vec<Finding>) -> bool {
    let root = &document.value;
    let names = root.at("static_resources.clusters").items().iter().filter_map(|cluster| cluster.get("name").text());
    let defined: Vec<String> = names.map(str::to_owned).collect();
    let mut chains = Vec::new();
    root.objects("", &mut |object, path| {
        let entries = entries(object, path);
        if !entries.is_empty() {
            chains.push((object, path.to_owned(), entries));
        }
    });
    for (chain, path, entries) in &chains {
        for (filter, entry) in entries {
            entry.check(document, found);
            check_filter(document, filter, entry, found);
            clusters::check(document, entry, &defined, found);
            signers::check_chain(document, chain, entry, found);
        }
        let all: Vec<&Entry> = entries.iter().map(|(_, entry)| entry).collect();
        roles::check(document, &all, found);
        let of_listener = path.split_once(".filter_chains").or(path.split_once(".default_filter_chain"));
        let Some((listener_path, _)) = of_listener else {
            // Here the filter is behind the route's selection and the listener's buffer.
            envoy_routes::check_upstream(document, path, found);
            continue;
        };
        let is_it = |index: &usize| listener_path.ends_with(&format!("listeners[{index}]"));
        let listeners = root.at("static_resources.listeners").items();
        if let Some(index) = (0..listeners.len()).find(is_it) {
            check_buffer(document, (&listeners[index], listener_path), (chain, path), &all, found);
        }
        envoy_routes::check(document, (chain, path), &all, found);
    }
    bootstraps::check_listeners(document, root, "", found);
    cluster_tls::check(document, root, "", found);
    root.texts("", &mut |text, path| {
        if path.contains(".credentials[") && super::secrets::is_placeholder(text) {
            found.push(Finding::new(Rule::Placeholder, document, path));
        }
    });
    !chains.is_empty()
}

/// The filters of a chain that are this one, each with its plugin's configuration.
fn entries<'a>(object: &'a Value, path: &str) -> Vec<(&'a Value, Entry)> {
    let mut entries = Vec::new();
    for (index, filter) in object.get("http_filters").items().iter().enumerate() {
        if !filter.at("typed_config.@type").text().is_some_and(|kind| kind.ends_with(WASM)) {
            continue;
        }
        let plugin = filter.at("typed_config.config");
        let text = |path: &str| plugin.at(path).text().unwrap_or_default();
        let code = ["vm_config.code.local.filename", "vm_config.code.remote.http_uri.uri"].map(text);
        let configuration = plugin.get("configuration");
        let written = configuration.get("value");
        let value = match written.text() {
            Some(text) => serde_json::from_str(text).unwrap_or_default(),
            None if written.is_null() => configuration.clone(),
            None => written.clone(),
        };
        if !is_ours(&[text("name"), text("root_id"), code[0], code[1]], &value) {
            continue;
        }
        let path = join(path, &format!("http_filters[{index}].typed_config.config.configuration"));
        let variables = Some(variables(plugin));
        let entry = match written.text() {
            Some(text) => Entry::of_text(text, &path, variables),
            None => Entry::of_value(&value, &path, variables),
        };
        entries.push((plugin, entry));
    }
    entries
}

fn variables(plugin: &Value) -> Variables {
    let written = plugin.at("vm_config.environment_variables");
    let keys = written.get("host_env_keys").items().iter().filter_map(Value::text).map(|key| (key.to_owned(), None));
    let values = written.get("key_values").entries().iter();
    keys.chain(values.map(|(key, value)| (key.clone(), value.text().map(str::to_owned)))).collect()
}

/// What surrounds the filter's configuration in the plugin's.
fn check_filter(document: &Document, plugin: &Value, entry: &Entry, found: &mut Vec<Finding>) {
    let path = entry.path.trim_end_matches(".configuration");
    if entry.role == Role::Single && plugin.get("allow_on_headers_stop_iteration").boolean() != Some(true) {
        found.push(Finding::new(Rule::StopIteration, document, path));
    }
    if plugin.get("fail_open").boolean() == Some(true) {
        found.push(Finding::new(Rule::FailOpen, document, join(path, "fail_open")));
    }
    if plugin.get("failure_policy").text() == Some("FAIL_OPEN") {
        found.push(Finding::new(Rule::FailOpen, document, join(path, "failure_policy")));
    }
}

/// The listener's buffer holds a request of the filter's limit.
fn check_buffer(
    document: &Document,
    (listener, listener_path): (&Value, &str),
    (chain, chain_path): (&Value, &str),
    entries: &[&Entry],
    found: &mut Vec<Finding>,
) {
    let Some(bytes) =
        entries.iter().filter_map(|entry| entry.serving()).map(|config| config.limits.request_bytes).max()
    else {
        return;
    };
    let bytes = bytes as u64;
    let buffers = chain.get("http_filters").items().iter().map(|filter| filter.at("typed_config.max_request_bytes"));
    if buffers.filter_map(quantity).next().is_some_and(|limit| limit >= bytes) {
        return;
    }
    let path = join(listener_path, "per_connection_buffer_limit_bytes");
    let limit = listener.get("per_connection_buffer_limit_bytes");
    if limit.is_null() && DEFAULT_BUFFER < bytes {
        found.push(Finding::new(Rule::RequestBuffer, document, path).detail("Envoy's default is 1 MiB"));
    } else if quantity(limit).is_some_and(|limit| limit < bytes) {
        found.push(Finding::new(Rule::BufferLimit, document, path));
    }
    let window = quantity(chain.at("http2_protocol_options.initial_stream_window_size"));
    if window.is_some_and(|window| window < bytes) {
        let path = join(chain_path, "http2_protocol_options.initial_stream_window_size");
        found.push(Finding::new(Rule::StreamWindow, document, path));
    }
}
