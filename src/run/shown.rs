//! The page in front of a persona, and what can be said of it when something goes wrong.

pub(in crate::run) mod form;
mod picked;

use super::html;
use crate::charset::{Charset, PageText};
use crate::engine::Visit;
use crate::engine::browser::{Fetched, PageNow};
use crate::observation::quoted;
use form::{Filling, Form};
use url::Url;

/// Bytes of a page's text that are looked at for a message.
const LOOKED_AT: usize = 4096;

/// The last document or answer.
#[derive(Clone, Debug)]
pub(in crate::run) struct Shown {
    pub(in crate::run) url: Url,
    pub(in crate::run) status: u16,
    content_type: String,
    /// The body, as text.
    pub(in crate::run) text: String,
    /// The encoding that the body was in.
    pub(in crate::run) charset: Charset,
    /// What was sent for it: method, path, names of fields.
    pub(in crate::run) sent: Option<String>,
    /// It was navigated to; a script's request shows nothing.
    pub(in crate::run) navigated: bool,
    /// The form that led here.
    pub(in crate::run) came_by: Option<Form>,
    /// What a script's request was answered, while the page stayed.
    pub(in crate::run) answer: Option<Box<Shown>>,
    /// The text that a person reads, where a browser rendered the page.
    rendered: Option<String>,
    /// Requests of the page's scripts that were refused: `POST /api/login was answered 401`.
    pub(in crate::run) refused: Vec<String>,
}

/// That the site refused what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) struct Refused {
    /// `POST /login answered 405`
    pub(in crate::run) answered: String,
    /// The whole story.
    pub(in crate::run) why: String,
}

impl Shown {
    pub(in crate::run) fn of(visit: &Visit) -> Shown {
        let PageText { text, charset } = visit.text();
        Shown {
            url: visit.shown.clone(),
            status: visit.status,
            content_type: visit.content_type.clone(),
            text: text.into_owned(),
            charset,
            sent: None,
            navigated: true,
            came_by: None,
            answer: None,
            rendered: None,
            refused: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn for_test(url: Url, text: &str, charset: Charset) -> Shown {
        let visit = Visit { status: 200, ..Visit::unanswered(&url) };
        Shown { text: text.to_owned(), charset, ..Shown::of(&visit) }
    }

    /// A page as a browser shows it.
    pub(in crate::run) fn rendered(page: PageNow) -> Shown {
        let is_page = page.content_type.is_empty() || page.content_type.contains("html");
        Shown {
            url: page.url,
            status: page.status,
            content_type: page.content_type,
            // Of anything else the browser makes a page of its own.
            text: if is_page { page.html } else { page.text.clone() },
            charset: Charset::UTF_8,
            sent: None,
            navigated: true,
            came_by: None,
            answer: None,
            rendered: Some(page.text),
            refused: Vec::new(),
        }
    }

    /// What a request of a script was answered.
    pub(in crate::run) fn fetched(answer: Fetched) -> Shown {
        Shown {
            url: answer.url,
            status: answer.status,
            content_type: answer.content_type.split(';').next().unwrap_or_default().trim().to_owned(),
            text: answer.text,
            charset: Charset::UTF_8,
            sent: None,
            navigated: true,
            came_by: None,
            answer: None,
            rendered: None,
            refused: Vec::new(),
        }
    }

    pub(in crate::run) fn is_json(&self) -> bool {
        self.content_type.ends_with("json")
    }

    fn is_html(&self) -> bool {
        self.content_type.is_empty() || self.content_type.contains("html")
    }

    /// Whether a visitor reads this text on it; of an answer that is no page, whether it holds it.
    pub(in crate::run) fn says(&self, text: &str) -> bool {
        if !self.is_html() {
            return self.text.contains(text);
        }
        let wanted = html::one_line(text);
        html::one_line(&self.visible()).contains(&wanted)
    }

    /// The visible text.
    pub(in crate::run) fn visible(&self) -> String {
        match &self.rendered {
            Some(text) => text.clone(),
            None if self.is_html() => html::visible_text(&self.text, usize::MAX),
            None => self.text.clone(),
        }
    }

    pub(in crate::run) fn asks_for_a_password(&self) -> bool {
        self.is_html() && form::forms(&self.text, &self.url).iter().any(Form::takes_password)
    }

    /// The status of the last answer, also of a script's request.
    pub(in crate::run) fn last_status(&self) -> u16 {
        self.answer.as_ref().map_or(self.status, |answer| answer.status)
    }

    /// Why it looks like a login that was turned away; none where it does not. Status and cookies
    /// lie: a login page can answer 200 and set session cookies.
    pub(in crate::run) fn looks_refused(&self) -> Option<String> {
        let last = self.answer.as_deref().unwrap_or(self);
        if last.status >= 400 {
            return Some(last.refusal(&format!("the last answer was {}", last.status)));
        }
        // A script sends the form, and the page stays as it is.
        if let Some(refused) = self.refused.iter().find(|refused| refused.starts_with("POST"))
            && self.asks_for_a_password()
        {
            let what = format!("the page still asks for a password, and {refused}");
            return Some(format!("{}. Likely the user name or password is wrong", self.story(&what)));
        }
        let form = self.came_by.as_ref().filter(|form| form.takes_password())?;
        let again = form::forms(&self.text, &self.url)
            .iter()
            .any(|other| other.takes_password() && other.same_as(form));
        again.then(|| {
            let what = "the same login form came again, so the login was turned away";
            format!(
                "{}. Likely the user name or password is wrong, or the site wants another field",
                self.story(what)
            )
        })
    }

    /// `GET /account was answered 200 at /login, titled “Log in”: “Please log in ...”`
    pub(in crate::run) fn summary(&self) -> String {
        if self.status == 0 {
            return "no answer came".into();
        }
        let mut summary = format!("the answer was {} at {}", self.status, quoted(self.url.path()));
        if self.is_html() {
            if let Some(title) = html::title(&self.text) {
                summary.push_str(&format!(", titled \u{201c}{}\u{201d}", in_short(&title, 80)));
            }
            let words = match &self.rendered {
                Some(text) => in_short(text, 160),
                None => in_short(&html::one_line(&html::visible_text(&self.text, LOOKED_AT)), 160),
            };
            if !words.is_empty() {
                summary.push_str(&said(&words));
            }
        } else if !self.text.is_empty() {
            summary.push_str(&said(&in_short(&html::one_line(&self.text), 160)));
        }
        summary
    }

    /// A step to which this was the answer, and that failed by it.
    pub(in crate::run) fn refused(&self, problem: &str) -> Refused {
        let sent = quoted(self.sent.as_deref().unwrap_or("the request"));
        let answered = match self.status {
            0 => format!("{sent} got no answer: {problem}"),
            status => format!("{sent} answered {status}"),
        };
        Refused { answered, why: self.refusal(problem) }
    }

    /// A problem with this answer: what was sent, what came, and what is likely wrong.
    pub(in crate::run) fn refusal(&self, problem: &str) -> String {
        let story = self.story(problem);
        match self.likely() {
            Some(hint) => format!("{story}. {hint}"),
            None => story,
        }
    }

    /// Why a form of this page cannot be sent, what the page has, and what to do.
    pub(in crate::run) fn cannot_send(&self, problem: &str, filling: &Filling) -> String {
        let forms = form::describe(&self.text, &self.url);
        let mut text = format!("{problem}; {}", self.summary());
        if !forms.is_empty() {
            text.push_str(&format!("; its forms: {}", forms.join(" | ")));
        }
        let by_script = problem.contains("script") || forms.is_empty() && self.text.contains("<script");
        let hint = if by_script && self.rendered.is_none() {
            Some(
                "A script builds or sends this form: say it with a `request` step, or use `--engine browser`"
                    .to_owned(),
            )
        } else {
            self.near_miss(filling).or_else(|| self.is_elsewhere())
        };
        match hint {
            Some(hint) => format!("{text}. {hint}"),
            None => text,
        }
    }

    fn story(&self, problem: &str) -> String {
        let mut text = problem.to_owned();
        if let Some(sent) = &self.sent {
            text.push_str(&format!("; sent: {}", quoted(sent)));
        }
        text.push_str(&format!("; {}", self.summary()));
        if !self.refused.is_empty() {
            text.push_str(&format!("; requests of its scripts: {}", quoted(&self.refused.join(", "))));
        }
        let forms = form::describe(&self.text, &self.url);
        if self.is_html() && !forms.is_empty() {
            text.push_str(&format!("; its forms: {}", forms.join(" | ")));
        }
        text
    }

    fn likely(&self) -> Option<String> {
        let text = self.text.to_ascii_lowercase();
        let token = text.contains("csrf") || text.contains("xsrf") || text.contains("token");
        let hint = match self.status {
            400 | 403 | 419 if token => {
                "Likely a token is missing or stale: `open` the page of the form right before `submit`, and for a \
                 `request` send the token as the site's script does (`${cookie:NAME}`, `${json:/pointer}`, \
                 `${page:input[name=csrf]}`)"
            }
            401 if self.sent.as_deref().is_some_and(|sent| sent.starts_with("GET ")) => {
                "Likely the credentials are wrong, or the site is behind HTTP Basic: a `basic` step with its user and \
                 password comes before all others"
            }
            401 => "Likely the credentials are wrong",
            403 => "Likely the site refuses this visitor: wrong credentials, a missing token, or a bot wall",
            404 | 405 => "Likely the address or method is not the one the site's own page uses",
            415 | 422 => {
                "Likely the body is not of the kind the site expects (`json` or `form`), or a field is missing"
            }
            429 => "Likely too many logins in a short time: wait, or log in less often (`import` a session)",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// A field that is spelt almost as the plan has it.
    fn near_miss(&self, filling: &Filling) -> Option<String> {
        let names: Vec<String> =
            form::forms(&self.text, &self.url).iter().flat_map(Form::field_names).collect();
        let wanted =
            filling.fields.iter().map(|(name, _)| name).chain(filling.choose.iter().map(|(name, _)| name));
        for wanted in wanted.filter(|wanted| !names.contains(wanted)) {
            let near = names
                .iter()
                .max_by(|a, b| strsim::jaro_winkler(a, wanted).total_cmp(&strsim::jaro_winkler(b, wanted)));
            if let Some(near) = near.filter(|near| strsim::jaro_winkler(near, wanted) > 0.7) {
                return Some(format!("Did you mean the field `{near}` instead of `{wanted}`?"));
            }
        }
        None
    }

    fn is_elsewhere(&self) -> Option<String> {
        (self.status >= 400)
            .then(|| "Likely the page before was not the right one: check its `open` step".to_owned())
    }
}

/// What a message quotes of a page. A credential that is cut looks like none, so it is masked before.
fn in_short(text: &str, most: usize) -> String {
    cut(quoted(&text[..text.floor_char_boundary(LOOKED_AT)]).trim_end(), most)
}

pub(in crate::run) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}\u{2026}", &text[..at]),
        None => text.to_owned(),
    }
}

/// What a page said, to be told apart from what we say: no mark of it ends the quotation.
fn said(words: &str) -> String {
    format!(", saying \u{201c}{}\u{201d}", words.replace('\u{201d}', "\""))
}
