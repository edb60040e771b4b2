//! `partitioned`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "partitioned",
    sentence: "A cookie is Partitioned where it should not be, or is not where it should.",
    short: "partitioned otherwise than declared",
    page: "\
`Partitioned` (CHIPS) gives a third-party cookie a jar for each site it is embedded in. It is Chromium's and \
Firefox's; it stands in no RFC yet.

**To do:** add or remove the attribute where the cookie is written.",
    checks: &[Check::Attribute(ItemAspect::Partitioned, wrong)],
    claims: Claims::LikeThis(&[ItemAspect::Partitioned]),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    match (item.partitioned?, seen.example().written.partitioned) {
        (true, false) => Some("lacks Partitioned".to_owned()),
        (false, true) => Some("is Partitioned".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    #[test]
    fn partitioned_is_as_declared() {
        let mut item = Item::named("w");
        item.partitioned = Some(true);
        let site = Site::with(item);
        site.when(line("w=1; Secure; Partitioned")).finds_nothing().upholds("cookies.w.partitioned");
        site.when(line("w=1; Secure")).finds("partitioned: cookies.w.partitioned");
    }
}
