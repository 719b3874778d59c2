{% macro record_failures() -%}
    {#- After a build: what failed leaves a row in ops.refreshes, in a transaction of its own; what a model's refresh
        changed was written with its rows. So do seeds whose rows differ from those of the build before. -#}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'test') -%}
        {%- for result in results -%}
            {%- set node = result.node -%}
            {%- set is_failed = result.status | string in ('error', 'fail', 'runtime error') -%}
            {%- if is_failed and node.resource_type | string in ('model', 'seed', 'test') %}
        insert into ops.refreshes (relation, kind, started_at, seconds, message)
        select
            {{ sql_text(node.schema ~ '.' ~ node.alias if node.resource_type | string != 'test' else node.name) }},
            '{{ node.resource_type | string }}',
            clock_timestamp() - {{ result.execution_time }} * interval '1 second',
            round({{ result.execution_time }}::numeric, 3),
            {{ sql_text(result.message or result.status | string) }};
            {%- elif node.resource_type | string == 'seed' and not is_failed %}
        select ops.note_seed('{{ node.schema }}.{{ node.alias }}', {{ result.execution_time }});
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
