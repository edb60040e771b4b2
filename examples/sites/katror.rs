//! Katror: a studio's website with a workspace for its clients. Sign-in by a form with a token and
//! a box to stay signed in; a consent banner by inline script, remembered in a cookie and in local
//! storage.

use super::message::{Request, Response, SetCookie};
use super::page::{Brochure, inline, table, writes_cookie};
use super::sessions::Sessions;
use super::{EMAIL, PASSWORD, Site, Switches};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub(crate) const HOSTS: &[&str] = &["katror.com", "www.katror.com"];

pub(crate) const SWITCHES: &[(&str, &str)] = &[
    ("T01", "the workspace is on katror-work.net, links to the policy, and sets work_session there"),
    ("T02", "Meta's script writes the advertising cookie _fbp once the notice is accepted"),
    ("T03", "the start page sets katror_ab"),
    ("T04", "the sign-in sets katror_sess instead of katror_session"),
    ("T05", "the start page gives everybody a katror_session"),
    ("T06", "katror_session lives 30 days although the box was not ticked"),
    ("T07", "katror_session ends with the browser although the box was ticked"),
    ("T09", "the sign-in sets katror_session only where the notice was accepted"),
    ("T10", "the workspace asks for the notice to be accepted first"),
    ("T11", "accepting the notice sets no katror_cookie_consent"),
    ("T12", "katror_cookie_consent is written at the first visit, before any answer"),
    ("T13", "katror_cookie_consent lives until 2038"),
    ("T14", "an advertising script writes katror_cookie_consent"),
    ("T15", "consent is kept in the cookie only"),
    ("T15-storage", "consent is kept in local storage only"),
    ("T16", "the banner comes back after it was answered"),
    ("T17", "there is no banner"),
    ("T18", "Google's script writes _ga on the marketing pages once the notice is accepted"),
    ("T19", "Google's script writes _ga before the notice is answered"),
    ("T20", "a video of www.youtube.com is framed on the work page, and sets cookies"),
    ("T21", "the server knows a signed-in visitor by address, without any cookie"),
    ("T22", "the server remembers the answer by address: the banner stays away after clearing"),
    ("T23", "every page writes the preference cookie katror_layout before the notice is answered"),
    ("T24", "the consent cookie is set by choices.consent-vendor.net, on its own domain"),
    ("T25", "the start page keeps an identifier of the visitor in local storage"),
    ("T26", "the policy page says 'Last updated' without a date"),
    ("T27", "the policy's table has a new row, its date is as before"),
    ("T28", "a new category needs consent, and the old answer is taken for it"),
];

const BROCHURE: Brochure = Brochure {
    name: "Katror",
    host: "katror.com",
    ink: "#5b2a1d",
    menu: &[
        ("/", "Home"),
        ("/work", "Work"),
        ("/services", "Services"),
        ("/journal", "Journal"),
        ("/sign-in", "Sign in"),
        ("/workspace", "Workspace"),
        ("/cookie-policy", "Cookies"),
        ("/privacy", "Privacy"),
        ("/contact", "Contact"),
    ],
    pages: &[
        ("/", "Interiors, drawn by hand", "<p>A studio of four.</p>"),
        (
            "/work",
            "Work",
            "<p><a href=\"/work/library\">A library</a>, <a href=\"/work/kitchen\">a kitchen</a></p>",
        ),
        ("/work/library", "A library", "<p>Oak, and light from the north.</p>"),
        ("/work/kitchen", "A kitchen", "<p>Small, with a window.</p>"),
        ("/services", "Services", "<p>Drawing, planning, building.</p>"),
        ("/journal", "Journal", "<p><a href=\"/journal/wood\">On wood</a></p>"),
        ("/journal/wood", "On wood", "<p>It moves.</p>"),
        ("/privacy", "Privacy", "<p>What we keep of you, and why.</p>"),
        ("/contact", "Contact", "<p>Write to studio@katror.example.</p>"),
    ],
    also: &["/cookie-policy", "/sign-in"],
    disallow: &[],
};

const MONTH: i64 = 2_592_000;

/// The site's state.
#[derive(Debug)]
pub(crate) struct Katror {
    on: Switches,
    sessions: Sessions,
    /// Tokens of forms that were handed out.
    forms: Sessions,
    /// Addresses that are signed in without a cookie (a switch).
    addresses: Mutex<BTreeSet<String>>,
    /// Addresses that answered the banner (a switch).
    answered: Mutex<BTreeSet<String>>,
}

impl Katror {
    pub(crate) fn new(on: Switches) -> Self {
        Katror {
            on,
            sessions: Sessions::new(2),
            forms: Sessions::new(3),
            addresses: Mutex::default(),
            answered: Mutex::default(),
        }
    }
}

impl Site for Katror {
    fn answer(&self, request: &Request) -> Response {
        if request.host == "www.katror.com" {
            return Response::redirect(308, &request.url("katror.com", &request.path_and_query()));
        }
        let mut response = match (request.method.as_str(), request.path.as_str()) {
            (_, "/cookie-policy") => self.policy(request),
            ("POST", "/sign-in") => self.sign_in(request),
            (_, "/sign-in") => self.sign_in_form(request, ""),
            ("POST", "/sign-out") => self.sign_out(request),
            ("POST", "/api/notice") => {
                locked(&self.answered).insert(request.peer.clone());
                Response::new(204, "text/plain", "")
            }
            _ if request.under("/workspace") => self.workspace(request),
            _ => BROCHURE.answer(request, &self.planted(request)),
        };
        if request.path == "/" {
            if self.on.on("T03") {
                response.set(SetCookie::new(request, "katror_ab", "b").max_age(MONTH));
            }
            if self.on.on("T05") && request.cookie("katror_session").is_none() {
                let nobody = "5d4c3b2a19080f7e6d5c4b3a29181706";
                response.set(SetCookie::new(request, "katror_session", nobody).http_only());
            }
        }
        response
    }
}

impl Katror {
    /// The banner, and what a switch plants.
    fn planted(&self, request: &Request) -> String {
        let mut html = String::new();
        let remembered = self.on.on("T22") && locked(&self.answered).contains(&request.peer);
        if !self.on.on("T17") && !remembered {
            html += BANNER;
            html += &inline(&self.banner_script(request));
        }
        if self.on.on("T12") {
            html += &writes_cookie("katror_cookie_consent", "accepted");
        }
        if self.on.on("T19") {
            html += &script(&request.url("www.googletagmanager.com", "/gtag/js?id=G-ABC123"));
        }
        if self.on.on("T20") && request.path == "/work" {
            let url = request.url("www.youtube.com", "/embed/a1b2c3");
            html += &format!("<iframe src=\"{url}\" width=\"320\" height=\"180\"></iframe>\n");
        }
        if self.on.on("T23") {
            html += &writes_cookie("katror_layout", "wide");
        }
        if self.on.on("T25") && request.path == "/" {
            html += &inline(
                "localStorage.visitor ||= crypto.randomUUID ? crypto.randomUUID() : \
                 \"1c9e8d7b-6a5f-4e3d-8c2b-1a0f9e8d7c6b\";",
            );
        }
        html
    }

    /// Shows the banner where no answer is known, and writes the answer down in both places.
    fn banner_script(&self, request: &Request) -> String {
        let life =
            if self.on.on("T13") { "expires=Tue, 19 Jan 2038 03:14:07 GMT" } else { "max-age=31536000" };
        let mut write = format!(
            "document.cookie = \"katror_cookie_consent=accepted; path=/; {life}; samesite=lax\" + \
             (location.protocol === \"https:\" ? \"; secure\" : \"\");\n"
        );
        if self.on.on("T11") || self.on.on("T15-storage") {
            write.clear();
        }
        if self.on.on("T24") {
            write = load(&request.url("choices.consent-vendor.net", "/keep.js"));
        }
        if self.on.on("T14") {
            write = load(
                &request.url("connect.facebook.net", "/consent.js?write=katror_cookie_consent%3Daccepted"),
            );
        }
        if !self.on.on("T15") && !self.on.on("T11") {
            write += "localStorage.setItem(\"katror_cookie_consent\", \"accepted\");\n";
        }
        if self.on.on("T02") {
            write += &load(&request.url("connect.facebook.net", "/en_US/fbevents.js"));
        }
        if self.on.on("T18") || self.on.on("T28") {
            write += &load(&request.url("www.googletagmanager.com", "/gtag/js?id=G-ABC123"));
        }
        if self.on.on("T22") {
            write += "fetch(\"/api/notice\", {method: \"POST\"});\n";
        }
        let known = if self.on.on("T16") {
            "false"
        } else {
            "/(^|; )katror_cookie_consent=/.test(document.cookie) || \
             localStorage.getItem(\"katror_cookie_consent\") !== null"
        };
        // With an answer, analytics begins; whether that answer meant it is the switch's question.
        let begins = if self.on.on("T28") {
            format!("else {}", load(&request.url("www.googletagmanager.com", "/gtag/js?id=G-ABC123")))
        } else {
            String::new()
        };
        format!(
            "const banner = document.querySelector(\"#cookie-banner\");\n\
             if (!({known})) banner.hidden = false;\n{begins}\
             banner.querySelector(\"#accept-cookies\").addEventListener(\"click\", () => {{\n{write}\
             banner.hidden = true;\n}});\n"
        )
    }

    fn sign_in_form(&self, request: &Request, complaint: &str) -> Response {
        let token = self.forms.issue();
        BROCHURE.page(
            "Sign in",
            &format!(
                "<p>{complaint}</p><form method=\"post\" action=\"/sign-in\" id=\"sign-in\">\
                 <input type=\"hidden\" name=\"form_token\" value=\"{token}\">\
                 <label>E-mail <input type=\"email\" name=\"email\"></label>\
                 <label>Password <input type=\"password\" name=\"password\"></label>\
                 <label><input type=\"checkbox\" name=\"stay\" value=\"1\"> Stay signed in</label>\
                 <button>Sign in</button></form>\n\
                 <form method=\"post\" action=\"/newsletter\"><label>Newsletter <input type=\"email\" \
                 name=\"email\"></label><button>Subscribe</button></form>"
            ),
            &self.planted(request),
        )
    }

    fn sign_in(&self, request: &Request) -> Response {
        if !self.forms.end(request.field("form_token").as_deref()) {
            return self.sign_in_form(request, "That form has grown old.").status(403);
        }
        if request.field("email").as_deref() != Some(EMAIL)
            || request.field("password").as_deref() != Some(PASSWORD)
        {
            return self.sign_in_form(request, "That is not it.");
        }
        let mut response = Response::redirect(303, "/workspace");
        if self.on.on("T09") && request.cookie("katror_cookie_consent").is_none() {
            return response;
        }
        if self.on.on("T21") {
            locked(&self.addresses).insert(request.peer.clone());
        }
        let mut line = SetCookie::new(request, self.session_name(), self.sessions.issue()).http_only();
        let stay = request.field("stay").is_some();
        if (stay && !self.on.on("T07")) || self.on.on("T06") {
            line = line.max_age(MONTH);
        }
        response.set(line);
        response
    }

    fn sign_out(&self, request: &Request) -> Response {
        self.sessions.end(request.cookie(self.session_name()).as_deref());
        locked(&self.addresses).remove(&request.peer);
        Response::redirect(303, "/")
            .cookie(SetCookie::new(request, self.session_name(), "").http_only().deleted())
    }

    fn workspace(&self, request: &Request) -> Response {
        let known = self.sessions.knows(request.cookie(self.session_name()).as_deref())
            || locked(&self.addresses).contains(&request.peer);
        if !known {
            return Response::redirect(303, "/sign-in");
        }
        if self.on.on("T10") && request.cookie("katror_cookie_consent").is_none() {
            return BROCHURE
                .page(
                    "One thing first",
                    "<p>Please accept the cookie notice before you enter the workspace.</p>",
                    &self.planted(request),
                )
                .status(403);
        }
        match request.path.as_str() {
            "/workspace" => {
                let away = if self.on.on("T01") {
                    let url = request.url("katror-work.net", "/board");
                    format!("<a href=\"{url}\">Board</a> <iframe src=\"{url}\" title=\"Board\"></iframe>")
                } else {
                    String::new()
                };
                BROCHURE.page(
                    "Workspace",
                    &format!(
                        "<p>Signed in as {EMAIL}. <a href=\"/workspace/drawings\">Drawings</a> \
                         <a href=\"/workspace/settings\">Settings</a> {away}</p>\n\
                         <form method=\"post\" action=\"/sign-out\" id=\"sign-out\"><button>Sign out</button></form>"
                    ),
                    "",
                )
            }
            "/workspace/drawings" => BROCHURE.page("Drawings", "<p>Two drafts.</p>", ""),
            "/workspace/settings" => BROCHURE.page("Settings", "<p>Nothing to set.</p>", ""),
            _ => BROCHURE.missing(""),
        }
    }

    fn policy(&self, request: &Request) -> Response {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let mut rows = vec![
            row([
                "katror_session",
                "Keeps you signed in to the workspace.",
                "essential",
                "session, or longer if you stay signed in",
            ]),
            row([
                "katror_cookie_consent",
                "Remembers that you accepted the notice.",
                "preference",
                "up to one year",
            ]),
        ];
        if self.on.on("T27") || self.on.on("T28") {
            rows.push(row([
                "katror_layout",
                "How you arranged the workspace.",
                "preference",
                "up to one year",
            ]));
        }
        let date = match () {
            () if self.on.on("T26") => "<p>Last updated</p>",
            () if self.on.on("T28") => "<p>Last updated 3 October 2026</p>",
            () => "<p>Last updated 12 May 2026</p>",
        };
        BROCHURE.page(
            "Cookie policy",
            &format!(
                "{date}\n<p>Two cookies of our own, essential or preference, and no third-party analytics on \
                 these pages. Embeds of others are avoided where possible.</p>\n{}\
                 <p>Accepting the notice is remembered in the cookie and in local storage, so that the banner \
                 does not come back at every visit. Clear this site's data to take consent back; the banner \
                 will ask again. Without the essential cookie, signing in may not work.</p>\n\
                 <p>See also <a href=\"/privacy\">Privacy</a>.</p>",
                table(&["Name", "Purpose", "Category", "Lifetime"], &rows)
            ),
            &self.planted(request),
        )
    }

    fn session_name(&self) -> &'static str {
        if self.on.on("T04") { "katror_sess" } else { "katror_session" }
    }
}

fn locked(set: &Mutex<BTreeSet<String>>) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

fn script(url: &str) -> String {
    format!("<script src=\"{url}\"></script>\n")
}

/// The statement that loads a script.
fn load(url: &str) -> String {
    format!("document.head.append(Object.assign(document.createElement(\"script\"), {{src: \"{url}\"}}));\n")
}

const BANNER: &str = "<div id=\"cookie-banner\" role=\"dialog\" aria-label=\"Cookie notice\" hidden>\
    We use cookies; <a href=\"/cookie-policy\">which ones</a>. \
    <button id=\"accept-cookies\">Accept</button></div>\n";
