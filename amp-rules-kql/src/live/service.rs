//! Services that hold telemetry: URL, token scope, request body, and the tables that each service holds.
//!
//! Input: resource names as users write them. Output: a [`Service`], which returns the URL and the request body for a query.
//! Nothing here performs I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::telemetry::schema::{Schema, Served};
use amp_rules_core::time::Window;
use reqwest::Url;
use serde_json::json;

use super::configuration_error::ConfigurationError;
use super::token::Audience;
use super::trusted_hosts;
use crate::lower::Dialect;

/// The tables of Application Insights: their names there, and in the Log Analytics workspace that stores them.
/// <https://learn.microsoft.com/azure/azure-monitor/app/convert-classic-resource#workspace-based-resource-changes>, read 2026-11-23.
pub(super) const APP_INSIGHTS_TABLES: [(&str, &str); 10] = [
    ("availabilityResults", "AppAvailabilityResults"),
    ("browserTimings", "AppBrowserTimings"),
    ("customEvents", "AppEvents"),
    ("customMetrics", "AppMetrics"),
    ("dependencies", "AppDependencies"),
    ("exceptions", "AppExceptions"),
    ("pageViews", "AppPageViews"),
    ("performanceCounters", "AppPerformanceCounters"),
    ("requests", "AppRequests"),
    ("traces", "AppTraces"),
];

/// Columns of all those tables that have another name in the workspace.
/// <https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces>, the same for `appmetrics`, and
/// <https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns>, read 2026-11-23.
const RENAMED_COLUMNS: [(&str, &str); 11] = [
    ("timestamp", "TimeGenerated"),
    ("customDimensions", "Properties"),
    ("cloud_RoleInstance", "AppRoleInstance"),
    ("cloud_RoleName", "AppRoleName"),
    ("iKey", "IKey"),
    ("itemCount", "ItemCount"),
    ("itemId", "_ItemId"),
    ("itemType", "Type"),
    ("operation_Id", "OperationId"),
    ("operation_Name", "OperationName"),
    ("sdkVersion", "SDKVersion"),
];

/// Columns of a single table that have another name in the workspace. A metric that was sent once has its value in `Sum`.
const TABLE_COLUMNS: [(&str, &str, &str); 6] = [
    ("customMetrics", "name", "Name"),
    ("customMetrics", "value", "Sum"),
    ("customMetrics", "valueMax", "Max"),
    ("customMetrics", "valueMin", "Min"),
    ("traces", "message", "Message"),
    ("traces", "severityLevel", "SeverityLevel"),
];

/// The maximum server timeout that Azure Monitor accepts.
/// <https://learn.microsoft.com/azure/azure-monitor/logs/api/timeouts>, read 2026-11-23.
const MAX_SERVER_TIMEOUT: Duration = Duration::from_secs(600);

/// The kind of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKind {
    /// An Application Insights resource, queried through the Log Analytics endpoint.
    AppInsights,
    /// A Log Analytics workspace.
    LogAnalytics,
    /// A database of an Azure Data Explorer cluster.
    Kusto,
}

impl ServiceKind {
    /// Returns the name in packs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AppInsights => "app-insights",
            Self::LogAnalytics => "log-analytics",
            Self::Kusto => "kusto",
        }
    }

    /// Returns the product name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AppInsights => "Application Insights",
            Self::LogAnalytics => "Log Analytics",
            Self::Kusto => "Azure Data Explorer",
        }
    }
}

/// A service that holds tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    kind: ServiceKind,
    /// The name given by the user: a resource id, a workspace id, a database.
    name: String,
    url: Url,
    scope: String,
    /// The tables set by [`Service::holding`].
    tables: Option<BTreeSet<String>>,
    /// The tables that a pack assigns to the service, by their names in the pack.
    pack: Option<BTreeMap<String, Served>>,
}

impl Service {
    /// Creates a service for an Application Insights resource, by resource id or by the app id of its API access.
    ///
    /// # Errors
    ///
    /// A [`ConfigurationError`] if the name is neither.
    pub fn app_insights(name: &str) -> Result<Self, ConfigurationError> {
        let (url, scope) = if name.starts_with('/') {
            let id = resource(name, "components")?;
            (format!("https://api.loganalytics.azure.com/v1{id}/query"), "https://api.loganalytics.io/.default")
        } else {
            let id = guid(name, "an Application Insights resource id (`/subscriptions/…/components/…`) or app id")?;
            (
                format!("https://api.applicationinsights.io/v1/apps/{id}/query"),
                "https://api.applicationinsights.io/.default",
            )
        };
        Self::of(ServiceKind::AppInsights, name, &url, scope.to_owned())
    }

    /// Creates a service for a Log Analytics workspace, by workspace id or resource id.
    ///
    /// # Errors
    ///
    /// A [`ConfigurationError`] if the name is neither.
    pub fn log_analytics(name: &str) -> Result<Self, ConfigurationError> {
        let path = if name.starts_with('/') {
            resource(name, "workspaces")?
        } else {
            format!("/workspaces/{}", guid(name, "a workspace id or resource id (`/subscriptions/…/workspaces/…`)")?)
        };
        let url = format!("https://api.loganalytics.azure.com/v1{path}/query");
        Self::of(ServiceKind::LogAnalytics, name, &url, "https://api.loganalytics.io/.default".to_owned())
    }

    /// Creates a service for a database of an Azure Data Explorer cluster: `https://help.kusto.windows.net`, `Samples`.
    ///
    /// # Errors
    ///
    /// A [`ConfigurationError`] if the cluster is not a URL or the database is empty.
    pub fn kusto(cluster: &str, database: &str) -> Result<Self, ConfigurationError> {
        let wrong = || {
            ConfigurationError(format!(
                "cannot use the cluster `{cluster}`: expected an address such as https://NAME.REGION.kusto.windows.net"
            ))
        };
        let mut url = Url::parse(cluster).map_err(|_| wrong())?;
        if url.cannot_be_a_base() || url.host_str().is_none() || trusted_hosts::names_a_user(&url) {
            return Err(wrong());
        }
        if database.trim().is_empty() {
            return Err(ConfigurationError(format!("cannot use the cluster `{cluster}`: no database is given")));
        }
        url.set_query(None);
        url.set_fragment(None);
        let root = url.as_str().trim_end_matches('/').to_owned();
        Self::of(ServiceKind::Kusto, database, &format!("{root}/v2/rest/query"), format!("{root}/.default"))
    }

    fn of(kind: ServiceKind, name: &str, url: &str, scope: String) -> Result<Self, ConfigurationError> {
        let url = Url::parse(url).map_err(|error| ConfigurationError(format!("cannot use `{name}`: {error}")))?;
        Ok(Self { kind, name: name.to_owned(), url, scope, tables: None, pack: None })
    }

    /// Replaces the endpoint: for a sovereign cloud (`https://api.loganalytics.us`), a proxy, a stub.
    ///
    /// An endpoint has a scheme, a host and optionally a port. For the host of a sovereign cloud, the token scope changes too.
    ///
    /// # Errors
    ///
    /// A [`ConfigurationError`] if the endpoint is not such an address, or also has a user, a path or a query.
    pub fn at(mut self, endpoint: &str) -> Result<Self, ConfigurationError> {
        let wrong = || {
            ConfigurationError(format!(
                "cannot use the endpoint `{endpoint}`: expected an address such as https://api.loganalytics.us"
            ))
        };
        let other = Url::parse(endpoint).map_err(|_| wrong())?;
        let host = other.host_str().ok_or_else(wrong)?;
        let rest = !matches!(other.path(), "" | "/") || other.query().is_some() || other.fragment().is_some();
        if rest || trusted_hosts::names_a_user(&other) {
            return Err(wrong());
        }
        self.url.set_scheme(other.scheme()).map_err(|()| wrong())?;
        self.url.set_host(Some(host)).map_err(|_| wrong())?;
        self.url.set_port(other.port()).map_err(|()| wrong())?;
        if let Some(scope) = sovereign(self.kind, host) {
            self.scope = scope;
        }
        Ok(self)
    }

    /// Sets the tables that the service holds; it holds no others.
    #[must_use]
    pub fn holding(mut self, tables: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tables = Some(tables.into_iter().map(Into::into).collect());
        self
    }

    /// Returns the kind of the service.
    #[must_use]
    pub fn kind(&self) -> ServiceKind {
        self.kind
    }

    /// Returns the name for messages: ``Azure Data Explorer `AKSprod` ``.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} `{}`", self.kind.name(), self.name)
    }

    /// Sets the tables and names that a pack assigns to the service; no effect if the pack lists no services.
    pub(super) fn with_pack(mut self, schema: &Schema) -> Self {
        let word = self.kind.as_str();
        let own = |(table, services): (&String, &Vec<Served>)| {
            Some((table.clone(), services.iter().find(|served| served.service == word)?.clone()))
        };
        self.pack = (!schema.services.is_empty()).then(|| schema.services.iter().filter_map(own).collect());
        self
    }

    /// Returns whether the service holds a table.
    ///
    /// The tables set by [`Service::holding`] come first, then the pack. By default, Application Insights and Log Analytics hold
    /// the tables of Application Insights, and Data Explorer holds all others.
    #[must_use]
    pub fn holds(&self, table: &str) -> bool {
        match (&self.tables, &self.pack) {
            (Some(tables), _) => tables.contains(table),
            (None, Some(pack)) => pack.contains_key(table),
            (None, None) => {
                let telemetry = APP_INSIGHTS_TABLES.iter().any(|(here, there)| *here == table || *there == table);
                match self.kind {
                    ServiceKind::AppInsights | ServiceKind::LogAnalytics => telemetry,
                    ServiceKind::Kusto => !telemetry,
                }
            }
        }
    }

    /// Returns the name of a table on the service, and its renamed columns as name in the pack → name on the service.
    ///
    /// `None` if the table and all its columns have the same names as in the pack.
    pub(super) fn names(&self, table: &str) -> Option<(String, BTreeMap<String, String>)> {
        if let Some(pack) = &self.pack {
            let served = pack.get(table)?;
            let same = served.table == table && served.columns.is_empty();
            return (!same).then(|| (served.table.clone(), served.columns.clone()));
        }
        let (pack_name, service_name) = match self.kind {
            ServiceKind::LogAnalytics => APP_INSIGHTS_TABLES.iter().find(|(pack_name, _)| *pack_name == table)?,
            ServiceKind::AppInsights | ServiceKind::Kusto => return None,
        };
        let own = TABLE_COLUMNS
            .iter()
            .filter(|(of, _, _)| of == pack_name)
            .map(|(_, pack_name, service_name)| (*pack_name, *service_name));
        let columns = RENAMED_COLUMNS
            .into_iter()
            .chain(own)
            .map(|(pack_name, service_name)| (pack_name.to_owned(), service_name.to_owned()));
        Some(((*service_name).to_owned(), columns.collect()))
    }

    /// Returns the table and column names of the service.
    pub(super) fn dialect(&self) -> Dialect {
        let usual = APP_INSIGHTS_TABLES.iter().map(|(table, _)| (*table).to_owned());
        let tables: BTreeSet<String> = self.pack.iter().flat_map(BTreeMap::keys).cloned().chain(usual).collect();
        tables
            .into_iter()
            .filter_map(|table| Some((self.names(&table)?, table)))
            .fold(Dialect::new(), |dialect, ((name, columns), table)| dialect.with_table(table, name, columns))
    }

    /// Returns the URL for queries.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the audience of the access token.
    pub(super) fn audience(&self) -> Audience {
        Audience { scope: self.scope.clone(), host: self.url.host_str().unwrap_or_default().to_owned() }
    }

    /// Returns the role that a caller without access needs.
    pub(super) fn required_role(&self) -> String {
        match self.kind {
            ServiceKind::AppInsights => format!("the role `Monitoring Reader` on `{}`", self.name),
            ServiceKind::LogAnalytics => format!("the role `Log Analytics Reader` on `{}`", self.name),
            ServiceKind::Kusto => format!("the role `Viewer` of the database `{}`", self.name),
        }
    }

    /// Returns whether responses are Kusto frames rather than Azure Monitor tables.
    pub(super) fn is_kusto(&self) -> bool {
        self.kind == ServiceKind::Kusto
    }

    /// Returns the JSON body of a request.
    ///
    /// For Azure Monitor the body always has a time span, because a service may apply a default one. For Data Explorer it pins
    /// `now()` to the end of the window and allows read-only queries only.
    pub(super) fn body(&self, kql: &str, window: Window, timeout: Duration) -> Vec<u8> {
        let body = match self.kind {
            ServiceKind::AppInsights | ServiceKind::LogAnalytics => {
                json!({ "query": kql, "timespan": format!("{}/{}", window.from, window.to) })
            }
            ServiceKind::Kusto => {
                let seconds = timeout.as_secs().clamp(1, 3600);
                let timeout = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
                json!({ "db": self.name, "csl": kql, "properties": { "Options": {
                    "servertimeout": timeout,
                    "query_now": window.to.to_string(),
                    "request_readonly": true,
                    "request_readonly_hardline": true,
                    "results_progressive_enabled": false,
                } } })
            }
        };
        body.to_string().into_bytes()
    }

    /// Returns the `Prefer` header for Azure Monitor: the server timeout, and a request for the `permissions` object.
    pub(super) fn prefer(&self, timeout: Duration) -> Option<String> {
        let seconds = timeout.min(MAX_SERVER_TIMEOUT).as_secs().max(1);
        (!self.is_kusto()).then(|| format!("wait={seconds},include-permissions=true"))
    }
}

/// Validates a resource id of the given type.
fn resource(name: &str, kind: &str) -> Result<String, ConfigurationError> {
    let id = name.trim_end_matches('/');
    let parts: Vec<&str> = id.split('/').skip(1).collect();
    let fits = parts.first().is_some_and(|part| part.eq_ignore_ascii_case("subscriptions"))
        && parts.iter().rev().nth(1).is_some_and(|part| part.eq_ignore_ascii_case(kind))
        && parts.iter().all(|part| !part.is_empty() && !part.contains(['?', '#', '%', '\\']) && *part != "..");
    if fits {
        return Ok(id.to_owned());
    }
    Err(ConfigurationError(format!("cannot use `{name}`: expected a resource id `/subscriptions/…/{kind}/NAME`")))
}

fn guid<'n>(name: &'n str, expected: &str) -> Result<&'n str, ConfigurationError> {
    let fits = name.len() == 36
        && name.chars().enumerate().all(|(at, character)| match at {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        });
    if fits { Ok(name) } else { Err(ConfigurationError(format!("cannot use `{name}`: expected {expected}"))) }
}

/// Returns the token scope for the Azure Monitor hosts of sovereign clouds.
fn sovereign(kind: ServiceKind, host: &str) -> Option<String> {
    let own = match kind {
        ServiceKind::AppInsights | ServiceKind::LogAnalytics => [
            "api.loganalytics.us",
            "api.loganalytics.azure.us",
            "api.loganalytics.azure.cn",
            "api.applicationinsights.us",
        ],
        ServiceKind::Kusto => return None,
    };
    own.into_iter()
        .find(|known| host == *known || host.ends_with(&format!(".{known}")))
        .map(|known| format!("https://{known}/.default"))
}

#[cfg(test)]
mod tests {
    use amp_rules_core::time::Time;

    use super::*;

    const COMPONENT: &str = "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/components/telemetry";

    fn window() -> Window {
        let at = |text: &str| text.parse::<Time>().unwrap();
        Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-01-02T00:00:00Z") }
    }

    #[test]
    fn pack_determines_the_service_and_names_of_a_table() {
        let served = |service: &str, table: &str, columns: &[(&str, &str)]| Served {
            service: service.to_owned(),
            table: table.to_owned(),
            columns: columns
                .iter()
                .map(|(pack_name, service_name)| ((*pack_name).to_owned(), (*service_name).to_owned()))
                .collect(),
        };
        let lines = vec![served("app-insights", "lines", &[]), served("log-analytics", "AppLines", &[("at", "When")])];
        let schema = Schema { services: BTreeMap::from([("lines".to_owned(), lines)]), ..Schema::default() };
        let insights = Service::app_insights("00000000-0000-0000-0000-00000000000a").unwrap().with_pack(&schema);
        let workspace = Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap().with_pack(&schema);
        let kusto = Service::kusto("https://aks.kusto.windows.net", "db").unwrap();
        assert!(insights.holds("lines") && workspace.holds("lines"));
        assert!(!insights.holds("traces"), "the pack does not list it");
        assert!(kusto.holds("lines"), "without a pack it holds what Application Insights does not");
        assert!(!kusto.with_pack(&schema).holds("lines"));
        assert_eq!(insights.names("lines"), None);
        let columns = BTreeMap::from([("at".to_owned(), "When".to_owned())]);
        assert_eq!(workspace.names("lines"), Some(("AppLines".to_owned(), columns)));
    }

    #[test]
    fn each_service_has_its_url_and_token_scope() {
        let of = |service: Result<Service, ConfigurationError>| {
            let service = service.unwrap();
            (service.url().to_string(), service.audience().scope)
        };
        let own = "https://api.loganalytics.io/.default".to_owned();
        assert_eq!(
            of(Service::app_insights(COMPONENT)),
            (format!("https://api.loganalytics.azure.com/v1{COMPONENT}/query"), own.clone())
        );
        let id = "00000000-0000-0000-0000-00000000000a";
        assert_eq!(
            of(Service::app_insights(id)),
            (
                format!("https://api.applicationinsights.io/v1/apps/{id}/query"),
                "https://api.applicationinsights.io/.default".to_owned()
            )
        );
        assert_eq!(
            of(Service::log_analytics(id)),
            (format!("https://api.loganalytics.azure.com/v1/workspaces/{id}/query"), own)
        );
        assert_eq!(
            of(Service::kusto("https://help.kusto.windows.net/", "Samples")),
            (
                "https://help.kusto.windows.net/v2/rest/query".to_owned(),
                "https://help.kusto.windows.net/.default".to_owned()
            )
        );
    }

    #[test]
    fn endpoint_changes_the_host_and_for_sovereign_clouds_the_token_scope() {
        let service = Service::app_insights(COMPONENT).unwrap().at("http://127.0.0.1:81/").unwrap();
        assert_eq!(service.url().as_str(), format!("http://127.0.0.1:81/v1{COMPONENT}/query"));
        assert_eq!(service.audience().scope, "https://api.loganalytics.io/.default");
        let service = Service::app_insights(COMPONENT).unwrap().at("https://api.loganalytics.us").unwrap();
        assert_eq!(service.audience().scope, "https://api.loganalytics.us/.default");
    }

    #[test]
    fn invalid_names_are_refused_with_the_expected_form() {
        for (got, part) in [
            (Service::app_insights("telemetry"), "app id"),
            (Service::app_insights("/subscriptions/s/workspaces/w"), "components"),
            (Service::app_insights("/subscriptions/../components/w"), "components"),
            (Service::log_analytics("/subscriptions/s/components/w?x=y"), "workspaces"),
            (Service::kusto("help", "db"), "https://"),
            (Service::kusto("https://user@help.kusto.windows.net", "db"), "https://"),
            (Service::kusto("https://:password@help.kusto.windows.net", "db"), "https://"),
            (Service::kusto("https://help.kusto.windows.net", " "), "no database"),
            (Service::app_insights(COMPONENT).unwrap().at("api.loganalytics.us"), "https://"),
            (Service::app_insights(COMPONENT).unwrap().at("https://api.loganalytics.us@evil.example"), "https://"),
            (Service::app_insights(COMPONENT).unwrap().at("https://evil.example/api.loganalytics.us"), "https://"),
        ] {
            let error = got.unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn azure_monitor_requests_have_a_time_span_and_a_server_timeout() {
        let service = Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap();
        let body: serde_json::Value =
            serde_json::from_slice(&service.body("traces", window(), Duration::from_secs(9))).unwrap();
        assert_eq!(body["query"], "traces");
        assert_eq!(body["timespan"], format!("{}/{}", window().from, window().to));
        assert_eq!(service.prefer(Duration::from_secs(9000)).as_deref(), Some("wait=600,include-permissions=true"));
        assert_eq!(service.prefer(Duration::from_millis(3)).as_deref(), Some("wait=1,include-permissions=true"));
    }

    #[test]
    fn data_explorer_requests_pin_now_and_are_read_only() {
        let service = Service::kusto("https://help.kusto.windows.net", "AKSprod").unwrap();
        let body: serde_json::Value =
            serde_json::from_slice(&service.body("T", window(), Duration::from_secs(605))).unwrap();
        let options = &body["properties"]["Options"];
        assert_eq!((&body["db"], &body["csl"]), (&json!("AKSprod"), &json!("T")));
        assert_eq!(options["query_now"], window().to.to_string());
        assert_eq!(options["request_readonly_hardline"], true);
        assert_eq!(options["servertimeout"], "00:10:05");
        assert_eq!(service.prefer(Duration::from_secs(9)), None);
    }

    #[test]
    fn tables_of_a_service_depend_on_its_kind_unless_set() {
        let insights = Service::app_insights(COMPONENT).unwrap();
        let kusto = Service::kusto("https://help.kusto.windows.net", "AKSprod").unwrap();
        assert!(
            insights.holds("traces") && insights.holds("customMetrics") && !insights.holds("ManagedClusterSnapshot")
        );
        assert!(!kusto.holds("traces") && kusto.holds("ManagedClusterSnapshot"));
        let kusto = kusto.holding(["traces"]);
        assert!(kusto.holds("traces") && !kusto.holds("ManagedClusterSnapshot"));
    }
}
