//! From a BackendSecurityPolicy to the filter's `credentials`, and what Envoy's pod needs for them.

use std::collections::BTreeSet;

use crate::document::{Document, reference_namespace};
use crate::places::sts_host;
use crate::value::Value;
use crate::{list, map};

use super::bootstrap::{file_listener, plain_cluster, pod_identity_cluster, tls_cluster};
use super::names::unique;
use super::notes::Notes;
use super::ports::Ports;
use super::source::Source;
use super::{Options, YOUR_ROLE};

const KEYS: &[&str] = &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";
/// Where things are mounted in Envoy's pod.
const MOUNTS: &str = "/etc/bedrock-messages";

/// What one BackendSecurityPolicy turns into.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The member `credentials`.
    pub credentials: Value,
    /// Variables that are handed on to the filter.
    pub host_keys: Vec<&'static str>,
    /// Variables of Envoy's container.
    pub variables: Vec<Value>,
    /// Volumes of Envoy's pod.
    pub volumes: Vec<Value>,
    /// Where its container has them.
    pub mounts: Vec<Value>,
    /// Whether its user has to be given access to them.
    pub needs_group: bool,
    /// Listeners for the bootstrap.
    pub listeners: Vec<Value>,
    /// Clusters for the bootstrap.
    pub clusters: Vec<Value>,
    /// A Secret that Envoy's pod reads.
    pub secret: Option<PodSecret>,
    /// New objects.
    pub documents: Vec<Value>,
}

/// A Secret that moves to Envoy's pods.
#[derive(Clone, Debug)]
pub struct PodSecret {
    /// Where it was.
    pub namespace: String,
    /// What it was called there.
    pub name: String,
    /// What it is called where the pods are: nothing of another namespace may be called the same.
    pub new_name: String,
}

/// What plans are made of.
pub struct Planner<'a> {
    /// The input.
    pub source: &'a Source<'a>,
    /// The command's.
    pub options: &'a Options,
    /// The region of the backend.
    pub region: &'a str,
    /// Begins the names of clusters, listeners and volumes.
    pub name: &'a str,
    /// The listeners on loopback.
    pub ports: &'a mut Ports,
}

impl Planner<'_> {
    /// Of a policy; without one the keys come from the environment.
    pub fn plan(&mut self, policy: Option<&Document>, owner: &Document, notes: &mut Notes) -> Plan {
        let Some(policy) = policy else {
            notes.add(owner, "", "no BackendSecurityPolicy is for it: give Envoy's container AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
            return Plan { credentials: map! { "type": "environment" }, host_keys: KEYS.to_vec(), ..Plan::default() };
        };
        let spec = policy.spec();
        let aws = spec.get("awsCredentials");
        for member in ["apiKey", "awsAPIKey", "awsApiKey"] {
            if !spec.get(member).is_null() {
                return self.api_key(policy, spec.get(member));
            }
        }
        if aws.is_null() {
            notes.add(policy, "spec.type", "it says nothing that AWS could take: give Envoy's container AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
            return Plan { credentials: map! { "type": "environment" }, host_keys: KEYS.to_vec(), ..Plan::default() };
        }
        if !aws.get("credentialsFile").is_null() {
            return self.file(policy, aws.get("credentialsFile"));
        }
        for member in ["oidcExchangeToken", "oidcConfig"] {
            let oidc = aws.get(member);
            if !oidc.get("oidc").is_null() {
                return self.oidc(policy, &format!("spec.awsCredentials.{member}"), oidc, notes);
            }
            if !oidc.is_null() {
                return self.mounted_token(policy, &format!("spec.awsCredentials.{member}"), oidc, notes);
            }
        }
        self.chain(policy, notes)
    }

    fn api_key(&self, policy: &Document, written: &Value) -> Plan {
        let reference = written.get("secretRef");
        let secret = self.secret(policy, reference);
        let key = reference.get("key").text().unwrap_or("apiKey");
        let value_from = map! { "secretKeyRef": map! { "name": &secret.new_name, "key": key } };
        Plan {
            credentials: map! { "type": "environment" },
            host_keys: vec![BEARER],
            variables: vec![map! { "name": BEARER, "valueFrom": value_from }],
            secret: Some(secret),
            ..Plan::default()
        }
    }

    fn file(&mut self, policy: &Document, written: &Value) -> Plan {
        let reference = written.get("secretRef");
        let secret = self.secret(policy, reference);
        let key = reference.get("key").text().unwrap_or("credentials");
        let name = format!("{}-file", self.name);
        let folder = format!("{MOUNTS}/{name}");
        let mut credentials = map! {
            "type": "credentialsFile",
            "listener": map! { "cluster": &name, "path": "/credentials" },
        };
        if let Some(profile) = written.get("profile").text().filter(|profile| *profile != "default") {
            *credentials.entry("profile") = profile.into();
        }
        let items = list![map! { "key": key, "path": "credentials" }];
        let mut plan = Plan {
            credentials,
            volumes: vec![map! { "name": &name, "secret": map! { "secretName": &secret.new_name, "items": items } }],
            mounts: vec![mount(&name, &folder)],
            secret: Some(secret),
            ..Plan::default()
        };
        self.listen(&mut plan, &name, "/credentials", &folder, "credentials");
        plan
    }

    fn oidc(&self, policy: &Document, path: &str, written: &Value, notes: &mut Notes) -> Plan {
        let oidc = written.get("oidc");
        let endpoint = self.options.token_endpoint.as_deref().or(oidc.at("provider.tokenEndpoint").text());
        let issuer = oidc.at("provider.issuer").text().unwrap_or_default();
        if endpoint.is_none() {
            notes.add(
                policy,
                &format!("{path}.oidc.provider"),
                "the issuer's token endpoint is not said, and not looked up: give --token-endpoint",
            );
        }
        let address = endpoint.unwrap_or(issuer);
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let (authority, token_path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let token_path =
            if endpoint.is_some() { format!("/{token_path}") } else { "/YOUR_TOKEN_ENDPOINT_PATH".to_owned() };
        let secret = oidc.at("clientSecret.name").text().unwrap_or_default();
        let words = format!(
            "put the value of Secret/{secret} into `credentials.token.oidc.clientSecret`: the filter's configuration cannot refer to a Secret"
        );
        notes.add(policy, &format!("{path}.oidc.clientSecret"), &words);
        if !matches!(written.get("grantType").text(), None | Some("client_credentials")) {
            notes.add(policy, &format!("{path}.grantType"), "left out: the grant is client_credentials");
        }
        let name = format!("{}-oidc", self.name);
        let mut token = map! {
            "cluster": &name,
            "host": if port == "443" { host.to_owned() } else { authority.to_owned() },
            "path": token_path,
            "clientId": oidc.get("clientID").text().unwrap_or("YOUR_CLIENT_ID"),
            "clientSecret": "YOUR_ACTUAL_CLIENT_SECRET",
        };
        let scopes: Vec<&str> = oidc.get("scopes").items().iter().filter_map(Value::text).collect();
        if !scopes.is_empty() {
            *token.entry("scope") = scopes.join(" ").into();
        }
        if let Some(audience) = written.get("aud").text() {
            *token.entry("audience") = audience.into();
        }
        let mut plan = Plan::default();
        plan.clusters.push(tls_cluster(&name, host, port.parse().unwrap_or(443)));
        let role = self.role(policy, path, written, notes);
        plan.credentials = self.web_identity(&mut plan.clusters, &role, map! { "oidc": token });
        plan
    }

    /// A role without a word of where the token comes from: the service account's, which Kubernetes mounts.
    fn mounted_token(&mut self, policy: &Document, path: &str, written: &Value, notes: &mut Notes) -> Plan {
        notes.add(policy, path, "the token is the one of Envoy's service account, mounted by Kubernetes for sts.amazonaws.com: IAM has to know the cluster's issuer");
        let mut plan = Plan::default();
        let role = self.role(policy, path, written, notes);
        let listener = self.token(&mut plan);
        plan.credentials = self.web_identity(&mut plan.clusters, &role, map! { "listener": listener });
        plan
    }

    /// What the SDKs of AWS look through, where Envoy's pod can have it.
    fn chain(&mut self, policy: &Document, notes: &mut Notes) -> Plan {
        let mut plan = Plan { host_keys: KEYS.to_vec(), ..Plan::default() };
        let role = self.role(policy, "spec.awsCredentials", &Value::Null, notes);
        let listener = self.token(&mut plan);
        let web_identity = self.web_identity(&mut plan.clusters, &role, map! { "listener": listener });
        let (agent, metadata) = (format!("{}-pod-identity", self.name), format!("{}-metadata", self.name));
        self.pod_identity(&mut plan, &agent);
        plan.clusters.push(plain_cluster(&metadata, "169.254.169.254", 80));
        plan.credentials = map! {
            "type": "chain",
            "providers": list![
                map! { "type": "environment" },
                web_identity,
                map! { "type": "container", "cluster": agent, "host": "169.254.170.23", "path": "/v1/credentials" },
                map! { "type": "instanceMetadata", "cluster": metadata },
            ],
        };
        plan
    }

    fn web_identity(&self, clusters: &mut Vec<Value>, role: &str, token: Value) -> Value {
        let (name, host) = (format!("{}-sts-{}", self.name, self.region), sts_host(self.region, false));
        clusters.push(tls_cluster(&name, &host, 443));
        map! { "type": "webIdentity", "roleArn": role, "sts": map! { "cluster": name, "host": host }, "token": token }
    }

    fn secret(&self, policy: &Document, reference: &Value) -> PodSecret {
        let namespace = reference_namespace(policy, reference).to_owned();
        let name = reference.get("name").text().unwrap_or_default().to_owned();
        let is_there = namespace == self.options.envoy_namespace;
        let new_name = if is_there { name.clone() } else { unique(&namespace, &name) };
        PodSecret { namespace, name, new_name }
    }

    /// The role: of the policy, the command, or an annotation for EKS.
    fn role(&self, policy: &Document, path: &str, written: &Value, notes: &mut Notes) -> String {
        let of_policy = ["awsRoleArn", "roleArn"].iter().find_map(|key| written.get(key).text());
        const ANNOTATION: &str = "eks.amazonaws.com/role-arn";
        let of_annotation = || {
            let annotated = self.source.documents.iter().flat_map(|document| {
                let of_gateway = document.spec().at("infrastructure.annotations").get(ANNOTATION).text();
                [document.value.at("metadata.annotations").get(ANNOTATION).text(), of_gateway]
            });
            let roles: BTreeSet<&str> = annotated.flatten().collect();
            // Of several there is no telling whose they are.
            roles.first().copied().filter(|_| roles.len() == 1)
        };
        let role = of_policy.or(self.options.role_arn.as_deref()).or_else(of_annotation);
        if role.is_none() {
            notes.add(
                policy,
                path,
                "no role is named: give --role-arn, or take the webIdentity source out of `credentials`",
            );
        }
        role.unwrap_or(YOUR_ROLE).to_owned()
    }

    /// Mounts a token of Envoy's service account for STS and hands it out; what the filter is told of it.
    fn token(&mut self, plan: &mut Plan) -> Value {
        let name = format!("{}-token", self.name);
        let folder = format!("{MOUNTS}/{name}");
        plan.volumes.push(token_volume(&name, "sts.amazonaws.com"));
        plan.mounts.push(mount(&name, &folder));
        plan.needs_group = true;
        self.listen(plan, &name, "/token", &folder, "token");
        map! { "cluster": name, "path": "/token" }
    }

    /// The agent of EKS, its token, and the file that tells Envoy of that.
    fn pod_identity(&self, plan: &mut Plan, name: &str) {
        let (folder, sds) = (format!("{MOUNTS}/{name}"), format!("{name}-sds"));
        let config = map! { "name": &sds, "configMap": map! { "name": &sds } };
        plan.volumes.extend([token_volume(name, "pods.eks.amazonaws.com"), config]);
        plan.mounts.extend([mount(name, &folder), mount(&sds, &format!("{MOUNTS}/{sds}"))]);
        let file = format!("{MOUNTS}/{sds}/token.yaml");
        plan.clusters.push(pod_identity_cluster(name, &sds, &file));
        let resource = map! {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": &sds,
            "generic_secret": map! { "secret": map! { "filename": format!("{folder}/token") } },
        };
        plan.documents.push(map! {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": map! { "name": &sds, "namespace": &self.options.envoy_namespace },
            "data": map! { "token.yaml": map! { "resources": list![resource] }.to_yaml() },
        });
    }

    fn listen(&mut self, plan: &mut Plan, name: &str, path: &str, folder: &str, file: &str) {
        let port = self.ports.of(name);
        plan.listeners.push(file_listener(name, port, path, folder, file));
        plan.clusters.push(plain_cluster(name, "127.0.0.1", port));
    }
}

fn mount(name: &str, folder: &str) -> Value {
    map! { "name": name, "mountPath": folder, "readOnly": true }
}

/// A token of the pod's service account, which Kubernetes replaces before it expires.
fn token_volume(name: &str, audience: &str) -> Value {
    let token = map! { "audience": audience, "expirationSeconds": 3600_u32, "path": "token" };
    map! { "name": name, "projected": map! { "sources": list![map! { "serviceAccountToken": token }] } }
}
