//! Results of tests as JUnit's XML, which most build servers read: a suite for each file, a case for each test. No times are in it, so that the
//! same results give the same bytes.

use std::io::{self, Write as _};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::error::Failure;
use crate::test::{Ran, Verdict};

/// Writes the report into a file; `-` is stdout.
pub(crate) fn write(path: &str, ran: &[Ran<'_>]) -> Result<(), Failure> {
    let xml = report(ran).map_err(|source| Failure::Write { path: path.to_owned(), source })?;
    if path == "-" {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(&xml).and_then(|()| stdout.flush()).map_err(Failure::stdout);
    }
    std::fs::write(path, xml).map_err(|source| Failure::Write { path: path.to_owned(), source })
}

/// How many of some tests failed, and how many could not be run.
fn count(ran: &[&Ran<'_>]) -> [(&'static str, String); 3] {
    let failures = ran.iter().filter(|r| matches!(r.verdict, Verdict::Failed(_))).count();
    let errors = ran.iter().filter(|r| matches!(r.verdict, Verdict::Error(_))).count();
    [("tests", ran.len().to_string()), ("failures", failures.to_string()), ("errors", errors.to_string())]
}

fn report(ran: &[Ran<'_>]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Ran<'_>> = ran.iter().collect();
    // In the order in which the files were given.
    let mut suites: Vec<(&str, Vec<&Ran<'_>>)> = Vec::new();
    for one in &all {
        match suites.iter_mut().find(|suite| suite.0 == one.file) {
            Some(suite) => suite.1.push(one),
            None => suites.push((one.file, vec![one])),
        }
    }
    let counts = count(&all);
    let attributes = counts.iter().map(|(name, value)| (*name, value.as_str()));
    writer.create_element("testsuites").with_attributes(attributes).write_inner_content(|writer| {
        for (file, tests) in &suites {
            suite(writer, file, tests)?;
        }
        Ok(())
    })?;
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

fn suite(writer: &mut Writer<Vec<u8>>, file: &str, tests: &[&Ran<'_>]) -> io::Result<()> {
    let (name, counts) = (sayable(file), count(tests));
    let attributes = counts.iter().map(|(name, value)| (*name, value.as_str()));
    let element = writer.create_element("testsuite").with_attribute(("name", name.as_str())).with_attributes(attributes);
    element.write_inner_content(|writer| tests.iter().try_for_each(|test| case(writer, test)))?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, ran: &Ran<'_>) -> io::Result<()> {
    let (name, file, line) = (sayable(&ran.test.name), sayable(ran.file), ran.line.to_string());
    let element = writer.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", file.as_str()),
        ("file", file.as_str()),
        ("line", line.as_str()),
    ]);
    let (tag, message, text) = match &ran.verdict {
        Verdict::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        Verdict::Failed(lines) => {
            let all: Vec<String> = lines.iter().map(ToString::to_string).collect();
            ("failure", lines.first().map_or_else(String::new, ToString::to_string), all.join("\n"))
        }
        Verdict::Error(why) => ("error", why.clone(), why.clone()),
    };
    let (message, text) = (sayable(&message), sayable(&text));
    element.write_inner_content(|writer| {
        let element = writer.create_element(tag).with_attribute(("message", message.as_str()));
        element.write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

/// Text without the characters that XML 1.0 cannot hold, however they are written.
fn sayable(text: &str) -> String {
    let held = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if held(c) { c } else { '\u{fffd}' }).collect()
}
