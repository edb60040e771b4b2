//! `value-semantics`

use super::prelude::*;
use crate::cookie::{UrlRelation, ValueShape};
use crate::manifest::ValueRule;

pub(crate) static RULE: Rule = Rule {
    id: "value-semantics",
    sentence: "A cookie's value is something else than the policy says it is.",
    short: "its value is something else",
    page: "\
Values are never kept: at the moment a cookie is seen, facts about its value are taken (length, characters, \
shape, how it relates to the URL asked for, whether it is the same for another visitor) and the value is \
dropped. The rule compares those facts with `value` of the manifest.

`language-tag` takes words and short codes as well; it speaks up when there is an identifier, a token or an \
address in the cookie. `requested-url` speaks up for another site's URL (an open redirect), and for the bare \
origin where a page was asked for and redirected to a login. `not-identifying` excludes identifiers, UUIDs, \
tokens and e-mail addresses.

**To do:** look at what the application writes there; an identifier in a preference cookie is a tracking \
cookie.",
    checks: &[Check::Attribute(ItemAspect::Value, wrong)],
    claims: Claims::LikeThis(&[ItemAspect::Value]),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    let value = &seen.example().value;
    let shape = value.shape;
    if shape == ValueShape::Empty {
        return None;
    }
    let redirected = seen.page().shown.as_ref().is_some_and(|shown| *shown != seen.page().asked);
    let what = match item.value? {
        ValueRule::LanguageTag => match shape {
            ValueShape::LanguageTag | ValueShape::Word => None,
            ValueShape::Other if value.length <= 16 => None,
            _ => Some("not a language"),
        },
        ValueRule::RequestedUrl => match shape {
            ValueShape::Url(UrlRelation::Asked | UrlRelation::SameOrigin) => None,
            ValueShape::Url(UrlRelation::BareOrigin) if !redirected => None,
            ValueShape::Url(UrlRelation::BareOrigin) => Some("not the URL that was asked for"),
            ValueShape::Url(UrlRelation::External) => Some("not a URL of this site"),
            _ => Some("not a URL"),
        },
        ValueRule::Flag => (shape != ValueShape::Flag).then_some("not a yes or no"),
        ValueRule::Number => {
            let flag_like = shape == ValueShape::Flag && value.class == crate::cookie::CharClass::Digits;
            (shape != ValueShape::Number && !flag_like).then_some("not a number")
        }
        ValueRule::Uuid => (shape != ValueShape::Uuid).then_some("not a UUID"),
        ValueRule::Jwt => (shape != ValueShape::Jwt).then_some("not a JSON Web Token"),
        ValueRule::NotIdentifying => identifies(seen).then_some("which tells visitors apart"),
    };
    what.map(|what| format!("holds {}, {what},", name(shape)))
}

fn name(shape: ValueShape) -> &'static str {
    match shape {
        ValueShape::Empty => "nothing",
        ValueShape::Flag => "a yes or no",
        ValueShape::Number => "a number",
        ValueShape::LanguageTag => "a language",
        ValueShape::Url(UrlRelation::Asked) => "the URL asked for",
        ValueShape::Url(UrlRelation::BareOrigin) => "the bare origin",
        ValueShape::Url(UrlRelation::SameOrigin) => "a URL of this site",
        ValueShape::Url(UrlRelation::External) => "another site's URL",
        ValueShape::Uuid => "a UUID",
        ValueShape::Jwt => "a JSON Web Token",
        ValueShape::Email => "an e-mail address",
        ValueShape::Json => "JSON",
        ValueShape::Word => "a word",
        ValueShape::Identifier => "an identifier",
        ValueShape::Other => "something else",
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, ValueRule};

    fn site(name: &str, rule: ValueRule) -> Site {
        let mut item = Item::named(name);
        item.value = Some(rule);
        Site::with(item)
    }

    #[test]
    fn a_language_is_no_identifier() {
        let site = site("locale", ValueRule::LanguageTag);
        site.when(line("locale=zh-Hant")).finds_nothing().upholds("cookies.locale.value");
        site.when(line("locale=3f2b8c1e-9d4a-4f6b-8a7c-1e2d3c4b5a69"))
            .finds("value-semantics: cookies.locale.value");
    }

    #[test]
    fn a_flag_is_a_yes_or_no() {
        let site = site("agreed", ValueRule::Flag);
        site.when(line("agreed=true")).finds_nothing().upholds("cookies.agreed.value");
        site.when(line("agreed=zh-Hant")).finds("value-semantics: cookies.agreed.value");
    }

    #[test]
    fn a_uuid_is_no_token() {
        let (uuid, jwt) =
            ("3f2b8c1e-9d4a-4f6b-8a7c-1e2d3c4b5a69", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl");
        for (rule, holds, lacks) in [(ValueRule::Uuid, uuid, jwt), (ValueRule::Jwt, jwt, uuid)] {
            let site = site("id", rule);
            site.when(line(&format!("id={holds}"))).finds_nothing().upholds("cookies.id.value");
            site.when(line(&format!("id={lacks}"))).finds("value-semantics: cookies.id.value");
        }
    }

    #[test]
    fn one_digit_is_a_number_and_a_word_is_none() {
        let site = site("visits", ValueRule::Number);
        for value in ["1", "42"] {
            site.when(line(&format!("visits={value}"))).finds_nothing().upholds("cookies.visits.value");
        }
        for value in ["yes", "true", "many"] {
            site.when(line(&format!("visits={value}"))).finds("value-semantics: cookies.visits.value");
        }
    }

    #[test]
    fn a_callback_url_is_the_one_asked_for() {
        let site = site("callback", ValueRule::RequestedUrl);
        let to_login = |value: &str| line(value).on("/dashboard/x").shown("/login");
        site.when(to_login("callback=https%3A%2F%2Fsite.example%2Fdashboard%2Fx")).finds_nothing();
        site.when(to_login("callback=https%3A%2F%2Fsite.example"))
            .finds("value-semantics: cookies.callback.value");
        site.when(to_login("callback=https%3A%2F%2Fevil.example%2F"))
            .finds("value-semantics: cookies.callback.value");
        site.when(line("callback=https%3A%2F%2Fsite.example").on("/login")).finds_nothing();
    }
}
