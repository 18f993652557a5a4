//! What a log may hold at its worst: secrets in every form and place, and markup in names.

#![allow(dead_code, reason = "every test uses a part of it")]

/// Numbers that look random and are the same in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, most: usize) -> usize {
        // the constants of MMIX
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    /// Letters and digits, so that no piece of it stands in a log by chance.
    fn word(&mut self, length: usize) -> String {
        const SIGNS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        (0..length).map(|_| char::from(SIGNS[self.below(SIGNS.len())])).collect()
    }
}

/// A secret that was planted, and how.
#[derive(Debug)]
pub struct Secret {
    pub value: String,
    pub form: &'static str,
}

impl Secret {
    /// Pieces of it that no output may hold.
    pub fn pieces(&self) -> impl Iterator<Item = String> + '_ {
        let signs: Vec<char> = self.value.chars().collect();
        (0..signs.len().saturating_sub(7)).map(move |at| signs[at..at + 8].iter().collect())
    }
}

/// Texts with a secret in the place of `@@`; `@4` is one in capitals and digits, `@6` one of base64's signs.
const FORMS: &[&str] = &[
    "password=@@",
    "database.password = @@",
    "PostgresConnectorConfig is {database.user=u, database.password=@@, slot.name=x}",
    "'password' = '@@',",
    "'password' = 'a''@@',",
    "\"password\": \"@@\", \"user\": \"u\"",
    "{\\\"password\\\":\\\"@@\\\",\\\"user\\\":\\\"u\\\"}",
    "{\\\\\\\"secret\\\\\\\":\\\\\\\"@@\\\\\\\"}",
    "\"password\" : \"a\\\"@@\"",
    "password: @@",
    "connecting with password: @@ as the user",
    "Loading configuration property: s3.secret-key, @@",
    "fs.azure.account.key.x.blob.core.windows.net=@@==",
    "sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"@@\";",
    "ssl.keystore.password=@@\nssl.truststore.type=JKS",
    "<property><name>db</name><password>@@</password></property>",
    "<property name=\"javax.jdo.option.ConnectionPassword\" value=\"@@\"/>",
    "jdbc:postgresql://db.corp.local:5432/shop?user=u&password=@@&ssl=true",
    "jdbc:mysql://u:@@@db.corp.local:3306/shop",
    "jdbc:sqlserver://db:1433;databaseName=shop;user=u;password=@@;encrypt=true",
    "jdbc:oracle:thin:u/@@@//db.corp.local:1521/x",
    "mongodb://u:@@@h1:27017,h2:27017/shop?replicaSet=r",
    "https://u:@@@registry.corp.local/v2/",
    "https://@@@@@api.corp.local/v2/",
    "amqp://u:a/b@@@mq.corp.local/",
    "curl -u admin:@@ http://jobmanager:8081/jobs",
    "mysql -h db -u root -p@@ shop",
    "java -jar x.jar --db-password @@ --verbose",
    "java -Ddatabase.password=@@ -jar x.jar",
    "PGPASSWORD=@@ psql -h db",
    "ALTER ROLE u WITH PASSWORD '@@'",
    "CREATE USER 'u'@'%' IDENTIFIED BY '@@'",
    "Authorization: Bearer @@",
    "Authorization: Basic @6==",
    "'Authorization'='Basic @6='",
    "x-api-key: @@",
    "api_key=@@",
    "token=@@",
    "{\"access_token\":\"@@\",\"expires_in\":3600}",
    "refresh_token = @@",
    "Cookie: JSESSIONID=@@; theme=dark",
    "aws_secret_access_key = @@",
    "key AKIA@4 was used",
    "https://b.s3.amazonaws.com/x?X-Amz-Credential=@@&X-Amz-Signature=@@",
    "SharedAccessSignature sig=@@&se=2026",
    "ghp_@@@@ was rejected",
    "glpat-@@",
    "xoxb-1234567890-@@",
    "https://hooks.slack.com/services/T0/B0/@@",
    "jwt eyJ@@@@.eyJ@@@@.@@",
    "-----BEGIN RSA PRIVATE KEY-----\n@@@@@@@@\n@@@@@@@@\n-----END RSA PRIVATE KEY-----",
    "key: '-----BEGIN PRIVATE KEY-----\\n@@@@\\n-----END PRIVATE KEY-----\\n'",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n    @@@@@@@@\n    @@@@",
    "password =\n    @@",
    "password: |\n    @@\nuser: u",
    "password = a\\\n    @@",
    "stored SCRAM-SHA-256$4096:@6$@6:@6",
    "mail of @@.x@corp.example.com bounced",
    "Error: the row was refused. Row: 1\tu\t@@",
    "Reason: column(c)'s length is too long. src line: [1 @@ x]",
    "Struct{id=1,name=@@,\n  note=@@}",
    "SourceRecord{sourcePartition={server=x}, sourceOffset={lsn=1}} ConnectRecord{topic='t', value=Struct{after=Struct{n=@@}}}",
    "+I[1, @@, 2026-01-01]",
    "{\"before\":null,\"after\":{\"id\":1,\"name\":\"@@\"},\"op\":\"c\"}",
    "Failing row contains (1, @@, null).",
    "Key (email)=(@@) already exists.",
    "Duplicate entry '@@' for key 'users.PRIMARY'",
    "INSERT INTO users (id, name) VALUES (1, '@@')",
    "UPDATE users SET name = '@@' WHERE id = 1",
    "SELECT * FROM users WHERE name = '@@' AND id = 7",
    "parameters: $1 = '@@', $2 = '2'",
    "invalid input syntax for type integer: \"@@\"",
];

/// The log with secrets in records of their own, within traces, and behind the messages of failures.
pub fn plant(log: &str, random: &mut Random, secrets: &mut Vec<Secret>) -> String {
    let mut out = String::with_capacity(log.len() * 2);
    let lines: Vec<&str> = log.lines().collect();
    let failure =
        |line: &str| line.starts_with("Caused by: ") || line.contains("Exception: ") && !line.starts_with("20");
    let mut form = random.below(FORMS.len());
    for (number, line) in lines.iter().enumerate() {
        out.push_str(line);
        out.push('\n');
        // behind a failure: the record that becomes evidence
        if failure(line) && random.below(2) == 0 {
            let text = filled(&mut form, random, secrets);
            for line in text.lines() {
                out.push_str(&format!("    {line}\n"));
            }
        }
        // a record of its own, before the next one begins
        let next = lines.get(number + 1).copied().unwrap_or("20");
        if next.starts_with("20") && random.below(12) == 0 {
            let text = filled(&mut form, random, secrets);
            let level = ["INFO ", "WARN ", "ERROR"][random.below(3)];
            out.push_str(&format!("2026-11-22 14:11:47,000 {level} com.corp.Config [] - {text}\n"));
        }
    }
    out
}

fn filled(form: &mut usize, random: &mut Random, secrets: &mut Vec<Secret>) -> String {
    let template = FORMS[*form % FORMS.len()];
    *form += 1;
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('@') {
        out.push_str(&rest[..at]);
        let (value, length) = match &rest.as_bytes()[at..] {
            [b'@', b'@', ..] => (random.word(20), 2),
            [b'@', b'4', ..] => (random.word(16).to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "X"), 2),
            [b'@', b'6', ..] => (random.word(24), 2),
            _ => (String::new(), 0),
        };
        if length == 0 {
            out.push('@');
            rest = &rest[at + 1..];
            continue;
        }
        out.push_str(&value);
        secrets.push(Secret { value, form: template });
        rest = &rest[at + length..];
    }
    out + rest
}

/// Names that would be markup, a mention or a command somewhere.
pub const MARKUP: &[&str] = &[
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</code></pre><script>alert(1)</script>",
    "[click](http://evil.example/x)",
    "![x](http://evil.example/x.png)",
    "</details><h1>x</h1>",
    "```\n# x",
    "````` x",
    "`code` and **bold**",
    "@everyone @org/team #1 GH-2 !3",
    "http://evil.example/x www.evil.example",
    "{noformat} {code} {color:red}x{color}",
    "[~admin] !x.png! h1. x",
    "{{x}} [link|http://evil.example]",
    "<!channel> <http://evil.example|x>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2-2",
    "@SUM(A1)",
    "\u{1b}[31mred\u{1b}[0m\u{7}",
    "\u{1b}]8;;http://evil.example\u{7}x",
    "\u{202e}dlrow",
    "]]> <!-- x --> &amp; &#60;",
    "$(touch pwned) `touch pwned`",
    "x'; DROP TABLE y; --",
    "\\! touch pwned",
    ":'user' :x",
    "| a | b |",
    "{0} {1} [x](1)",
];
