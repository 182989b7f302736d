//! Where the code of a component is from, as its debug information tells: files and lines.

use std::{collections::HashMap, ops::Range};

use addr2line::{
    Context,
    gimli::{self, Dwarf, EndianSlice, LittleEndian, SectionId},
};
use wasmparser::{Parser, Payload};

use crate::frame::{Frame, Location, function};

type Bytes<'b> = EndianSlice<'b, LittleEndian>;

/// The debug information of a component, of each of its modules that carries some.
#[derive(Default)]
pub struct Lines<'b> {
    modules: Vec<Module<'b>>,
}

struct Module<'b> {
    /// The bytes of its code within the component.
    code: Range<usize>,
    context: Context<Bytes<'b>>,
}

/// What is read of a module until it ends.
#[derive(Default)]
struct Reading<'b> {
    code: Range<usize>,
    sections: HashMap<&'b str, &'b [u8]>,
}

impl<'b> Lines<'b> {
    /// Reads a component. One without debug information, or with one that is damaged, has no lines.
    pub fn of(component: &'b [u8]) -> Self {
        let mut lines = Lines::default();
        let mut open: Vec<Reading<'b>> = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            let Ok(payload) = payload else { break };
            match payload {
                Payload::Version { .. } => open.push(Reading::default()),
                Payload::CodeSectionStart { range, .. } => {
                    if let Some(reading) = open.last_mut() {
                        reading.code = range;
                    }
                }
                Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
                    if let Some(reading) = open.last_mut() {
                        reading.sections.insert(section.name(), section.data());
                    }
                }
                Payload::End(_) => lines.modules.extend(open.pop().and_then(Reading::finish)),
                _ => {}
            }
        }
        lines
    }

    /// The frames with their places. One that several functions were inlined into becomes several.
    pub fn locate(&self, frames: Vec<Frame>) -> Vec<Frame> {
        frames.into_iter().flat_map(|frame| self.located(frame)).collect()
    }

    fn located(&self, frame: Frame) -> Vec<Frame> {
        let found = frame.offset.and_then(|offset| self.at(offset)).unwrap_or_default();
        match found.is_empty() {
            true => vec![frame],
            false => found
                .into_iter()
                .map(|(name, location)| Frame {
                    function: name.unwrap_or_else(|| frame.function.clone()),
                    offset: frame.offset,
                    location,
                })
                .collect(),
        }
    }

    fn at(&self, offset: usize) -> Option<Vec<(Option<String>, Option<Location>)>> {
        let module = self.modules.iter().find(|module| module.code.contains(&offset))?;
        // Addresses in the debug information of a module count from the beginning of its code.
        let address = u64::try_from(offset - module.code.start).ok()?;
        let mut found = module.context.find_frames(address).skip_all_loads().ok()?;
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = found.next() {
            let name = frame
                .function
                .as_ref()
                .and_then(|name| name.raw_name().ok().map(|name| function(&name)));
            let location = frame.location.and_then(|place| {
                Some(Location {
                    file: place.file?.to_owned(),
                    line: place.line.unwrap_or(0),
                    column: place.column.unwrap_or(0),
                })
            });
            frames.push((name, location));
        }
        Some(frames)
    }
}

impl<'b> Reading<'b> {
    fn finish(self) -> Option<Module<'b>> {
        if self.code.is_empty() || self.sections.is_empty() {
            return None;
        }
        let section = |id: SectionId| -> Result<Bytes<'b>, gimli::Error> {
            let bytes = self.sections.get(id.name()).copied();
            Ok(Bytes::new(bytes.unwrap_or_default(), LittleEndian))
        };
        let dwarf = Dwarf::load(section).ok()?;
        Some(Module {
            context: Context::from_dwarf(dwarf).ok()?,
            code: self.code,
        })
    }
}
