//! Consent banners of many makes, and what only looks like one, each on a page of its own: one server, one
//! browser, a fresh visitor for each answer. What was pressed shows in the cookie that the page writes.

use crate::support::hostile::{self, Hostile};
use cookieproof::engine::browser::{Answer, Banner, BrowserEngine, BrowserSettings, Identity, Patience};
use cookieproof::engine::{Ask, EngineContext};
use cookieproof::observation::{Cell, Consent, Engine, Phase, Site};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What a page is to be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    /// A banner, and the labels of what accepts and rejects.
    Asks(&'static str, &'static str),
    /// No banner, and nothing that may be one.
    Nothing,
    /// A box speaks of cookies, and nothing more is known.
    Unclear,
    /// A banner that wants money of who does not accept.
    Pay(&'static str),
}

/// The page's own part: what was answered is kept, and the banner goes.
const KEEPS: &str = "<!doctype html><meta charset=utf-8><title>Shop</title><script>\
    const kept = (what) => { document.cookie = 'answer=' + what + '; path=/'; for (const e of document.querySelectorAll('[data-b]')) e.remove(); };\
    function yes() { kept('yes') } function no() { kept('no') }</script><p>Shop for lamps and chairs, delivered to your door.</p>";

const BAR: &str = "position:fixed;bottom:0;left:0;right:0;background:#eee;padding:20px";

/// Name, the page's body, and what it is.
const PAGES: &[(&str, &str, Is)] = {
    use Is::{Asks, Nothing, Pay, Unclear};
    &[
        (
            "tailwind",
            "<div data-b class='fixed z-50' style='BAR'><p>We use cookies to give you the best experience.<button onclick=yes()>Accept all</button><button onclick=no()>Reject all</button></div>",
            Asks("Accept all", "Reject all"),
        ),
        (
            "greek",
            "<section data-b style='BAR'><p>Χρησιμοποιούμε μπισκότα για τη βελτίωση της περιήγησης.<button onclick=yes() style='text-transform:uppercase'>Αποδοχή όλων</button><button onclick=no()>Απόρριψη όλων</button></section>",
            Asks("Αποδοχή όλων", "Απόρριψη όλων"),
        ),
        (
            "japanese",
            "<aside data-b style='BAR'>当サイトではクッキーを使用しています。<button onclick=yes()>すべて同意する</button><button onclick=no()>拒否する</button></aside>",
            Asks("すべて同意する", "拒否する"),
        ),
        (
            "div buttons",
            "<div data-b style='BAR'>This site uses cookies.<div style='cursor:pointer' onclick=yes()>Accept</div><div style='cursor:pointer' onclick=no()>Decline</div></div>",
            Asks("Accept", "Decline"),
        ),
        (
            "listeners without a mark",
            "<div data-b style='BAR'>This site uses cookies.<div id=y>Accept all</div><div id=n>Reject all</div></div><script>y.addEventListener('click',yes);n.addEventListener('mousedown',no)</script>",
            Asks("Accept all", "Reject all"),
        ),
        (
            "links and inputs",
            "<div data-b style='BAR'>Wir verwenden Cookies. <a href='#' role=button onclick='no();return false'>Weiter ohne Zustimmung</a> <a href=/policy>Cookie-Richtlinie</a><input type=button value='Zustimmen' onclick=yes()></div>",
            Asks("Zustimmen", "Weiter ohne Zustimmung"),
        ),
        (
            "pictures",
            "<div data-b style='BAR'>We use cookies.<button aria-label='Accept cookies' onclick=yes()><svg width=20 height=20></svg></button><button onclick=no()><img alt='Reject cookies' width=20 height=20 src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></button></div>",
            Asks("Accept cookies", "Reject cookies"),
        ),
        (
            "text before",
            "<style>#t::before{content:'We use cookies on this website.'}</style><div data-b style='BAR'><p id=t></p><button onclick=yes()>OK</button><button onclick=no()>No, thanks</button></div>",
            Asks("OK", "No, thanks"),
        ),
        (
            "dialog",
            "<dialog data-b id=d><p>We value your privacy. We and our partners use cookies.<form method=dialog><button onclick=yes()>Agree</button><button onclick=no()>Disagree</button></form></dialog><script>d.showModal()</script>",
            Asks("Agree", "Disagree"),
        ),
        (
            "popover",
            "<div data-b popover id=d><p>We use cookies.<button onclick=yes()>Allow all</button><button onclick=no()>Deny</button></div><script>d.showPopover()</script>",
            Asks("Allow all", "Deny"),
        ),
        (
            "under a newsletter",
            "<div data-b style='BAR'>We use cookies.<button onclick=yes()>Accept</button><button onclick=no()>Reject</button></div><dialog id=d><form method=post action=/subscribe><input type=email name=e><p>By subscribing you agree to our privacy and cookie policy.<button>I agree, subscribe</button></form></dialog><script>d.showModal()</script>",
            Asks("Accept", "Reject"),
        ),
        (
            "open root",
            "<x-consent data-b></x-consent><script>const r=document.querySelector('x-consent').attachShadow({mode:'open'});r.innerHTML='<div style=\"BAR\"><p>We use cookies on this website.</p><button id=y>Accept All</button><button id=n>Deny</button></div>';r.getElementById('y').onclick=yes;r.getElementById('n').onclick=no</script>",
            Asks("Accept All", "Deny"),
        ),
        (
            "closed root",
            "<div data-b id=h></div><script>{const r=h.attachShadow({mode:'closed'});r.innerHTML='<div style=\"BAR\"><p>We use cookies on this website.</p><button id=y>Accept All</button><button id=n>Deny</button></div>';r.getElementById('y').onclick=yes;r.getElementById('n').onclick=no}</script>",
            Asks("Accept All", "Deny"),
        ),
        (
            "closed root in an open one",
            "<div data-b id=h></div><script>{const o=h.attachShadow({mode:'open'});o.innerHTML='<x-inner></x-inner>';const r=o.firstChild.attachShadow({mode:'closed'});r.innerHTML='<div style=\"BAR\"><p>We use cookies on this website.</p><button id=y>Accept All</button><button id=n>Deny</button></div>';r.getElementById('y').onclick=yes;r.getElementById('n').onclick=no}</script>",
            Asks("Accept All", "Deny"),
        ),
        (
            "own frame",
            "<iframe data-b style='BAR;height:200px' src=/framed></iframe>",
            Asks("Accept all", "Reject all"),
        ),
        (
            "frame of a platform",
            "<div data-b id=sp_message_container_1 style='position:fixed;inset:0'><iframe style='width:100%;height:300px' src='http://cdn.privacy-mgmt.com:PORT/platform'></iframe></div><script>addEventListener('message',(e)=>kept(e.data))</script>",
            Asks("Accept", "Reject"),
        ),
        (
            "frame written by the page",
            "<iframe data-b sandbox=allow-scripts style='BAR;height:200px' srcdoc=\"<p>We use cookies.<button onclick=parent.postMessage('yes','*')>Accept all</button><button onclick=parent.postMessage('no','*')>Reject all</button>\"></iframe><script>addEventListener('message',(e)=>kept(e.data))</script>",
            Asks("Accept all", "Reject all"),
        ),
        (
            "two steps",
            "<div data-b id=a style='BAR'>We use cookies.<button onclick=yes()>Accept all</button><button onclick='setTimeout(()=>{a.remove();b.hidden=false},300)'>Settings</button></div><div data-b id=b hidden role=dialog>Your cookies<label><input type=checkbox checked disabled>Necessary</label><label><input type=checkbox id=c checked>Marketing</label><button onclick=\"kept(c.checked?'yes':'no')\">Save</button></div>",
            Asks("Accept all", "Settings, Save"),
        ),
        (
            "two steps with a no",
            "<div data-b id=a style='BAR'>Mēs izmantojam sīkdatnes.<button onclick=yes()>Piekrītu</button><button onclick='b.hidden=false'>Iestatījumi</button></div><div data-b id=b hidden role=dialog>Sīkdatnes<button onclick=no()>Noraidīt visas</button><button onclick=yes()>Pieņemt visas</button></div>",
            Asks("Piekrītu", "Iestatījumi, Noraidīt visas"),
        ),
        (
            "switches at once",
            "<div data-b style='BAR'>Diese Website verwendet Cookies.<label><input type=checkbox id=c checked>Statistik</label><button onclick=yes()>Alle akzeptieren</button><button onclick=\"kept(c.checked?'yes':'no')\">Auswahl speichern</button></div>",
            Asks("Alle akzeptieren", "Auswahl speichern"),
        ),
        (
            "late and sliding",
            "<style>#a{transform:translateY(120%);transition:transform .6s}#a.in{transform:none}</style><div data-b id=a style='BAR'>We use cookies.<button onclick=yes()>Accept all</button><button onclick=no()>Reject all</button></div><script>setTimeout(()=>a.classList.add('in'),2000)</script>",
            Asks("Accept all", "Reject all"),
        ),
        (
            "before all else",
            "<script>document.body.innerHTML='<a href=#m style=\"position:absolute;left:-999px\">Skip to content</a><div data-b><h2>Cookies on this service</h2><p>We use some essential cookies to make this service work, and would like to set analytics cookies.</p><button onclick=yes()>Accept analytics cookies</button><button onclick=no()>Reject analytics cookies</button></div><h1 id=m>Service</h1><p>'+'Text. '.repeat(200)</script>",
            Asks("Accept analytics cookies", "Reject analytics cookies"),
        ),
        (
            "below the page's text",
            "<script>document.body.innerHTML='<nav><a href=/>Home</a> <a href=/a>About</a></nav><h1>Service</h1><p>'+'Text. '.repeat(3000)+'</p><div data-b id=banner>We use cookies <button onclick=yes()>Accept</button> <button onclick=no()>Decline</button></div><footer>Imprint</footer>'</script>",
            Asks("Accept", "Decline"),
        ),
        (
            "form of its own",
            "<div data-b style='BAR'>We use cookies.<form method=post action=/consent onsubmit='return false'><input type=hidden name=t value=1><button name=a value=1 onclick=yes()>Accept</button><button onclick=no()>Only necessary</button></form></div><form action=/search><input name=q></form>",
            Asks("Accept", "Only necessary"),
        ),
        (
            "application in a box",
            "<div style='position:fixed;inset:0;overflow:auto'><h1>Mail</h1><p>Inbox of the website</p><button>Compose</button><div data-b style='position:absolute;bottom:0;z-index:9;background:#eee'>We use cookies.<button onclick=yes()>Accept</button><button onclick=no()>Decline</button></div></div>",
            Asks("Accept", "Decline"),
        ),
        (
            "turkish capitals",
            "<div data-b role=alertdialog>SİTEMİZDE ÇEREZLER KULLANILMAKTADIR.<button onclick=yes()>TÜMÜNÜ KABUL ET</button><button onclick=no()>REDDET</button></div>",
            Asks("TÜMÜNÜ KABUL ET", "REDDET"),
        ),
        (
            "pay or accept",
            "<div data-b role=dialog>We and our partners use cookies for advertising.<button onclick=yes()>Accept and continue</button><button onclick=\"kept('paid')\">Reject and subscribe for €4.99</button></div>",
            Pay("Reject and subscribe for €4.99"),
        ),
        // --- what is none ------------------------------------------------------------------------------
        (
            "slid out",
            "<div data-b style='BAR;transform:translateY(100%)'>We use cookies.<button onclick=yes()>Accept all</button></div>",
            Nothing,
        ),
        (
            "see-through",
            "<div style='opacity:0'><div data-b style='BAR'>We use cookies.<button onclick=yes()>Accept all</button></div></div>",
            Nothing,
        ),
        (
            "not drawn",
            "<div data-b style='BAR;visibility:hidden'>We use cookies.<button onclick=yes()>Accept all</button></div>",
            Nothing,
        ),
        (
            "cut away",
            "<div data-b style='BAR;clip-path:inset(50%)'>We use cookies.<button onclick=yes()>Accept all</button></div>",
            Nothing,
        ),
        (
            "shrunk",
            "<div data-b style='BAR;transform:scale(0)'>We use cookies.<button onclick=yes()>Accept all</button></div>",
            Nothing,
        ),
        (
            "beside the window",
            "<div data-b style='BAR;left:-5000px;right:auto;width:300px'>We use cookies.<button onclick=yes()>Accept all</button></div>",
            Nothing,
        ),
        (
            "under the page",
            "<div data-b style='BAR;z-index:-1'>We use cookies.<button onclick=yes()>Accept all</button></div><div style='position:absolute;inset:0;background:#fff'>Page</div>",
            Nothing,
        ),
        (
            "scrolled away",
            "<div style='height:3000px'></div><div data-b style='position:sticky;bottom:auto;top:0'>We use cookies.<button onclick=yes()>Accept all</button></div>",
            Nothing,
        ),
        (
            "newsletter",
            "<dialog open role=dialog aria-modal=true><h2>10 % off</h2><form method=post action=/subscribe><input type=email name=e><p>By subscribing you agree to our privacy policy.<button>I agree, subscribe</button></form><button onclick=no()>No thanks</button></dialog>",
            Nothing,
        ),
        (
            "newsletter of scripts",
            "<div role=dialog>Get our newsletter! We respect your privacy and use cookies.<input placeholder='Your e-mail'><button onclick=yes()>I agree</button><button onclick=no()>No thanks</button></div>",
            Nothing,
        ),
        (
            "age gate",
            "<div role=dialog aria-modal=true>Are you over 18? You must be of legal drinking age. See our <a href=/c>cookie policy</a>.<button onclick=yes()>I agree</button><button onclick=no()>I disagree</button></div>",
            Nothing,
        ),
        (
            "new terms",
            "<div role=dialog>We have updated our Terms of Service and <a href=/c>Cookie Policy</a>.<button onclick=yes()>Accept</button><button onclick=no()>Decline</button></div>",
            Nothing,
        ),
        (
            "bakery",
            "<div role=dialog>Your box of 12 chocolate chip cookies, baked this morning. Order now?<button onclick=yes()>Accept</button><button onclick=no()>Decline</button></div>",
            Nothing,
        ),
        (
            "login",
            "<div role=dialog>Log in <form method=post><input name=user><input type=password><button onclick=yes()>Accept and log in</button></form></div>",
            Nothing,
        ),
        (
            "footer",
            "<footer style='BAR'>© Example <a href=/privacy>Privacy</a> <a href=/cookies>Cookie policy</a> <button>Cookie settings</button></footer>",
            Nothing,
        ),
        (
            "chat",
            "<div style='BAR'>How can we help? <input placeholder=Message><button>Send</button></div>",
            Nothing,
        ),
        (
            "notifications",
            "<div role=dialog>This website wants to show notifications.<button onclick=yes()>Allow</button><button onclick=no()>Block</button></div>",
            Nothing,
        ),
        (
            "settings page",
            "<h1>Your cookies</h1><p>Here you choose what this website may keep.</p><p>Text. Text. Text.</p><button onclick=yes()>Accept all</button><button onclick=no()>Reject all</button>",
            Nothing,
        ),
        (
            "an advertising banner",
            "<div class=banner><p>Biscuits and cookies, freshly baked.</p><button onclick=yes()>OK</button></div><p>Text.</p>",
            Nothing,
        ),
        (
            "settings in the page",
            "<h1>Your cookies</h1><div class='cookie-consent-settings'><p>We use cookies. Here you choose which.</p><button onclick=yes()>Accept all</button><button onclick=no()>Reject all</button></div><p>Text. Text. Text.</p>",
            Nothing,
        ),
        (
            "at the end without a name",
            "<p>Text.</p><div>We use cookies. <button onclick=yes()>OK</button></div>",
            Unclear,
        ),
        (
            "a bar that only tells",
            "<div style='BAR'>This website uses cookies. By browsing on you accept them.</div>",
            Unclear,
        ),
        (
            "leads away",
            "<div style='BAR'>This website uses cookies.<a href=/elsewhere>Accept</a><a href='http://127.0.0.1:PORT/'>Reject</a><button onclick=\"location.href='/elsewhere'\">Accept all</button></div>",
            Unclear,
        ),
        (
            "unknown words",
            "<div style='BAR'>This website uses cookies, browser.<button onclick=yes()>Blimp</button><button onclick=no()>Blomp</button></div>",
            Unclear,
        ),
        (
            "strange frame",
            "<iframe style='BAR;height:100px' src='http://127.0.0.1:PORT/advertisement'></iframe>",
            Unclear,
        ),
        (
            "age gate with cookies",
            "<div role=dialog>Are you over 18? This site uses cookies.<button onclick=yes()>I agree</button><button onclick=no()>I disagree</button></div>",
            Unclear,
        ),
    ]
};

/// What frames show.
fn framed(path: &str) -> Option<&'static str> {
    Some(match path {
        "/framed" => {
            "<p>We use cookies.<button onclick=parent.yes()>Accept all</button><button onclick=parent.no()>Reject all</button>"
        }
        "/platform" => {
            "<h2>Privacy</h2><p>We and our partners store and access cookies on your device.<button onclick=\"parent.postMessage('yes','*')\">Accept</button><button onclick=\"parent.postMessage('no','*')\">Reject</button>"
        }
        "/advertisement" => {
            "<p>We use cookies.<button onclick=\"parent.postMessage('yes','*')\">Accept all</button>"
        }
        _ => return None,
    })
}

fn site() -> Hostile {
    Hostile::http(|asked| {
        let path = asked.target.as_str();
        let number = path.strip_prefix("/page").and_then(|number| number.parse::<usize>().ok());
        let page = number.and_then(|number| PAGES.get(number)).map(|(_, body, _)| format!("{KEEPS}{body}"));
        let page =
            page.or_else(|| framed(path).map(|body| format!("<!doctype html><meta charset=utf-8>{body}")));
        let Some(page) = page else { return hostile::Answer::status("404 Not Found", "", "") };
        let host = asked.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let port = host.and_then(|(_, host)| host.rsplit(':').next()).unwrap_or_default();
        hostile::Answer::page("", &page.replace("BAR", BAR).replace("PORT", port))
    })
}

/// A page met by a fresh visitor, who gives an answer to what is asked, if any: what was met, and what
/// the page kept.
async fn met(engine: &BrowserEngine, url: Url, answer: Option<Answer>) -> (Banner, Option<String>) {
    let site = Arc::new(Site::of_url(&Url::parse("http://localhost/").unwrap()));
    let context = engine.context(Identity::default(), EngineContext::new(site)).await.unwrap();
    let cell = Cell {
        persona: "anonymous".into(),
        engine: Engine::Browser,
        consent: Consent::Untouched,
        phase: Phase::Crawl,
        repeat: 0,
        third_party: None,
    };
    let ask = Ask::page(cell, url);
    let patience =
        Patience { load: Duration::from_secs(60), late: Duration::from_secs(5), ..Patience::default() };
    let page = context.page(&ask, patience).await.unwrap();
    let banner = match &answer {
        Some(answer) => page.answer(answer, None).await.unwrap(),
        None => page.banner(None).await.unwrap(),
    };
    let kept = context.cookies().await.into_iter().find(|cookie| cookie.name.to_string() == "answer");
    page.finish().await;
    context.close().await;
    (banner, kept.map(|cookie| String::from_utf8_lossy(cookie.value.reveal()).into_owned()))
}

/// What is wrong with how a page was taken, if anything is.
async fn wrong(engine: &BrowserEngine, url: Url, name: &str, is: Is) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |what: &str, right: bool, seen: &dyn std::fmt::Debug| {
        if !right {
            wrong.push(format!("{name}: {what}: {seen:?}"));
        }
    };
    let answers = [(Answer::Accept, "yes"), (Answer::Reject, "no")];
    match is {
        Is::Asks(accept, reject) => {
            for ((answer, kept), label) in answers.into_iter().zip([accept, reject]) {
                let seen = met(engine, url.clone(), Some(answer)).await;
                let right = seen.0.shown
                    && seen.0.clicked.as_deref() == Some(label)
                    && seen.1.as_deref() == Some(kept);
                expect(kept, right, &seen);
            }
        }
        Is::Pay(way) => {
            let seen = met(engine, url, Some(Answer::Reject)).await;
            let right = seen.0.pay.as_deref() == Some(way) && seen.0.clicked.is_none() && seen.1.is_none();
            expect("pay or accept", right, &seen);
        }
        Is::Nothing | Is::Unclear => {
            // Whatever would be answered: nothing is pressed.
            let seen = met(engine, url, Some(Answer::Accept)).await;
            expect("no banner", !seen.0.shown && seen.1.is_none(), &seen);
            expect("suspected", seen.0.suspected.is_some() == (is == Is::Unclear), &seen);
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn banners_of_many_makes_are_found_and_answered_and_nothing_else_is() {
    let site = site();
    let address = site.address;
    let settings = BrowserSettings {
        resolve: BTreeMap::from([("cdn.privacy-mgmt.com".to_owned(), address)]),
        ..BrowserSettings::default()
    };
    let engine = BrowserEngine::start(&settings).await.unwrap();
    // Some of them, for whoever works on one: COOKIEPROOF_PAGES="dialog,own frame".
    let chosen = std::env::var("COOKIEPROOF_PAGES").ok();
    let wanted = |name: &str| chosen.as_deref().is_none_or(|chosen| chosen.split(',').any(|one| one == name));
    let pages = PAGES.iter().enumerate().filter(|(_, (name, ..))| wanted(name));
    let pages = pages.map(|(number, (name, _, is))| {
        let url = Url::parse(&format!("http://localhost:{}/page{number}", address.port())).unwrap();
        wrong(&engine, url, name, *is)
    });
    let wrong: Vec<String> = futures_util::stream::iter(pages).buffer_unordered(4).concat().await;
    assert_eq!(wrong, [""; 0]);
}
