//! From an SBE schema to views: one line a field for the macros of `feeds::session::sbe`.
//!
//! What is read: types, composites, enumerations, sets, messages, groups, texts behind their length, both byte orders, any
//! header and any group head. What is not: groups within groups and floating point, which no schema here has; they are
//! refused by name, never skipped.

use roxmltree::{Document, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

type Fault = String;

/// A type as a field may name it.
#[derive(Clone)]
struct Known {
    /// As the generated file writes it.
    rust: String,
    /// Bytes on the wire; 0 for a constant.
    bytes: usize,
}

struct Generator<'a> {
    is_big: bool,
    types: BTreeMap<&'a str, Known>,
    /// Heads of groups and lengths, by the name of their composite.
    heads: BTreeMap<&'a str, String>,
    out: String,
}

/// The whole generated file.
///
/// # Errors
/// What in the schema cannot be read, by its name.
pub(crate) fn generate(schema: &str) -> Result<String, Fault> {
    let document = Document::parse(schema).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "messageSchema" {
        return Err("the root is not a messageSchema".to_owned());
    }
    let mut generator = Generator {
        is_big: root.attribute("byteOrder") == Some("bigEndian"),
        types: BTreeMap::new(),
        heads: BTreeMap::new(),
        out: String::new(),
    };
    generator.head(root)?;
    generator.primitives();
    generator.types(root)?;
    let messages = elements(root, "message");
    let names: Vec<&str> = messages
        .iter()
        .filter_map(|message| message.attribute("name"))
        .collect();
    let mut structs = BTreeSet::new();
    for message in &messages {
        let name = required(*message, "name")?;
        let is_alone = names.iter().filter(|other| **other == name).count() == 1;
        let id = if is_alone {
            ""
        } else {
            required(*message, "id")?
        };
        let rust = format!("{}{id}", camel(name));
        generator.message(*message, &rust)?;
        if !structs.insert(rust.clone()) {
            return Err(format!("{rust} is there twice"));
        }
    }
    generator.all(&messages, &names)?;
    Ok(generator.out)
}

fn elements<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    parent
        .children()
        .filter(|node| node.tag_name().name() == name)
        .collect()
}

fn required<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, Fault> {
    node.attribute(name).ok_or_else(|| {
        let own = node.attribute("name").unwrap_or("");
        format!("{} {own:?} has no {name}", node.tag_name().name())
    })
}

fn number<T: std::str::FromStr>(node: Node<'_, '_>, name: &str) -> Result<Option<T>, Fault> {
    let Some(text) = node.attribute(name) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(format!(
            "{name} {text:?} of {:?} is no number",
            node.attribute("name")
        )),
    }
}

fn is_constant(node: Node<'_, '_>) -> bool {
    node.attribute("presence") == Some("constant")
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let is_new = letter.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
                || after.is_some_and(|after| after.is_lowercase()));
        if (is_new || *letter == '_') && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn snake(name: &str) -> String {
    let snake = words(name).join("_");
    match snake.as_str() {
        "type" | "match" | "ref" | "move" | "self" | "use" => format!("{snake}_"),
        _ => snake,
    }
}

fn camel(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// The integer's name in Rust and its bytes.
fn primitive(name: &str) -> Option<(&'static str, usize)> {
    Some(match name {
        "uint8" => ("u8", 1),
        "uint16" => ("u16", 2),
        "uint32" => ("u32", 4),
        "uint64" => ("u64", 8),
        "int8" => ("i8", 1),
        "int16" => ("i16", 2),
        "int32" => ("i32", 4),
        "int64" => ("i64", 8),
        _ => return None,
    })
}

/// What a primitive says for "none" where the schema leaves it open.
fn usual_null(name: &str) -> i128 {
    match name {
        "uint8" => i128::from(u8::MAX),
        "uint16" => i128::from(u16::MAX),
        "uint32" => i128::from(u32::MAX),
        "uint64" => i128::from(u64::MAX),
        "int8" => i128::from(i8::MIN),
        "int16" => i128::from(i16::MIN),
        "int32" => i128::from(i32::MIN),
        "int64" => i128::from(i64::MIN),
        _ => 0,
    }
}

/// One field: where, its name, its type, since when.
struct Line {
    offset: usize,
    name: String,
    known: Known,
    since: u16,
}

impl<'a> Generator<'a> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A doc comment of what the schema says, or else `otherwise`; wrapped, because schemas write long sentences.
    fn doc(&mut self, node: Node<'_, '_>, otherwise: &str) {
        let mut line = String::new();
        for word in node
            .attribute("description")
            .unwrap_or(otherwise)
            .split_whitespace()
        {
            if line.len() + word.len() > 88 {
                let _ = writeln!(self.out, "    ///{line}");
                line.clear();
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(self.out, "    ///{line}");
    }

    fn integer(&self, primitive: &str) -> String {
        let order = if self.is_big {
            "BigEndian"
        } else {
            "LittleEndian"
        };
        format!("{order}<{primitive}>")
    }

    fn head(&mut self, root: Node<'a, '_>) -> Result<(), Fault> {
        let what = root
            .attribute("description")
            .unwrap_or(required(root, "package")?);
        let (id, version) = (required(root, "id")?, required(root, "version")?);
        let order = if self.is_big {
            "BigEndian"
        } else {
            "LittleEndian"
        };
        let _ = write!(
            self.out,
            "//! {what}: schema {id}, version {version}.\n\
             //!\n\
             //! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.\n\
             #![allow(unused_imports)]\n\
             \n\
             use crate::session::layout::{{Code, {order}}};\n\
             use crate::session::sbe::{{Chars, Fixed, Floating, Nullable}};\n\
             \n\
             /// The schema's number.\n\
             pub const SCHEMA: u16 = {id};\n\
             /// The version of it that is written here.\n\
             pub const VERSION: u16 = {version};\n",
        );
        Ok(())
    }

    fn primitives(&mut self) {
        for name in [
            "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
        ] {
            if let Some((rust, bytes)) = primitive(name) {
                let rust = self.integer(rust);
                self.types.insert(name, Known { rust, bytes });
            }
        }
        let rust = "Chars<1>".to_owned();
        self.types.insert("char", Known { rust, bytes: 1 });
    }

    fn types(&mut self, root: Node<'a, '_>) -> Result<(), Fault> {
        let nodes: Vec<Node<'a, '_>> = elements(root, "types")
            .into_iter()
            .flat_map(|types| types.children())
            .filter(Node::is_element)
            .collect();
        let header = root.attribute("headerType").unwrap_or("messageHeader");
        for node in &nodes {
            let name = required(*node, "name")?;
            let known = match node.tag_name().name() {
                "type" => self.simple(*node)?,
                "enum" => self.enumeration(*node)?,
                "set" => self.set(*node)?,
                "composite" if name == header => {
                    self.header(*node)?;
                    continue;
                }
                "composite" => match self.composite(*node)? {
                    Some(known) => known,
                    None => continue,
                },
                other => return Err(format!("{other} {name:?} is not understood")),
            };
            self.types.insert(name, known);
        }
        Ok(())
    }

    /// A `type` element: a primitive, text, or something that may be "none".
    fn simple(&self, node: Node<'_, '_>) -> Result<Known, Fault> {
        let name = required(node, "primitiveType")?;
        let length: usize = number(node, "length")?.unwrap_or(1);
        if is_constant(node) {
            return Ok(Known {
                rust: String::new(),
                bytes: 0,
            });
        }
        if name == "char" {
            return Ok(Known {
                rust: format!("Chars<{length}>"),
                bytes: length,
            });
        }
        let Some((integer, bytes)) = primitive(name) else {
            return Err(format!("the primitive {name:?} is not understood"));
        };
        let rust = self.integer(integer);
        if length != 1 {
            // Bytes without a name each.
            return Ok(Known {
                rust: format!("Chars<{}>", length * bytes),
                bytes: length * bytes,
            });
        }
        if node.attribute("presence") != Some("optional") {
            return Ok(Known { rust, bytes });
        }
        let null = number(node, "nullValue")?.unwrap_or(usual_null(name));
        Ok(Known {
            rust: nullable(&rust, null),
            bytes,
        })
    }

    fn encoding(&self, node: Node<'_, '_>) -> Result<Known, Fault> {
        let name = required(node, "encodingType")?;
        if name == "char" {
            return Ok(Known {
                rust: "Code".to_owned(),
                bytes: 1,
            });
        }
        self.types
            .get(name)
            .cloned()
            .ok_or_else(|| format!("the encoding {name:?} is not known"))
    }

    fn enumeration(&mut self, node: Node<'_, '_>) -> Result<Known, Fault> {
        let known = self.encoding(node)?;
        let integers = ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"];
        let mut parts = known.rust.split(['<', '>', ',']);
        let integer = parts.find(|part| integers.contains(part)).unwrap_or("u8");
        let name = required(node, "name")?;
        self.line("");
        self.line("crate::sbe_enum! {");
        self.doc(node, &format!("Values of `{}`.", snake(name)));
        let _ = writeln!(self.out, "    pub mod {}: {integer} {{", snake(name));
        for value in elements(node, "validValue") {
            let text = value.text().unwrap_or("").trim();
            let text = match (known.rust.as_str(), text) {
                ("Code", text) if text.len() == 1 => format!("b'{text}'"),
                _ => text.to_owned(),
            };
            let name = snake(required(value, "name")?).to_uppercase();
            let _ = writeln!(self.out, "        {name} = {text},");
        }
        self.line("    }");
        self.line("}");
        Ok(known)
    }

    fn set(&mut self, node: Node<'_, '_>) -> Result<Known, Fault> {
        let known = self.encoding(node)?;
        let name = camel(required(node, "name")?);
        let integer = known.rust.split(['<', '>']).nth(1).unwrap_or("u8");
        self.line("");
        self.line("crate::sbe_set! {");
        self.doc(
            node,
            &format!("The set `{}`.", snake(required(node, "name")?)),
        );
        let _ = writeln!(
            self.out,
            "    pub struct {name}({integer}: {}) {{",
            known.rust
        );
        for choice in elements(node, "choice") {
            let bit = choice.text().unwrap_or("").trim();
            let flag = snake(required(choice, "name")?);
            let since = choice
                .attribute("sinceVersion")
                .map(|since| format!(" since {since}"));
            let _ = writeln!(
                self.out,
                "        {bit} {flag}{},",
                since.unwrap_or_default()
            );
        }
        self.line("    }");
        self.line("}");
        Ok(Known {
            rust: name,
            bytes: known.bytes,
        })
    }

    /// Members of a composite where they lie, constants left out; and its length.
    fn members(&self, node: Node<'_, '_>) -> Result<(Vec<Line>, usize), Fault> {
        let (mut lines, mut end) = (Vec::new(), 0);
        for member in node.children().filter(Node::is_element) {
            let known = match member.tag_name().name() {
                "type" => self.simple(member)?,
                "ref" => self.named(required(member, "type")?)?,
                other => return Err(format!("{other} within a composite is not understood")),
            };
            let offset = number(member, "offset")?.unwrap_or(end);
            if known.bytes == 0 {
                continue;
            }
            end = offset + known.bytes;
            lines.push(Line {
                offset,
                name: snake(required(member, "name")?),
                known,
                since: 0,
            });
        }
        Ok((lines, end))
    }

    fn named(&self, name: &str) -> Result<Known, Fault> {
        self.types
            .get(name)
            .cloned()
            .ok_or_else(|| format!("the type {name:?} is not known"))
    }

    fn header(&mut self, node: Node<'_, '_>) -> Result<(), Fault> {
        let (lines, end) = self.members(node)?;
        let name = camel(required(node, "name")?);
        self.line("");
        self.line("crate::sbe_header! {");
        self.doc(node, "Before every message.");
        let _ = writeln!(self.out, "    pub struct {name}({end}) {{");
        for (own, theirs) in [
            ("block_length", "block_length"),
            ("template", "template_id"),
            ("schema", "schema_id"),
            ("version", "version"),
        ] {
            let line = lines.iter().find(|line| line.name == theirs);
            let line = line.ok_or_else(|| format!("the header has no {theirs}"))?;
            let _ = writeln!(
                self.out,
                "        {} {own}: {},",
                line.offset, line.known.rust
            );
        }
        self.line("    }");
        self.line("}");
        Ok(())
    }

    /// A composite as a type of fields; `None` for heads of groups and texts behind a length.
    fn composite(&mut self, node: Node<'a, '_>) -> Result<Option<Known>, Fault> {
        let name = required(node, "name")?;
        let (lines, end) = self.members(node)?;
        let find = |wanted: &str| lines.iter().find(|line| line.name == wanted);
        if let (Some(block), Some(count)) = (find("block_length"), find("num_in_group")) {
            let rust = camel(name);
            let block = format!(
                "        {} block_length: {},",
                block.offset, block.known.rust
            );
            let count = format!("        {} count: {},", count.offset, count.known.rust);
            self.line("");
            self.line("crate::sbe_dimensions! {");
            self.doc(node, "Before a group.");
            let _ = writeln!(self.out, "    pub struct {rust}({end}) {{");
            for text in [&block, &count, "    }", "}"] {
                self.line(text);
            }
            self.heads.insert(name, rust);
            return Ok(None);
        }
        let mut types = elements(node, "type").into_iter();
        let is_text = types.any(|member| member.attribute("length") == Some("0"));
        if let Some(length) = find("length").filter(|_| is_text) {
            let text = format!("    pub struct {}: {};", camel(name), length.known.rust);
            self.line("");
            self.line("crate::sbe_length! {");
            self.doc(node, "Before text.");
            self.line(&text);
            self.line("}");
            self.heads.insert(name, camel(name));
            return Ok(None);
        }
        if let Some(mantissa) = find("mantissa") {
            return Ok(Some(decimal(node, mantissa, find("exponent").is_some())?));
        }
        let rust = camel(name);
        self.line("");
        self.line("crate::sbe_composite! {");
        self.doc(node, &format!("The composite `{}`.", snake(name)));
        let _ = writeln!(self.out, "    pub struct {rust}({end}) {{");
        for line in &lines {
            let _ = writeln!(
                self.out,
                "        {} {}: {},",
                line.offset, line.name, line.known.rust
            );
        }
        self.line("    }");
        self.line("}");
        Ok(Some(Known {
            rust: format!("{rust}<'static>"),
            bytes: end,
        }))
    }

    /// A message: its groups' entries, its block, itself.
    fn message(&mut self, node: Node<'_, '_>, rust: &str) -> Result<(), Fault> {
        let name = snake(required(node, "name")?);
        let first: u16 = number(node, "sinceVersion")?.unwrap_or(0);
        let (mut groups, mut texts) = (String::new(), String::new());
        for group in elements(node, "group") {
            if !elements(group, "group").is_empty() || !elements(group, "data").is_empty() {
                return Err(format!("{name} has a group within a group"));
            }
            let own = required(group, "name")?;
            let head = group
                .attribute("dimensionType")
                .unwrap_or("groupSizeEncoding");
            let head = self
                .heads
                .get(head)
                .cloned()
                .ok_or_else(|| format!("the head {head:?} is not known"))?;
            let entry = format!("{rust}{}", camel(own));
            let since: u16 = number(group, "sinceVersion")?.unwrap_or(0);
            self.block(
                group,
                &entry,
                first.max(since),
                &format!("An entry of `{}` in `{name}`.", snake(own)),
            )?;
            let since = if since > first { since } else { 0 };
            let _ = writeln!(
                groups,
                "            {}: {head} {entry} since {since},",
                snake(own)
            );
        }
        for text in elements(node, "data") {
            let head = required(text, "type")?;
            let head = self
                .heads
                .get(head)
                .ok_or_else(|| format!("the length {head:?} is not known"))?;
            let since: u16 = number(text, "sinceVersion")?.unwrap_or(0);
            let since = if since > first { since } else { 0 };
            let _ = writeln!(
                texts,
                "            {}: {head} since {since},",
                snake(required(text, "name")?)
            );
        }
        let block = format!("{rust}Block");
        self.block(node, &block, first, &format!("The block of `{name}`."))?;
        let id = required(node, "id")?;
        self.line("");
        self.line("crate::sbe_message! {");
        self.doc(node, &format!("The message `{name}`, template {id}."));
        let _ = writeln!(
            self.out,
            "    pub struct {rust} = {id} \"{name}\", block {block},"
        );
        for (kind, lines) in [("groups", groups), ("data", texts)] {
            if lines.is_empty() {
                let _ = writeln!(self.out, "        {kind} {{}}");
            } else {
                let _ = write!(self.out, "        {kind} {{\n{lines}        }}\n");
            }
        }
        self.line("}");
        Ok(())
    }

    /// The fields of a message or of a group, in a block of its own.
    fn block(
        &mut self,
        node: Node<'_, '_>,
        rust: &str,
        first: u16,
        doc: &str,
    ) -> Result<(), Fault> {
        let mut lines: Vec<Line> = Vec::new();
        let mut end = 0;
        for field in elements(node, "field") {
            let known = self.named(required(field, "type")?)?;
            if known.bytes == 0 || is_constant(field) {
                continue;
            }
            let offset = number(field, "offset")?.unwrap_or(end);
            end = offset + known.bytes;
            let since: u16 = number(field, "sinceVersion")?.unwrap_or(0);
            let since = if since > first { since } else { 0 };
            lines.push(Line {
                offset,
                name: snake(required(field, "name")?),
                known,
                since,
            });
        }
        // Only what comes after all fields of the first version can be missing at the end.
        let first_late = lines
            .iter()
            .position(|line| line.since > 0)
            .unwrap_or(lines.len());
        if lines[first_late..].iter().any(|line| line.since == 0) {
            return Err(format!(
                "a field of {rust} comes after one of a later version"
            ));
        }
        let least = lines[..first_late]
            .last()
            .map_or(0, |line| line.offset + line.known.bytes);
        let length = number(node, "blockLength")?.unwrap_or(end).max(end);
        self.line("");
        self.line("crate::sbe_entry! {");
        let _ = writeln!(self.out, "    /// {doc}");
        let _ = writeln!(
            self.out,
            "    pub struct {rust}({length}, least {least}) {{"
        );
        for line in &lines[..first_late] {
            let _ = writeln!(
                self.out,
                "        {} {}: {},",
                line.offset, line.name, line.known.rust
            );
        }
        if first_late == lines.len() {
            self.line("    } later {}");
        } else {
            self.line("    } later {");
            for line in &lines[first_late..] {
                let Line {
                    offset,
                    name,
                    known,
                    since,
                } = line;
                let _ = writeln!(
                    self.out,
                    "        {offset} {name}: {}, since {since};",
                    known.rust
                );
            }
            self.line("    }");
        }
        self.line("}");
        Ok(())
    }

    fn all(&mut self, messages: &[Node<'_, '_>], names: &[&str]) -> Result<(), Fault> {
        self.line("");
        self.line("crate::sbe_messages! {");
        for message in messages {
            let name = required(*message, "name")?;
            let is_alone = names.iter().filter(|other| **other == name).count() == 1;
            let id = if is_alone {
                ""
            } else {
                required(*message, "id")?
            };
            let _ = writeln!(self.out, "    {}{id},", camel(name));
        }
        self.line("}");
        Ok(())
    }
}

fn nullable(rust: &str, null: i128) -> String {
    if null < 0 {
        format!("Nullable<{rust}, {{ {null} }}>")
    } else {
        format!("Nullable<{rust}, {null}>")
    }
}

/// A decimal: its exponent is the schema's or travels behind it.
fn decimal(node: Node<'_, '_>, mantissa: &Line, is_floating: bool) -> Result<Known, Fault> {
    // "None" is said by the mantissa, and is a property of the whole.
    let (inner, null) = match mantissa.known.rust.strip_prefix("Nullable<") {
        Some(inside) => {
            let (inner, null) = inside.rsplit_once(", ").ok_or("a decimal's null")?;
            let null = null.trim_end_matches('>').trim_matches(['{', '}', ' ']);
            (
                inner.to_owned(),
                Some(null.parse::<i128>().map_err(|error| error.to_string())?),
            )
        }
        None => (mantissa.known.rust.clone(), None),
    };
    let (rust, bytes) = if is_floating {
        (format!("Floating<{inner}>"), mantissa.known.bytes + 1)
    } else {
        let mut members = elements(node, "type").into_iter();
        let exponent = members.find(|member| member.attribute("name") == Some("exponent"));
        let text = exponent.and_then(|node| node.text()).unwrap_or("0").trim();
        let exponent: i8 = text.parse().map_err(|_| format!("the exponent {text:?}"))?;
        let exponent = if exponent < 0 {
            format!("{{ {exponent} }}")
        } else {
            exponent.to_string()
        };
        (format!("Fixed<{inner}, {exponent}>"), mantissa.known.bytes)
    };
    let rust = null.map_or(rust.clone(), |null| nullable(&rust, null));
    Ok(Known { rust, bytes })
}
