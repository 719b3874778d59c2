{% macro record_failures() -%}
    {#- After a build: how data tests came out is noted, and what failed leaves a row in ops.refreshes, in a transaction
        of its own; what a model's refresh changed was written with its rows. So do seeds whose rows differ from those
        of the build before. -#}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'test') -%}
        {%- set outcomes = [] -%}
        {%- for result in results -%}
            {%- set node, kind, status = result.node, result.node.resource_type | string, result.status | string -%}
            {%- if kind == 'test' and status != 'skipped' -%}
                {%- do outcomes.append({
                    'unique_id': node.unique_id, 'status': 'error' if status == 'runtime error' else status,
                    'failures': result.failures, 'message': result.message,
                }) -%}
            {%- endif -%}
            {%- if status in ('error', 'fail', 'runtime error') and kind in ('model', 'seed', 'test') %}
        insert into ops.refreshes (relation, kind, started_at, seconds, message)
        select
            {{ sql_text(node.schema ~ '.' ~ node.alias if kind != 'test' else node.name) }},
            '{{ kind }}',
            clock_timestamp() - {{ result.execution_time }} * interval '1 second',
            round({{ result.execution_time }}::numeric, 3),
            {{ sql_text(result.message or status) }};
            {%- elif kind == 'seed' and status == 'success' %}
        select ops.note_seed('{{ node.schema }}.{{ node.alias }}', {{ result.execution_time }});
            {%- endif -%}
        {%- endfor %}
        select ops.note_tests({{ sql_text(tojson(outcomes)) }}::jsonb)
    {%- endif -%}
{%- endmacro %}
