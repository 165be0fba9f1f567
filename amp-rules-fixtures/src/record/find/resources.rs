//! Names in Azure resource ids.

use std::ops::Range;

/// Returns the names in all resource ids of a text: of resource groups, and of resources and their children.
///
/// An id is `/subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME/…`, in any case, also percent-encoded or
/// with escaped slashes. Not names: subscriptions, locations, GUIDs, and `default`.
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules>
pub(crate) fn resource_names(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['/', '%']) {
        return Vec::new();
    }
    let mut found = names(text);
    if let Some(decoded) = super::encoded::unescape(text) {
        found.extend(names(&decoded.text).iter().filter_map(|range| decoded.original(range)));
        if let Some(again) = decoded.again() {
            found.extend(names(&again.text).iter().filter_map(|range| again.original(range)));
        }
        found.sort_by_key(|range| (range.start, range.end));
        found.dedup_by(|next, last| next.start < last.end);
    }
    found
}

fn names(text: &str) -> Vec<Range<usize>> {
    const STARTS: [&str; 3] = ["/subscriptions/", "/resourcegroups/", "/providers/"];
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_start(&lower, at, STARTS) {
        at = walk(text, start, &mut found);
    }
    found
}

/// The first position from `at` on where an id starts. Every start begins with a slash.
fn next_start(lower: &str, at: usize, starts: [&str; 3]) -> Option<usize> {
    let rest = lower.get(at..)?;
    memchr::memchr_iter(b'/', rest.as_bytes())
        .find(|slash| rest.get(*slash..).is_some_and(|rest| starts.iter().any(|start| rest.starts_with(start))))
        .map(|slash| at + slash)
}

/// Adds the names of an id. Returns where it ends.
fn walk(text: &str, start: usize, found: &mut Vec<Range<usize>>) -> usize {
    let mut at = start;
    let mut part = || -> Option<Range<usize>> {
        let rest = text.get(at..)?.strip_prefix('/')?;
        let length = rest
            .find(|c: char| c == '/' || c.is_whitespace() || "\"'`?#&,;()<>|{}[]\\%=*:".contains(c))
            .unwrap_or(rest.len());
        let range = at + 1..at + 1 + length;
        at = range.end;
        (length > 0).then_some(range)
    };
    let mut end = start + 1;
    while let Some(kind) = part() {
        end = kind.end;
        let kind = text.get(kind).unwrap_or_default();
        let Some(name) = part() else { break };
        end = name.end;
        let is_name =
            !["subscriptions", "providers", "locations", "tenants"].iter().any(|one| kind.eq_ignore_ascii_case(one));
        let last = text.get(name.clone()).unwrap_or_default();
        let name = name.start..name.start + last.trim_end_matches('.').len();
        // A namespace has types, and a type follows it rather than a name.
        if is_name && is_own_name(last) {
            found.push(name);
        }
    }
    end
}

fn is_own_name(name: &str) -> bool {
    let is_guid = name.len() == 36 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    !name.trim_matches('.').is_empty()
        && !is_guid
        && !name.eq_ignore_ascii_case("default")
        && !super::shape::is_pseudonym(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let found: Vec<&str> = resource_names(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn names_of_any_resource_id_are_found() {
        let id = "0b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
        check(
            &format!(
                "GET /subscriptions/{id}/resourceGroups/shop-rg/providers/Microsoft.ContainerService/managedClusters/shop-1/agentPools/pool1?api-version=1"
            ),
            &["shop-rg", "shop-1", "pool1"],
        );
        check(
            &format!(
                "'/SUBSCRIPTIONS/{id}/RESOURCEGROUPS/A/PROVIDERS/microsoft.monitor/accounts/amw-x/providers/Microsoft.Insights/metrics' and /subscriptions/{id}."
            ),
            &["A", "amw-x"],
        );
        check(
            &format!("%2Fsubscriptions%2F{id}%2FresourceGroups%2Fshop-rg%2Fproviders%2FA.B%2Fc%2Fd"),
            &["shop-rg", "d"],
        );
        check(&format!(r"\/subscriptions\/{id}\/resourceGroups\/shop-rg"), &["shop-rg"]);
        check(&format!("/subscriptions/{id}/providers/Microsoft.X/locations/eastus/operations/{id}"), &[]);
        check("/providers/Microsoft.Management/managementGroups/my-group", &["my-group"]);
        check("no id: /var/log/providers", &[]);
    }
}
