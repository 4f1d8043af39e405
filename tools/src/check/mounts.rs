//! What Envoy's pods have of files and Secrets in Envoy Gateway.

use crate::document::Document;
use crate::value::Value;

use super::proxies::workload;
use super::world::World;
use super::{Finding, Rule};

/// Here the webhooks of EKS mount their tokens.
const OF_WEBHOOKS: &str = "/var/run/secrets/";

/// Where Envoy Gateway is, and the pods with it, unless somebody has said otherwise.
const ENVOY_GATEWAY_SYSTEM: &str = "envoy-gateway-system";

/// Volumes are there, and Secrets stand in the namespace of the pods.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    for proxy in world.of_kind("EnvoyProxy") {
        let Some(workload) = workload(proxy) else { continue };
        let volumes = workload.at("pod.volumes").items();
        for mount in workload.at("container.volumeMounts").items() {
            let name = mount.get("name");
            if !volumes.iter().any(|volume| volume.get("name") == name) {
                let detail = format!("there is no volume {}", name.text().unwrap_or_default());
                let path = "spec.provider.kubernetes.envoyDeployment.container.volumeMounts";
                found.push(Finding::new(Rule::FileMissing, proxy, path).detail(detail));
            }
        }
        check_secrets(world, proxy, workload, found);
    }
}

/// A file that Envoy is to hand out is below a mounted volume.
pub fn check_file(proxy: &Document, file: &str, path: &str, found: &mut Vec<Finding>) {
    let Some(workload) = workload(proxy) else { return };
    let mut mounts = workload.at("container.volumeMounts").items().iter();
    let is_mounted = mounts.any(|mount| {
        mount.get("mountPath").text().is_some_and(|folder| {
            file.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    });
    // Another image may have files of its own.
    if !is_mounted && !file.starts_with(OF_WEBHOOKS) && workload.at("container.image").is_null() {
        found.push(Finding::new(Rule::FileMissing, proxy, path).detail(file));
    }
}

/// Envoy's pods are in Envoy Gateway's namespace, and not in that of the Gateway.
fn check_secrets(world: &World<'_>, proxy: &Document, workload: &Value, found: &mut Vec<Finding>) {
    let mut is_of_gateway = false;
    for document in world.documents {
        document.value.texts("", &mut |text, _| is_of_gateway |= text.contains("GatewayNamespace"));
    }
    if is_of_gateway || proxy.namespace() == ENVOY_GATEWAY_SYSTEM {
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    workload.objects("", &mut |object, _| {
        let of_volume = object.at("secret.secretName").text().or(object.at("secret.name").text());
        names.extend(of_volume.into_iter().chain(object.at("secretKeyRef.name").text()));
    });
    names.dedup();
    for name in names {
        let named: Vec<&Document> = world.of_kind("Secret").filter(|secret| secret.name() == name).collect();
        let is_own = |secret: &&Document| secret.namespace() == proxy.namespace();
        if let (Some(secret), true) = (named.first(), named.iter().all(is_own)) {
            found.push(Finding::new(Rule::SecretNamespace, secret, "metadata.namespace"));
        }
    }
}
