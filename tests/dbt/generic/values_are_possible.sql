{% test values_are_possible(model) %}
    {#-
        Warns of rows of a raw table that cannot be meant: by reason, with how many there are and
        the key of one. The rules stand in macros/testing/impossible_rules.sql. Of a table that is
        only added to, rows since the last look are read, whatever their time: older trouble was
        warned of when it came, and `tidemark status` still shows it.
    -#}
    {{ config(severity='warn', meta={'tells_rows': true, 'counts_rows': true}) }}
    {%- set parts = [] -%}
    {%- if execute -%}
        {%- set facts = run_query(columns_of_raw(model)).rows -%}
        {%- set keys, rules, time = [], [], [] -%}
        {%- for column in facts -%}
            {%- do keys.append(column['name']) if column['is_key'] -%}
            {%- do time.append(column['name']) if column['is_time'] -%}
            {%- for rule in impossible_values(column['type'], column['name']) -%}
                {%- do rules.append(dict(rule, columns=[column['name']])) -%}
            {%- endfor -%}
            {%- if column['length_rule'] -%}
                {%- do rules.append({
                    'reason': column['name'] ~ ' is empty or longer than a key can be: it is in no model',
                    'columns': [], 'holds': 'not (' ~ column['length_rule'] ~ ')',
                }) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set relation = model.schema ~ '.' ~ model.identifier -%}
        {%- set since = ' and ' ~ is_new_to_test('t._xid', 'source_values_are_possible', relation) if time -%}
        {%- for rule in rules + impossible_rules(model.identifier) -%}
            {%- set shown = [] -%}
            {%- for name in (keys + rule.columns) | unique -%}
                {%- do shown.append("'" ~ name ~ "', t." ~ adapter.quote(name)) -%}
            {%- endfor -%}
            {%- do parts.append(
                "select '" ~ rule.reason ~ "' as reason, count(*) as row_count, left(min(jsonb_build_object("
                ~ shown | join(', ') ~ ")::text), 300) as example from " ~ model ~ ' as t where (' ~ rule.holds ~ ')'
                ~ since ~ ' having count(*) > 0'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
select '{{ model.schema }}.{{ model.identifier }}' as table_name, found.*
    from (
        {{ parts | join('\n        union all\n        ') or 'select null as reason where false' }}
    ) as found
{% endtest %}
