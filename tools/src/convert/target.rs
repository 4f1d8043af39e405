//! The manifests as they come to be: the input's that stay, and new ones.

use crate::document::Document;
use crate::places::{is_of_aws, region, runtime_host};
use crate::value::Value;
use crate::{list, map};

use super::Options;
use super::credentials::{Plan, Planner};
use super::manifests as write;
use super::notes::Notes;
use super::routing::Routing;
use super::source::{AI_GATEWAY, Group, Source, SourceRule, host};

/// What is being written.
pub struct Target<'a> {
    pub(super) source: &'a Source<'a>,
    options: &'a Options,
    /// The input's documents that stay.
    pub(super) kept: Vec<Document>,
    /// New ones.
    pub(super) new: Vec<Value>,
    /// Objects of AI Gateway that something new stands for.
    used: Vec<String>,
    listeners: usize,
}

impl<'a> Target<'a> {
    /// With everything that is not AI Gateway's.
    pub fn new(source: &'a Source<'a>, options: &'a Options) -> Self {
        let is_replaced = |document: &Document| {
            matches!(document.kind(), "AIGatewayRoute" | "AIServiceBackend" | "BackendSecurityPolicy")
                && document.group() == AI_GATEWAY
        };
        let kept = source.documents.iter().filter(|document| !is_replaced(document)).cloned().collect();
        Self { source, options, kept, new: Vec::new(), used: Vec::new(), listeners: 0 }
    }

    /// Whether nothing was converted.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Whether something stands for this object.
    pub fn is_used(&self, document: &Document) -> bool {
        self.used.contains(&identity(document))
    }

    /// All documents.
    pub fn finish(self, notes: &mut Notes) -> Vec<Value> {
        for document in &self.kept {
            let costs = document.value.to_json().contains("io.envoy.ai_gateway");
            if document.kind() == "BackendTrafficPolicy" && costs {
                notes.add(
                    document,
                    "spec.rateLimit",
                    "it counts by metadata of AI Gateway, which nothing writes any more",
                );
            }
        }
        let mut all: Vec<Value> = self.kept.into_iter().map(|document| document.value).collect();
        all.extend(self.new);
        all
    }

    /// One group of AIGatewayRoutes.
    pub fn add(&mut self, group: &Group<'a>, notes: &mut Notes) -> Result<(), String> {
        let rules = self.source.rules(group, notes);
        let Some(backend) = rules.first().map(|rule| rule.backend) else { return Ok(()) };
        let route = group.routes[0];
        let (namespace, name) = (route.namespace(), route.name());
        let policy = self.source.security_policy(backend);
        let Some(place) = self.source.place(backend) else {
            notes.add(backend, "spec.backendRef", "left out with its rules: the files have no such Backend or Service");
            return Ok(());
        };
        let rules = self.of_one_backend(rules, place, policy, notes);
        for document in group.routes.iter().copied().chain(rules.iter().map(|rule| rule.backend)).chain(policy) {
            self.used.push(identity(document));
        }
        let backend_host = host(place).unwrap_or_default();
        let region = self.region(policy, place, backend_host, notes);
        let short = short(policy.map_or(name, Document::name));
        let planner = Planner {
            source: self.source,
            options: self.options,
            region: &region,
            name: &short,
            listeners: self.listeners,
        };
        let plan = planner.plan(policy, backend, notes);
        self.listeners += plan.listeners.len();
        self.add_backend(place, backend_host);
        let parents = self.add_gateway(group, &plan, notes)?;
        self.move_secrets(&plan, notes);
        self.new.extend(plan.documents.iter().cloned());

        let hostnames = self.hostnames(route, &parents, notes);
        let routing = Routing::new(&rules, notes);
        let timeouts = rules[0].rule.get("timeouts");
        let mut bedrock = vec![write::bedrock_rule(place.name(), timeouts)];
        let filter = format!("{name}-not-served");
        let clients = write::client_rule(&self.options.path_prefix, &filter);
        let mut routes = vec![name.to_owned()];
        if hostnames.is_null() {
            bedrock.push(clients);
            self.new.push(self.route(route, write::route((namespace, name), &parents, &Value::Null, bedrock)));
        } else {
            // The filter changes the host, so Bedrock's calls need a route for that.
            routes.push(format!("{name}-bedrock"));
            self.new.push(self.route(route, write::route((namespace, name), &parents, &hostnames, vec![clients])));
            self.new.push(write::route((namespace, &routes[1]), &parents, &list![backend_host], bedrock));
        }
        self.new.push(write::not_served((namespace, &filter)));
        self.add_traffic(route, &routes, rules[0].rule, notes);
        let config = self.config(&region, backend_host, &plan, &routing);
        self.new.push(write::extension_policy((namespace, name), &routes, config, &plan.host_keys, self.options));
        Ok(())
    }

    /// The rules that lead to the first one's host with the first one's credentials.
    fn of_one_backend(
        &self,
        rules: Vec<SourceRule<'a>>,
        place: &Document,
        policy: Option<&Document>,
        notes: &mut Notes,
    ) -> Vec<SourceRule<'a>> {
        let mut kept = Vec::new();
        for rule in rules {
            let own = self.source.place(rule.backend);
            let own_policy = self.source.security_policy(rule.backend).map(identity);
            if own.is_some_and(|own| host(own) == host(place)) && own_policy == policy.map(identity) {
                kept.push(rule);
            } else {
                let words = format!(
                    "left out: one filter calls one host with one set of credentials, here of {}",
                    place.label()
                );
                notes.add(rule.route, &rule.path, &words);
            }
        }
        kept
    }

    /// The region of the policy, or of the host where they differ.
    fn region(&self, policy: Option<&Document>, place: &Document, host: &str, notes: &mut Notes) -> String {
        let of_policy = policy.and_then(|policy| policy.spec().at("awsCredentials.region").text());
        match (of_policy, region(host)) {
            (Some(written), Some(of_host)) if written != of_host => {
                let words = format!(
                    "the host is in {of_host}, and {written} stands in the BackendSecurityPolicy: the host's counts"
                );
                notes.add(place, "spec", &words);
                of_host.to_owned()
            }
            (_, Some(of_host)) => of_host.to_owned(),
            (Some(written), None) => written.to_owned(),
            (None, None) => {
                notes.add(place, "spec", "neither it nor a BackendSecurityPolicy names a region: us-east-1 is assumed");
                "us-east-1".to_owned()
            }
        }
    }

    fn config(&self, region: &str, host: &str, plan: &Plan, routing: &Routing) -> Value {
        let mut config = map! { "role": "transform", "region": region };
        if !host.is_empty() && host != runtime_host(region, false, false) {
            *config.entry("endpoint") = map! { "host": host };
        }
        *config.entry("credentials") = plan.credentials.clone();
        for (key, value) in [("routing", routing.to_value()), ("models", routing.models_to_value())] {
            if !value.is_null() {
                *config.entry(key) = value;
            }
        }
        if !self.options.path_prefix.is_empty() {
            *config.entry("pathPrefix") = self.options.path_prefix.as_str().into();
        }
        config
    }

    /// A Backend in place of a Service, and TLS where there is none.
    fn add_backend(&mut self, place: &Document, host: &str) {
        let name = (place.namespace(), place.name());
        if place.kind() == "Service" {
            self.kept.retain(|document| !document.is("Service", name.0, name.1));
            let known = |document: &Value| document.get("kind").text() == Some("Backend") && has_name(document, name);
            if !self.new.iter().any(known) {
                self.new.push(write::backend(name, host));
            }
        }
        let is_target = |target: &Value| target.get("name").text() == Some(name.1);
        let has_policy = self.source.of_kind("BackendTLSPolicy").any(|policy| {
            policy.namespace() == name.0 && policy.spec().get("targetRefs").items().iter().any(is_target)
        });
        let known =
            |document: &Value| document.get("kind").text() == Some("BackendTLSPolicy") && has_name(document, name);
        let is_new = !has_policy && place.spec().get("tls").is_null() && !self.new.iter().any(known);
        if is_new && is_of_aws(host) {
            self.new.push(write::backend_tls(name, host));
        }
    }

    /// Secrets go where Envoy's pods are, which read them now.
    fn move_secrets(&mut self, plan: &Plan, notes: &mut Notes) {
        let into = self.options.envoy_namespace.as_str();
        for (namespace, name) in plan.secrets.iter().filter(|(namespace, _)| namespace != into) {
            let is_it = |document: &&mut Document| document.is("Secret", namespace, name);
            if let Some(secret) = self.kept.iter_mut().find(is_it) {
                let words =
                    format!("its namespace is {into} now: Envoy's pods read it, and not AI Gateway's controller");
                notes.add(secret, "metadata.namespace", &words);
                *secret.value.entry_at("metadata.namespace") = into.into();
            } else if let Some(policy) = self.source.of_kind("BackendSecurityPolicy").next()
                && !self.kept.iter().any(|document| document.is("Secret", into, name))
            {
                let words = format!(
                    "Secret/{name} is in none of the files: it has to be in namespace {into}, where Envoy's pods read it"
                );
                notes.add(policy, "spec", &words);
            }
        }
    }

    /// A new route with the labels and annotations of the one it stands for.
    fn route(&self, old: &Document, mut new: Value) -> Value {
        for key in ["labels", "annotations"] {
            let kept = old.value.get("metadata").get(key);
            if !kept.is_null() {
                *new.entry_at("metadata").entry(key) = kept.clone();
            }
        }
        new
    }

    /// Buffer and timeouts: in a policy that is there for the route, else in a new one.
    fn add_traffic(&mut self, route: &Document, routes: &[String], rule: &Value, notes: &mut Notes) {
        let (namespace, name) = (route.namespace(), route.name());
        let idle = rule.get("streamIdleTimeout").text();
        let targets = |document: &Document, kind: &str, name: &str| {
            let spec = document.spec();
            spec.get("targetRefs")
                .items()
                .iter()
                .chain([spec.get("targetRef")])
                .any(|target| target.get("kind").text() == Some(kind) && target.get("name").text() == Some(name))
        };
        let is_traffic =
            |document: &Document| document.kind() == "BackendTrafficPolicy" && document.namespace() == namespace;
        for document in self.kept.iter().filter(|document| is_traffic(document)) {
            let parents = route.spec().get("parentRefs").items().iter().filter_map(|parent| parent.get("name").text());
            if parents.into_iter().any(|parent| targets(document, "Gateway", parent)) {
                let words = format!(
                    "it counts no more for HTTPRoute/{name}, which has a policy of its own: copy there what you need"
                );
                notes.add(document, "spec.targetRefs", &words);
            }
        }
        let own = self.kept.iter_mut().find(|document| is_traffic(document) && targets(document, "HTTPRoute", name));
        if let Some(own) = own {
            let mut all = own.spec().get("targetRefs").clone();
            let old = own.value.entry("spec").remove("targetRef");
            if !old.is_null() {
                all.push(old);
            }
            let more = write::route_targets(&routes[1..]);
            more.items().iter().for_each(|target| all.push(target.clone()));
            *own.value.entry_at("spec.targetRefs") = all;
            write::complete_traffic(&mut own.value, idle);
            return;
        }
        let mut policy = write::traffic_policy((namespace, name), routes);
        write::complete_traffic(&mut policy, idle);
        self.new.push(policy);
    }
}

/// A name that has room for more behind it, and no dots: names of volumes are labels of 63 letters at most.
fn short(name: &str) -> String {
    name.chars().take(40).map(|char| if char == '.' { '-' } else { char }).collect()
}

fn identity(document: &Document) -> String {
    format!("{}/{}/{}", document.kind(), document.namespace(), document.name())
}

pub(super) fn has_name(document: &Value, (namespace, name): write::Name<'_>) -> bool {
    document.at("metadata.name").text() == Some(name)
        && document.at("metadata.namespace").text().unwrap_or("default") == namespace
}
