//! One page of Markdown, taken apart: its headings, links and code blocks, each with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// Where it is.
    pub path: PathBuf,
    /// Its text, as typed.
    pub text: String,
    /// What a `#fragment` can name.
    pub ids: BTreeSet<String>,
    /// Links and images.
    pub links: Vec<Link>,
    /// Code blocks.
    pub fences: Vec<Fence>,
    /// Lines of typed HTML with a backtick, which stays one there.
    pub backticks: Vec<usize>,
    /// `[text][name]` without a definition of `name`.
    pub undefined: Vec<(usize, String)>,
}

/// A link or an image.
#[derive(Debug)]
pub struct Link {
    /// Its line.
    pub line: usize,
    /// Where it leads.
    pub target: String,
    /// The text for those who do not see the image; `None` when it is a link.
    pub alt: Option<String>,
}

/// A code block.
#[derive(Debug)]
pub struct Fence {
    /// The line of its first fence.
    pub line: usize,
    /// What stands behind the first fence; `None` when the block is indented.
    pub info: Option<String>,
    /// Its lines.
    pub body: Vec<String>,
    /// The line after it.
    pub end: usize,
}

impl Page {
    /// Takes `text` apart.
    pub fn parse(path: &Path, text: String) -> Page {
        let mut page = Page { path: path.to_path_buf(), ..Page::default() };
        let mut undefined = Vec::new();
        let line = |offset: usize| text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut broken = |link: BrokenLink<'_>| {
            // Square brackets alone are just brackets.
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                undefined.push((link.span.start, link.reference.to_string()));
            }
            None
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES;
        let parser = Parser::new_with_broken_link_callback(&text, options, Some(&mut broken));
        let mut slugs = BTreeMap::new();
        let mut heading: Option<(Option<String>, String)> = None;
        let mut alt: Option<usize> = None;
        let mut fence: Option<Fence> = None;
        for (event, range) in parser.into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { id, .. }) => heading = Some((id.map(|id| id.to_string()), String::new())),
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((id, words)) = heading.take() {
                        page.ids.insert(id.unwrap_or_else(|| slug(&words, &mut slugs)));
                    }
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    page.links.push(Link { line: line(range.start), target: dest_url.to_string(), alt: None });
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    alt = Some(page.links.len());
                    let link = Link { line: line(range.start), target: dest_url.to_string(), alt: Some(String::new()) };
                    page.links.push(link);
                }
                Event::End(TagEnd::Image) => alt = None,
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => Some(info.to_string()),
                        CodeBlockKind::Indented => None,
                    };
                    let end = line(range.end.max(1) - 1) + 1;
                    fence = Some(Fence { line: line(range.start), info, body: Vec::new(), end });
                }
                Event::End(TagEnd::CodeBlock) => page.fences.extend(fence.take()),
                Event::Html(html) | Event::InlineHtml(html) => page.html(&html, line(range.start)),
                Event::Text(words) | Event::Code(words) => match (&mut fence, alt) {
                    (Some(fence), _) => fence.body.extend(words.lines().map(str::to_owned)),
                    (None, Some(image)) => {
                        if let Some(alt) = &mut page.links[image].alt {
                            alt.push_str(&words);
                        }
                    }
                    (None, None) => {
                        if let Some((_, heading)) = &mut heading {
                            heading.push_str(&words);
                        }
                    }
                },
                _ => {}
            }
        }
        page.undefined = undefined.into_iter().map(|(offset, name)| (line(offset), name)).collect();
        page.text = text;
        page
    }

    /// Links and ids in HTML that is typed into the page.
    fn html(&mut self, html: &str, line: usize) {
        if html.contains('`') {
            self.backticks.push(line);
        }
        for (attribute, value, at) in attributes(html) {
            let line = line + html[..at].matches('\n').count();
            match attribute {
                "id" | "name" => {
                    self.ids.insert(value.to_string());
                }
                "href" => self.links.push(Link { line, target: value.to_string(), alt: None }),
                "src" => self.links.push(Link { line, target: value.to_string(), alt: Some("html".into()) }),
                _ => {}
            }
        }
    }
}

/// The `name="value"` pairs of a piece of HTML, each with its offset.
pub fn attributes(html: &str) -> impl Iterator<Item = (&str, &str, usize)> {
    let quoted = move |equals: usize, quote: char| -> Option<Range<usize>> {
        let start = equals + 2;
        html[start..].find(quote).map(|end| start..start + end)
    };
    html.match_indices('=').filter_map(move |(equals, _)| {
        let quote = html[equals + 1..].chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let name = html[..equals].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next()?;
        Some((name, &html[quoted(equals, quote)?], equals))
    })
}

/// The id that mdBook gives a heading.
fn slug(words: &str, seen: &mut BTreeMap<String, usize>) -> String {
    let keep = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    let slug: String = words.trim().chars().filter_map(keep).collect();
    let count = seen.entry(slug.clone()).or_default();
    *count += 1;
    match *count {
        1 => slug,
        count => format!("{slug}-{}", count - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_taken_apart() {
        let text =
            "# A hole, *seen*\n\n[x](y.md#z) ![pic](p.svg) `[no](no)`\n\n## Again\n## Again\n\n```console\na\nb\n```\n";
        let page = Page::parse(Path::new("x.md"), text.into());
        assert_eq!(page.ids.into_iter().collect::<Vec<_>>(), ["a-hole-seen", "again", "again-1"]);
        let links: Vec<_> = page.links.iter().map(|link| (link.line, link.target.as_str())).collect();
        assert_eq!(links, [(3, "y.md#z"), (3, "p.svg")]);
        assert_eq!((page.fences[0].line, page.fences[0].end, page.fences[0].body.len()), (8, 12, 2));
    }

    #[test]
    fn attributes_of_html_are_found() {
        let found: Vec<_> = attributes(r#"<a href="x" id='y'>k=v</a>"#).map(|(name, value, _)| (name, value)).collect();
        assert_eq!(found, [("href", "x"), ("id", "y")]);
    }
}
