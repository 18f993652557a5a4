//! Packages of frames: whose program a class is of.

/// Say nothing about whose program it is: the JDK, drivers, and what everybody uses.
const OF_EVERYBODY: &[&str] = &[
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "scala.",
    "kotlin.",
    "akka.",
    "org.apache.pekko.",
    "org.postgresql.",
    "com.yugabyte.",
    "com.huawei.",
    "org.opengauss.",
    "com.kingbase8.",
    "com.aliyun.",
    "com.edb.",
    "com.highgo.",
    "com.mysql.",
    "org.mariadb.",
    "com.oceanbase.",
    "oracle.",
    "com.microsoft.",
    "com.mongodb.",
    "com.ibm.",
    "com.starrocks.",
    "org.apache.doris.",
    "org.apache.paimon.",
    "org.apache.iceberg.",
    "org.apache.http.",
    "org.apache.kafka.",
    "org.elasticsearch.",
    "org.opensearch.",
    "org.tikv.",
    "io.netty.",
    "io.grpc.",
    "okhttp3.",
    "com.google.",
    "com.fasterxml.",
    "org.slf4j.",
    "org.apache.logging.",
    "org.apache.log4j.",
    "ch.qos.",
    "io.fabric8.",
    "org.rocksdb.",
    "org.codehaus.",
];

/// Say that it is not the job's own code: frameworks of jobs and of other programs.
const OF_FRAMEWORKS: &[&str] = &[
    "org.apache.",
    "io.debezium.",
    "com.github.shyiko.",
    "com.zaxxer.",
    "com.ververica.",
    "com.alibaba.ververica.",
    "kafka.",
    "com.esotericsoftware.",
    "org.jboss.",
    "software.amazon.",
    "com.amazonaws.",
    "org.springframework.",
];

/// A class of the JDK, a driver or a library that any program may use.
pub(super) fn is_of_everybody(class: &str) -> bool {
    OF_EVERYBODY.iter().any(|package| class.starts_with(package))
}

/// A class of a program or library that is known, so not of the job's own code.
pub(super) fn is_known(class: &str) -> bool {
    is_of_everybody(class) || OF_FRAMEWORKS.iter().any(|package| class.starts_with(package))
}
