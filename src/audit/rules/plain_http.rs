//! `plain-http`

use super::prelude::*;
use crate::observation::{FailureKind, Phase, ProbeKind, ProbeResult, is_local};

pub(crate) static RULE: Rule = Rule {
    id: "plain-http",
    sentence: "A cookie is set or sent over plain http, though the site has https.",
    short: "over plain http",
    page: "\
The http:// address of an https site should answer with a redirect and nothing else. What it sets there, \
anybody on the way can read and change; what a browser sends there, anybody can read. Lines that a browser \
refuses because they come over http (`Secure`) count as well: they were on the wire.

A page that redirects does not speak for a form that is sent to another: the start and the login pages are asked \
over http, and the login is sent there, too. It carries a password in the clear, so that happens on this machine \
only, or with `login_over_http = true` under `[probes]`. `pages.start` may name the http:// address, on whatever \
port; where http answers itself, its pages are crawled with the others.

Targets whose own address is http (development servers) are not judged.

**To do:** redirect before the application answers, and write `Secure`.",
    checks: &[Check::Things(Of::All, name, is_set), Check::Items(is_sent)],
    claims: Claims::Sentence(PolicyAspect::PlainHttpCookies, standing),
};

const CLAIM: About = About::Policy(PolicyAspect::PlainHttpCookies);

fn is_stated(context: &Context<'_>) -> bool {
    context.https_site() && context.states(PolicyAspect::PlainHttpCookies)
}

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let is_set = seen.kind() == StorageKind::Cookie
        && !seen.https
        && !seen.foreign
        && !seen.allowed
        && seen.writes()
        && is_stated(context);
    is_set.then(|| seen.family.clone())
}

fn is_set(_: &Context<'_>, name: &str, cookies: &[&Seen<'_>]) -> Violation {
    let pages: BTreeSet<String> = cookies.iter().map(|seen| words::path(&seen.exchange().url)).collect();
    let declared = cookies.iter().any(|seen| seen.item.is_some());
    Violation::new(&RULE, name, format!("`{name}` is set over plain http on {}", words::and(pages)))
        .refutes([CLAIM])
        .because(declared.then_some(Cause::PlainHttp))
        .hint("answer plain http with a redirect to https before the application runs")
}

fn is_sent(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if !is_stated(context) {
        return;
    }
    // A browser trusts this machine's plain http, and sends there what is `Secure`: of the site
    // where visitors meet it that says nothing.
    let mut over_https = context.sightings(index).filter(|seen| seen.https && seen.writes()).peekable();
    let secure = over_https.peek().is_some() && over_https.all(|seen| seen.example().written.secure);
    let over_http: Vec<_> = context
        .sent(index)
        .filter(|sent| {
            sent.example.parsed().is_some_and(|url| {
                url.scheme() == "http"
                    && context.hosts.own(url.host_str().unwrap_or_default())
                    && !(secure && is_local(&url))
            })
        })
        .collect();
    if over_http.is_empty() {
        return;
    }
    found.push(
        Violation::new(&RULE, &item.key, format!("`{}` is sent over plain http", item.key))
            .refutes([CLAIM])
            .because([Cause::PlainHttp, Cause::Aspect(index, ItemAspect::Secure)])
            .evidence(over_http.iter().map(|sent| evidence::of_sent(context, sent)))
            .hint("write `Secure` on it"),
    );
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    if !context.https_site() {
        let detail = "this target's own address is plain http";
        return Some(Standing::open(Why::NotPlanned, detail, "a target with an https address"));
    }
    let plain = |url: &crate::observation::SafeUrl| {
        url.parsed().is_some_and(|url| {
            url.scheme() == "http" && context.hosts.own(url.host_str().unwrap_or_default())
        })
    };
    let coverage = &context.scan.coverage;
    let twins = || coverage.pages.iter().filter(|page| plain(&page.example));
    let asked = twins().map(|page| page.count).sum::<u64>()
        + context
            .scan
            .contacts
            .iter()
            .filter(|contact| contact.fetched && plain(&contact.example))
            .map(|contact| contact.count)
            .sum::<u64>();
    let refused = |kind: FailureKind| matches!(kind, FailureKind::Refused | FailureKind::Connect);
    let failed = coverage.failed.iter().find(|failed| plain(&failed.url));
    if asked == 0
        && let Some(failed) = failed
    {
        if refused(failed.kind) {
            return Some(Standing::Upheld("nothing answers over plain http".to_owned()));
        }
        let detail = format!("{}: {}", failed.url, failed.detail);
        return Some(Standing::open(Why::NotReached, detail, "a run that reaches the http:// address"));
    }
    if asked > 0 {
        // A password that was not sent over http may be what sets the session there.
        let not_done = context.outcomes(|probe| *probe == ProbeKind::LoginOverHttp).find_map(|outcome| {
            match &outcome.result {
                ProbeResult::NotDone { why } | ProbeResult::Undecided { why } => Some(why.clone()),
                ProbeResult::Holds | ProbeResult::Fails { .. } => None,
            }
        });
        if let Some(why) = not_done {
            return Some(Standing::open(Why::NotPlanned, why, "`login_over_http = true` under [probes]"));
        }
        // One request does not prove a class. Where http answers itself, any of its pages may set
        // something; a redirect to https before the application runs answers for all of them.
        let itself = twins().find(|page| {
            let ended = page.shown.as_ref().unwrap_or(&page.example);
            page.is_answer() && plain(ended)
        });
        let answered = |http: bool| {
            let pages =
                coverage.pages.iter().filter(|page| page.is_answer() && page.cell.phase == Phase::Crawl);
            pages
                .filter(|page| plain(page.shown.as_ref().unwrap_or(&page.example)) == http)
                .map(|page| page.count)
                .sum::<u64>()
        };
        // Where the pages over http were crawled as those over https were, they were looked at.
        let as_many = answered(false) > 0 && answered(true) >= answered(false);
        if let Some(page) = itself.filter(|_| !as_many) {
            let detail = format!(
                "{} answers {} over plain http instead of redirecting: what its other pages set there was not looked at",
                page.example, page.status
            );
            return Some(Standing::open(Why::NotPlanned, detail, "`pages.start` with the http:// address"));
        }
        return Some(Standing::Upheld(format!("{} over plain http", standing::count(asked, "requests"))));
    }
    Some(match standing::reach(context, &Scope::default()) {
        Err(open) => open,
        Ok(_) => Standing::open(
            Why::NotPlanned,
            "the http:// address was not asked",
            "a scan with the http:// address of the site among its pages",
        ),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Absence, Item, SecureRule, VisitorState};
    use crate::observation::ProbeKind;

    fn site() -> Site {
        let mut item = Item::named("access");
        item.secure = Some(SecureRule::OnHttps);
        item.visitors = vec![VisitorState::LoggedIn];
        Site::with(item).claims(|policy| policy.plain_http_cookies = stated(Absence::default()))
    }

    #[test]
    fn the_http_twin_sets_nothing() {
        let twin = "http://site.example/";
        site().redirected(twin, "https://site.example/").finds_nothing().upholds("claims.plain-http-cookies");
        // One request that sets nothing does not prove what the others set.
        let more = || site().visited("https://site.example/about");
        more().visited(twin).finds_nothing().leaves("claims.plain-http-cookies", "not-planned");
        site().looked_at().leaves("claims.plain-http-cookies", "not-planned");
        // Nor does a redirect of pages speak for a login that was not sent there.
        let login = || probe(ProbeKind::LoginOverHttp);
        let redirects = || site().redirected(twin, "https://site.example/");
        redirects().probed(login().not_done("not sent")).leaves("claims.plain-http-cookies", "not-planned");
        redirects().probed(login().holds()).upholds("claims.plain-http-cookies");
        site()
            .when(line("access=1").from("http://site.example/login"))
            .finds("plain-http: claims.plain-http-cookies, cookies.access.visitors");
    }

    #[test]
    fn what_lacks_secure_is_sent_over_http() {
        site()
            .when(line("access=1").login())
            .sent("access", "http://site.example/")
            .finds("secure: claims.plain-http-cookies, cookies.access.secure");
    }
}
