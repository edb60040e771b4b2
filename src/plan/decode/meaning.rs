//! From a plan as written to the plan as meant.

use super::steps::{Json, MailTable, MarkTable, RequestTable, StepTable, SubmitTable};
use super::values::Rate;
use super::{
    BrowserTable, ConsentTable, HttpTable, LimitsTable, NamedRefs, PersonaTable, SecretRefAt, TargetTable,
    Written, map_of, secrets,
};
use crate::config::{Problems, Spanned, nearest, shortened};
use crate::observation::{Consent, Visitor};
use crate::plan::{
    Action, BrowserPlan, ConsentPlan, EngineChoice, Expect, Http, Journey, JsonTemplate, Limits, MailLink,
    MailSource, Mark, Pace, Pages, Persona, Plan, ProbeSettings, RefPart, Request, RequestBody, SecretRef,
    Step, Submit, Target, VendorLists,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the plan means; problems it has in itself are added.
///
/// On this very machine a secret may stand in plain text, unless the plan `travels`.
pub(super) fn meant(written: Written, travels: bool, problems: &mut Problems) -> Plan {
    let file = problems.source().file.clone();
    if !written.has_targets {
        problems
            .error(&(written.span.start..written.span.start), "this plan has no target")
            .fix("add [targets.production] with url = \"https://...\"");
    }
    let engine = written.engine.unwrap_or_default();
    let rate_stated = written.limits.rate.is_some();
    let mut to = Meaning {
        folder: Path::new(&file).parent().unwrap_or(Path::new("")).to_owned(),
        local: false,
        travels,
        engine,
        problems,
    };

    let resolve = map_of(written.http.resolve.clone());
    let here = Http { resolve, ..Http::default() };
    to.local =
        !written.targets.is_empty() && written.targets.iter().all(|(_, target)| here.is_local(&target.url));

    let http = to.http(written.http);
    let mut limits = to.limits(written.limits);
    if to.local && !rate_stated {
        limits.rate = None;
    }
    let targets = written
        .targets
        .into_iter()
        .map(|(name, target)| to.target(name, target, &http, rate_stated))
        .collect();
    let mut personas = vec![Persona::anonymous()];
    for (name, persona) in written.personas {
        let persona = to.persona(name, persona);
        match persona.name == "anonymous" {
            true => personas[0] = persona,
            false => personas.push(persona),
        }
    }
    let known: Vec<String> = personas.iter().map(|persona| persona.name.clone()).collect();
    let journeys = written
        .journeys
        .into_iter()
        .map(|(name, journey)| Journey {
            personas: journey.personas.into_iter().map(|persona| to.known_persona(persona, &known)).collect(),
            steps: journey.steps.into_iter().filter_map(|step| to.step(step)).collect(),
            place: to.problems.place(name.span.start),
            name: name.value,
        })
        .collect();
    let consent = written.consent.into_iter().map(|table| to.consent(table)).collect();
    let pages = Pages {
        start: written.pages.start.into_iter().map(|page| page.0).collect(),
        include: written.pages.include,
        exclude: written.pages.exclude,
        sitemaps: written.pages.sitemaps.unwrap_or(true),
        hosts: written.pages.hosts,
        assets: written.pages.assets.unwrap_or(false),
        never_follow: written.pages.never_follow,
        follow: written.pages.follow,
    };
    let browser = to.browser(written.browser);
    let joined = |paths: Vec<PathBuf>| paths.into_iter().map(|path| to.folder.join(path)).collect();
    let vendors = VendorLists {
        lists: joined(written.vendors.lists),
        cookie_databases: joined(written.vendors.cookie_databases),
    };
    let probes = ProbeSettings {
        enabled: written.probes.enabled.unwrap_or(true),
        renewal_after: written.probes.renewal_after,
        gpc: written.probes.gpc.unwrap_or(false),
        login_over_http: written.probes.login_over_http.unwrap_or(false),
    };
    let third_party_cookies = match written.third_party_cookies.is_empty() {
        true => vec![Default::default()],
        false => written.third_party_cookies,
    };
    Plan {
        manifest: written.manifest,
        targets,
        personas,
        journeys,
        pages,
        engine,
        browser,
        third_party_cookies,
        browsers: written.browsers.into_iter().collect(),
        consent,
        limits,
        http,
        robots: written.robots.unwrap_or_default(),
        probes,
        vendors,
        vantage: written.vantage,
        keep: crate::plan::Keep::default(),
        file,
    }
}

struct Meaning<'a> {
    /// The plan's own folder.
    folder: PathBuf,
    /// Every target is on this machine.
    local: bool,
    /// It goes to other machines.
    travels: bool,
    engine: EngineChoice,
    problems: &'a mut Problems,
}

impl Meaning<'_> {
    fn target(
        &mut self,
        name: Spanned<String>,
        table: TargetTable,
        http: &Http,
        rate_stated: bool,
    ) -> Target {
        let local = http.is_local(&table.url);
        let headers = self.headers(table.headers, local);
        let pace = match table.rate {
            Some(Rate(None)) => Some(Pace::Unlimited),
            Some(Rate(Some(rate))) => Some(Pace::PerSecond(rate)),
            // Nobody's server needs sparing on one's own machine, whatever else the plan looks at.
            None => (local && !rate_stated).then_some(Pace::Unlimited),
        };
        Target {
            place: self.problems.place(name.span.start),
            name: name.value,
            url: table.url,
            hosts: table.hosts.into_iter().map(|(from, host)| (from.value, host.0)).collect(),
            allowed_cookies: table.allowed_cookies,
            headers,
            extra_ca: table.extra_ca.into_iter().map(|path| self.folder.join(path)).collect(),
            pace,
        }
    }

    /// Headers of every request to own hosts.
    fn headers(
        &mut self,
        headers: Vec<(Spanned<String>, SecretRefAt)>,
        local: bool,
    ) -> Vec<(String, SecretRef)> {
        for (name, value) in &headers {
            self.header_name(name);
            secrets::by_reference(&name.value, value, local && !self.travels, self.problems);
            secrets::without_steps(value, self.problems);
        }
        headers.into_iter().map(|(name, value)| (name.value, self.reference(value))).collect()
    }

    fn persona(&mut self, name: Spanned<String>, table: PersonaTable) -> Persona {
        let place = self.problems.place(name.span.start);
        let logged_in = table.logged_in.unwrap_or(!table.login.is_empty());
        if name.value == "anonymous" && logged_in {
            self.problems
                .error(&name.span, "`anonymous` is who does not log in")
                .fix("give this persona another name: [personas.member]");
        } else if logged_in && table.logged_in_when.is_none() {
            let message = format!("nothing proves that `{}` is logged in", shortened(&name.value));
            self.problems.warning(&name.span, message).fix(
                "add logged_in_when = { url = \"/account\", text = \"Sign out\" }: status and cookies can lie",
            );
        }
        if let Some(remembered) = table.remembered.as_ref().filter(|_| !logged_in) {
            self.problems
                .error(&remembered.span, "nobody is remembered who does not log in")
                .fix("add login steps, or drop `remembered`");
        }
        let headers = self.headers(table.headers, self.local);
        Persona {
            visitor: Visitor { logged_in, remembered: table.remembered.map(|remembered| remembered.value) },
            login: self.steps(table.login),
            logged_in_when: table.logged_in_when.map(|mark| self.mark(mark)),
            logout: self.steps(table.logout),
            login_budget: table.login_budget.unwrap_or(Persona::anonymous().login_budget),
            optional: table.optional.unwrap_or_default(),
            accept_language: table.accept_language.map(|text| text.0),
            time_zone: table.time_zone,
            user_agent: table.user_agent.map(|text| text.0),
            proxy: table.proxy.map(|proxy| self.reference(proxy)),
            headers,
            start: table.start.into_iter().map(|page| page.0).collect(),
            refresh: table.refresh.map(|request| self.request(request)),
            name: name.value,
            place,
        }
    }

    fn mark(&self, mark: Spanned<MarkTable>) -> Mark {
        Mark {
            url: mark.value.url.0,
            text: mark.value.text,
            selector: mark.value.selector.map(|selector| selector.0),
            status: mark.value.status,
            place: self.problems.place(mark.span.start),
        }
    }

    fn known_persona(&mut self, name: Spanned<String>, known: &[String]) -> String {
        if !known.contains(&name.value) {
            let near = nearest(&name.value, known.iter().map(String::as_str));
            let fix = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", known.join(", ")),
            };
            let message = format!("there is no persona `{}`", shortened(&name.value));
            self.problems.error(&name.span, message).fix(fix);
        }
        name.value
    }

    fn steps(&mut self, steps: Vec<Spanned<StepTable>>) -> Vec<Step> {
        steps.into_iter().filter_map(|step| self.step(step)).collect()
    }

    /// None: the step could not be read, and that was said.
    fn step(&mut self, step: Spanned<StepTable>) -> Option<Step> {
        let place = self.problems.place(step.span.start);
        let table = step.value;
        let browser_only = table.click.is_some() || table.fill.is_some() || table.wait.is_some();
        if browser_only && self.engine == EngineChoice::Http {
            self.problems
                .warning(&step.span, "only the browser engine can make this step")
                .fix("write engine = \"browser\", or use `submit` or `request`");
        }
        let action = if let Some(page) = table.open {
            Action::Open { url: self.in_folder(page.0) }
        } else if let Some(selector) = table.follow {
            Action::Follow { selector: selector.0 }
        } else if let Some(submit) = table.submit {
            Action::Submit(self.submit(submit))
        } else if let Some(request) = table.request {
            Action::Request(self.request(request))
        } else if let Some(basic) = table.basic {
            Action::Basic {
                user: self.in_folder(basic.user),
                password: self.always_secret("password", basic.password),
            }
        } else if let Some(token) = table.bearer {
            Action::Bearer { token: self.always_secret("bearer", token) }
        } else if let Some(import) = table.import {
            Action::Import {
                format: import.format,
                source: self.always_secret("source", import.source),
                user_agent: import.user_agent.map(|text| text.0),
            }
        } else if let Some(export) = table.export {
            Action::Export { format: export.format, file: self.folder.join(export.file) }
        } else if let Some(mail) = table.mail_link {
            Action::MailLink(self.mail_link(mail)?)
        } else if let Some(totp) = table.totp {
            Action::Totp {
                secret: self.always_secret("secret", totp.secret),
                submit: self.submit(totp.submit),
                field: totp.field,
            }
        } else if let Some(command) = table.command {
            Action::Command { command: command.run, prints: command.prints }
        } else if let Some(expect) = table.expect {
            Action::Expect(Expect {
                status: expect.status,
                url: expect.url,
                text: expect.text,
                not_text: expect.not_text,
                selector: expect.selector.map(|selector| selector.0),
                cookie: expect.cookie,
            })
        } else if let Some(selector) = table.click {
            Action::Click { selector: selector.0 }
        } else if let Some(fill) = table.fill {
            Action::Fill { selector: fill.selector.0, value: self.in_folder(fill.value) }
        } else {
            let wait = table.wait?;
            Action::Wait {
                selector: wait.selector.map(|selector| selector.0),
                text: wait.text,
                seconds: wait.seconds,
            }
        };
        Some(Step { action, place })
    }

    fn submit(&mut self, submit: SubmitTable) -> Submit {
        Submit {
            form: submit.form.map(|selector| selector.0),
            fields: self.fields(submit.fields),
            choose: submit.choose.into_iter().map(|(name, choice)| (name.value, choice)).collect(),
            button: submit.button,
        }
    }

    fn request(&mut self, request: RequestTable) -> Request {
        for (name, _) in &request.headers {
            self.header_name(name);
        }
        let body = match (request.json, request.form) {
            (Some(json), _) => RequestBody::Json(self.json(json, "")),
            (None, Some(form)) => RequestBody::Form(self.fields(form)),
            (None, None) => RequestBody::None,
        };
        let method = match (request.method, &body) {
            (Some(method), _) => method.0,
            (None, RequestBody::None) => "GET".to_owned(),
            (None, _) => "POST".to_owned(),
        };
        let headers = crate::config::Named(request.headers);
        Request { method, url: self.in_folder(request.url.0), body, headers: self.fields(headers) }
    }

    /// `name`: the key it stands under, for telling secrets.
    fn json(&mut self, json: Json, name: &str) -> JsonTemplate {
        match json {
            Json::Text(text) => JsonTemplate::Text(self.secret(name, text)),
            Json::Plain(value) => JsonTemplate::Plain(value),
            Json::List(items) => {
                JsonTemplate::List(items.into_iter().map(|item| self.json(item, name)).collect())
            }
            Json::Object(members) => JsonTemplate::Object(
                members
                    .into_iter()
                    .map(|(key, value)| {
                        let value = self.json(value, &key.value);
                        (key.value, value)
                    })
                    .collect(),
            ),
        }
    }

    fn mail_link(&self, mail: MailTable) -> Option<MailLink> {
        let source = match (mail.maildir, mail.file, mail.mailbox) {
            (Some(folder), ..) => MailSource::Maildir(self.folder.join(folder)),
            (_, Some(file), _) => MailSource::File(self.folder.join(file)),
            (.., Some(url)) => MailSource::Http(url),
            (None, None, None) => return None,
        };
        Some(MailLink {
            source,
            to: mail.to.map(|to| self.in_folder(to)),
            link_contains: mail.link_contains,
            timeout: mail.timeout.unwrap_or(Duration::from_secs(60)),
        })
    }

    fn consent(&mut self, table: ConsentTable) -> ConsentPlan {
        let untouched = table.state.0 == Consent::Untouched;
        if !untouched && table.cookie.is_none() && self.engine == EngineChoice::Http {
            self.problems
                .warning(&table.span, "plain HTTP can only reach a consent state by a recorded cookie")
                .fix("add cookie = \"NAME=VALUE\", or write engine = \"browser\"");
        }
        let stated = table.cookie.iter().chain(table.local_storage.as_ref().map(|local| &local.value));
        for value in stated {
            secrets::without_steps(value, self.problems);
        }
        ConsentPlan {
            state: table.state.0,
            selectors: table.selectors.into_iter().map(|selector| selector.0).collect(),
            cookie: table.cookie.map(|cookie| self.reference(cookie)),
            local_storage: table.local_storage.map(|local| (local.key, self.reference(local.value))),
            given: table.given,
            place: self.problems.place(table.span.start),
        }
    }

    fn http(&mut self, table: HttpTable) -> Http {
        let headers = self.headers(table.headers, self.local);
        for (host, _) in table.resolve.iter().filter(|(host, _)| host.value.contains([':', '/'])) {
            self.problems
                .error(&host.span, format!("`{}` is not a host", shortened(&host.value)))
                .fix("write the host alone, without scheme and port");
        }
        let defaults = Http::default();
        Http {
            user_agent: table.user_agent.map(|text| text.0),
            contact: table.contact.map(|text| text.0),
            headers,
            proxy: table.proxy.map(|proxy| self.reference(proxy)),
            extra_ca: table.extra_ca.into_iter().map(|path| self.folder.join(path)).collect(),
            resolve: map_of(table.resolve),
            accept_language: table.accept_language.map(|text| text.0),
            http2: table.http2.unwrap_or(defaults.http2),
        }
    }

    fn browser(&self, table: BrowserTable) -> BrowserPlan {
        let defaults = BrowserPlan::default();
        BrowserPlan {
            // A bare name is looked for on the PATH.
            executable: table.executable.map(|path| match path.components().count() {
                1 => path,
                _ => self.folder.join(path),
            }),
            url: table.url.map(|url| url.0),
            render: table.render.unwrap_or(defaults.render),
            banner: table.banner.map(|selector| selector.0),
            tabs: table.tabs.map_or(defaults.tabs, |tabs| tabs.0),
            load_timeout: table.load_timeout.unwrap_or(defaults.load_timeout),
            settle: table.settle.unwrap_or(defaults.settle),
            watch_late: table.watch_late.map(|late| late.0),
            screenshots: table.screenshots.map(|path| self.folder.join(path)),
            har: table.har.map(|path| self.folder.join(path)),
        }
    }

    fn limits(&mut self, table: LimitsTable) -> Limits {
        let defaults = Limits::default();
        if let Some(repeats) = table.repeats.as_ref().filter(|repeats| repeats.value == 0) {
            self.problems.error(&repeats.span, "`repeats` must be at least 1").fix("1 looks once");
        }
        if let Some(share) = table.may_fail.as_ref().filter(|share| share.value > 100) {
            self.problems
                .error(&share.span, "`may_fail` is a percentage")
                .fix("10 lets every tenth page fail");
        }
        Limits {
            pages: table.pages.unwrap_or(defaults.pages),
            depth: table.depth.unwrap_or(defaults.depth),
            per_shape: table.per_shape,
            total_time: table.total_time.unwrap_or(defaults.total_time),
            rate: table.rate.map_or(defaults.rate, |rate| rate.0),
            concurrency: table.concurrency.unwrap_or(defaults.concurrency),
            redirects: table.redirects.unwrap_or(defaults.redirects),
            body_bytes: table.body_size.map_or(defaults.body_bytes, |size| size.0),
            head_bytes: table.head_size.map_or(defaults.head_bytes, |size| size.0),
            connect_timeout: table.connect_timeout.unwrap_or(defaults.connect_timeout),
            head_timeout: table.head_timeout.unwrap_or(defaults.head_timeout),
            request_timeout: table.request_timeout.unwrap_or(defaults.request_timeout),
            retries: table.retries.unwrap_or(defaults.retries),
            repeats: table.repeats.map_or(defaults.repeats, |repeats| repeats.value),
            may_fail: table.may_fail.map_or(defaults.may_fail, |share| share.value),
        }
    }

    fn fields(&mut self, fields: NamedRefs) -> Vec<(String, SecretRef)> {
        fields
            .0
            .into_iter()
            .map(|(name, value)| {
                let value = self.secret(&name.value, value);
                (name.value, value)
            })
            .collect()
    }

    /// A value that is a secret whatever its name.
    fn always_secret(&mut self, name: &str, value: SecretRefAt) -> SecretRef {
        secrets::always_by_reference(name, &value, self.local && !self.travels, self.problems);
        self.reference(value)
    }

    /// A value that may be a secret by its name.
    fn secret(&mut self, name: &str, value: SecretRefAt) -> SecretRef {
        secrets::by_reference(name, &value, self.local && !self.travels, self.problems);
        self.reference(value)
    }

    fn reference(&self, value: SecretRefAt) -> SecretRef {
        self.in_folder(value.value)
    }

    /// Files of references are relative to the plan's folder, too.
    fn in_folder(&self, mut reference: SecretRef) -> SecretRef {
        for part in &mut reference.parts {
            if let RefPart::File(path) = part {
                *path = self.folder.join(&path);
            }
        }
        reference
    }

    /// A header's name is a token (RFC 9110 5.1).
    fn header_name(&mut self, name: &Spanned<String>) {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.value.is_empty() || !name.value.bytes().all(token) {
            self.problems.error(&name.span, format!("`{}` is no name of a header", shortened(&name.value)));
        }
    }
}
