//! Forms as a browser sends them: found by selector or by their fields, hidden inputs and
//! defaults carried along (HTML standard, "constructing the entry list"), encoded and aimed as
//! the form and its button say.

use crate::charset::Charset;
use crate::observation::quoted;
use crate::plan::Choice;
use crate::run::html::{base, one_line, parse, parse_selector};
use ego_tree::NodeId;
use scraper::{ElementRef, Html, Node};
use std::collections::HashMap;
use url::Url;

/// A hostile page may hold any number of either.
const MOST_FORMS: usize = 500;
const MOST_CONTROLS: usize = 5000;

/// How a form is to be filled: the plan's `Submit` with its references resolved.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct Filling {
    pub(in crate::run) form: Option<String>,
    pub(in crate::run) fields: Vec<(String, String)>,
    pub(in crate::run) choose: Vec<(String, Choice)>,
    pub(in crate::run) button: Option<String>,
}

/// A form of a page, with every control that belongs to it.
#[derive(Clone, Debug)]
pub(in crate::run) struct Form {
    id: Option<String>,
    action: Url,
    method: String,
    enctype: String,
    /// What its entries are encoded in.
    charset: Charset,
    controls: Vec<Control>,
}

/// A request that sends a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) struct Filled {
    pub(in crate::run) method: String,
    pub(in crate::run) url: Url,
    pub(in crate::run) content_type: Option<String>,
    pub(in crate::run) body: Option<Vec<u8>>,
    /// Names that went along, for messages.
    pub(in crate::run) names: Vec<String>,
    /// Values of hidden inputs that look like tokens: to be masked.
    pub(in crate::run) tokens: Vec<String>,
}

#[derive(Clone, Debug)]
struct Control {
    name: String,
    id: Option<String>,
    kind: Kind,
    value: String,
    /// Checked, for checkboxes and radio buttons.
    on: bool,
    disabled: bool,
    options: Vec<Choosable>,
    /// What a button overrides.
    action: Option<String>,
    method: Option<String>,
    enctype: Option<String>,
    /// A button's words.
    label: String,
}

#[derive(Clone, Debug)]
struct Choosable {
    value: String,
    label: String,
    selected: bool,
    disabled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Hidden,
    Password,
    Checkbox,
    Radio,
    Select,
    SelectMany,
    File,
    Submit,
    Image,
    /// `type=button` and `type=reset`: never sent.
    Inert,
}

/// Every form of a page.
pub(in crate::run) fn forms(html: &str, page: &Url) -> Vec<Form> {
    Document::read(html, page, Charset::UTF_8).forms
}

/// The form that is meant: by its selector, or the only one with all the fields.
pub(in crate::run) fn find(
    html: &str,
    page: &Url,
    charset: Charset,
    filling: &Filling,
) -> Result<Form, String> {
    let document = Document::read(html, page, charset);
    if document.forms.is_empty() {
        return Err(if document.loose_fields {
            "the page has input fields but no form: a script sends them".into()
        } else {
            "the page has no form".into()
        });
    }
    if let Some(selector) = &filling.form {
        return document.select(selector)?.ok_or_else(|| format!("no form matches `{selector}`"));
    }
    let wanted = filling.names();
    let mut fitting: Vec<&Form> = document
        .forms
        .iter()
        .filter(|form| wanted.iter().all(|name| form.control(name).is_some()) && form.has_button(filling))
        .collect();
    // The same form twice (in the header and in the page) is no choice to make.
    fitting.dedup_by(|a, b| a.action == b.action && a.method == b.method && a.names() == b.names());
    match fitting.as_slice() {
        [form] => Ok((*form).clone()),
        [] => Err(format!("no form has {}", listed(&wanted, filling.button.as_deref()))),
        several => Err(format!(
            "{} forms have {}; `form` must name one by a CSS selector",
            several.len(),
            listed(&wanted, filling.button.as_deref())
        )),
    }
}

/// One line for each form of a page, for messages: where it goes and what fields it has.
pub(in crate::run) fn describe(html: &str, page: &Url) -> Vec<String> {
    forms(html, page).iter().take(6).map(Form::describe).collect()
}

impl Filling {
    fn names(&self) -> Vec<&str> {
        self.fields
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(self.choose.iter().map(|(name, _)| name.as_str()))
            .collect()
    }
}

impl Form {
    /// The request that a browser would send.
    pub(in crate::run) fn fill(&self, filling: &Filling) -> Result<Filled, String> {
        let mut form = self.clone();
        for (name, value) in &filling.fields {
            form.set(name, value)?;
        }
        for (name, choice) in &filling.choose {
            form.choose(name, choice)?;
        }
        let button = form.button(filling.button.as_deref())?;
        form.send(button)
    }

    /// The form takes a password: what a login form looks like.
    pub(in crate::run) fn takes_password(&self) -> bool {
        self.controls.iter().any(|control| control.kind == Kind::Password && !control.disabled)
    }

    /// The same form again, on another page: the same fields to fill, wherever it goes.
    pub(in crate::run) fn same_as(&self, other: &Form) -> bool {
        self.visible_names() == other.visible_names()
    }

    /// Names of what a visitor fills in.
    pub(in crate::run) fn field_names(&self) -> Vec<String> {
        self.visible_names().into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// `form#login POST /session: email, password, _csrf (hidden)`
    fn describe(&self) -> String {
        let fields: Vec<String> = self
            .controls
            .iter()
            .filter(|control| !matches!(control.kind, Kind::Inert | Kind::Submit | Kind::Image))
            .take(20)
            .map(|control| {
                let name = if control.name.is_empty() { "(no name)" } else { &control.name };
                match control.kind {
                    Kind::Hidden => format!("{name} (hidden)"),
                    Kind::Checkbox => format!("{name} (checkbox)"),
                    Kind::Radio => format!("{name} (radio)"),
                    Kind::Select | Kind::SelectMany => format!("{name} (select)"),
                    _ => name.to_owned(),
                }
            })
            .collect();
        let id = self.id.as_deref().map(|id| format!("#{id}")).unwrap_or_default();
        let fields = if fields.is_empty() { "no fields".to_owned() } else { fields.join(", ") };
        format!("form{id} {} {}: {fields}", self.method, quoted(self.action.path()))
    }

    fn names(&self) -> Vec<&str> {
        self.controls.iter().map(|control| control.name.as_str()).collect()
    }

    fn visible_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .controls
            .iter()
            .filter(|control| {
                !matches!(control.kind, Kind::Hidden | Kind::Submit | Kind::Image | Kind::Inert)
            })
            .map(|control| control.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    fn control(&self, name: &str) -> Option<usize> {
        self.controls
            .iter()
            .position(|control| control.name == name)
            .or_else(|| self.controls.iter().position(|control| control.id.as_deref() == Some(name)))
    }

    fn has_button(&self, filling: &Filling) -> bool {
        filling.button.as_deref().is_none_or(|button| self.button(Some(button)).is_ok())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let index = self.control(name).ok_or_else(|| format!("the form has no field `{name}`"))?;
        match self.controls[index].kind {
            Kind::Checkbox | Kind::Radio | Kind::Select | Kind::SelectMany => {
                self.choose(name, &Choice::Value(value.to_owned()))
            }
            Kind::File => Err(format!("`{name}` is a file field; files are not sent")),
            _ if self.controls[index].name.is_empty() => {
                Err(format!("the field `{name}` has no name: a script sends it, not the form"))
            }
            _ => {
                value.clone_into(&mut self.controls[index].value);
                Ok(())
            }
        }
    }

    fn choose(&mut self, name: &str, choice: &Choice) -> Result<(), String> {
        let first = self.control(name).ok_or_else(|| format!("the form has no field `{name}`"))?;
        let kind = self.controls[first].kind;
        let name = if self.controls[first].name.is_empty() {
            return Err(format!("`{name}` has no name"));
        } else {
            self.controls[first].name.clone()
        };
        if matches!(kind, Kind::Select | Kind::SelectMany) {
            return self.choose_option(first, &name, choice);
        }
        let mut found = false;
        for control in self.controls.iter_mut().filter(|control| control.name == name) {
            if !matches!(control.kind, Kind::Checkbox | Kind::Radio) {
                continue;
            }
            let meant = match choice {
                Choice::Value(value) => control.value == *value,
                _ => true,
            };
            if meant {
                // A radio group has one button on; `On` means its first.
                control.on = *choice != Choice::Off && !(found && control.kind == Kind::Radio);
                found = true;
            } else if control.kind == Kind::Radio {
                control.on = false;
            }
        }
        if found {
            return Ok(());
        }
        Err(match choice {
            Choice::Value(value) => {
                format!("`{name}` has no choice `{value}`; it has {}", self.choices(&name))
            }
            _ => format!("`{name}` is no checkbox, radio button or select"),
        })
    }

    fn choose_option(&mut self, index: usize, name: &str, choice: &Choice) -> Result<(), String> {
        let control = &mut self.controls[index];
        let chosen = match choice {
            Choice::Off => None,
            Choice::On => return Err(format!("`{name}` is a select: say which value")),
            Choice::Value(value) => Some(
                control
                    .options
                    .iter()
                    .position(|option| option.value == *value)
                    .or_else(|| control.options.iter().position(|option| option.label == *value))
                    .ok_or_else(|| {
                        let known: Vec<_> =
                            control.options.iter().map(|option| option.value.as_str()).collect();
                        format!("`{name}` has no choice `{value}`; it has {}", known.join(", "))
                    })?,
            ),
        };
        for (position, option) in control.options.iter_mut().enumerate() {
            option.selected = Some(position) == chosen;
        }
        Ok(())
    }

    fn choices(&self, name: &str) -> String {
        let values: Vec<&str> = self
            .controls
            .iter()
            .filter(|control| control.name == name)
            .map(|control| control.value.as_str())
            .collect();
        values.join(", ")
    }

    /// The named button (by name, id or words), else the form's default button.
    fn button(&self, wanted: Option<&str>) -> Result<Option<usize>, String> {
        let submits =
            |control: &&Control| matches!(control.kind, Kind::Submit | Kind::Image) && !control.disabled;
        let Some(wanted) = wanted else {
            return Ok(self.controls.iter().position(|control| submits(&control)));
        };
        let words = one_line(wanted);
        let by = |fits: &dyn Fn(&Control) -> bool| {
            self.controls.iter().position(|control| submits(&control) && fits(control))
        };
        by(&|control| control.name == wanted)
            .or_else(|| by(&|control| control.id.as_deref() == Some(wanted)))
            .or_else(|| by(&|control| control.label.eq_ignore_ascii_case(&words)))
            .map(Some)
            .ok_or_else(|| format!("the form has no button `{wanted}`"))
    }

    fn send(&self, button: Option<usize>) -> Result<Filled, String> {
        let pressed = button.map(|index| &self.controls[index]);
        let overridden = |of: fn(&Control) -> Option<&String>| pressed.and_then(of).cloned();
        let method = overridden(|control| control.method.as_ref())
            .map_or_else(|| self.method.clone(), |method| method.to_ascii_uppercase());
        let enctype = overridden(|control| control.enctype.as_ref()).unwrap_or_else(|| self.enctype.clone());
        let mut url = match overridden(|control| control.action.as_ref()) {
            Some(action) => {
                self.action.join(action.trim()).map_err(|_| "the button's target is no URL".to_owned())?
            }
            None => self.action.clone(),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("the form goes to a {}: URL: a script sends it", url.scheme()));
        }
        let entries = self.entries(button);
        let names = entries.iter().map(|entry| entry.name.clone()).collect();
        let tokens = self
            .controls
            .iter()
            .filter(|control| control.kind == Kind::Hidden && looks_like_token(&control.value))
            .map(|control| control.value.clone())
            .collect();
        url.set_fragment(None);
        let (content_type, body) = match method.as_str() {
            "GET" => {
                url.set_query(Some(&urlencoded(&entries, self.charset)));
                (None, None)
            }
            "POST" => {
                let (content_type, body) = match enctype.as_str() {
                    "multipart/form-data" => multipart(&entries, self.charset),
                    "text/plain" => ("text/plain".to_owned(), plain(&entries, self.charset)),
                    _ => (
                        "application/x-www-form-urlencoded".to_owned(),
                        urlencoded(&entries, self.charset).into_bytes(),
                    ),
                };
                (Some(content_type), Some(body))
            }
            other => return Err(format!("the form's method is {other}: a script sends it")),
        };
        Ok(Filled { method, url, content_type, body, names, tokens })
    }

    /// HTML standard, "constructing the entry list".
    fn entries(&self, button: Option<usize>) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut add = |name: &str, value: &str, file: bool| {
            entries.push(Entry { name: crlf(name), value: crlf(value), file });
        };
        for (index, control) in self.controls.iter().enumerate() {
            if control.disabled {
                continue;
            }
            match control.kind {
                Kind::Inert => {}
                Kind::Image if button == Some(index) => {
                    let prefix =
                        if control.name.is_empty() { String::new() } else { format!("{}.", control.name) };
                    add(&format!("{prefix}x"), "0", false);
                    add(&format!("{prefix}y"), "0", false);
                }
                Kind::Submit if button != Some(index) => {}
                Kind::Image => {}
                _ if control.name.is_empty() => {}
                Kind::Checkbox | Kind::Radio if !control.on => {}
                Kind::Select | Kind::SelectMany => {
                    for option in control.options.iter().filter(|option| option.selected && !option.disabled)
                    {
                        add(&control.name, &option.value, false);
                    }
                }
                Kind::Hidden if control.name.eq_ignore_ascii_case("_charset_") => {
                    add(&control.name, self.charset.name(), false);
                }
                Kind::File => add(&control.name, "", true),
                _ => add(&control.name, &control.value, false),
            }
        }
        entries
    }
}

struct Entry {
    name: String,
    value: String,
    file: bool,
}

fn urlencoded(entries: &[Entry], charset: Charset) -> String {
    let pairs = entries.iter().map(|entry| {
        format!("{}={}", charset.form_urlencode(&entry.name), charset.form_urlencode(&entry.value))
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn plain(entries: &[Entry], charset: Charset) -> Vec<u8> {
    let lines: String = entries.iter().map(|entry| format!("{}={}\r\n", entry.name, entry.value)).collect();
    charset.encode(&lines).into_owned()
}

/// RFC 7578, names escaped as the HTML standard says.
fn multipart(entries: &[Entry], charset: Charset) -> (String, Vec<u8>) {
    let mut boundary = "----cookieproof-form".to_owned();
    while entries.iter().any(|entry| entry.value.contains(&boundary)) {
        boundary.push('0');
    }
    let mut body = String::new();
    for entry in entries {
        let name = entry.name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
        let file = if entry.file { "; filename=\"\"\r\nContent-Type: application/octet-stream" } else { "" };
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{}\r\n",
            entry.value
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    (format!("multipart/form-data; boundary={boundary}"), charset.encode(&body).into_owned())
}

/// Line breaks go over the wire as CR LF.
fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// Long and mixed enough to be a credential.
pub(in crate::run) fn looks_like_token(value: &str) -> bool {
    value.len() >= 16 && !value.contains(['/', ' ']) && value.bytes().any(|byte| byte.is_ascii_digit())
}

fn listed(fields: &[&str], button: Option<&str>) -> String {
    let mut words = Vec::new();
    if !fields.is_empty() {
        let plural = if fields.len() == 1 { "" } else { "s" };
        words.push(format!("the field{plural} {}", fields.join(", ")));
    }
    if let Some(button) = button {
        words.push(format!("a button `{button}`"));
    }
    if words.is_empty() { "been named: several are there".into() } else { words.join(" and ") }
}

struct Document {
    html: Html,
    forms: Vec<Form>,
    /// Where each form element stands in `forms`.
    nodes: HashMap<NodeId, usize>,
    loose_fields: bool,
}

impl Document {
    fn read(html: &str, page: &Url, charset: Charset) -> Document {
        let html = parse(html);
        let base = base(&html, page);
        let mut document = Document { forms: Vec::new(), nodes: HashMap::new(), loose_fields: false, html };
        document.read_forms(page, &base, charset);
        document.read_controls();
        document
    }

    fn read_forms(&mut self, page: &Url, base: &Url, charset: Charset) {
        let found = elements(&self.html).filter(|element| element.value().name() == "form");
        for element in found.take(MOST_FORMS) {
            let attribute = |name| element.value().attr(name).map(str::trim);
            let action = attribute("action")
                .filter(|action| !action.is_empty())
                .and_then(|action| charset.join(base, action))
                .unwrap_or_else(|| page.clone());
            self.nodes.insert(element.id(), self.forms.len());
            self.forms.push(Form {
                id: element.value().attr("id").map(str::to_owned),
                action,
                method: attribute("method")
                    .map(str::to_ascii_uppercase)
                    .filter(|method| matches!(method.as_str(), "POST" | "DIALOG"))
                    .unwrap_or_else(|| "GET".into()),
                enctype: attribute("enctype").map(str::to_ascii_lowercase).unwrap_or_default(),
                charset: Charset::for_form(element.value().attr("accept-charset"), charset),
                controls: Vec::new(),
            });
        }
    }

    fn read_controls(&mut self) {
        let mut controls = Vec::new();
        // A form misplaced in a table is closed at once by the parser and yet owns what follows
        // (HTML standard, "form element pointer"); the tree alone no longer shows that.
        let mut pending: Option<usize> = None;
        for element in elements(&self.html) {
            if controls.len() >= MOST_CONTROLS {
                break;
            }
            if let Some(index) = self.nodes.get(&element.id()).copied() {
                let misplaced = element.children().next().is_none()
                    && element.ancestors().filter_map(ElementRef::wrap).any(|above| {
                        matches!(above.value().name(), "table" | "tbody" | "thead" | "tfoot" | "tr")
                    });
                pending = misplaced.then_some(index);
                continue;
            }
            let Some(control) = Control::read(element) else { continue };
            match self.owner(element).or(pending) {
                Some(owner) => controls.push((owner, control)),
                None => self.loose_fields |= matches!(control.kind, Kind::Text | Kind::Password),
            }
        }
        for (owner, control) in controls {
            self.forms[owner].controls.push(control);
        }
    }

    fn owner(&self, element: ElementRef<'_>) -> Option<usize> {
        if let Some(id) = element.value().attr("form") {
            return self.forms.iter().position(|form| form.id.as_deref() == Some(id));
        }
        element.ancestors().find_map(|above| self.nodes.get(&above.id()).copied())
    }

    /// The form that is, is within, or is around what the selector finds.
    fn select(&self, selector: &str) -> Result<Option<Form>, String> {
        let selector = parse_selector(selector)?;
        let index = |id| self.nodes.get(&id).copied();
        Ok(self.html.select(&selector).find_map(|found| {
            index(found.id())
                .or_else(|| found.ancestors().find_map(|above| index(above.id())))
                .or_else(|| found.descendants().find_map(|below| index(below.id())))
                .map(|index| self.forms[index].clone())
        }))
    }
}

impl Control {
    fn read(element: ElementRef<'_>) -> Option<Control> {
        let attribute = |name: &str| element.value().attr(name).map(str::to_owned);
        let kind = match element.value().name() {
            "input" => input_kind(&attribute("type").unwrap_or_default()),
            "select" if element.value().attr("multiple").is_some() => Kind::SelectMany,
            "select" => Kind::Select,
            "textarea" => Kind::Text,
            "button" => match attribute("type").unwrap_or_default().to_ascii_lowercase().as_str() {
                "button" | "reset" => Kind::Inert,
                _ => Kind::Submit,
            },
            _ => return None,
        };
        let words = one_line(&element.text().collect::<String>());
        let value = match element.value().name() {
            "textarea" => element.text().collect(),
            _ => attribute("value").unwrap_or_else(|| match kind {
                Kind::Checkbox | Kind::Radio => "on".into(),
                _ => String::new(),
            }),
        };
        let label = if words.is_empty() { one_line(&value) } else { words };
        Some(Control {
            name: attribute("name").unwrap_or_default(),
            id: attribute("id"),
            on: element.value().attr("checked").is_some(),
            disabled: disabled(element),
            options: if matches!(kind, Kind::Select | Kind::SelectMany) {
                options(element, kind == Kind::Select)
            } else {
                Vec::new()
            },
            action: attribute("formaction"),
            method: attribute("formmethod"),
            enctype: attribute("formenctype").map(|enctype| enctype.to_ascii_lowercase()),
            label,
            kind,
            value,
        })
    }
}

fn input_kind(written: &str) -> Kind {
    match written.to_ascii_lowercase().as_str() {
        "hidden" => Kind::Hidden,
        "password" => Kind::Password,
        "checkbox" => Kind::Checkbox,
        "radio" => Kind::Radio,
        "file" => Kind::File,
        "submit" => Kind::Submit,
        "image" => Kind::Image,
        "button" | "reset" => Kind::Inert,
        _ => Kind::Text,
    }
}

/// Its own attribute, a disabled fieldset around it (unless within that one's legend), or a
/// datalist, which never sends.
fn disabled(element: ElementRef<'_>) -> bool {
    if element.value().attr("disabled").is_some() {
        return true;
    }
    let mut within_legend = false;
    for above in element.ancestors().filter_map(ElementRef::wrap) {
        match above.value().name() {
            "legend" => within_legend = true,
            "fieldset" => {
                if above.value().attr("disabled").is_some() && !within_legend {
                    return true;
                }
                within_legend = false;
            }
            "datalist" => return true,
            _ => {}
        }
    }
    false
}

fn options(select: ElementRef<'_>, single: bool) -> Vec<Choosable> {
    let mut options: Vec<Choosable> = select
        .descendants()
        .filter_map(ElementRef::wrap)
        .filter(|element| element.value().name() == "option")
        .map(|option| {
            let label = one_line(&option.text().collect::<String>());
            let grouped_off = option
                .ancestors()
                .filter_map(ElementRef::wrap)
                .any(|above| above.value().name() == "optgroup" && above.value().attr("disabled").is_some());
            Choosable {
                value: option.value().attr("value").map_or_else(|| label.clone(), str::to_owned),
                label,
                selected: option.value().attr("selected").is_some(),
                disabled: option.value().attr("disabled").is_some() || grouped_off,
            }
        })
        .collect();
    if single {
        // A drop-down always has one chosen: the last said to be, else the first that can be.
        let chosen = options
            .iter()
            .rposition(|option| option.selected)
            .or_else(|| options.iter().position(|option| !option.disabled));
        for (index, option) in options.iter_mut().enumerate() {
            option.selected = Some(index) == chosen;
        }
    }
    options
}

fn elements(html: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    html.tree.nodes().filter(|node| matches!(node.value(), Node::Element(_))).filter_map(ElementRef::wrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Url {
        Url::parse("https://a.test/dir/login?next=1#top").unwrap()
    }

    fn filling(fields: &[(&str, &str)]) -> Filling {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Filling { fields, ..Filling::default() }
    }

    /// `METHOD URL body` of the only form of a page.
    fn sent(html: &str, filling: &Filling) -> String {
        match find(html, &page(), Charset::UTF_8, filling).and_then(|form| form.fill(filling)) {
            Ok(filled) => {
                let body = filled.body.map(|body| format!(" {}", String::from_utf8_lossy(&body)));
                format!("{} {}{}", filled.method, filled.url, body.unwrap_or_default())
            }
            Err(why) => why,
        }
    }

    #[test]
    fn what_a_browser_would_send() {
        #[rustfmt::skip]
        let cases = [
            // Hidden inputs and defaults go along; names without controls do not.
            ("<form method=post><input type=hidden name=t value=T><input name=u><input type=password name=p><button>Go</button>",
             "POST https://a.test/dir/login?next=1 t=T&u=ann&p=x"),
            // The button's name, and an action relative to <base>.
            ("<base href=/b/><form method=POST action=go><input name=u><input name=p><input type=submit name=do value=In>",
             "POST https://a.test/b/go u=ann&p=x&do=In"),
            // A GET replaces the action's query.
            ("<form action=/s?old=1><input name=u><input name=p>", "GET https://a.test/s?u=ann&p=x"),
            // Unchecked boxes, other buttons, disabled and nameless controls stay behind.
            ("<form method=post><input name=u><input name=p><input type=checkbox name=c><input type=radio name=r value=1><input name=d value=D disabled><fieldset disabled><legend><input name=l value=L></legend><input name=f value=F></fieldset><input value=N><button type=button name=b>B</button><button name=first value=1>A</button><button name=second value=2>B</button>",
             "POST https://a.test/dir/login?next=1 u=ann&p=x&l=L&first=1"),
            // Checked boxes, the selected and the first option, a textarea's line breaks.
            ("<form method=post><input name=u><input name=p><input type=checkbox name=c checked><select name=s><option>one<option value=2 selected>two</select><select name=e><option disabled>no<option>yes</select><select multiple name=m><option>m</select><textarea name=a>\n1\n2</textarea>",
             "POST https://a.test/dir/login?next=1 u=ann&p=x&c=on&s=2&e=yes&a=1%0D%0A2"),
            // formaction, formmethod; an image button.
            ("<form><input name=u><input name=p><button formaction=/over formmethod=post>Go</button>", "POST https://a.test/over u=ann&p=x"),
            ("<form method=post><input name=u><input name=p><input type=image name=i>", "POST https://a.test/dir/login?next=1 u=ann&p=x&i.x=0&i.y=0"),
            // Controls elsewhere that name their form.
            ("<form id=f method=post action=/f></form><input form=f name=u><p><input form=f name=p>", "POST https://a.test/f u=ann&p=x"),
            // A form misplaced in a table still owns its controls.
            ("<table><tr><form method=post action=/t><td><input name=u><td><input name=p></form></table>", "POST https://a.test/t u=ann&p=x"),
            // Which form of several: the one with the fields, though another comes first.
            ("<form action=/search><input name=q></form><form method=post action=/in><input name=u><input name=p></form>", "POST https://a.test/in u=ann&p=x"),
            // What cannot be sent, and why.
            ("<form><input name=u></form>", "no form has the fields u, p"),
            ("<input name=u><input type=password name=p>", "the page has input fields but no form: a script sends them"),
            ("<p>none", "the page has no form"),
            ("<form action='javascript:go()'><input name=u><input name=p>", "the form goes to a javascript: URL: a script sends it"),
            ("<form method=dialog><input name=u><input name=p>", "the form's method is DIALOG: a script sends it"),
            ("<form action=/1><input name=u><input name=p></form><form action=/2><input name=u><input name=p></form>",
             "2 forms have the fields u, p; `form` must name one by a CSS selector"),
        ];
        for (html, expected) in cases {
            assert_eq!(sent(html, &filling(&[("u", "ann"), ("p", "x")])), expected, "{html}");
        }
    }

    #[test]
    fn choices_are_made_as_told() {
        let html = "<form method=post action=/c><input type=checkbox name=remember value=1>\
             <input type=checkbox name=news checked><input type=checkbox name=k value=a><input type=checkbox name=k value=b>\
             <input type=radio name=plan value=free checked><input type=radio name=plan value=paid>\
             <select name=lang><option value=en>English<option value=de>Deutsch</select></form>";
        let choose = |choices: &[(&str, Choice)]| Filling {
            choose: choices.iter().map(|(name, choice)| ((*name).to_owned(), choice.clone())).collect(),
            ..Filling::default()
        };
        let value = |text: &str| Choice::Value(text.to_owned());
        #[rustfmt::skip]
        let cases = [
            (choose(&[]), "POST https://a.test/c news=on&plan=free&lang=en"),
            (choose(&[("remember", Choice::On), ("news", Choice::Off)]), "POST https://a.test/c remember=1&plan=free&lang=en"),
            (choose(&[("k", value("b")), ("plan", value("paid"))]), "POST https://a.test/c news=on&k=b&plan=paid&lang=en"),
            (choose(&[("lang", value("de"))]), "POST https://a.test/c news=on&plan=free&lang=de"),
            (choose(&[("lang", value("Deutsch"))]), "POST https://a.test/c news=on&plan=free&lang=de"),
            (choose(&[("lang", value("fr"))]), "`lang` has no choice `fr`; it has en, de"),
            (choose(&[("plan", value("gold"))]), "`plan` has no choice `gold`; it has free, paid"),
            (choose(&[("gone", Choice::On)]), "no form has the field gone"),
        ];
        for (filling, expected) in cases {
            assert_eq!(sent(html, &filling), expected);
        }
    }

    #[test]
    fn a_form_is_found_by_selector_and_a_button_by_its_words() {
        let html = "<form id=a action=/a><input name=u></form><form class=b action=/b><button name=do value=in>Log in</button>\
             <button name=do value=up>Sign  up</button></form>";
        let by = |form: &str, button: Option<&str>| Filling {
            form: Some(form.to_owned()),
            button: button.map(str::to_owned),
            ..Filling::default()
        };
        #[rustfmt::skip]
        let cases = [
            (by("#a", None), "GET https://a.test/a?u="),
            (by(".b", None), "GET https://a.test/b?do=in"),
            (by(".b", Some("sign up")), "GET https://a.test/b?do=up"),
            (by(".b button", Some("Log in")), "GET https://a.test/b?do=in"),
            (by(".b", Some("Delete")), "the form has no button `Delete`"),
            (by(".c", None), "no form matches `.c`"),
            (by("((", None), "`((` is not a CSS selector"),
            (Filling { button: Some("Sign up".into()), ..Filling::default() }, "GET https://a.test/b?do=up"),
        ];
        for (filling, expected) in cases {
            assert_eq!(sent(html, &filling), expected);
        }
    }

    #[test]
    fn multipart_bodies_keep_names_and_boundaries_apart() {
        let html =
            "<form method=post enctype=multipart/form-data><input name='a\"b'><input type=file name=f>";
        let filled = find(html, &page(), Charset::UTF_8, &filling(&[]))
            .unwrap()
            .fill(&filling(&[("a\"b", "----cookieproof-form")]))
            .unwrap();
        assert_eq!(
            filled.content_type.as_deref(),
            Some("multipart/form-data; boundary=----cookieproof-form0")
        );
        let body = String::from_utf8(filled.body.unwrap()).unwrap();
        assert!(body.contains("name=\"a%22b\"\r\n\r\n----cookieproof-form\r\n"), "{body}");
        assert!(
            body.contains("name=\"f\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n")
        );
        assert!(body.ends_with("------cookieproof-form0--\r\n"));
    }

    #[test]
    fn forms_are_described_without_their_values() {
        let html = "<form id=login method=post action=/session?x=y><input name=email value=secret@x><input type=hidden name=_csrf value=T0K3N>\
             <input type=checkbox name=remember><button>Go</button></form>";
        assert_eq!(
            describe(html, &page()),
            ["form#login POST /session: email, _csrf (hidden), remember (checkbox)"]
        );
    }

    #[test]
    fn a_page_full_of_forms_ends() {
        let html = format!("{}<form><input name=u>", "<form></form>".repeat(50_000));
        assert_eq!(forms(&html, &page()).len(), MOST_FORMS);
    }
}
