//! Shards as Parquet, written column by column without Arrow.
//!
//! `messages` is a list of structs in the standard three-level encoding, so that every reader gives a list
//! of `{role, content}` back. Metadata differs from kind to kind, so it is one column of JSON text.

use super::files::{HashedFile, Sealed};
use crate::sinks::row::{Body, Row};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::io;
use std::sync::Arc;

/// The order of columns is the order in which [`Columns::flush`] writes them.
const SCHEMA: &str = "message sample {
    REQUIRED BYTE_ARRAY id (STRING);
    REQUIRED BYTE_ARRAY kind (STRING);
    REQUIRED BYTE_ARRAY domain (STRING);
    OPTIONAL BYTE_ARRAY language (STRING);
    OPTIONAL GROUP messages (LIST) {
        REPEATED GROUP list {
            REQUIRED GROUP element {
                REQUIRED BYTE_ARRAY role (STRING);
                REQUIRED BYTE_ARRAY content (STRING);
            }
        }
    }
    OPTIONAL BYTE_ARRAY text (STRING);
    REQUIRED BYTE_ARRAY source (STRING);
    REQUIRED BYTE_ARRAY licence (STRING);
    REQUIRED INT64 tokens;
    REQUIRED DOUBLE weight;
    REQUIRED BYTE_ARRAY metadata (STRING);
}";

/// Who wrote it, in every file. The library's own default names its version, which would change the bytes.
const CREATED_BY: &str = "assay shards 1";
/// zstd level of pages; part of the bytes.
const LEVEL: i32 = 9;
/// A row group is written when its texts reach so many bytes …
const GROUP_BYTES: usize = 16 << 20;
/// … or when it has so many rows.
const GROUP_ROWS: usize = 4096;

/// Levels of `messages`: the list is null, is empty, or has an element here.
const NULL: i16 = 0;
const EMPTY: i16 = 1;
const ELEMENT: i16 = 2;

/// Writes one shard.
pub struct ParquetShard {
    writer: SerializedFileWriter<HashedFile>,
    columns: Columns,
}

impl ParquetShard {
    /// Starts a shard in an empty file.
    pub fn new(file: HashedFile) -> io::Result<ParquetShard> {
        let open = || {
            let properties = WriterProperties::builder()
                .set_created_by(CREATED_BY.into())
                .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
                .build();
            SerializedFileWriter::new(file, Arc::new(parse_message_type(SCHEMA)?), Arc::new(properties))
        };
        Ok(ParquetShard {
            writer: open().map_err(io_error)?,
            columns: Columns::default(),
        })
    }

    /// Adds a row.
    pub fn write(&mut self, row: &Row) -> io::Result<()> {
        self.columns.push(row);
        if self.columns.bytes >= GROUP_BYTES || self.columns.ids.len() >= GROUP_ROWS {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let columns = std::mem::take(&mut self.columns);
        let mut write = || {
            let mut group = self.writer.next_row_group()?;
            columns.flush(&mut group)?;
            group.close().map(drop)
        };
        write().map_err(io_error)
    }

    /// Writes the rest and the footer, and makes the file durable.
    pub fn close(mut self) -> io::Result<Sealed> {
        if !self.columns.ids.is_empty() {
            self.flush()?;
        }
        // Not `into_inner`, which turns a full disk into plain text.
        self.writer.finish().map_err(io_error)?;
        self.writer.inner_mut().seal()
    }
}

/// The file system's own error where there is one, so that a full disk is told apart.
fn io_error(e: ParquetError) -> io::Error {
    match e {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(io) => *io,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

/// The rows of a row group, by column.
#[derive(Default)]
struct Columns {
    bytes: usize,
    ids: Vec<ByteArray>,
    kinds: Vec<ByteArray>,
    domains: Vec<ByteArray>,
    languages: Optional,
    roles: Vec<ByteArray>,
    contents: Vec<ByteArray>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    texts: Optional,
    sources: Vec<ByteArray>,
    licences: Vec<ByteArray>,
    tokens: Vec<i64>,
    weights: Vec<f64>,
    metadata: Vec<ByteArray>,
}

/// Values of an optional column with their definition levels.
#[derive(Default)]
struct Optional {
    values: Vec<ByteArray>,
    definition: Vec<i16>,
}

impl Optional {
    fn push(&mut self, value: Option<&str>) {
        self.definition.push(i16::from(value.is_some()));
        self.values.extend(value.map(ByteArray::from));
    }
}

impl Columns {
    fn push(&mut self, row: &Row) {
        let metadata = serde_json::to_string(&row.metadata).unwrap_or_default();
        self.bytes += metadata.len();
        self.ids.push(row.id.as_str().into());
        self.kinds.push(row.kind.to_string().as_str().into());
        self.domains.push(row.domain.to_string().as_str().into());
        self.languages.push(row.language.as_deref());
        self.push_body(&row.body);
        self.sources.push(row.credit.source.as_str().into());
        self.licences.push(row.credit.licence.as_str().into());
        self.tokens.push(row.tokens as i64);
        self.weights.push(
            row.metadata
                .get("weight")
                .and_then(serde_json::Value::as_f64)
                .unwrap_or(1.0),
        );
        self.metadata.push(metadata.as_str().into());
    }

    fn push_body(&mut self, body: &Body) {
        let messages = match body {
            Body::Messages(messages) => messages,
            Body::Text(text) => {
                self.bytes += text.len();
                self.texts.push(Some(text));
                return self.push_level(NULL, 0);
            }
        };
        self.texts.push(None);
        if messages.is_empty() {
            self.push_level(EMPTY, 0);
        }
        for (i, message) in messages.iter().enumerate() {
            self.bytes += message.content.len();
            self.roles.push(message.role.as_str().into());
            self.contents.push(message.content.as_str().into());
            self.push_level(ELEMENT, i16::from(i > 0));
        }
    }

    fn push_level(&mut self, definition: i16, repetition: i16) {
        self.definition.push(definition);
        self.repetition.push(repetition);
    }

    fn flush(&self, group: &mut SerializedRowGroupWriter<'_, HashedFile>) -> Result<()> {
        let (definition, repetition) = (Some(&self.definition[..]), Some(&self.repetition[..]));
        column::<ByteArrayType>(group, &self.ids, None, None)?;
        column::<ByteArrayType>(group, &self.kinds, None, None)?;
        column::<ByteArrayType>(group, &self.domains, None, None)?;
        column::<ByteArrayType>(group, &self.languages.values, Some(&self.languages.definition), None)?;
        column::<ByteArrayType>(group, &self.roles, definition, repetition)?;
        column::<ByteArrayType>(group, &self.contents, definition, repetition)?;
        column::<ByteArrayType>(group, &self.texts.values, Some(&self.texts.definition), None)?;
        column::<ByteArrayType>(group, &self.sources, None, None)?;
        column::<ByteArrayType>(group, &self.licences, None, None)?;
        column::<Int64Type>(group, &self.tokens, None, None)?;
        column::<DoubleType>(group, &self.weights, None, None)?;
        column::<ByteArrayType>(group, &self.metadata, None, None)
    }
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, HashedFile>,
    values: &[T::T],
    definition: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General(
            "the schema has fewer columns than are written".into(),
        ));
    };
    column.typed::<T>().write_batch(values, definition, repetition)?;
    column.close()
}
