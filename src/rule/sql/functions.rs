//! Functions that read and do nothing else, by dialect, and the words that stand before a bracket without being functions.
//!
//! A function is put here after its documentation was read: that it is called in queries does not mean that it only reads.

/// What every dialect, or nearly every one, has.
pub(super) const COMMON: &str = "\
    abs age all and any array array_agg as avg between bigint bit_and bit_or by case cast ceil char char_length \
    coalesce concat concat_ws count count_big current_catalog current_role database date date_trunc day decimal \
    dense_rank distinct else except exists exp extract filter first_value floor format from greatest having host hour \
    if ifnull in intersect interval is join lag last_value lateral lead least left length like limit lower lpad max min \
    minute mod month not now ntile nullif numeric octet_length on or order over overlay partition position power rank \
    regexp_like regexp_replace replace right round row_number rpad second select sign some sqrt substr substring sum \
    text then time timestamp trim union upper user using values varchar version when where with year";

/// PostgreSQL.
pub(super) const POSTGRES: &str = "\
    acldefault aclexplode array_length array_to_string bool_and bool_or cardinality col_description convert \
    current_database current_schemas current_setting encode format_type generate_series group_concat \
    has_any_column_privilege has_column_privilege has_database_privilege has_function_privilege has_schema_privilege \
    has_table_privilege inet_client_addr inet_client_port inet_server_addr inet_server_port int8 json_extract \
    obj_description pg_available_extensions pg_backend_pid pg_blocking_pids pg_conf_load_time pg_control_checkpoint \
    pg_control_system pg_current_logfile pg_current_wal_lsn pg_database_size pg_encoding_to_char pg_get_constraintdef \
    pg_get_expr pg_get_function_identity_arguments pg_get_indexdef pg_get_partkeydef pg_get_publication_tables \
    pg_get_userbyid pg_get_viewdef pg_has_role pg_hba_file_rules pg_is_in_recovery pg_is_wal_replay_paused \
    pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_ls_waldir pg_my_temp_schema \
    pg_partition_ancestors pg_partition_root pg_partition_tree pg_postmaster_start_time pg_relation_is_publishable \
    pg_relation_size pg_settings pg_show_all_settings pg_size_bytes pg_size_pretty pg_stat_get_wal_senders \
    pg_table_is_visible pg_table_size pg_tablespace_size pg_total_relation_size pg_wal_lsn_diff pg_walfile_name \
    quote_ident quote_literal regexp_match regexp_matches regexp_split_to_array row_security_active split_part \
    starts_with string_agg string_to_array strpos timestamptz to_char to_regclass to_regnamespace to_regrole \
    txid_current_if_assigned unnest";

/// MySQL, MariaDB, `StarRocks`, Doris, `TiDB`, `OceanBase` and Vitess.
pub(super) const MYSQL: &str = "\
    array_join array_length backends bin binlog_gtid_pos bit_count cast_to_signed catalogs collate connection_id conv \
    convert convert_tz curdate current_date current_time current_timestamp current_user current_version curtime \
    date_add date_format date_sub datediff dayofmonth days_diff effective_tenant effective_tenant_id elt field \
    find_in_set format_bytes format_path format_pico_time format_statement format_time from_days from_unixtime \
    frontends frontends_disks get_json_int get_json_string group_concat gtid_subset gtid_subtract hex host_name \
    hours_diff inet6_ntoa inet_aton inet_ntoa instr is_role_in_session is_used_lock isnull jobs json_array \
    json_arrayagg json_contains json_extract json_keys json_length json_object json_objectagg json_table json_unquote \
    json_value lcase locate log member mid milliseconds_diff minutes_diff mv_infos nvl ob_version parse_json partitions \
    period_diff ps_thread_id quote regexp regexp_instr regexp_substr repeat reverse row schema scn_to_timestamp \
    sec_to_time seconds_diff session_user sha2 signed space split split_part str_to_date strcmp string_agg \
    substring_index sysdate system_user tasks tenant_id tidb_current_ts tidb_decode_key tidb_decode_plan \
    tidb_is_ddl_owner tidb_parse_tso tidb_version time_format time_to_sec timediff timestampadd timestampdiff to_date \
    to_days truncate ucase unhex unix_timestamp unsigned utc_date utc_time utc_timestamp uuid_to_bin version_major \
    version_minor weekday";

/// SQL Server.
pub(super) const SQLSERVER: &str = "\
    apply charindex col_length col_name columnproperty compress convert current_timestamp current_user databaseproperty \
    databasepropertyex datalength dateadd datediff datediff_big datefromparts datename datepart datetime2 \
    datetimeoffset db_id db_name dm_db_log_info dm_db_log_stats dm_db_stats_properties dm_exec_input_buffer \
    dm_exec_sql_text dm_hadr_cluster dm_io_virtual_file_stats dm_os_volume_stats eomonth error_message file_name \
    filegroup_name fileproperty fn_builtin_permissions fn_cdc_decrement_lsn fn_cdc_get_column_ordinal \
    fn_cdc_get_max_lsn fn_cdc_get_min_lsn fn_cdc_has_column_changed fn_cdc_increment_lsn fn_cdc_is_bit_set \
    fn_cdc_map_lsn_to_time fn_cdc_map_time_to_lsn fn_hadr_is_primary_replica fn_helpcollations fn_my_permissions \
    fn_varbintohexstr formatmessage fulltextcatalogproperty getdate getutcdate has_dbaccess has_perms_by_name iif \
    indexproperty is_member is_rolemember is_srvrolemember isdate isnull isnumeric json_query json_value len ltrim \
    nchar nvarchar object_definition object_id object_name object_schema_name objectproperty objectpropertyex off \
    openjson original_login parsename patindex quotename replicate reverse rows rtrim schema_id schema_name \
    serverproperty session_user sessionproperty stdev str string_agg string_split stuff suser_id suser_name suser_sid \
    suser_sname switchoffset sysdatetime sysdatetimeoffset system_user sysutcdatetime todatetimeoffset top try_cast \
    try_convert tsequal type_id type_name typeproperty user_id user_name varbinary xact_state";

/// Oracle.
pub(super) const ORACLE: &str = "\
    add_months bitand chr collect current_date current_timestamp dbms_flashback.get_system_change_number dbtimezone \
    decode dump empty_blob from_tz get_system_change_number group hextoraw initcap instr keep last_day listagg ltrim \
    months_between next_day nls_session number numtodsinterval numtoyminterval nvarchar2 nvl nvl2 ora_hash raw rawtohex \
    regexp_count regexp_instr regexp_substr rowidtochar rownum rtrim scn_to_timestamp sessiontimezone soundex \
    standard_hash stddev sys_context sys_extract_utc sysdate systimestamp table timestamp_to_scn to_char to_clob \
    to_date to_dsinterval to_number to_timestamp to_timestamp_tz translate trunc tzoffset uid userenv varchar2 within \
    xmlagg xmlelement";

/// Db2.
pub(super) const DB2: &str = "\
    admin_get_dbp_mem_usage admin_get_tab_info curdate current days dec decfloat decode digits double \
    env_get_db2_systemcaps env_get_inst_info env_get_prod_info env_get_sys_info env_get_system_resources fetch float \
    graphic group hex hextoraw int integer listagg locate log_utilization ltrim microsecond midnight_seconds \
    mon_get_activity mon_get_bufferpool mon_get_connection mon_get_container mon_get_database mon_get_instance \
    mon_get_locks mon_get_memory_pool mon_get_table mon_get_tablespace mon_get_transaction_log mon_get_unit_of_work \
    mon_get_workload nvl only pd_get_diag_hist pd_get_log_msgs real rtrim smallint sqlerrm strip table timestamp_format \
    timestampdiff to_char to_date to_timestamp translate trunc value varchar_format within xmlagg xmlserialize";

/// Flink SQL.
pub(super) const FLINK: &str = "\
    convert current_database current_timestamp current_watermark date_format from_unixtime group instr json_exists \
    json_query json_value localtimestamp proctime regexp_extract split_index table timestampadd timestampdiff to_date \
    to_timestamp to_timestamp_ltz tumble unix_timestamp";
