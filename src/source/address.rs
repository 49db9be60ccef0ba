//! Which hosts may be asked: only addresses of the public internet, so that no scraped link or redirect reaches into the
//! network that the program runs in.

use super::SourceError;
use super::settings::Authority;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use thiserror::Error;
use url::{Host, Url};

/// Whether an address is one of the public internet (IANA's special-purpose registries of IPv4 and IPv6, RFC 6890).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Carrier-grade NAT, protocol assignments, 6to4 relays, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        // IPv4 in IPv6: mapped, translated (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        // 6to4.
        [0x2002, ..] => v4(b, c),
        // Protocol assignments, Teredo and documentation.
        [0x2001, b, ..] => b >= 0x200 && b != 0xdb8,
        // Documentation (RFC 9637).
        [0x3fff, b, ..] => b >= 0x1000,
        // Nothing else but global unicast, 2000::/3, is assigned.
        [a, ..] => (0x2000..0x4000).contains(&a),
    }
}

/// What the caller allowed although it is private.
#[derive(Debug, Clone)]
pub(super) struct Allowed(Vec<Authority>);

impl Allowed {
    pub(super) fn new(authorities: &[Authority]) -> Allowed {
        Allowed(authorities.to_vec())
    }

    /// Refuses other schemes, and hosts that are private by what is written; names are looked up only when they are
    /// connected to, by [`PublicOnly`].
    pub(super) fn check(&self, url: &Url) -> Result<(), SourceError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SourceError::Scheme {
                url: url.to_string(),
            });
        }
        let refused = |address: String| {
            Err(SourceError::PrivateAddress {
                url: url.to_string(),
                address,
            })
        };
        let Some(host) = url.host() else {
            return refused("no host".to_owned());
        };
        let mut of_host = self
            .0
            .iter()
            .filter(|allowed| allowed.host == host.to_owned())
            .peekable();
        if of_host.peek().is_some() {
            let port = url.port_or_known_default();
            return if of_host.any(|allowed| allowed.port.is_none() || allowed.port == port) {
                Ok(())
            } else {
                refused(format!("{host} on port {}", port.unwrap_or(0)))
            };
        }
        let literal = match host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
        };
        if is_public(literal) {
            Ok(())
        } else {
            refused(literal.to_string())
        }
    }

    fn names(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|allowed| matches!(&allowed.host, Host::Domain(domain) if domain == name))
    }
}

/// A name that leads only to private addresses.
#[derive(Debug, Error)]
#[error("{name} is at {address}, which is not an address of the public internet")]
pub(super) struct LeadsInside {
    pub(super) name: String,
    pub(super) address: IpAddr,
}

/// Looks names up and gives only public addresses, so that the very address that was checked is connected to.
#[derive(Debug)]
pub(super) struct PublicOnly(pub(super) Allowed);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if allowed.names(&name) {
                return Ok(Box::new(found.into_iter()) as Addrs);
            }
            let (public, private): (Vec<_>, Vec<_>) = found
                .into_iter()
                .partition(|address| is_public(address.ip()));
            match (public.is_empty(), private.first()) {
                (true, Some(address)) => Err(LeadsInside {
                    name,
                    address: address.ip(),
                }
                .into()),
                _ => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::Settings;

    #[test]
    fn special_addresses_are_told_from_public_ones() {
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_url_into_the_network_is_refused_however_it_is_written() {
        let settings = Settings::new("tool", "ops@example.org").unwrap();
        let settings = settings.allow_private("127.0.0.1:8080").unwrap();
        let allowed = Allowed::new(&settings.private);
        let check = |url: &str| allowed.check(&Url::parse(url).unwrap()).is_ok();
        for refused in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:8081/",
            "file:///etc/passwd",
            "ftp://example.org/",
            "data:text/plain,1",
        ] {
            assert!(!check(refused), "{refused}");
        }
        for passed in [
            "https://example.org/",
            "http://127.0.0.1:8080/x",
            "http://1.1.1.1/",
        ] {
            assert!(check(passed), "{passed}");
        }
    }
}
