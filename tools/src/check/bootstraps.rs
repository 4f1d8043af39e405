//! What EnvoyProxies put into Envoy's bootstrap, and listeners that hand out files.

use crate::document::Document;
use crate::input::documents;
use crate::map;
use crate::value::{Value, join};

use super::world::World;
use super::{Finding, Rule, cluster_tls, mounts};

/// It can be read, and keeps its secrets.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    for proxy in world.of_kind("EnvoyProxy") {
        if let Some(Err(problem)) = text(proxy) {
            found.push(Finding::new(Rule::BootstrapText, proxy, "spec.bootstrap.value").detail(problem));
        }
        for (path, part) in parts(proxy) {
            check_listeners(proxy, &part, &path, found);
            cluster_tls::check(proxy, &part, &path, found);
            part.objects(&path, &mut |object, path| {
                if let Some(file) = object.at("direct_response.body.filename").text() {
                    mounts::check_file(proxy, file, &join(path, "direct_response.body.filename"), found);
                }
            });
        }
    }
}

/// The parts of a bootstrap that an EnvoyProxy gives, each with the path to it.
pub fn parts(proxy: &Document) -> Vec<(String, Value)> {
    let mut parts = Vec::new();
    if let Some(Ok(bootstrap)) = text(proxy) {
        parts.push(("spec.bootstrap.value".to_owned(), bootstrap));
    }
    for (index, patch) in proxy.spec().at("bootstrap.jsonPatches").items().iter().enumerate() {
        let place = patch.get("path").text().unwrap_or_default();
        let value = patch.get("value");
        let Some(list) = ["clusters", "listeners"].into_iter().find(|list| {
            let rest = place.strip_prefix("/static_resources/").and_then(|rest| rest.strip_prefix(list));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') && rest.matches('/').count() == 1)
        }) else {
            continue;
        };
        let items = if value.items().is_empty() { vec![value.clone()] } else { value.items().to_vec() };
        let mut resources = Value::Null;
        *resources.entry(list) = items.into();
        parts.push((format!("spec.bootstrap.jsonPatches[{index}].value"), map! { "static_resources": resources }));
    }
    parts
}

fn text(proxy: &Document) -> Option<Result<Value, String>> {
    let text = proxy.spec().at("bootstrap.value").text()?;
    Some(documents(text).map(|documents| documents.into_iter().next().unwrap_or_default()))
}

/// Listeners with a file in an answer are on loopback, and read it as it is and in all its length.
pub fn check_listeners(document: &Document, bootstrap: &Value, path: &str, found: &mut Vec<Finding>) {
    for (index, listener) in bootstrap.at("static_resources.listeners").items().iter().enumerate() {
        let path = join(path, &format!("static_resources.listeners[{index}]"));
        let mut hands_out = false;
        listener.objects(&path, &mut |object, path| {
            if hands_out_files(object.get("virtual_hosts"))
                && object.get("max_direct_response_body_size_bytes").is_null()
            {
                found.push(Finding::new(Rule::FileSize, document, path));
            }
            let body = object.at("direct_response.body");
            if body.get("filename").is_null() {
                return;
            }
            hands_out = true;
            if body.get("watched_directory").is_null() {
                found.push(Finding::new(Rule::FileStale, document, join(path, "direct_response.body")));
            }
        });
        let address = listener.at("address.socket_address.address").text().unwrap_or("127.0.0.1");
        if hands_out && !(address.starts_with("127.") || matches!(address, "::1" | "localhost")) {
            found.push(Finding::new(Rule::OpenListener, document, join(&path, "address")));
        }
    }
}

fn hands_out_files(hosts: &Value) -> bool {
    let mut hands_out = false;
    hosts.objects("", &mut |object, _| hands_out |= !object.at("direct_response.body.filename").is_null());
    hands_out
}
