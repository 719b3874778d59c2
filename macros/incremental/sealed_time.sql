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


{% macro in_spans(alias, spans) -%}
    {#- The condition that a row of this model lies in one of the spans. -#}
    {%- set config_of = config.get('sealed_by') -%}
    {%- set column = alias ~ '.' ~ adapter.quote(config_of.column) -%}
    {%- set is_date = model.columns[config_of.column].data_type == 'date' -%}
    {%- set parts = [] -%}
    {%- for span in spans -%}
        {%- do parts.append(
            '(' ~ ((alias ~ '.' ~ adapter.quote(config_of.unit_column) ~ " = '" ~ span.value ~ "' and ")
                if config_of.get('unit_column') else '')
            ~ column ~ " >= '" ~ (span.from_date if is_date else span.from_at) ~ "' and "
            ~ column ~ " < '" ~ (span.to_date if is_date else span.to_at) ~ "')"
        ) -%}
    {%- endfor -%}
    {{- return('(' ~ parts | join(' or ') ~ ')' if parts else 'false') -}}
{%- endmacro %}


{% macro is_sealed(alias, tide) -%}
    {#- The condition that a row of this model, or of its result, belongs to sealed time. -#}
    {%- set config_of = config.get('sealed_by') or {} -%}
    {%- if tide.seals_keys -%}
        {%- set key = adapter.quote(config_of.key) -%}
        {{- return(
            'exists (select from ops.sealed_workflows as k where k.instance_id = ' ~ alias ~ '.' ~ key ~ ')'
        ) -}}
    {%- elif config_of.get('sql') -%}
        {{- return('false') -}}
    {%- endif -%}
    {{- return(in_spans(alias, tide.sealed + tide.purged)) -}}
{%- endmacro %}


{% macro is_kept(alias, tide) -%}
    {#- The condition that a row that is there stays, whatever the result says. -#}
    {%- set worth = (config.get('sealed_by') or {}).get('while') -%}
    {%- set sealed = is_sealed(alias, tide) -%}
    {{- return('(' ~ sealed ~ ' and ' ~ worth | replace('{row}', alias) ~ ')' if worth else sealed) -}}
{%- endmacro %}


{% macro is_reopened(alias, tide) -%}
    {#- The condition that a row's time was restored since the last build: its raw rows are new again, but
        it has counted them. -#}
    {{- return(in_spans(alias, tide.reopened) if tide.reopened else 'false') -}}
{%- endmacro %}


{% macro in_sealed_time(time) -%}
    {#- The condition that a time is sealed, for the SQL of a model with sealed_by={'sql': true}; false in
        the compiled SQL. -#}
    /* in sealed time: {{ time }} */ false
{%- endmacro %}


{% macro sealing_sql(text, tide) -%}
    {#- The SQL with spans in the place of in_sealed_time(). -#}
    {%- set holder = {'text': text} -%}
    {%- for marker, time in modules.re.findall('(/[*] in sealed time: (\\S+) [*]/ false)', text) -%}
        {%- set parts = [] -%}
        {%- for span in tide.sealed -%}
            {%- do parts.append(
                '(' ~ time ~ " >= '" ~ span.from_at ~ "' and " ~ time ~ " < '" ~ span.to_at ~ "')"
            ) -%}
        {%- endfor -%}
        {%- do holder.update({'text': holder.text | replace(
            marker, '(' ~ parts | join(' or ') ~ ')' if parts else 'false'
        )}) -%}
    {%- endfor -%}
    {{- return(holder.text) -}}
{%- endmacro %}


{% macro settle_late_rows(tide) -%}
    {#- Lists what this build could not count, and takes from the list what it has folded in. -#}
    {%- if tide.restrained and tide.seen -%}
        {%- set late = {'ranges': []} -%}
        {%- for span in tide.sealed -%}
            {%- do late.ranges.append('["' ~ span.from_at ~ '","' ~ span.to_at ~ '")') -%}
        {%- endfor -%}
        {%- set spans = "'{" ~ late.ranges | join(',') ~ "}'::tstzmultirange" -%}
        {%- call statement('fold_late_rows') -%}
            delete from ops.late_rows as l
            where
                l.model = '{{ tide.name }}'
                and not
                {%- if tide.seals_keys %} exists (
                    select
                    from raw.time_sessions as s
                    inner join ops.sealed_workflows as k on s.instance_id = k.instance_id
                    where s.session_id = l.key
                )
                {%- else %} l.row_time <@ {{ spans }}
                {%- endif %}
        {%- endcall -%}
        {%- for table in upstream(model).tables | unique if table.schema == 'raw' -%}
            {%- if tide.seals_keys or late.ranges -%}
                {%- do run_query(
                    "select ops.note_late_rows('" ~ tide.name ~ "', " ~ text_array(nearest_marts(model)) ~ ", '"
                    ~ relation_name(table) ~ "', '" ~ tide.seen ~ "', "
                    ~ ('null' if tide.seals_keys else spans) ~ ") where exists (select from ops.sealed_periods"
                    ~ " where relation = '" ~ relation_name(table) ~ "')"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro nearest_marts(node) -%}
    {#- The names of the marts that show a model's rows: itself, or the first ones above it. -#}
    {%- if node.config.get('access') == 'public' or node.access == 'public' -%}
        {{- return([node.alias]) -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for reader in graph.nodes.values()
        if reader.resource_type == 'model' and node.unique_id in reader.depends_on.nodes -%}
        {%- do names.extend(nearest_marts(reader)) -%}
    {%- endfor -%}
    {{- return(names | unique | sort) -}}
{%- endmacro %}


{% macro say_where_history_starts(tide) -%}
    {#- A mart that is new over sealed time, or that another definition made until now, says so. -#}
    {%- if tide.sealed and (tide.whole and tide.empty or tide.edited) -%}
        {%- set last = tide.sealed | map(attribute='to_at') | max -%}
        {%- do exceptions.warn(
            tide.name ~ (
                ': raw rows before ' ~ last ~ ' are archived in part; it has rows of whole buckets only.'
                if tide.empty else
                ': its definition has changed; sealed rows (before ' ~ last ~ ') stay as the former one made them.'
            ) ~ ' `tidemark restore` brings raw rows back.'
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro refuse_lost_history(relation) -%}
    {#- Before a table is made: if it was there and has been dropped, and what it was made of is archived,
        the marts above would lose their history with it. -#}
    {%- if config.get('sealed_by') and relation.schema == 'intermediate' and not var('accept_lost_history') -%}
        {%- set tables = [] -%}
        {%- for table in upstream(model).tables -%}
            {%- do tables.append(relation_name(table)) -%}
        {%- endfor -%}
        {%- if run_query(
            "select exists (select from ops.watermarks where relation = '" ~ relation_name(relation)
            ~ "') and exists (select from ops.sealed_periods where reopened_at is null and relation = any("
            ~ text_array(tables) ~ "))"
        ).rows[0][0] -%}
            {%- do exceptions.raise_compiler_error(
                relation_name(relation) ~ ' has been dropped, and raw rows that it was made of are archived: the'
                ~ ' marts above it would lose their history. Bring the raw rows back with `tidemark restore`, or'
                ~ " accept the loss with --vars 'accept_lost_history: true'"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
