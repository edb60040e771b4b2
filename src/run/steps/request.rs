//! A request as a script of the page would make it, put together from what the plan writes and what was seen.

use crate::engine::Ask;
use crate::observation::{Cell, Resource};
use crate::plan::{JsonTemplate, RefPart, Request, RequestBody};
use crate::run::persona::PersonaSession;
use crate::run::runner::Runner;
use url::Url;

impl Runner<'_> {
    /// A request as a script of the page last opened would make it.
    pub(in crate::run) async fn request_ask(
        &self,
        who: &PersonaSession,
        cell: &Cell,
        request: &Request,
    ) -> Result<(Ask, String), String> {
        let url = self.address(&request.url, who).await?;
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, value) in &request.headers {
            match self.references.field(name, value, who.live()).await {
                Ok(value) => headers.push((name.clone(), value.into_bytes())),
                // A script has no token to send back where the site sets none.
                Err(_) if matches!(value.parts.as_slice(), [RefPart::Cookie(_)]) => {}
                Err(problem) => return Err(problem),
            }
        }
        let mut names = Vec::new();
        let (kind, body) = match &request.body {
            RequestBody::None => (None, None),
            RequestBody::Json(template) => {
                let value = self.json(template, "", who, &mut names).await?;
                (Some("application/json"), Some(value.to_string().into_bytes()))
            }
            RequestBody::Form(fields) => {
                let mut encoded = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    encoded.append_pair(name, &self.references.field(name, value, who.live()).await?);
                    names.push(name.clone());
                }
                (Some("application/x-www-form-urlencoded"), Some(encoded.finish().into_bytes()))
            }
        };
        if let Some(kind) = kind
            && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("Content-Type".into(), kind.into()));
        }
        let method = request.method.to_ascii_uppercase();
        let with = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
        let sent = format!("{method} {}{with}", url.path());
        let page = who.shown.as_ref().map(|shown| shown.url.clone()).filter(|page| self.site.is_own(page));
        let ask = Ask {
            method,
            headers,
            body,
            within: Some(page.unwrap_or_else(|| origin_of(&url))),
            resource: Resource::Step,
            ..Ask::page(cell.clone(), url)
        };
        Ok((ask, sent))
    }

    /// A JSON body with its references looked up. Boxed, since bodies nest.
    fn json<'f>(
        &'f self,
        template: &'f JsonTemplate,
        name: &'f str,
        who: &'f PersonaSession,
        names: &'f mut Vec<String>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<serde_json::Value, String>> + Send + 'f>> {
        Box::pin(async move {
            Ok(match template {
                JsonTemplate::Text(reference) => {
                    names.extend((!name.is_empty()).then(|| name.to_owned()));
                    self.references.field(name, reference, who.live()).await?.into()
                }
                JsonTemplate::Plain(value) => {
                    names.extend((!name.is_empty()).then(|| name.to_owned()));
                    value.clone()
                }
                JsonTemplate::List(list) => {
                    let mut items = Vec::new();
                    for item in list {
                        items.push(self.json(item, name, who, names).await?);
                    }
                    items.into()
                }
                JsonTemplate::Object(fields) => {
                    let mut object = serde_json::Map::new();
                    for (name, item) in fields {
                        object.insert(name.clone(), self.json(item, name, who, names).await?);
                    }
                    object.into()
                }
            })
        })
    }
}

fn origin_of(url: &Url) -> Url {
    let mut origin = url.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin
}
