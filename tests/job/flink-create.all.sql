-- made by the migration tool; passwords below are samples
CREATE DATABASE IF NOT EXISTS `default_catalog`.`shop`;

CREATE TABLE IF NOT EXISTS `default_catalog`.`shop`.`orders_src` (
  `id` BIGINT NOT NULL,
  `note` STRING /* ; not the end */,
  PRIMARY KEY(`id`) NOT ENFORCED
) with (
  'slot.name' = 'Shop_Orders',
  'connector' = 'postgres-cdc',
  'hostname' = 'db.example.com', 'port' = '5432',
  'username' = 'flink_cdc', 'password' = 'S3cret''; DROP',
  'database-name' = 'shop', 'schema-name' = 'public', 'table-name' = 'orders'
);

CREATE TABLE IF NOT EXISTS `default_catalog`.`shop`.`items_src` (
  `id` BIGINT NOT NULL,
  PRIMARY KEY(`id`) NOT ENFORCED
) with (
  'slot.name' = 'items',
  'connector' = 'postgres-cdc', 'decoding.plugin.name' = 'pgoutput',
  'hostname' = 'db.example.com', 'port' = '5432',
  'username' = 'flink_cdc', 'password' = 'S3cret',
  'database-name' = 'shop', 'schema-name' = 'public', 'table-name' = 'items'
);

CREATE TABLE IF NOT EXISTS `default_catalog`.`shop`.`items2_src` WITH ('table-name' = 'items2')
LIKE `default_catalog`.`shop`.`items_src`;

CREATE TABLE `default_catalog`.`shop`.`orders_sink` (`id` BIGINT, PRIMARY KEY(`id`) NOT ENFORCED) with (
  'connector' = 'starrocks', 'jdbc-url' = 'jdbc:mysql://fe.example.com:9030', 'load-url' = 'fe.example.com:8030',
  'database-name' = 'shop', 'table-name' = 'orders', 'username' = 'root', 'password' = 'S3cret'
);

CREATE VIEW v AS SELECT * FROM items_src JOIN items2_src ON TRUE;
INSERT INTO `default_catalog`.`shop`.`orders_sink` SELECT * FROM `default_catalog`.`shop`.`orders_src`;
INSERT INTO `default_catalog`.`shop`.`orders_sink` SELECT * FROM v;
