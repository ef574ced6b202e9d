"""SQL functions that compute from their arguments and from nothing else, by dialect.

Sources: the references of SQLite 3.45 (core, aggregate, window, date, math and
JSON functions) and of PostgreSQL 17 (chapter 9). Left out on purpose: what
draws (``random``, ``gen_random_uuid``), asks the clock (``now``,
``clock_timestamp``, ``age`` of one argument, ``julianday``), waits
(``pg_sleep``), changes something (``nextval``, ``setval``, ``set_config``,
``pg_advisory_lock``, ``lo_…``, ``dblink``, ``pg_notify``), runs a query that
it is given (``query_to_xml``), or loads and reads files
(``load_extension``, ``readfile``, ``pg_read_file``).
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BOTH = _words(
    "abs avg ceil ceiling coalesce concat concat_ws count cume_dist dense_rank exp first_value "
    "floor format greatest ifnull lag last_value lead least length ln log log10 lower ltrim max "
    "min mod nth_value ntile nullif octet_length percent_rank pi power radians degrees rank "
    "replace round row_number rtrim sign sqrt substr substring sum trim trunc upper "
    "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh unistr "
    "string_agg json_array_length cast "
)

_SQLITE = _words(
    "char glob hex if iif instr like likelihood likely nullif printf quote soundex total typeof "
    "unhex unicode unlikely zeroblob group_concat changes last_insert_rowid total_changes "
    "sqlite_version date time datetime strftime timediff unixepoch log2 pow "
    "json jsonb json_array jsonb_array json_extract jsonb_extract json_insert jsonb_insert "
    "json_object jsonb_object json_patch jsonb_patch json_remove jsonb_remove json_replace "
    "jsonb_replace json_set jsonb_set json_type json_valid json_quote json_pretty "
    "json_error_position json_group_array jsonb_group_array json_group_object jsonb_group_object "
    "json_each json_tree median percentile percentile_cont percentile_disc bm25 highlight "
    "snippet "
    "pragma_table_info pragma_table_xinfo pragma_table_list pragma_index_list pragma_index_info "
    "pragma_index_xinfo pragma_foreign_key_list pragma_database_list pragma_collation_list "
    "integer numeric decimal varchar nvarchar text real"
)

_POSTGRESQL = _words(
    "array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims "
    "array_position array_positions array_prepend array_remove array_replace array_to_json "
    "array_to_string array_upper array_to_tsvector cardinality trim_array unnest "
    "ascii bit_length btrim bit_and bit_or bit_xor bool_and bool_or every any_value chr "
    "char_length character_length "
    "convert_from convert_to corr covar_pop covar_samp date_bin date_part date_trunc decode div "
    "encode extract factorial gcd lcm generate_series generate_subscripts get_bit get_byte grouping "
    "initcap isfinite isempty json_agg json_agg_strict json_array json_arrayagg "
    "json_array_elements json_array_elements_text json_build_array json_build_object json_each "
    "json_each_text json_extract_path json_extract_path_text json_exists json_object "
    "json_object_agg json_objectagg json_object_keys json_query json_scalar json_serialize "
    "json_strip_nulls json_typeof json_value "
    "jsonb_agg jsonb_array_elements jsonb_array_elements_text "
    "jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text "
    "jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg "
    "jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query "
    "jsonb_path_query_array jsonb_path_query_first jsonb_pretty jsonb_set jsonb_set_lax "
    "jsonb_strip_nulls jsonb_typeof justify_days justify_hours justify_interval "
    "left lower_inc lower_inf lpad make_date make_interval make_time make_timestamp md5 mode "
    "normalize num_nonnulls num_nulls numnode overlay parse_ident percentile_cont percentile_disc "
    "phraseto_tsquery plainto_tsquery position pg_typeof pg_size_pretty querytree quote_ident "
    "quote_literal quote_nullable range_agg range_merge regexp_count regexp_instr regexp_like "
    "regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table "
    "regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx "
    "regr_sxy regr_syy repeat reverse right row_to_json rpad scale min_scale trim_scale set_bit "
    "set_byte setweight sha224 sha256 sha384 sha512 split_part starts_with stddev stddev_pop "
    "stddev_samp string_to_array string_to_table strip strpos to_ascii to_char to_date to_hex "
    "to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector translate "
    "ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsvector_to_array unicode upper_inc "
    "upper_inf var_pop var_samp variance websearch_to_tsquery width_bucket "
    "int4range int8range numrange tsrange tstzrange daterange cbrt "
    "bit char character varchar numeric decimal dec float interval time timestamp timestamptz "
    "timetz bpchar date any array lateral like rollup row some"
)

FUNCTIONS: dict[str, frozenset[str]] = {
    "sqlite": _BOTH | _SQLITE,
    "postgresql": (_BOTH | _POSTGRESQL) - {"ifnull"},
}
"""By dialect, in lower case; among them types that take a length: ``numeric(10, 2)``.

``date('now')`` and its like are recognised by the string.
"""

BEFORE_PARENTHESIS = _words(
    "ALL AND AS BY CASE DISTINCT ELSE EXCEPT EXISTS FROM GROUP HAVING IN INTERSECT LIMIT NOT ON OR "
    "SELECT THEN TO UNION USING VALUES WHEN WHERE"
)
"""Keywords of both dialects behind which a parenthesis opens no argument list."""

BETWEEN_OPERANDS = _words("BETWEEN FILTER ILIKE IS JOIN LIKE MATERIALIZED OFFSET OVER")
"""Words that are keywords only behind an operand; elsewhere they could name a function."""

NO_OPERANDS = _words(
    "AND BY CASE DISTINCT ELSE FROM HAVING IN LIMIT ON OR SELECT THEN UNION VALUES WHEN WHERE"
)
"""Keywords behind which an operand begins."""

CLOCK_WITHOUT_ARGUMENT = {
    "date": 1, "time": 1, "datetime": 1, "unixepoch": 1, "strftime": 2,
}  # fmt: skip
"""Functions of SQLite that take the present time if they are given fewer arguments than this."""

SCHEMA_PRAGMAS = _words(
    "collation_list compile_options database_list foreign_key_list function_list index_info "
    "index_list index_xinfo module_list pragma_list table_info table_list table_xinfo"
)
"""PRAGMAs of SQLite that list parts of the schema, with or without an argument."""

READING_PRAGMAS = _words(
    "application_id data_version encoding freelist_count page_count page_size schema_version "
    "user_version"
)
"""PRAGMAs that tell a number, as long as none is given to them."""
