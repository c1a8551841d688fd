//! Rows as a Parquet file: one row group, one plain page for each column, not compressed.
//!
//! That is the part of the format that every reader knows, and little enough to be written here: the crates for it bring
//! tens of thousands of lines. The footer is Thrift's compact protocol.

use super::export::{COLUMNS, Row};

const MAGIC: &[u8; 4] = b"PAR1";
const INT64: i64 = 2;
const DOUBLE: i64 = 5;
const BYTE_ARRAY: i64 = 6;

/// A column's kind, its values, and, where some may be missing, which are there.
struct Column {
    kind: i64,
    values: Vec<u8>,
    is_there: Option<Vec<bool>>,
}

impl Column {
    fn doubles(values: impl Iterator<Item = f64>) -> Self {
        Self { kind: DOUBLE, values: values.flat_map(f64::to_le_bytes).collect(), is_there: None }
    }

    fn counts(values: impl Iterator<Item = u64>) -> Self {
        Self { kind: INT64, values: values.flat_map(u64::to_le_bytes).collect(), is_there: None }
    }

    fn texts<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let bytes = |text: &'a str| (text.len() as u32).to_le_bytes().into_iter().chain(text.bytes());
        Self { kind: BYTE_ARRAY, values: values.flat_map(bytes).collect(), is_there: None }
    }

    fn optional_doubles(values: &[Option<f64>]) -> Self {
        let there = values.iter().flatten().copied();
        Self { is_there: Some(values.iter().map(Option::is_some).collect()), ..Self::doubles(there) }
    }

    /// The page's bytes: which values are there, then the values.
    fn page(&self) -> Vec<u8> {
        let Some(is_there) = &self.is_there else { return self.values.clone() };
        let mut levels = Vec::new();
        // Runs of equal flags, each its length and then the flag.
        for run in is_there.chunk_by(|left, right| left == right) {
            unsigned(&mut levels, (run.len() as u64) << 1);
            levels.push(u8::from(run[0]));
        }
        let mut page = (levels.len() as u32).to_le_bytes().to_vec();
        page.extend(levels);
        page.extend(&self.values);
        page
    }
}

fn columns(rows: &[Row]) -> Vec<Column> {
    let mut columns = vec![
        Column::doubles(rows.iter().map(|row| row.from)),
        Column::doubles(rows.iter().map(|row| row.until)),
        Column::counts(rows.iter().map(|row| row.users)),
        Column::texts(rows.iter().map(|row| &*row.method)),
        Column::texts(rows.iter().map(|row| &*row.name)),
        Column::counts(rows.iter().map(|row| row.requests)),
        Column::counts(rows.iter().map(|row| row.failures)),
        Column::counts(rows.iter().map(|row| row.bytes)),
    ];
    columns
        .extend((0..6).map(|at| {
            Column::optional_doubles(&rows.iter().map(|row| row.times_ms[at]).collect::<Vec<_>>())
        }));
    columns
}

/// The file.
pub(super) fn file(rows: &[Row]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let columns = columns(rows);
    let chunks: Vec<Struct> = columns
        .iter()
        .zip(COLUMNS)
        .map(|(column, name)| chunk(&mut file, column, name, rows.len()))
        .collect();
    let size = file.len() as i64;
    let mut schema = vec![Struct::default().text(4, "rows").number(5, COLUMNS.len() as i64)];
    schema.extend(columns.iter().zip(COLUMNS).map(|(column, name)| element(column, name)));
    let count = rows.len() as i64;
    let group = Struct::default().list(1, chunks).long(2, size).long(3, count);
    let footer = Struct::default().number(1, 1).list(2, schema).long(3, count).list(4, vec![group]);
    let footer = footer.text(6, concat!("katydid ", env!("CARGO_PKG_VERSION"))).end();
    file.extend(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(MAGIC);
    file
}

fn element(column: &Column, name: &str) -> Struct {
    let element = Struct::default()
        .number(1, column.kind)
        .number(3, i64::from(column.is_there.is_some()))
        .text(4, name);
    if column.kind == BYTE_ARRAY { element.number(6, 0) } else { element }
}

/// Writes a column's page and returns what the footer says of it.
fn chunk(file: &mut Vec<u8>, column: &Column, name: &str, rows: usize) -> Struct {
    let (offset, page, count) = (file.len() as i64, column.page(), rows as i64);
    let length = page.len() as i64;
    let levels = Struct::default().number(1, count).number(2, 0).number(3, 3).number(4, 3);
    let header = Struct::default().number(1, 0).number(2, length).number(3, length).inner(5, levels).end();
    file.extend(&header);
    file.extend(page);
    let size = file.len() as i64 - offset;
    let about = Struct::default().number(1, column.kind).numbers(2, &[0, 3]).texts(3, &[name]).number(4, 0);
    let about = about.long(5, count).long(6, size).long(7, size).long(9, offset);
    Struct::default().long(2, offset).inner(3, about)
}

fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn signed(out: &mut Vec<u8>, value: i64) {
    unsigned(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// A structure of Thrift's compact protocol, field by field in ascending order.
#[derive(Default)]
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    fn field(mut self, id: u8, kind: u8) -> Self {
        self.bytes.push((id - self.last) << 4 | kind);
        self.last = id;
        self
    }

    fn number(self, id: u8, value: i64) -> Self {
        let mut this = self.field(id, 5);
        signed(&mut this.bytes, value);
        this
    }

    fn long(self, id: u8, value: i64) -> Self {
        let mut this = self.field(id, 6);
        signed(&mut this.bytes, value);
        this
    }

    fn text(self, id: u8, value: &str) -> Self {
        let mut this = self.field(id, 8);
        this.put_text(value);
        this
    }

    fn put_text(&mut self, value: &str) {
        unsigned(&mut self.bytes, value.len() as u64);
        self.bytes.extend(value.bytes());
    }

    fn inner(self, id: u8, value: Self) -> Self {
        let mut this = self.field(id, 12);
        this.bytes.extend(value.end());
        this
    }

    fn list_of(self, id: u8, kind: u8, length: usize) -> Self {
        let mut this = self.field(id, 9);
        match length {
            0..=14 => this.bytes.push((length as u8) << 4 | kind),
            _ => {
                this.bytes.push(0xf0 | kind);
                unsigned(&mut this.bytes, length as u64);
            }
        }
        this
    }

    fn list(self, id: u8, values: Vec<Self>) -> Self {
        let mut this = self.list_of(id, 12, values.len());
        values.into_iter().for_each(|value| this.bytes.extend(value.end()));
        this
    }

    fn numbers(self, id: u8, values: &[i64]) -> Self {
        let mut this = self.list_of(id, 5, values.len());
        values.iter().for_each(|value| signed(&mut this.bytes, *value));
        this
    }

    fn texts(self, id: u8, values: &[&str]) -> Self {
        let mut this = self.list_of(id, 8, values.len());
        values.iter().for_each(|value| this.put_text(value));
        this
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_ends_with_the_length_of_its_footer() {
        let row = Row {
            method: "GET".into(),
            name: "/ü".into(),
            times_ms: [Some(1.5), None, None, None, None, None],
            ..Row::default()
        };
        for rows in [vec![], vec![row; 300]] {
            let file = file(&rows);
            let footer =
                u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().expect("four bytes"));
            assert!(file.starts_with(MAGIC) && file.ends_with(MAGIC));
            assert_eq!(file[file.len() - 9], 0, "a structure ends with a zero");
            assert!((footer as usize) < file.len() - 12);
        }
    }

    #[test]
    fn what_is_missing_is_told_in_runs() {
        let column = Column::optional_doubles(&[Some(1.0), Some(2.0), None]);
        // The levels' length; two that are there; one that is not; the two values.
        let expected =
            [[4, 0, 0, 0].as_slice(), &[4, 1, 2, 0], &1.0_f64.to_le_bytes(), &2.0_f64.to_le_bytes()].concat();
        assert_eq!(column.page(), expected);
    }
}
