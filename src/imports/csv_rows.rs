//! Records of a CSV file as the JSON that the API takes: the first line names the columns, each by the path of its field
//! (`shipping_address.city`) or by a name that the mapping gives a path. Of orders, records that follow each other with the same
//! `external_id` are the lines of one.

use super::body::ImportKind;
use super::lines::Line;
use crate::error::Error;
use crate::platform::limits;
use crate::tabular::column::{self, Cell, Place};
use crate::tabular::csv_reader::{Encoding, Record, Records, TooLong, decode, delimiter_of};
use crate::tabular::csv_writer::plain;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

/// The line with the names; a longer one is no header.
const HEADER_BYTES: usize = 64 * 1024;

/// How a file is to be read.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    /// Found in the header where absent.
    pub delimiter: Option<u8>,
    pub encoding: Encoding,
    /// Numbers are written as `1.234,56`.
    pub decimal_comma: bool,
    /// The path for a name of the file; `None` passes over the column.
    pub mapping: BTreeMap<String, Option<String>>,
}

/// The name of the file's column by the path of its field.
pub type ColumnNames = BTreeMap<String, String>;

struct Target {
    path: String,
    cell: Cell,
}

/// An order that may go on in the next record.
struct OpenOrder {
    number: i64,
    name: (Option<Value>, Value),
    header: BTreeMap<String, Value>,
    lines: Vec<Value>,
    bytes: usize,
    fault: Option<String>,
}

/// Reads a file as it comes in. It keeps no more than one order, and of those before it where they began.
pub struct CsvRows {
    kind: ImportKind,
    options: CsvOptions,
    /// Of the header, until it has ended.
    head: Option<Vec<u8>>,
    records: Records,
    targets: Vec<Option<Target>>,
    open: Option<OpenOrder>,
    /// Where orders with an external id began, by a hash of that.
    begun: HashMap<u64, i64>,
    hasher: RandomState,
    /// Where orders began whose lines go on somewhere else in the file.
    apart: BTreeSet<i64>,
    pub names: ColumnNames,
}

/// Why an order whose lines are apart is refused, each part of it.
pub const APART: &str = "lines_apart|lines of this order stand elsewhere in the file, too; put the lines of an order one below the other";

impl CsvRows {
    pub fn new(kind: ImportKind, options: CsvOptions) -> Self {
        let records = Records::new(b',', limits::BODY_BYTES);
        Self {
            kind,
            options,
            head: Some(vec![]),
            records,
            targets: vec![],
            open: None,
            begun: HashMap::new(),
            hasher: RandomState::new(),
            apart: BTreeSet::new(),
            names: ColumnNames::new(),
        }
    }

    /// Takes the next bytes and gives the rows that end in them; 422 where the header has columns that there are not.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Line>, Error> {
        let Some(mut head) = self.head.take() else { return self.take(bytes) };
        head.extend_from_slice(bytes);
        match head.iter().position(|byte| *byte == b'\n') {
            None if head.len() > HEADER_BYTES => Err(invalid("row_too_long", "the line with the names of the columns is too long")),
            None => {
                self.head = Some(head);
                Ok(vec![])
            }
            Some(end) => {
                self.read_header(&head[..=end])?;
                let rest = head.split_off(end + 1);
                self.take(&rest)
            }
        }
    }

    /// The rows that the stream's end ends.
    pub fn end(&mut self) -> Result<Vec<Line>, Error> {
        if let Some(head) = self.head.take() {
            self.read_header(&head)?;
        }
        let mut rows = vec![];
        if let Some(record) = self.records.end() {
            rows.extend(self.row(record)?);
        }
        rows.extend(self.close()?);
        Ok(rows)
    }

    /// The rows that turned out later to be parts of an order only.
    pub fn apart(&self) -> Vec<i64> {
        self.apart.iter().copied().collect()
    }

    fn read_header(&mut self, line: &[u8]) -> Result<(), Error> {
        if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) {
            return Err(invalid("unknown_encoding", "the file is UTF-16; save it as UTF-8"));
        }
        let marked = line.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(line);
        self.records = Records::new(self.options.delimiter.unwrap_or_else(|| delimiter_of(marked)), limits::BODY_BYTES);
        let too_long = |TooLong| invalid("row_too_long", "the line with the names of the columns is too long");
        let mut header = self.records.push(marked).map_err(too_long)?;
        let header = header.pop().or_else(|| self.records.end()).filter(|record| !record.malformed);
        let header = header.ok_or_else(|| invalid("required", "the first line names the columns"))?;
        for field in header.fields {
            let name = decode(field, self.options.encoding).ok_or_else(not_utf8)?.trim().to_owned();
            let target = self.target(&name)?;
            if let Some(target) = &target
                && let Some(other) = self.names.insert(target.path.clone(), name.clone())
            {
                return Err(invalid("duplicate_column", format!("'{other}' and '{name}' are both the column {}", target.path)));
            }
            self.targets.push(target);
        }
        if self.names.is_empty() {
            return Err(invalid("required", format!("the first line names none of the columns: {}", column::names(self.kind.columns()))));
        }
        Ok(())
    }

    /// Where the cells of a column go; nowhere for a nameless one and for what only an export has.
    fn target(&self, name: &str) -> Result<Option<Target>, Error> {
        let path = match self.options.mapping.get(name) {
            Some(None) => return Ok(None),
            Some(Some(path)) => path.as_str(),
            None if name.is_empty() => return Ok(None),
            None => name,
        };
        let columns = self.kind.columns();
        let column = column::find(columns, path).ok_or_else(|| {
            let detail = format!("'{name}' is no column of {}; map it, or take one of: {}", self.kind, column::names(columns));
            invalid("unknown_column", detail)
        })?;
        Ok((column.place != Place::Shown).then(|| Target { path: path.to_owned(), cell: column.cell }))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Vec<Line>, Error> {
        let records = self.records.push(bytes).map_err(|TooLong| too_long())?;
        let mut rows = vec![];
        for record in records {
            rows.extend(self.row(record)?);
        }
        Ok(rows)
    }

    /// The row that a record ends; of orders, that is the one before.
    fn row(&mut self, record: Record) -> Result<Option<Line>, Error> {
        let (number, bytes) = (record.number, record.fields.iter().map(Vec::len).sum::<usize>());
        let (cells, fault) = self.cells(record);
        if self.kind != ImportKind::Orders {
            return line(number, nested(cells), fault).map(Some);
        }
        let (of_line, header): (BTreeMap<_, _>, BTreeMap<_, _>) = cells.into_iter().partition(|(path, _)| path.starts_with("lines."));
        let own_line = of_line.into_iter().filter_map(|(path, value)| Some((path.strip_prefix("lines.")?.to_owned(), value)));
        let own_line = nested(own_line.collect());
        let own_line = (!own_line.is_empty()).then_some(Value::Object(own_line));
        let name = header.get("external_id").map(|id| (header.get("channel").cloned(), id.clone()));
        if let (Some(open), Some(name)) = (&mut self.open, &name)
            && open.name == *name
        {
            open.bytes += bytes;
            if open.bytes > limits::BODY_BYTES {
                return Err(too_long());
            }
            open.lines.extend(own_line);
            open.fault = open.fault.take().or(fault);
            for (path, value) in header {
                let stored = open.header.entry(path.clone()).or_insert_with(|| value.clone());
                if *stored != value && open.fault.is_none() {
                    open.fault = Some(format!("conflicting_value|line {number}: '{path}' is otherwise than on the order's first line"));
                }
            }
            return Ok(None);
        }
        let before = self.close()?;
        let lines: Vec<Value> = own_line.into_iter().collect();
        // Nothing ties another record to an order without an external id.
        let name = name.unwrap_or((None, Value::Null));
        self.open = Some(OpenOrder { number, name, header, lines, bytes, fault });
        Ok(before)
    }

    /// The order that no further record belongs to.
    fn close(&mut self) -> Result<Option<Line>, Error> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        if !open.name.1.is_null() {
            let begun = self.begun.entry(self.hasher.hash_one(open.name.1.to_string() + &json!(open.name.0).to_string()));
            let first = *begun.or_insert(open.number);
            if first != open.number {
                self.apart.insert(first);
                open.fault = open.fault.or_else(|| Some(APART.to_owned()));
            }
        }
        let mut row = nested(open.header);
        row.insert("lines".to_owned(), Value::Array(open.lines));
        line(open.number, row, open.fault).map(Some)
    }

    /// The cells by their paths (empty ones only where they say something), and what is wrong with the record.
    fn cells(&self, record: Record) -> (BTreeMap<String, Value>, Option<String>) {
        let mut cells = BTreeMap::new();
        let mut fault = record.malformed.then(|| "malformed_csv|a quoted field goes on behind its quote, or does not end".to_owned());
        for (i, field) in record.fields.into_iter().enumerate() {
            let Some(text) = decode(field, self.options.encoding) else {
                fault = Some("malformed_csv|the row is not UTF-8; say encoding=windows-1252 if it is that".to_owned());
                continue;
            };
            if text.trim().is_empty() {
                // Rows of these lie over what is there: an empty cell clears, which a column that is not there does not.
                if let Some(Some(target)) = self.targets.get(i)
                    && self.kind.lies_over()
                {
                    cells.insert(target.path.clone(), Value::Null);
                }
                continue;
            }
            match self.targets.get(i) {
                Some(Some(target)) => {
                    let of_comma = self.options.decimal_comma && matches!(target.cell, Cell::Decimal | Cell::Integer);
                    let number = of_comma.then(|| with_point(text.trim()));
                    // Left as it is, 12.50 would be taken for a number of another kind.
                    if number == Some(None) {
                        fault = Some(format!(
                            "invalid_decimal|'{}' is no number with a decimal comma",
                            text.trim().chars().take(50).collect::<String>()
                        ));
                    }
                    cells.insert(target.path.clone(), value(number.flatten().unwrap_or(text), target.cell));
                }
                Some(None) => {}
                None => fault = Some("too_many_fields|the row has more fields than the first line has names".to_owned()),
            }
        }
        (cells, fault)
    }
}

fn invalid(code: &str, detail: impl Into<String>) -> Error {
    Error::invalid("", code, detail)
}

fn too_long() -> Error {
    invalid("row_too_long", format!("a row, and an order of several rows, has at most {} bytes", limits::BODY_BYTES))
}

fn not_utf8() -> Error {
    invalid("unknown_encoding", "the first line is not UTF-8; say encoding=windows-1252 if it is that")
}

fn line(number: i64, row: Map<String, Value>, fault: Option<String>) -> Result<Line, Error> {
    let bytes = serde_json::to_vec(&Value::Object(row)).map_err(Error::internal)?;
    Ok(Line { number, bytes, fault })
}

/// What does not read as its kind stays text: whoever takes the row tells what is wrong with it.
fn value(text: String, cell: Cell) -> Value {
    let trimmed = text.trim();
    let read = match cell {
        Cell::Text => return Value::String(plain(text)),
        Cell::Decimal | Cell::Date | Cell::Instant => None,
        Cell::Integer => trimmed.parse::<i64>().ok().map(Value::from),
        Cell::Bool if trimmed.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        Cell::Bool if trimmed.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        Cell::Bool => None,
        Cell::Json => serde_json::from_str(trimmed).ok(),
    };
    read.unwrap_or_else(|| Value::String(trimmed.to_owned()))
}

/// A number with a decimal comma, perhaps with points between groups of three digits, as it is written with a decimal point.
fn with_point(text: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { "-" } else { "" };
    let (whole, fraction) = unsigned.split_once(',').map_or((unsigned, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split('.');
    let first = groups.next().filter(|first| digits(first) && (first.len() <= 3 || !whole.contains('.')))?;
    let mut number = format!("{sign}{first}");
    for group in groups {
        if group.len() != 3 || !digits(group) {
            return None;
        }
        number.push_str(group);
    }
    match fraction {
        None => Some(number),
        Some(fraction) => digits(fraction).then(|| format!("{number}.{fraction}")),
    }
}

fn nested(cells: BTreeMap<String, Value>) -> Map<String, Value> {
    let mut row = Map::new();
    for (path, value) in cells {
        match path.split_once('.') {
            None => {
                row.insert(path, value);
            }
            Some((outer, inner)) => {
                // Where a cell gives the whole object and another one a part of it, the part wins.
                let whole = row.entry(outer).or_insert(Value::Null);
                if whole.is_null() {
                    *whole = Value::Object(Map::new());
                }
                if let Value::Object(object) = whole {
                    object.insert(inner.to_owned(), value);
                }
            }
        }
    }
    row
}

/// The file's column that a pointer into the row leads to: that of its path, or of the nearest thing around it.
pub fn column_of<'a>(names: &'a ColumnNames, pointer: &str) -> Option<&'a str> {
    let is_index = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts: Vec<String> =
        pointer.split('/').skip(1).filter(|part| !is_index(part)).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    while !parts.is_empty() {
        if let Some(name) = names.get(&parts.join(".")) {
            return Some(name);
        }
        parts.pop();
    }
    None
}

#[cfg(test)]
mod tests;
