//! `same-site`

use super::prelude::*;
use crate::cookie::SameSite;

pub(crate) static RULE: Rule = Rule {
    id: "same-site",
    sentence: "A cookie does not say the SameSite that was declared.",
    short: "SameSite is not as declared",
    page: "\
The word must be written. A line without `SameSite` is taken as `Lax` by Chromium, but not by every browser \
and not in every case (for two minutes such a cookie also goes along with cross-site POSTs), so its absence \
is a finding of its own: *has no SameSite*. A word that browsers do not know counts as absent.

**To do:** write the attribute, or change the declaration.",
    checks: &[Check::Attribute(ItemAspect::SameSite, wrong)],
    claims: Claims::LikeThis(&[ItemAspect::SameSite]),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    let declared = item.same_site?;
    match seen.example().written.same_site {
        Some(written) if written == declared => None,
        Some(written) => Some(format!("says SameSite={}, not {},", word(written), word(declared))),
        None => Some(format!(
            "has no SameSite, which Chromium takes for Lax (but not with forms sent within two minutes) and \
             Firefox for nothing, not {},",
            word(declared)
        )),
    }
}

fn word(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::cookie::SameSite;
    use crate::manifest::Item;

    #[test]
    fn the_word_must_be_written() {
        let mut item = Item::named("sid");
        item.same_site = Some(SameSite::Lax);
        let site = Site::with(item);
        site.when(line("sid=1; samesite=LAX")).finds_nothing().upholds("cookies.sid.same-site");
        site.when(line("sid=1; SameSite=None; Secure"))
            .finds("same-site: cookies.sid.same-site")
            .says("says SameSite=None, not Lax,");
        site.when(line("sid=1")).finds("same-site: cookies.sid.same-site");
        site.when(line("sid=1; SameSite=Relaxed")).finds("same-site: cookies.sid.same-site");
    }
}
