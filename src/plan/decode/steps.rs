//! Steps as written.

use super::values::{HeaderText, StartPage};
use super::{NamedRefs, SecretRefAt};
use crate::config::{
    Decode, Fields, Named, Node, Problems, Record, Shape, Spanned, Value, parsed, words, wrong_type,
};
use crate::manifest::PagePattern;
use crate::plan::{Choice, CommandOutput, ImportFormat, SecretRef};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// One step: a table with one key that says what to do.
#[derive(Default)]
pub(super) struct StepTable {
    pub(super) open: Option<StartPage>,
    pub(super) submit: Option<SubmitTable>,
    pub(super) request: Option<RequestTable>,
    pub(super) basic: Option<BasicTable>,
    pub(super) bearer: Option<SecretRefAt>,
    pub(super) import: Option<ImportTable>,
    pub(super) export: Option<ExportTable>,
    pub(super) mail_link: Option<MailTable>,
    pub(super) totp: Option<TotpTable>,
    pub(super) command: Option<CommandTable>,
    pub(super) expect: Option<ExpectTable>,
    pub(super) click: Option<Selector>,
    pub(super) fill: Option<FillTable>,
    pub(super) wait: Option<WaitTable>,
}

impl Record for StepTable {
    const NAME: &'static str = "step";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.exactly_one();
        Some(StepTable {
            open: fields.optional("open", "Ask for a page."),
            submit: fields.optional("submit", "Fill and send a form of the last page."),
            request: fields.optional("request", "A request as a script would make it."),
            basic: fields.optional("basic", "HTTP Basic for the target's origin, and for the hosts that the plan names, from here on."),
            bearer: fields.optional("bearer", "A bearer token for the target's origin, and for the hosts that the plan names, from here on."),
            import: fields.optional("import", "A session made elsewhere."),
            export: fields.optional("export", "Write the session for other tools."),
            mail_link: fields.optional("mail_link", "Wait for a mail and open the link in it."),
            totp: fields.optional("totp", "Send a form with a time-based one-time code."),
            command: fields.optional("command", "An outside helper that prints cookies or a token."),
            expect: fields.optional("expect", "What must be true now."),
            click: fields.optional("click", "Press an element, by its CSS selector (browser engine)."),
            fill: fields.optional("fill", "Fill an input (browser engine)."),
            wait: fields.optional("wait", "Wait for something (browser engine)."),
        })
    }
}

/// A CSS selector.
pub(super) struct Selector(pub(super) String);

impl Decode for Selector {
    fn shape() -> Shape {
        Shape::text("a CSS selector", "\\S", "form#login")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| match text.trim() {
            "" => Err("it is empty".to_owned()),
            _ => Ok(Selector(text.to_owned())),
        })
    }
}

pub(super) struct SubmitTable {
    pub(super) form: Option<Selector>,
    pub(super) fields: NamedRefs,
    pub(super) choose: Vec<(Spanned<String>, Choice)>,
    pub(super) button: Option<String>,
}

impl SubmitTable {
    fn keys(fields: &mut Fields<'_>) -> Self {
        SubmitTable {
            form: fields.optional("form", "The form; without it, the only one that has all the fields."),
            fields: fields
                .optional("fields", "Fields by name; hidden inputs are carried along.")
                .unwrap_or_default(),
            choose: fields
                .named("choose", "Checkboxes, radio buttons and selects by name: true, false or a value."),
            button: fields.optional("button", "Name of the submit button, where it matters."),
        }
    }
}

impl Record for SubmitTable {
    const NAME: &'static str = "submit";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(SubmitTable::keys(fields))
    }
}

pub(super) struct RequestTable {
    pub(super) method: Option<Method>,
    pub(super) url: StartPage,
    pub(super) json: Option<Json>,
    pub(super) form: Option<NamedRefs>,
    pub(super) headers: Vec<(Spanned<String>, SecretRefAt)>,
}

impl Record for RequestTable {
    const NAME: &'static str = "request";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let method = fields.optional("method", "The method; without it, POST with a body and GET without.");
        let url = fields.required("url", "Where to.");
        let json = fields.optional("json", "A JSON body; its texts may hold references.");
        let form = fields.optional("form", "A form body.");
        let headers = fields.named("headers", "Further headers.");
        if fields.has("json") && fields.has("form") {
            fields.problem(|span, record, problems| {
                problems.error(span, format!("this {record} has two bodies")).fix("keep `json` or `form`");
            });
        }
        Some(RequestTable { method, url: url?, json, form, headers })
    }
}

/// A method, in upper case.
pub(super) struct Method(pub(super) String);

impl Decode for Method {
    fn shape() -> Shape {
        Shape::text("a method", "^[A-Za-z]+$", "POST")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                true => Ok(Method(text.to_ascii_uppercase())),
                false => Err("this is none".to_owned()),
            }
        })
    }
}

/// JSON as written, its texts being references.
pub(super) enum Json {
    Text(SecretRefAt),
    Plain(serde_json::Value),
    List(Vec<Json>),
    Object(Vec<(Spanned<String>, Json)>),
}

impl Decode for Json {
    fn shape() -> Shape {
        Shape::Anything
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        Some(match &node.value {
            Value::Text(_) => Json::Text(Spanned::decode(node, problems)?),
            Value::List(_) => Json::List(Vec::decode(node, problems)?),
            Value::Table(_) => Json::Object(Named::decode(node, problems)?.0),
            _ => Json::Plain(node.to_json()),
        })
    }
}

pub(super) struct BasicTable {
    pub(super) user: SecretRef,
    pub(super) password: SecretRefAt,
}

impl Record for BasicTable {
    const NAME: &'static str = "basic";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let user = fields.required("user", "The user.");
        let password = fields.required("password", "The password, by reference.");
        Some(BasicTable { user: user?, password: password? })
    }
}

pub(super) struct ImportTable {
    pub(super) format: ImportFormat,
    pub(super) source: SecretRefAt,
    pub(super) user_agent: Option<HeaderText>,
}

impl Record for ImportTable {
    const NAME: &'static str = "import";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let format =
            fields.required("format", "What it is: cookies.txt, Playwright's storageState, a Cookie header.");
        let source =
            fields.required("source", "Where it is, by reference: ${file:cookies.txt}, ${env:COOKIES}.");
        let user_agent = fields.optional("user_agent", "The User-Agent that the session is bound to.");
        Some(ImportTable { format: format?, source: source?, user_agent })
    }
}

pub(super) struct ExportTable {
    pub(super) format: ImportFormat,
    pub(super) file: PathBuf,
}

impl Record for ExportTable {
    const NAME: &'static str = "export";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let format = fields.required("format", "How to write it.");
        let file = fields.required("file", "Where to; only its owner can read it.");
        Some(ExportTable { format: format?, file: file? })
    }
}

pub(super) struct MailTable {
    pub(super) maildir: Option<PathBuf>,
    pub(super) file: Option<PathBuf>,
    pub(super) mailbox: Option<Url>,
    pub(super) to: Option<SecretRef>,
    pub(super) link_contains: Option<String>,
    pub(super) timeout: Option<Duration>,
}

impl Record for MailTable {
    const NAME: &'static str = "mail-link";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let table = MailTable {
            maildir: fields.optional("maildir", "A Maildir folder."),
            file: fields.optional("file", "A file that holds mails."),
            mailbox: fields.optional("mailbox", "An HTTP mailbox with Mailpit's API, by its base URL."),
            to: fields.optional("to", "Only mails to this address."),
            link_contains: fields.optional("link_contains", "Only links with this in their URL."),
            timeout: fields
                .optional("timeout", "How long to wait for the mail; a minute, where nothing is said."),
        };
        let sources = ["maildir", "file", "mailbox"].iter().filter(|key| fields.has(key)).count();
        if sources != 1 {
            fields.problem(|span, record, problems| {
                problems
                    .error(span, format!("this {record} needs one place to find mails in"))
                    .fix("write one of maildir = \"...\", file = \"...\", mailbox = \"http://...\"");
            });
        }
        Some(table)
    }
}

pub(super) struct TotpTable {
    pub(super) secret: SecretRefAt,
    pub(super) field: String,
    pub(super) submit: SubmitTable,
}

impl Record for TotpTable {
    const NAME: &'static str = "totp";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let secret = fields.required("secret", "The shared secret (base32) or otpauth:// URL, by reference.");
        let field = fields.required("field", "The field for the code.");
        let submit = SubmitTable::keys(fields);
        Some(TotpTable { secret: secret?, field: field?, submit })
    }
}

/// What a helper prints.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Prints(pub(super) CommandOutput);

words!(Prints {
    "header" => Prints(CommandOutput::Cookies(ImportFormat::Header)),
    "netscape" => Prints(CommandOutput::Cookies(ImportFormat::Netscape)),
    "storage-state" => Prints(CommandOutput::Cookies(ImportFormat::StorageState)),
    "cookie-store" => Prints(CommandOutput::Cookies(ImportFormat::CookieStore)),
    "bearer" => Prints(CommandOutput::Bearer),
});

pub(super) struct CommandTable {
    pub(super) run: Vec<String>,
    pub(super) prints: CommandOutput,
}

impl Record for CommandTable {
    const NAME: &'static str = "command";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let run = fields.required::<Program>("run", "The program and its arguments; no shell is asked.");
        let prints = fields.required::<Prints>("prints", "What it prints.");
        Some(CommandTable { run: run?.0, prints: prints?.0 })
    }
}

/// A program and its arguments.
struct Program(Vec<String>);

impl Decode for Program {
    fn shape() -> Shape {
        Shape::List(Box::new(Shape::TEXT))
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::List(nodes) if nodes.is_empty() => {
                problems.error(&node.span, "this names no program").fix("write [\"program\", \"argument\"]");
                None
            }
            Value::List(_) => Vec::decode(node, problems).map(Program),
            _ => wrong_type(node, problems),
        }
    }
}

#[derive(Default)]
pub(super) struct ExpectTable {
    pub(super) status: Option<u16>,
    pub(super) url: Option<PagePattern>,
    pub(super) text: Option<String>,
    pub(super) not_text: Option<String>,
    pub(super) selector: Option<Selector>,
    pub(super) cookie: Option<String>,
}

impl Record for ExpectTable {
    const NAME: &'static str = "expect";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let table = ExpectTable {
            status: fields.optional("status", "The status at the end."),
            url: fields.optional("url", "A pattern of the page at the end."),
            text: fields.optional("text", "Text that the page has."),
            not_text: fields.optional("not_text", "Text that the page has not."),
            selector: fields.optional("selector", "An element that the page has."),
            cookie: fields.optional("cookie", "A cookie that is there now."),
        };
        needs_one(fields, "status, url, text, not_text, selector or cookie");
        Some(table)
    }
}

pub(super) struct FillTable {
    pub(super) selector: Selector,
    pub(super) value: SecretRef,
}

impl Record for FillTable {
    const NAME: &'static str = "fill";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let selector = fields.required("selector", "The input.");
        let value = fields.required("value", "What to fill in.");
        Some(FillTable { selector: selector?, value: value? })
    }
}

pub(super) struct WaitTable {
    pub(super) selector: Option<Selector>,
    pub(super) text: Option<String>,
    pub(super) seconds: Option<f64>,
}

impl Record for WaitTable {
    const NAME: &'static str = "wait";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let table = WaitTable {
            selector: fields.optional("selector", "Until this element is there."),
            text: fields.optional("text", "Until this text is there."),
            seconds: fields.optional("seconds", "So long."),
        };
        needs_one(fields, "selector, text or seconds");
        if let Some(seconds) = table.seconds.filter(|seconds| !(0.0..=600.0).contains(seconds)) {
            fields.problem(|span, _, problems| {
                problems.error(span, format!("{seconds} seconds is no time to wait")).fix("0 to 600");
            });
        }
        Some(table)
    }
}

/// `logged_in_when`
pub(super) struct MarkTable {
    pub(super) url: StartPage,
    pub(super) text: Option<String>,
    pub(super) selector: Option<Selector>,
    pub(super) status: Option<u16>,
}

impl Record for MarkTable {
    const NAME: &'static str = "mark";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", "The page.");
        let text = fields.optional("text", "Text that only those who are logged in see.");
        let selector = fields.optional("selector", "An element that only those who are logged in see.");
        let status = fields.optional("status", "The status that only those who are logged in get.");
        if !["text", "selector", "status"].iter().any(|key| fields.has(key)) {
            fields.problem(|span, record, problems| {
                problems
                    .error(span, format!("this {record} says nothing that tells who is logged in"))
                    .fix("add text = \"...\" (best), selector = \"...\" or status = 200");
            });
        }
        Some(MarkTable { url: url?, text, selector, status })
    }
}

fn needs_one(fields: &mut Fields<'_>, keys: &str) {
    if fields.spans().is_empty() {
        fields.problem(|span, record, problems| {
            problems.error(span, format!("this {record} is empty")).fix(format!("add {keys}"));
        });
    }
}
