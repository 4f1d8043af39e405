//! Clusters of AWS in a bootstrap: TLS, and its names.

use crate::document::Document;
use crate::places::is_of_aws;
use crate::value::{Value, join};

use super::{Finding, Rule};

/// The one port that AWS answers on.
pub const PORT: u64 = 443;

const SOCKET: &str = "transport_socket.typed_config";

/// Each cluster of AWS speaks TLS, by the host's name.
pub fn check(document: &Document, bootstrap: &Value, path: &str, found: &mut Vec<Finding>) {
    for (index, cluster) in bootstrap.at("static_resources.clusters").items().iter().enumerate() {
        let path = join(path, &format!("static_resources.clusters[{index}]"));
        let mut addresses = addresses(cluster);
        let Some((host, port)) = addresses.find(|(host, _)| is_of_aws(host)) else { continue };
        if port.is_some_and(|port| port != PORT) {
            found.push(Finding::new(Rule::AwsPort, document, &path).detail(host));
        }
        check_cluster(document, cluster, host, &path, found);
    }
}

/// What a cluster leads to: the host of AWS, by its address or by the name that its certificate has to have; else the address.
pub fn place(cluster: &Value) -> Option<&str> {
    let of_aws = addresses(cluster).map(|(host, _)| host).find(|host| is_of_aws(host));
    let sni = cluster.at(SOCKET).get("sni").text().filter(|name| is_of_aws(name));
    of_aws.or(sni).or_else(|| Some(addresses(cluster).next()?.0))
}

fn addresses(cluster: &Value) -> impl Iterator<Item = (&str, Option<u64>)> {
    let mut addresses = Vec::new();
    cluster.get("load_assignment").objects("", &mut |object, _| {
        let socket = object.get("socket_address");
        addresses.extend(socket.get("address").text().map(|host| (host, socket.get("port_value").number())));
    });
    addresses.into_iter()
}

fn check_cluster(document: &Document, cluster: &Value, host: &str, path: &str, found: &mut Vec<Finding>) {
    if cluster.get("transport_socket").is_null() {
        if cluster.get("transport_socket_matches").is_null() {
            found.push(Finding::new(Rule::TlsMissing, document, path).detail(host));
        }
        return;
    }
    let socket = cluster.at(SOCKET);
    let sni = socket.get("sni").text();
    if sni.is_some_and(|name| name != host) || sni.is_none() && !has(cluster, &["auto_sni", "auto_host_sni"]) {
        let finding = Finding::new(Rule::TlsHostname, document, join(path, &format!("{SOCKET}.sni")));
        found.push(finding.detail(format!("the host is {host}")));
    }
    if !is_verified(cluster, socket.get("common_tls_context")) {
        found.push(Finding::new(Rule::TlsUnverified, document, join(path, "transport_socket")));
    }
}

/// Whether both the authority and the name of a certificate are looked at.
fn is_verified(cluster: &Value, common: &Value) -> bool {
    // What these say stands elsewhere.
    let is_elsewhere =
        ["validation_context_sds_secret_config", "combined_validation_context", "custom_validator_config"];
    if is_elsewhere.iter().any(|key| !common.get(key).is_null()) {
        return true;
    }
    let context = common.get("validation_context");
    let is_given = |key: &&str| !context.get(key).is_null();
    let of_authority = ["trusted_ca", "system_root_certs", "custom_validator_config"].iter().any(is_given);
    let of_name = ["match_typed_subject_alt_names", "match_subject_alt_names"].iter().any(is_given)
        || has(cluster, &["auto_san_validation", "auto_sni_san_validation"]);
    let of_one = ["verify_certificate_spki", "verify_certificate_hash"].iter().any(is_given);
    of_authority && of_name || of_one
}

/// Whether one of these options is on, wherever in the cluster it has its place.
fn has(cluster: &Value, options: &[&str]) -> bool {
    let mut has = false;
    cluster.objects("", &mut |object, _| {
        has |= options.iter().any(|option| object.get(option).boolean() == Some(true));
    });
    has
}
