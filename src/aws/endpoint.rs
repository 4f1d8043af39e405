//! Regions, and the hosts of the Bedrock runtime and of STS in them.

/// Regions that share their DNS suffixes.
struct Partition {
    region_prefix: &'static str,
    suffix: &'static str,
    dual_stack_suffix: &'static str,
}

/// The first whose prefix fits; the last one, of `aws` and `aws-us-gov`, fits every region.
const PARTITIONS: &[Partition] = &[
    Partition { region_prefix: "cn-", suffix: "amazonaws.com.cn", dual_stack_suffix: "api.amazonwebservices.com.cn" },
    Partition { region_prefix: "eusc-", suffix: "amazonaws.eu", dual_stack_suffix: "api.amazonwebservices.eu" },
    Partition { region_prefix: "us-iso-", suffix: "c2s.ic.gov", dual_stack_suffix: "api.aws.ic.gov" },
    Partition { region_prefix: "us-isob-", suffix: "sc2s.sgov.gov", dual_stack_suffix: "api.aws.scloud" },
    Partition { region_prefix: "eu-isoe-", suffix: "cloud.adc-e.uk", dual_stack_suffix: "api.cloud-aws.adc-e.uk" },
    Partition { region_prefix: "us-isof-", suffix: "csp.hci.ic.gov", dual_stack_suffix: "api.aws.hci.ic.gov" },
    AWS,
];

const AWS: Partition = Partition { region_prefix: "", suffix: "amazonaws.com", dual_stack_suffix: "api.aws" };

fn partition(region: &str) -> &'static Partition {
    PARTITIONS.iter().find(|partition| region.starts_with(partition.region_prefix)).unwrap_or(&AWS)
}

/// The host of the Bedrock runtime in a region.
pub fn runtime_host(region: &str, fips: bool, dual_stack: bool) -> String {
    let partition = partition(region);
    let service = if fips { "bedrock-runtime-fips" } else { "bedrock-runtime" };
    let suffix = if dual_stack { partition.dual_stack_suffix } else { partition.suffix };
    format!("{service}.{region}.{suffix}")
}

/// The host of bedrock-mantle in a region.
pub fn mantle_host(region: &str) -> String {
    format!("bedrock-mantle.{region}.{}", partition(region).dual_stack_suffix)
}

/// The host of STS in a region. GovCloud has FIPS everywhere, and no host of its own for it.
pub fn sts_host(region: &str, fips: bool) -> String {
    let service = if fips && !region.starts_with("us-gov-") { "sts-fips" } else { "sts" };
    format!("{service}.{region}.{}", partition(region).suffix)
}

/// The region that requests to a host of STS are signed for, VPC endpoints included: of the one host for all regions it is
/// us-east-1.
pub fn region_of_sts(host: &str) -> Option<&str> {
    let host = host.split_once(':').map_or(host, |(host, _port)| host);
    if host == "sts.amazonaws.com" { Some("us-east-1") } else { region_of(host, &["sts", "sts-fips"]) }
}

/// The region that a host of the Bedrock runtime belongs to, VPC endpoints included; a port may follow it.
///
/// `None` is any other host (a simulator, a proxy, a name of one's own): nothing is known of its region.
pub fn region_of_host(host: &str) -> Option<&str> {
    let host = host.split_once(':').map_or(host, |(host, _port)| host);
    region_of(host, &["bedrock-runtime", "bedrock-runtime-fips"])
}

/// `<service>.<region>.<suffix>`, or `vpce-….<service>.<region>.vpce.<suffix>`.
fn region_of<'a>(host: &'a str, services: &[&str]) -> Option<&'a str> {
    let (first, rest) = host.split_once('.')?;
    let is_private = first.starts_with("vpce-");
    let (service, rest) = if is_private { rest.split_once('.')? } else { (first, rest) };
    let (region, suffix) = rest.split_once('.')?;
    let suffix = if is_private { suffix.strip_prefix("vpce.")? } else { suffix };
    let partition = partition(region);
    let is_known = [partition.suffix, partition.dual_stack_suffix].contains(&suffix);
    (services.contains(&service) && is_known).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::{mantle_host, region_of_host, region_of_sts, runtime_host, sts_host};

    #[test]
    fn hosts_by_partition_and_mode() {
        for (region, fips, dual_stack, host) in [
            ("us-east-1", false, false, "bedrock-runtime.us-east-1.amazonaws.com"),
            ("us-east-1", true, false, "bedrock-runtime-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "bedrock-runtime.us-east-1.api.aws"),
            ("us-east-1", true, true, "bedrock-runtime-fips.us-east-1.api.aws"),
            ("us-gov-west-1", true, false, "bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", false, false, "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
            ("cn-north-1", false, true, "bedrock-runtime.cn-north-1.api.amazonwebservices.com.cn"),
            ("eusc-de-east-1", false, false, "bedrock-runtime.eusc-de-east-1.amazonaws.eu"),
            ("eusc-de-east-1", false, true, "bedrock-runtime.eusc-de-east-1.api.amazonwebservices.eu"),
            ("us-iso-east-1", false, false, "bedrock-runtime.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", false, false, "bedrock-runtime.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", false, false, "bedrock-runtime.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-south-1", false, false, "bedrock-runtime.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-west-1", false, false, "bedrock-runtime.eu-west-1.amazonaws.com"),
        ] {
            assert_eq!(runtime_host(region, fips, dual_stack), host);
            assert_eq!(region_of_host(host), Some(region), "{host}");
            assert_eq!(region_of_host(&format!("{host}:8443")), Some(region), "{host} with a port");
        }
    }

    #[test]
    fn hosts_of_mantle() {
        assert_eq!(mantle_host("us-east-1"), "bedrock-mantle.us-east-1.api.aws");
        assert_eq!(mantle_host("us-gov-west-1"), "bedrock-mantle.us-gov-west-1.api.aws");
    }

    #[test]
    fn hosts_of_sts() {
        for (region, fips, host) in [
            ("us-east-1", false, "sts.us-east-1.amazonaws.com"),
            ("us-east-1", true, "sts-fips.us-east-1.amazonaws.com"),
            ("us-gov-west-1", true, "sts.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", false, "sts.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(sts_host(region, fips), host);
            assert_eq!(region_of_sts(host), Some(region), "{host}");
        }
        for (host, region) in [
            ("sts.amazonaws.com", Some("us-east-1")),
            ("sts.eu-west-1.amazonaws.com:8443", Some("eu-west-1")),
            ("vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("127.0.0.1:8080", None),
            ("sts.internal", None),
            ("sts.my-proxy.example.com", None),
            ("sts.us-east-1.amazonaws.com.example.com", None),
            ("vpce-0a1b.kms.eu-west-1.vpce.amazonaws.com", None),
            ("sts", None),
        ] {
            assert_eq!(region_of_sts(host), region, "{host}");
        }
    }

    #[test]
    fn private_hosts_are_recognised() {
        for (host, region) in [
            ("vpce-0a1b-2c3d.bedrock-runtime.us-west-2.vpce.amazonaws.com", "us-west-2"),
            ("vpce-0a1b-2c3d-us-west-2a.bedrock-runtime.us-west-2.vpce.amazonaws.com", "us-west-2"),
            ("vpce-0a1b-2c3d.bedrock-runtime-fips.us-gov-west-1.vpce.amazonaws.com", "us-gov-west-1"),
            ("vpce-0a1b-2c3d.bedrock-runtime.cn-north-1.vpce.amazonaws.com.cn", "cn-north-1"),
        ] {
            assert_eq!(region_of_host(host), Some(region), "{host}");
        }
    }

    #[test]
    fn other_hosts_are_not() {
        for host in [
            "",
            "127.0.0.1:8080",
            "localhost",
            "bedrock-runtime",
            "bedrock-runtime.us-east-1",
            "bedrock-runtime.us-east-1.example.com",
            "bedrock-runtime.us-east-1.amazonaws.com.example.com",
            "bedrock-runtime.cn-north-1.amazonaws.com",
            "bedrock-runtime.us-east-1.vpce.amazonaws.com",
            "bedrock.us-east-1.amazonaws.com",
            "x.bedrock-runtime.us-east-1.amazonaws.com",
            "vpce-1.bedrock.us-east-1.vpce.amazonaws.com",
            "vpce-1.bedrock-runtime.us-east-1.amazonaws.com",
        ] {
            assert_eq!(region_of_host(host), None, "{host}");
        }
    }
}
