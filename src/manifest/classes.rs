//! Classes of pages and of requests: what is in, what is not, and which methods are meant.

use super::{PageClass, PagePattern};
use std::fmt;
use url::Url;

/// A page pattern behind a method: `POST /login` means what a form sends there, not the look at the
/// page of that address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPattern {
    pub method: String,
    pub page: PagePattern,
}

/// One entry of a class as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassPattern {
    /// `/dashboard/**`
    Page(PagePattern),
    /// `!/dashboard/sign-in`
    Except(PagePattern),
    /// `POST /login`
    Request(RequestPattern),
}

impl ClassPattern {
    /// Reads an entry; the error says what is wrong with it.
    pub fn new(written: &str) -> Result<Self, String> {
        let text = written.trim();
        if let Some(rest) = text.strip_prefix('!') {
            return PagePattern::new(rest.trim()).map(ClassPattern::Except);
        }
        // A host or path never is a word of letters before a blank.
        let method = text.split_once(char::is_whitespace).filter(|(word, _)| is_word(word));
        let Some((method, page)) = method else { return PagePattern::new(written).map(ClassPattern::Page) };
        if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(format!("a method is written in capitals: `{} {page}`", method.to_ascii_uppercase()));
        }
        let page = PagePattern::new(page.trim())?;
        Ok(ClassPattern::Request(RequestPattern { method: method.to_owned(), page }))
    }
}

fn is_word(text: &str) -> bool {
    (3..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

impl PageClass {
    /// A class of pages.
    pub fn of(patterns: Vec<PagePattern>) -> Self {
        PageClass { patterns, ..PageClass::default() }
    }

    /// Takes in one more entry.
    pub fn add(&mut self, entry: ClassPattern) {
        match entry {
            ClassPattern::Page(page) => self.patterns.push(page),
            ClassPattern::Except(page) => self.except.push(page),
            ClassPattern::Request(request) => self.requests.push(request),
        }
    }

    /// Whether a page that is looked at is in the class.
    pub fn contains(&self, url: &Url) -> bool {
        self.contains_request("GET", url)
    }

    /// Whether a request is: a pattern without a method means every method.
    pub fn contains_request(&self, method: &str, url: &Url) -> bool {
        let meant = |request: &RequestPattern| request.method == method && request.page.matches(url);
        (self.patterns.iter().any(|page| page.matches(url)) || self.requests.iter().any(meant))
            && !self.except.iter().any(|page| page.matches(url))
    }

    /// It means requests that send something, and no pages that anybody looks at.
    pub fn is_of_acts(&self) -> bool {
        let looks = |request: &RequestPattern| matches!(request.method.as_str(), "GET" | "HEAD");
        self.patterns.is_empty() && !self.requests.is_empty() && !self.requests.iter().any(looks)
    }

    /// As written: pages, requests, and what is excepted.
    pub fn written(&self) -> impl Iterator<Item = String> {
        let pages = self.patterns.iter().map(ToString::to_string);
        let requests = self.requests.iter().map(ToString::to_string);
        pages.chain(requests).chain(self.except.iter().map(|page| format!("!{page}")))
    }
}

impl fmt::Display for RequestPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(entries: &[&str]) -> PageClass {
        let mut class = PageClass::default();
        for entry in entries {
            class.add(ClassPattern::new(entry).unwrap());
        }
        class
    }

    #[track_caller]
    fn case(entries: &[&str], request: &str, expected: bool) {
        let (method, path) = request.split_once(' ').unwrap();
        let url = Url::parse("https://example.org").unwrap().join(path).unwrap();
        assert_eq!(class(entries).contains_request(method, &url), expected, "{entries:?} {request}");
        assert_eq!(class(entries).written().collect::<Vec<_>>(), entries);
    }

    #[test]
    fn what_is_excepted_is_not_in_whatever_else_says() {
        let dashboard = ["/dashboard/**", "!/dashboard/sign-in"];
        case(&dashboard, "GET /dashboard", true);
        case(&dashboard, "GET /dashboard/a", true);
        case(&dashboard, "GET /dashboard/sign-in?next=/dashboard", false);
        case(&dashboard, "POST /dashboard/sign-in", false);
        case(&["*", "!/a/**"], "GET /b", true);
    }

    #[test]
    fn methods_are_requests_and_none_means_all() {
        let login = ["POST /login"];
        case(&login, "POST /login", true);
        case(&login, "GET /login", false);
        case(&["/login"], "POST /login", true);
        case(&["/a", "GET api.example.org/x"], "GET /a", true);
        assert!(class(&login).is_of_acts());
        assert!(!class(&["GET /a"]).is_of_acts());
        assert!(!class(&["/a", "POST /a"]).is_of_acts());
        assert!(!class(&[]).is_of_acts());
    }

    #[test]
    fn unusable_entries_say_why() {
        assert_eq!(ClassPattern::new("post /a").unwrap_err(), "a method is written in capitals: `POST /a`");
        assert_eq!(ClassPattern::new("!").unwrap_err(), "it is empty");
        assert!(matches!(ClassPattern::new("/a b"), Ok(ClassPattern::Page(_))));
        assert!(matches!(ClassPattern::new("localhost"), Ok(ClassPattern::Page(_))));
    }
}
