//! The tables of a class file: constants, attributes, bootstrap methods.

pub(super) struct Reader<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'b [u8]> {
        let part = self.bytes.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(part)
    }

    pub(super) fn skip(&mut self, n: usize) -> Option<()> {
        self.take(n).map(|_| ())
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }
}

pub(super) fn attributes<'b>(r: &mut Reader<'b>, pool: &Pool, each: &mut dyn FnMut(&str, &'b [u8])) -> Option<()> {
    for _ in 0..r.u16()? {
        let name = r.u16()?;
        let len = usize::try_from(r.u32()?).ok()?;
        let body = r.take(len)?;
        each(pool.utf8(name).unwrap_or(""), body);
    }
    Some(())
}

pub(super) fn bootstraps(body: &[u8]) -> Option<Vec<Vec<u16>>> {
    let mut r = Reader { bytes: body, at: 0 };
    let mut all = Vec::new();
    for _ in 0..r.u16()? {
        r.skip(2)?;
        let count = r.u16()?;
        all.push((0..count).map(|_| r.u16()).collect::<Option<Vec<u16>>>()?);
    }
    Some(all)
}

enum Constant {
    Utf8(String),
    Class(u16),
    Text(u16),
    Member(u16, u16),
    NameAndType(u16, u16),
    Dynamic(u16, u16),
    Other,
}

pub(super) struct Pool {
    constants: Vec<Constant>,
}

impl Pool {
    pub(super) fn read(r: &mut Reader<'_>) -> Option<Self> {
        let count = usize::from(r.u16()?);
        // numbers begin with 1
        let mut constants = vec![Constant::Other];
        while constants.len() < count {
            let constant = match r.u8()? {
                1 => {
                    let len = usize::from(r.u16()?);
                    Constant::Utf8(String::from_utf8_lossy(r.take(len)?).into_owned())
                }
                3 | 4 => {
                    r.skip(4)?;
                    Constant::Other
                }
                5 | 6 => {
                    r.skip(8)?;
                    // these take two numbers
                    constants.push(Constant::Other);
                    Constant::Other
                }
                7 => Constant::Class(r.u16()?),
                8 => Constant::Text(r.u16()?),
                9..=11 => Constant::Member(r.u16()?, r.u16()?),
                12 => Constant::NameAndType(r.u16()?, r.u16()?),
                15 => {
                    r.skip(3)?;
                    Constant::Other
                }
                16 | 19 | 20 => {
                    r.skip(2)?;
                    Constant::Other
                }
                17 | 18 => Constant::Dynamic(r.u16()?, r.u16()?),
                _ => return None,
            };
            constants.push(constant);
        }
        Some(Self { constants })
    }

    fn utf8(&self, index: u16) -> Option<&str> {
        match self.constants.get(usize::from(index))? {
            Constant::Utf8(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn class(&self, index: u16) -> Option<&str> {
        match self.constants.get(usize::from(index))? {
            Constant::Class(name) => self.utf8(*name),
            _ => None,
        }
    }

    pub(super) fn text(&self, index: u16) -> Option<&str> {
        match self.constants.get(usize::from(index))? {
            Constant::Text(text) => self.utf8(*text),
            _ => None,
        }
    }

    /// All strings.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.constants.iter().filter_map(|c| match c {
            Constant::Text(text) => self.utf8(*text),
            _ => None,
        })
    }

    /// Name and descriptor.
    fn name_and_type(&self, index: u16) -> Option<(&str, &str)> {
        match self.constants.get(usize::from(index))? {
            Constant::NameAndType(name, kind) => Some((self.utf8(*name)?, self.utf8(*kind)?)),
            _ => None,
        }
    }

    /// Class, name and descriptor of a method.
    pub(super) fn method(&self, index: u16) -> Option<(&str, &str, &str)> {
        match self.constants.get(usize::from(index))? {
            Constant::Member(class, of) => {
                let (name, kind) = self.name_and_type(*of)?;
                Some((self.class(*class)?, name, kind))
            }
            _ => None,
        }
    }

    /// Number of the bootstrap method, and the name.
    pub(super) fn dynamic(&self, index: u16) -> Option<(u16, &str)> {
        match self.constants.get(usize::from(index))? {
            Constant::Dynamic(bootstrap, of) => Some((*bootstrap, self.name_and_type(*of)?.0)),
            _ => None,
        }
    }
}
