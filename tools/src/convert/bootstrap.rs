//! Listeners and clusters that EnvoyProxies merge into Envoy's bootstrap.

use crate::input::documents;
use crate::map;
use crate::value::Value;

use super::names::add_named;

/// A cluster of one address, without TLS: loopback and link-local ones.
pub fn plain_cluster(name: &str, address: &str, port: u16) -> Value {
    read(&format!(
        r"
name: {name}
type: STATIC
connect_timeout: 1s
load_assignment:
  cluster_name: {name}
  endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: {address}, port_value: {port}}}}}}}}}]}}]
"
    ))
}

/// A cluster of a host, with TLS and the name checked.
pub fn tls_cluster(name: &str, host: &str, port: u16) -> Value {
    read(&format!(
        r#"
name: {name}
type: LOGICAL_DNS
dns_lookup_family: V4_PREFERRED
connect_timeout: 2s
load_assignment:
  cluster_name: {name}
  endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}}}]}}]
transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
    sni: {host}
    common_tls_context:
      validation_context:
        trusted_ca: {{filename: /etc/ssl/certs/ca-certificates.crt}}
        match_typed_subject_alt_names:
        - san_type: DNS
          matcher: {{exact: {host}}}
"#
    ))
}

/// The agent of EKS Pod Identity: Envoy itself adds the mounted token as `authorization`, and follows the file.
pub fn pod_identity_cluster(name: &str, secret: &str, sds: &str) -> Value {
    let mut cluster = plain_cluster(name, "169.254.170.23", 80);
    *cluster.entry("typed_extension_protocol_options") = read(&format!(
        r#"
envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
  "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
  explicit_http_config: {{http_protocol_options: {{}}}}
  http_filters:
  - name: envoy.filters.http.credential_injector
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector
      allow_request_without_credential: true
      credential:
        name: envoy.http.injected_credentials.generic
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic
          credential:
            name: {secret}
            sds_config: {{path_config_source: {{path: {sds}}}, resource_api_version: V3}}
  - name: envoy.filters.http.upstream_codec
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec
"#
    ));
    cluster
}

/// A listener on loopback that hands out a mounted file, and reads it again when Kubernetes has replaced it.
pub fn file_listener(name: &str, port: u16, path: &str, folder: &str, file: &str) -> Value {
    read(&format!(
        r#"
name: {name}
address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
filter_chains:
- filters:
  - name: envoy.filters.network.http_connection_manager
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
      stat_prefix: {name}
      route_config:
        name: {name}
        max_direct_response_body_size_bytes: 65536
        virtual_hosts:
        - name: {name}
          domains: [localhost]
          routes:
          - match: {{path: {path}}}
            direct_response:
              status: 200
              body:
                filename: {folder}/{file}
                watched_directory: {{path: {folder}}}
      http_filters:
      - name: envoy.filters.http.router
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
"#
    ))
}

/// Adds listeners and clusters to what an EnvoyProxy already merges.
pub fn merged(old: Option<&str>, listeners: &[Value], clusters: &[Value]) -> Result<String, String> {
    let mut bootstrap = match old {
        Some(text) => documents(text)?.into_iter().next().unwrap_or_default(),
        None => map! {},
    };
    for (member, added) in [("listeners", listeners), ("clusters", clusters)] {
        for one in added {
            add_named(bootstrap.entry_at("static_resources").entry(member), one)
                .map_err(|problem| format!("static_resources.{member}: {problem}"))?;
        }
    }
    Ok(bootstrap.to_yaml())
}

/// The templates of this file, which can be read.
fn read(text: &str) -> Value {
    documents(text).ok().and_then(|documents| documents.into_iter().next()).unwrap_or_default()
}
