//! The Gateways of a route: what their Envoys need, and what their listeners have to let in.

use crate::document::{Document, reference_namespace};
use crate::map;
use crate::value::Value;

use super::credentials::Plan;
use super::manifests as write;
use super::notes::Notes;
use super::source::Group;
use super::target::{Target, has_name};

impl<'a> Target<'a> {
    /// Gives the group's Gateway an EnvoyProxy with the plan in it; the parents of its route.
    pub(super) fn add_gateway(
        &mut self,
        group: &Group<'a>,
        plan: &Plan,
        notes: &mut Notes,
    ) -> Result<Vec<Value>, String> {
        let route = group.routes[0];
        let own = (route.namespace(), route.name());
        let Some(parent) = group.parents.first() else {
            notes.add(route, "spec.parentRefs", "no Gateway is named: one was made for it, with its GatewayClass");
            let mut gateway = write::gateway(own);
            *gateway.entry_at("spec.infrastructure.parametersRef") = write::parameters(own.1);
            let mut proxy = write::envoy_proxy(own);
            write::equip(&mut proxy, plan)?;
            self.new.extend([write::gateway_class(own.1), gateway, proxy]);
            return Ok(vec![map! { "name": own.1 }]);
        };
        if group.parents.len() > 1 {
            notes.add(
                route,
                "spec.parentRefs",
                "only the first Gateway's EnvoyProxy was given what the credentials need",
            );
        }
        let namespace = reference_namespace(route, parent).to_owned();
        let name = parent.get("name").text().unwrap_or_default().to_owned();
        let proxy = self.proxy_of(route, (&namespace, &name), notes);
        let holds = |document: &&mut Document| document.is("EnvoyProxy", &proxy.0, &proxy.1);
        if let Some(document) = self.kept.iter_mut().find(holds) {
            write::equip(&mut document.value, plan)?;
            return Ok(group.parents.clone());
        }
        let known = |document: &&mut Value| {
            document.get("kind").text() == Some("EnvoyProxy") && has_name(document, (&proxy.0, &proxy.1))
        };
        if let Some(document) = self.new.iter_mut().find(known) {
            write::equip(document, plan)?;
            return Ok(group.parents.clone());
        }
        let mut document = write::envoy_proxy((&proxy.0, &proxy.1));
        write::equip(&mut document, plan)?;
        self.new.push(document);
        Ok(group.parents.clone())
    }

    /// The EnvoyProxy of a Gateway: that of its own, of its class, or a new one that the Gateway is told of.
    fn proxy_of(&mut self, route: &Document, name: write::Name<'_>, notes: &mut Notes) -> (String, String) {
        const PARAMETERS: &str = "infrastructure.parametersRef";
        let is_gateway = |document: &&mut Document| document.is("Gateway", name.0, name.1);
        let Some(gateway) = self.kept.iter_mut().find(is_gateway) else {
            let words = format!(
                "Gateway/{} is in none of the files: set its spec.infrastructure.parametersRef to EnvoyProxy/{}",
                name.1, name.1
            );
            notes.add(route, "spec.parentRefs", &words);
            return (name.0.to_owned(), name.1.to_owned());
        };
        if let Some(own) = gateway.spec().at(PARAMETERS).get("name").text() {
            return (name.0.to_owned(), own.to_owned());
        }
        let class = gateway.spec().get("gatewayClassName").text().unwrap_or_default();
        let class = self.source.of_kind("GatewayClass").find(|document| document.name() == class);
        let of_class = class.map(|class| class.spec().get("parametersRef"));
        if let Some(reference) = of_class.filter(|reference| reference.get("kind").text() == Some("EnvoyProxy")) {
            let text = |key: &str| reference.get(key).text().unwrap_or("default").to_owned();
            return (text("namespace"), text("name"));
        }
        *gateway.value.entry_at("spec.infrastructure.parametersRef") = write::parameters(name.1);
        (name.0.to_owned(), name.1.to_owned())
    }

    /// The hostnames of a route; a listener's goes to it, for the listener has to let Bedrock's host in too.
    pub(super) fn hostnames(&mut self, route: &Document, parents: &[Value], notes: &mut Notes) -> Value {
        let mut hostnames = route.spec().get("hostnames").clone();
        for parent in parents {
            let (namespace, name) = (reference_namespace(route, parent), parent.get("name").text().unwrap_or_default());
            let section = parent.get("sectionName").text();
            let Some(gateway) = self.kept.iter_mut().find(|document| document.is("Gateway", namespace, name)) else {
                continue;
            };
            let label = gateway.clone();
            let Value::List(listeners) = gateway.value.entry_at("spec.listeners") else { continue };
            for (index, listener) in listeners.iter_mut().enumerate() {
                if section.is_some_and(|section| listener.get("name").text() != Some(section)) {
                    continue;
                }
                let hostname = listener.remove("hostname");
                if hostname.is_null() {
                    continue;
                }
                let words =
                    "moved to the HTTPRoute: the filter changes the host, and the listener has to take Bedrock's too";
                notes.add(&label, &format!("spec.listeners[{index}].hostname"), words);
                if route.spec().get("hostnames").is_null() {
                    hostnames.push(hostname);
                }
            }
        }
        hostnames
    }
}
