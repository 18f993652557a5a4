//! What is read out of class files and jars. The classes here are put together by hand: a Java compiler need not be there.

use std::io::{Cursor, Write};

use cdc_doctor::author::coverage::classfile::{Kind, read};
use cdc_doctor::author::coverage::{cover, jar};
use zip::write::SimpleFileOptions;

/// A constant pool that grows.
#[derive(Default)]
struct Pool {
    bytes: Vec<u8>,
    count: u16,
}

impl Pool {
    fn add(&mut self, tag: u8, body: &[u8]) -> u16 {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(body);
        self.count += 1;
        self.count
    }

    fn utf8(&mut self, text: &str) -> u16 {
        let mut body = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
        body.extend_from_slice(text.as_bytes());
        self.add(1, &body)
    }

    fn class(&mut self, name: &str) -> u16 {
        let name = self.utf8(name);
        self.add(7, &name.to_be_bytes())
    }

    fn text(&mut self, text: &str) -> u16 {
        let text = self.utf8(text);
        self.add(8, &text.to_be_bytes())
    }

    fn pair(&mut self, tag: u8, one: u16, other: u16) -> u16 {
        self.add(tag, &[one.to_be_bytes(), other.to_be_bytes()].concat())
    }

    fn name_and_type(&mut self, name: &str, kind: &str) -> u16 {
        let (name, kind) = (self.utf8(name), self.utf8(kind));
        self.pair(12, name, kind)
    }

    fn method(&mut self, class: &str, name: &str, kind: &str) -> u16 {
        let (class, of) = (self.class(class), self.name_and_type(name, kind));
        self.pair(10, class, of)
    }
}

fn op(code: &mut Vec<u8>, op: u8, index: u16) {
    code.push(op);
    code.extend_from_slice(&index.to_be_bytes());
}

/// A class whose one method throws, warns, formats and concatenates.
fn class() -> Vec<u8> {
    let mut pool = Pool::default();
    let this = pool.class("io/debezium/connector/Mill");
    let above = pool.class("java/lang/Object");
    let (name, kind, attribute) = (pool.utf8("run"), pool.utf8("()V"), pool.utf8("Code"));
    let bootstraps = pool.utf8("BootstrapMethods");
    let mut code = Vec::new();

    // throw new DebeziumException("replication slot \"" + slot + "\" is active for PID " + pid)
    let thrown = pool.class("io/debezium/DebeziumException");
    let init = pool.method("io/debezium/DebeziumException", "<init>", "(Ljava/lang/String;)V");
    let recipe = pool.text("replication slot \"\u{1}\" is active for PID \u{1}");
    let concat = pool.name_and_type("makeConcatWithConstants", "()Ljava/lang/String;");
    let dynamic = pool.pair(18, 0, concat);
    op(&mut code, 0xbb, thrown);
    code.push(0x59);
    op(&mut code, 0xba, dynamic);
    code.extend_from_slice(&[0, 0]);
    op(&mut code, 0xb7, init);
    code.push(0xbf);

    // throw new DebeziumException(String.format("The mill %s ground %d rows", ...))
    let format = pool.text("The mill %s ground %d rows");
    let call = pool.method("java/lang/String", "format", "(Ljava/lang/String;)Ljava/lang/String;");
    let argument = pool.text("an argument, no message");
    op(&mut code, 0xbb, thrown);
    code.push(0x59);
    op(&mut code, 0x13, format);
    op(&mut code, 0x13, argument);
    op(&mut code, 0xb8, call);
    op(&mut code, 0xb7, init);
    code.push(0xbf);

    // map.put("not a message at all", x); LOGGER.warn("The mill {} turns slowly", name)
    let other = pool.text("not a message at all");
    let put = pool.method("java/util/Map", "put", "(Ljava/lang/Object;)V");
    let slow = pool.text("The mill {} turns slowly");
    let warn = pool.method("org/slf4j/Logger", "warn", "(Ljava/lang/String;)V");
    op(&mut code, 0x13, other);
    op(&mut code, 0xb6, put);
    op(&mut code, 0x13, slow);
    op(&mut code, 0xb9, warn);
    code.extend_from_slice(&[2, 0]);
    code.push(0xb1);

    let mut out = 0xcafe_babe_u32.to_be_bytes().to_vec();
    out.extend_from_slice(&[0, 0, 0, 61]);
    out.extend_from_slice(&(pool.count + 1).to_be_bytes());
    out.extend_from_slice(&pool.bytes);
    for short in [0x21, this, above, 0, 0, 1, 1, name, kind, 1, attribute] {
        out.extend_from_slice(&short.to_be_bytes());
    }
    let body = [&[0, 4, 0, 1][..], &u32::try_from(code.len()).unwrap().to_be_bytes(), &code, &[0, 0, 0, 0]].concat();
    out.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&body);
    out.extend_from_slice(&1_u16.to_be_bytes());
    out.extend_from_slice(&bootstraps.to_be_bytes());
    let methods = [[0, 1], [0, 0], [0, 1], recipe.to_be_bytes()].concat();
    out.extend_from_slice(&u32::try_from(methods.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&methods);
    out
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_class_says_what_it_throws_and_warns_of() {
    let class = read(&class()).unwrap();
    assert_eq!(class.name, "io.debezium.connector.Mill");
    let texts: Vec<&str> = class.says.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(
        texts,
        ["replication slot \"…\" is active for PID …", "The mill … ground … rows", "The mill … turns slowly"]
    );
    assert_eq!(class.says[0].kind, Kind::Thrown("io.debezium.DebeziumException".into()));
    assert_eq!(class.says[2].kind, Kind::Warning);
}

#[test]
fn a_class_that_is_cut_anywhere_is_no_class_and_no_panic() {
    let whole = class();
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_none(), "{end}");
    }
}

#[test]
fn jars_in_jars_are_read_and_packages_chosen() {
    let class = class();
    let inner = zipped(&[
        ("io/debezium/connector/Mill.class", &class),
        ("META-INF/versions/11/io/debezium/Mill.class", &class),
    ]);
    let outer = zipped(&[("lib/inner.jar", &inner), ("org/acme/Other.class", &class), ("readme.txt", b"x")]);
    let jars = jar::read("outer.jar", &outer, &["io.debezium".to_owned()]).unwrap();
    let said: Vec<(&str, usize)> = jars.iter().map(|j| (j.name.as_str(), j.messages.len())).collect();
    assert_eq!(said, [("outer.jar!lib/inner.jar", 3), ("outer.jar", 0)]);
    assert!(jar::read("x.jar", b"no jar", &[]).is_err());

    let rules = cdc_doctor::builtin::rules().unwrap();
    let covered = cover(&rules, &jars);
    let known: Vec<(&str, bool)> =
        covered.jars[0].messages.iter().map(|m| (m.said.text.as_str(), !m.known_as.is_empty())).collect();
    assert_eq!(
        known,
        [
            ("The mill … ground … rows", false),
            ("The mill … turns slowly", false),
            ("replication slot \"…\" is active for PID …", true)
        ]
    );
}
