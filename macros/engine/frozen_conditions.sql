{#-
    History that outlives raw. Where retention has removed raw rows, the aggregate is the only copy: a
    bucket is sealed once any part of its raw rows is gone. A model over a table that retention may shorten
    says how its rows are sealed, in meta.refresh:

        'frozen_by': {'column': 'bucket_start', 'unit': 'week'}
            by time: a row is sealed if any part of its week is.
        'frozen_by': {'column': 'period_start', 'unit_column': 'period_type', 'units': {'hourly': 'hour'}}
            by time, with a unit for each value of a column.
        'frozen_by': {'key': 'instance_id'}
            by workflow (ops.sealed_workflows).
        'frozen_by': {'sql': true}
            its own SQL says what sealed time means to it, with in_sealed_time().

    and may add

        'while': 'a condition on the row {row}'   rows that fail it are not worth keeping: made by a
            definition that is no more.
        'expires': the value of unit_column whose rows a policy for the model itself removes.

    Then a refresh neither deletes nor writes a sealed row, not even from nothing. Raw rows that would have
    changed one are listed in ops.late_rows. When the period is restored, its rows are new again.
-#}
{% macro frozen_conditions() -%}
    {#- {sealed, kept, reopened, units, expiring}: conditions on a row `{row}` of the model or of its result: that it
        belongs to sealed time, that it stays whatever the result says, that its time was restored since the last
        refresh; and the units of time of the fields ($1).frozen and ($1).reopened, in their order, and of those whose
        rows a policy removes. database/functions/engine/frozen.sql fills the fields. -#}
    {%- set config_of = refresh_options().get('frozen_by', {}) -%}
    {%- set units = config_of.get('units') or {none: config_of.get('unit', 'instant')} -%}
    {%- if not config_of or config_of.get('sql') -%}
        {%- set sealed, reopened = 'false', 'false' -%}
    {%- elif 'key' in config_of -%}
        {%- set sealed = 'exists (select 1 from ops.sealed_workflows as k where k.instance_id = {row}.'
            ~ adapter.quote(config_of.key) ~ ')' -%}
        {%- set reopened = 'false' -%}
    {%- else -%}
        {%- set sealed, reopened = in_spans('frozen', config_of, units), in_spans('reopened', config_of, units) -%}
    {%- endif -%}
    {%- set sealed = '(($1).is_frozen and ' ~ sealed ~ ')' -%}
    {%- set expiring = [] -%}
    {%- for value in units -%}
        {%- do expiring.append('instant' if not config_of.get('units')
            else (units[value] if value == config_of.get('expires') else '')) -%}
    {%- endfor -%}
    {{- return({
        'sealed': sealed,
        'kept': '(' ~ sealed ~ ' and ' ~ config_of.while ~ ')' if config_of.get('while') else sealed,
        'reopened': '(($1).is_frozen and ' ~ reopened ~ ')',
        'units': units.values() | list,
        'expiring': expiring,
    }) -}}
{%- endmacro %}


{% macro in_spans(field, config_of, units) -%}
    {#- The condition that a row lies in the spans of a field of the moment, those of its unit. -#}
    {%- set column = '{row}.' ~ adapter.quote(config_of.column) -%}
    {%- set field = field ~ ('_dates' if model.columns[config_of.column].data_type == 'date' else '') -%}
    {%- if not config_of.get('unit_column') -%}
        {{- return(column ~ ' <@ ($1).' ~ field ~ '[1]') -}}
    {%- endif -%}
    {%- set cases = [] -%}
    {%- for value in units -%}
        {%- do cases.append("when '" ~ value ~ "' then " ~ column ~ ' <@ ($1).' ~ field ~ '[' ~ loop.index ~ ']') -%}
    {%- endfor -%}
    {{- return('case {row}.' ~ adapter.quote(config_of.unit_column) ~ ' ' ~ cases | join(' ') ~ ' else false end') -}}
{%- endmacro %}
