//! What EnvoyProxies merge into Envoy's bootstrap, and listeners that hand out files.

use crate::document::Document;
use crate::value::{Value, join};

use super::world::World;
use super::{Finding, Rule, clusters};

/// It can be read, and keeps its secrets.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    for proxy in world.of_kind("EnvoyProxy") {
        match clusters::bootstrap(proxy) {
            Some(Ok(bootstrap)) => check_listeners(proxy, &bootstrap, "spec.bootstrap.value", found),
            Some(Err(problem)) => {
                found.push(Finding::new(Rule::BootstrapText, proxy, "spec.bootstrap.value").detail(problem));
            }
            None => {}
        }
    }
}

/// Listeners with a file in an answer are on loopback.
pub fn check_listeners(document: &Document, bootstrap: &Value, path: &str, found: &mut Vec<Finding>) {
    for (index, listener) in bootstrap.at("static_resources.listeners").items().iter().enumerate() {
        let mut hands_out = false;
        listener.objects("", &mut |object, _| hands_out |= !object.at("direct_response.body.filename").is_null());
        let address = listener.at("address.socket_address.address").text().unwrap_or("127.0.0.1");
        if hands_out && !(address.starts_with("127.") || matches!(address, "::1" | "localhost")) {
            let path = join(path, &format!("static_resources.listeners[{index}].address"));
            found.push(Finding::new(Rule::OpenListener, document, path));
        }
    }
}
