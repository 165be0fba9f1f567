//! Decides which hosts may receive an access token.
//!
//! Input: the URL of a service and the hosts that the user trusts. Output: `None`, or the reason for a refusal. Tokens may be sent
//! to the domains of the services in public and sovereign clouds, to hosts that the user trusts, and to loopback addresses; HTTPS
//! is required except for loopback addresses. Nothing is resolved and nothing is sent.

use std::net::IpAddr;

use reqwest::Url;

use super::configuration_error::ConfigurationError;

/// Domains of query services, including subdomains. Kusto clusters:
/// <https://learn.microsoft.com/azure/data-explorer/kusto/api/rest> and the endpoints that Microsoft's own clients trust; read
/// 2026-11-23.
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

/// Hosts that expose Application Insights and Log Analytics as Kusto clusters.
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

/// Returns whether a host is a loopback address.
pub(super) fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    plain.eq_ignore_ascii_case("localhost") || plain.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns the host that the user trusts, as URLs have it: in lower case, international names in their ASCII form.
///
/// # Errors
///
/// The text is not the name or address of one host: it has a scheme, a user, a port, a path or a wildcard.
pub(super) fn host_of(name: &str) -> Result<String, ConfigurationError> {
    let wrong = || {
        ConfigurationError(format!(
            "cannot trust `{name}`: expected the name of one host such as kusto.example.com, without scheme, port and path"
        ))
    };
    let (address, parts) = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => (true, inner),
        None => (false, name),
    };
    if parts.contains(['/', '\\', '@', '?', '#', '%', '*', '[', ']']) || (!address && parts.contains(':')) {
        return Err(wrong());
    }
    let url = Url::parse(&format!("https://{name}/")).map_err(|_| wrong())?;
    url.host_str().map(str::to_owned).ok_or_else(wrong)
}

/// Whether a URL names a user or has a password. Such an address is meant to be read as another host.
pub(super) fn names_a_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Returns the reason why no token may be sent to a URL; `None` if one may be sent. `named` are results of [`host_of`].
pub(super) fn refusal(url: &Url, named: &[String]) -> Option<String> {
    let Some(host) = url.host_str() else { return Some(format!("`{url}` has no host")) };
    if names_a_user(url) {
        return Some(format!("the address of `{host}` names a user"));
    }
    if is_loopback(host) {
        return None;
    }
    if url.scheme() != "https" {
        return Some(format!("`{host}` is not an HTTPS address, and tokens are sent over HTTPS only"));
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
        format!(
            "`{host}` is not a known host of a query service, so no token is sent there; to allow it, add it to the trusted hosts (`--trust-host {host}`)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, named: &[&str], want: Option<&str>) {
        let named: Vec<String> = named.iter().map(|name| host_of(name).unwrap()).collect();
        let got = refusal(&Url::parse(url).unwrap(), &named);
        match want {
            None => assert_eq!(got, None, "{url}"),
            Some(part) => assert!(got.as_ref().is_some_and(|text| text.contains(part)), "{url}: {got:?}"),
        }
    }

    #[test]
    fn hosts_of_all_clouds_are_trusted() {
        check("https://help.kusto.windows.net/", &[], None);
        check("https://c.westeurope.kusto.usgovcloudapi.net", &[], None);
        check("https://c.kusto.chinacloudapi.cn", &[], None);
        check("https://API.loganalytics.azure.com/v1", &[], None);
        check("https://HELP.KUSTO.WINDOWS.NET:8443/", &[], None);
        check("https://westus2.api.loganalytics.io/v1", &[], None);
        check("https://api.loganalytics.us/v1", &[], None);
        check("https://adx.monitor.azure.com/subscriptions", &[], None);
    }

    #[test]
    fn similar_host_names_are_refused() {
        check("https://evilkusto.windows.net", &[], Some("not a known host"));
        check("https://kusto.windows.net.evil.example", &[], Some("not a known host"));
        check("https://kusto.windows.net.attacker.com", &[], Some("not a known host"));
        check("https://evil-kusto.windows.net.attacker.com", &[], Some("not a known host"));
        check("https://kusto.windows.net:443@evil.example/", &[], Some("names a user"));
        check("https://help.kusto.windows.net@evil.example/", &[], Some("`evil.example` names a user"));
        check("https://:secret@help.kusto.windows.net/", &[], Some("names a user"));
        check("http://user@127.0.0.1:80/", &[], Some("names a user"));
        check("https://evil.example\\@help.kusto.windows.net/", &[], Some("`evil.example`"));
        check("https://evil.example/help.kusto.windows.net", &[], Some("`evil.example`"));
        check("https://evil.example?help.kusto.windows.net", &[], Some("`evil.example`"));
        check("https://evil.example#.kusto.windows.net", &[], Some("`evil.example`"));
        check("https://help.kusto.windows.net./", &[], Some("not a known host"));
        check("https://help.kusto.w\u{456}ndows.net/", &[], Some("`help.kusto.xn--wndows-"));
        check("https://help.kusto\u{3002}windows.net.evil.example/", &[], Some("not a known host"));
        check("https://0.0.0.0/", &[], Some("not a known host"));
        check("https://[::ffff:127.0.0.1]/", &[], Some("not a known host"));
        check("https://127.0.0.1.evil.example/", &[], Some("not a known host"));
        check("https://xadx.monitor.azure.com", &[], Some("not a known host"));
    }

    #[test]
    fn only_loopback_addresses_may_use_http() {
        check("http://help.kusto.windows.net", &[], Some("HTTPS"));
        check("http://proxy.example", &["proxy.example"], Some("HTTPS"));
        check("http://127.0.0.1:8080/x", &[], None);
        check("http://[::1]:1/", &[], None);
        check("http://localhost:1/", &[], None);
        check("http://localhost.evil.example/", &[], Some("HTTPS"));
    }

    #[test]
    fn hosts_of_the_user_are_trusted() {
        check("https://kusto.corp.example", &[], Some("trusted hosts"));
        check("https://KUSTO.corp.example", &["kusto.corp.example"], None);
        check("https://other.corp.example", &["kusto.corp.example"], Some("not a known host"));
        check("https://a.kusto.corp.example", &["kusto.corp.example"], Some("not a known host"));
        check("https://kusto.corp.example.", &["kusto.corp.example"], Some("not a known host"));
        check("https://b\u{fc}ro.example", &["B\u{dc}RO.example"], None);
        check("https://[2001:db8::1]/", &["[2001:DB8::1]"], None);
    }

    #[test]
    fn a_trusted_host_is_the_name_of_one_host() {
        for name in [
            "https://a.example",
            "a.example/x",
            "a.example:443",
            "user@a.example",
            "*.example",
            "*",
            "",
            "a b",
            "a\\b",
            "%2e",
            "[::1",
            "a#",
            "a?",
        ] {
            let error = host_of(name).unwrap_err();
            assert!(error.to_string().contains("the name of one host"), "{error}");
        }
    }

    /// Compares with the list in Microsoft's clients, which is stored outside the repository.
    #[test]
    fn kusto_domains_are_in_the_list_of_microsofts_clients() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/responses/wellKnownKustoEndpoints.json");
        let Ok(text) = std::fs::read_to_string(file) else {
            println!("0 of 25 names checked (skipped: the list is not available)");
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
