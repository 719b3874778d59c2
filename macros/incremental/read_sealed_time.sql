{#-
    History that outlives raw. Where retention has removed raw rows, the aggregate is the only copy: a
    bucket is sealed once any part of its raw rows is gone. A model over a table that retention may shorten
    says how its rows are sealed:

        sealed_by={'column': 'bucket_start', 'unit': 'week'}
            by time: a row is sealed if any part of its week is.
        sealed_by={'column': 'period_start', 'unit_column': 'period_type', 'units': {'hourly': 'hour'}}
            by time, with a unit for each value of a column.
        sealed_by={'key': 'instance_id'}
            by workflow (ops.sealed_workflows).
        sealed_by={'sql': true}
            its own SQL says what sealed time means to it, with in_sealed_time().

    and may add

        'while': 'a condition on the row {row}'   rows that fail it are not worth keeping: made by a
            definition that is no more.
        'expires': the value of unit_column whose rows a policy for the model itself removes.

    Then a build neither deletes nor writes a sealed row, not even from nothing. Raw rows that would have
    changed one are listed in ops.late_rows. When the period is restored, its rows are new again.
-#}
{% macro read_sealed_time(tide) -%}
    {#- What of this model is sealed: tide.sealed (spans), tide.purged (those whose rows a policy for the
        model itself removed: nothing waits for them), tide.reopened (those that were restored since the
        last build). No query where nothing is. -#}
    {%- set config_of = config.get('sealed_by') or {} -%}
    {%- do tide.update({
        'sealed': [], 'purged': [], 'reopened': [], 'seals_keys': false, 'restrained': false
    }) -%}
    {%- if config_of and tide.touched_by_retention -%}
        {%- do tide.update({'restrained': true, 'seals_keys': 'key' in config_of}) -%}
        {%- set units = (config_of.get('units') or {none: config_of.get('unit', 'instant')}) -%}
        {%- if not tide.seals_keys -%}
            {%- do tide.update({
                'sealed': spans_of_units(units, text_array(tide.reads), 'null'),
                'purged': spans_of_units(expiring_units(config_of), text_array([tide.name]), 'null'),
            }) -%}
            {%- if tide.seen -%}
                {%- do tide.update({
                    'reopened': spans_of_units(units, text_array(tide.reads), "'" ~ tide.seen ~ "'"),
                }) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro expiring_units(config_of) -%}
    {#- The unit of the rows that a policy for this model itself removes. -#}
    {%- if config_of.get('units') -%}
        {%- set value = config_of.get('expires') -%}
        {{- return({value: config_of.units[value]} if value else {}) -}}
    {%- endif -%}
    {{- return({none: 'instant'}) -}}
{%- endmacro %}


{% macro spans_of_units(units, relations, since) -%}
    {#- [{value, unit, from_at, to_at, from_date, to_date}] of ops.sealed_spans: texts, since Python has no
        infinite time. -#}
    {%- set spans = [] -%}
    {%- if units -%}
        {%- set rows = run_query(
            "select unit, from_at::text, to_at::text, from_date::text, to_date::text from ops.sealed_spans("
            ~ relations ~ ", " ~ text_array(units.values() | unique | list) ~ ", '"
            ~ var('reporting_timezone') ~ "', " ~ since ~ ")"
        ).rows -%}
        {%- for value, unit in units.items() -%}
            {%- for row in rows if row['unit'] == unit -%}
                {%- do spans.append({
                    'value': value, 'unit': unit, 'from_at': row['from_at'], 'to_at': row['to_at'],
                    'from_date': row['from_date'], 'to_date': row['to_date'],
                }) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(spans) -}}
{%- endmacro %}
