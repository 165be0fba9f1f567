//! Which hosts a token may be sent to.
//!
//! Input: the address of a service and the hosts that the user has named. Output: nothing, or a refusal in words. A token
//! goes to the services' own domains of the public and the sovereign clouds, to hosts named by the user, and to this
//! machine; over HTTPS everywhere but here. Nothing is resolved and nothing is sent.

use std::net::IpAddr;

use reqwest::Url;

/// Domains below which query services live. Kusto clusters: <https://learn.microsoft.com/azure/data-explorer/kusto/api/rest>
/// and the list of endpoints that Microsoft's own clients trust; read 2026-11-23.
const DOMAINS: [&str; 24] = [
    // Public cloud: Data Explorer, Fabric, Synapse.
    "kusto.windows.net",
    "kustomfa.windows.net",
    "kusto.data.microsoft.com",
    "kusto.fabric.microsoft.com",
    "kusto.azuresynapse.net",
    // US Government.
    "kusto.usgovcloudapi.net",
    "kustomfa.usgovcloudapi.net",
    // China.
    "kusto.chinacloudapi.cn",
    "kustomfa.chinacloudapi.cn",
    "kusto.azuresynapse.azure.cn",
    // Air-gapped clouds.
    "kusto.core.eaglex.ic.gov",
    "kustomfa.core.eaglex.ic.gov",
    "kusto.core.microsoft.scloud",
    "kustomfa.core.microsoft.scloud",
    // Log Analytics and Application Insights, regional hosts included.
    "api.loganalytics.io",
    "api.loganalytics.azure.com",
    "api.loganalytics.us",
    "api.loganalytics.azure.us",
    "api.loganalytics.azure.cn",
    "api.applicationinsights.io",
    "api.applicationinsights.azure.com",
    "api.applicationinsights.us",
    "api.applicationinsights.azure.cn",
    "api.monitor.azure.com",
];

/// Hosts that show Application Insights and Log Analytics as if they were Kusto clusters.
const PROXIES: [&str; 11] = [
    "ade.applicationinsights.io",
    "ade.loganalytics.io",
    "adx.applicationinsights.azure.com",
    "adx.loganalytics.azure.com",
    "adx.monitor.azure.com",
    "adx.applicationinsights.azure.us",
    "adx.loganalytics.azure.us",
    "adx.monitor.azure.us",
    "adx.applicationinsights.azure.cn",
    "adx.loganalytics.azure.cn",
    "adx.monitor.azure.cn",
];

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    plain.eq_ignore_ascii_case("localhost") || plain.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Says why a token must not be sent to an address, if it must not.
pub(super) fn refusal(url: &Url, named: &[String]) -> Option<String> {
    let Some(host) = url.host_str() else { return Some(format!("`{url}` names no host")) };
    if is_loopback(host) {
        return None;
    }
    if url.scheme() != "https" {
        return Some(format!("`{host}` is not asked over HTTPS, and a token is sent over nothing else"));
    }
    let known = |domain: &str| {
        host.eq_ignore_ascii_case(domain)
            || host.len() > domain.len() + 1
                && host.to_ascii_lowercase().strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    };
    let trusted = DOMAINS.iter().any(|domain| known(domain))
        || PROXIES.iter().any(|proxy| host.eq_ignore_ascii_case(proxy))
        || named.iter().any(|name| host.eq_ignore_ascii_case(name));
    (!trusted).then(|| {
        format!("`{host}` is no known host of a query service, so no token is sent there; name it if it is trusted")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, named: &[&str], want: Option<&str>) {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let got = refusal(&Url::parse(url).unwrap(), &named);
        match want {
            None => assert_eq!(got, None, "{url}"),
            Some(part) => assert!(got.as_ref().is_some_and(|text| text.contains(part)), "{url}: {got:?}"),
        }
    }

    #[test]
    fn a_token_goes_to_the_services_of_every_cloud() {
        check("https://help.kusto.windows.net/", &[], None);
        check("https://c.westeurope.kusto.usgovcloudapi.net", &[], None);
        check("https://c.kusto.chinacloudapi.cn", &[], None);
        check("https://API.loganalytics.azure.com/v1", &[], None);
        check("https://westus2.api.loganalytics.io/v1", &[], None);
        check("https://api.loganalytics.us/v1", &[], None);
        check("https://adx.monitor.azure.com/subscriptions", &[], None);
    }

    #[test]
    fn a_name_that_only_ends_alike_gets_no_token() {
        check("https://evilkusto.windows.net", &[], Some("no known host"));
        check("https://kusto.windows.net.evil.example", &[], Some("no known host"));
        check("https://help.kusto.windows.net@evil.example/", &[], Some("`evil.example`"));
        check("https://xadx.monitor.azure.com", &[], Some("no known host"));
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        check("http://help.kusto.windows.net", &[], Some("HTTPS"));
        check("http://proxy.example", &["proxy.example"], Some("HTTPS"));
        check("http://127.0.0.1:8080/x", &[], None);
        check("http://[::1]:1/", &[], None);
        check("http://localhost:1/", &[], None);
        check("http://localhost.evil.example/", &[], Some("HTTPS"));
    }

    #[test]
    fn a_host_that_the_user_names_is_trusted() {
        check("https://kusto.corp.example", &[], Some("name it"));
        check("https://KUSTO.corp.example", &["kusto.corp.example"], None);
        check("https://other.corp.example", &["kusto.corp.example"], Some("no known host"));
    }

    /// The list of Microsoft's clients; kept outside the project.
    #[test]
    fn every_kusto_domain_is_on_the_list_of_microsofts_clients() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/responses/wellKnownKustoEndpoints.json");
        let Ok(text) = std::fs::read_to_string(file) else {
            println!("0 of 25 names checked (skipped: the list is not here)");
            return;
        };
        let kusto = DOMAINS.iter().filter(|domain| domain.starts_with("kusto")).map(|domain| format!("\".{domain}\""));
        let names: Vec<String> = kusto.chain(PROXIES.iter().map(|proxy| format!("\"{proxy}\""))).collect();
        assert_eq!(names.len(), 25);
        for name in &names {
            assert!(text.contains(name), "{name}");
        }
        println!("25 of 25 names checked");
    }
}
