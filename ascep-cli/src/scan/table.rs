//! What a report is made of: sections with facts and tables, written as text for a terminal or as HTML.

use std::fmt::Write as _;

/// On which side the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under heads; every row has a cell for each head.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    heads: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// One without rows.
    pub(crate) fn new(heads: &[(&'static str, Align)]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Its lines, each cut at `width` characters.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let heads: Vec<String> = self.heads.iter().map(|(head, _)| (*head).to_owned()).collect();
        let all = || std::iter::once(&heads).chain(&self.rows);
        let column = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.heads.len()).map(column).collect();
        let line = |row: &Vec<String>| {
            let mut line = String::new();
            for ((cell, (_, align)), wide) in row.iter().zip(&self.heads).zip(&widths) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                let gap = " ".repeat(wide.saturating_sub(cell.chars().count()));
                let (before, after) = if *align == Align::Right { (gap.as_str(), "") } else { ("", gap.as_str()) };
                // Writing to a string can't fail.
                let _ = write!(line, "{before}{cell}{after}");
            }
            cut(line.trim_end(), width)
        };
        all().map(line).collect()
    }

    /// As an HTML table.
    pub(crate) fn html(&self, out: &mut String) {
        out.push_str("<div class=\"wide\"><table>\n<thead><tr>");
        let class = |align: &Align| if *align == Align::Right { " class=\"number\"" } else { "" };
        for (head, align) in &self.heads {
            let _ = write!(out, "<th{}>{}</th>", class(align), escaped(head));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            out.push_str("<tr>");
            for (cell, (_, align)) in row.iter().zip(&self.heads) {
                let _ = write!(out, "<td{}>{}</td>", class(align), escaped(cell));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table></div>\n");
    }
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// What it is about.
    pub(crate) title: String,
    /// Names and what they are.
    pub(crate) facts: Vec<(String, String)>,
    /// A table below them.
    pub(crate) table: Option<Table>,
    /// What has to be known to read it.
    pub(crate) note: Option<String>,
}

impl Section {
    /// One without content.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), facts: Vec::new(), table: None, note: None }
    }

    /// Adds a fact.
    pub(crate) fn fact(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.facts.push((name.into(), value.into()));
    }

    /// As text: the title, and what belongs to it indented.
    pub(crate) fn text(&self, width: usize, out: &mut String) {
        let _ = writeln!(out, "\n{}", self.title);
        let widest = self.facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(14);
        for (name, value) in &self.facts {
            let gap = " ".repeat(widest.saturating_sub(name.chars().count()));
            let _ = writeln!(out, "  {name}{gap}  {value}");
        }
        if let Some(table) = self.table.as_ref().filter(|table| !table.is_empty()) {
            for line in table.lines(width.saturating_sub(2)) {
                let _ = writeln!(out, "  {line}");
            }
        }
        if let Some(note) = &self.note {
            let _ = writeln!(out, "  {note}");
        }
    }

    /// As HTML.
    pub(crate) fn html(&self, out: &mut String) {
        let _ = writeln!(out, "<section>\n<h2>{}</h2>", escaped(&self.title));
        if !self.facts.is_empty() {
            out.push_str("<dl>\n");
            for (name, value) in &self.facts {
                let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
            }
            out.push_str("</dl>\n");
        }
        if let Some(table) = self.table.as_ref().filter(|table| !table.is_empty()) {
            table.html(out);
        }
        if let Some(note) = &self.note {
            let _ = writeln!(out, "<p class=\"note\">{}</p>", escaped(note));
        }
        out.push_str("</section>\n");
    }
}

/// At most so many characters; a mark shows where something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Text that may stand in HTML, also within quotation marks. Control characters, which no page may hold, are left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[("path", Align::Left), ("net", Align::Right)]);
        table.row(["buy A/B".to_owned(), "1.25".to_owned()]);
        table.row(["x".to_owned(), "12.50".to_owned()]);
        table
    }

    #[test]
    fn columns_stand_under_their_heads() {
        assert_eq!(table().lines(80), ["path       net", "buy A/B   1.25", "x        12.50"]);
        assert_eq!(table().lines(9), ["path    …", "buy A/B …", "x       …"]);
    }

    #[test]
    fn names_cannot_break_the_page() {
        let mut section = Section::new("a <b> & c");
        section.fact("\"q\"", "'x'\u{7}");
        let mut html = String::new();
        section.html(&mut html);
        assert!(html.contains("<h2>a &lt;b&gt; &amp; c</h2>"), "{html}");
        assert!(html.contains("<dt>&quot;q&quot;</dt><dd>&#39;x&#39;</dd>"), "{html}");
    }

    #[test]
    fn a_section_as_text() {
        let mut section = Section::new("Paths");
        section.fact("n", "2");
        section.table = Some(table());
        section.note = Some("a note".to_owned());
        let mut text = String::new();
        section.text(80, &mut text);
        assert_eq!(text, "\nPaths\n  n               2\n  path       net\n  buy A/B   1.25\n  x        12.50\n  a note\n");
    }
}
