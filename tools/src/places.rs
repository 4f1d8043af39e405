//! Hosts of AWS: which there are, and the region that one is in.

pub use bedrock_messages::aws::endpoint::{mantle_host, region_of_host, runtime_host, sts_host};

/// Whether a host is one of AWS's, which speak TLS alone.
pub fn is_of_aws(host: &str) -> bool {
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"]
        .iter()
        .any(|suffix| host.ends_with(suffix))
}

/// The region of a host of Bedrock's, mantle and STS among them.
pub fn region(host: &str) -> Option<&str> {
    region_of_host(host).or_else(|| {
        let rest = host.strip_prefix("bedrock-mantle.")?;
        rest.split('.').next().filter(|region| region.contains('-'))
    })
}
