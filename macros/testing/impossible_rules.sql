{#-
    What cannot be meant in a raw table, and why: what the test values_are_possible warns of. The rules of a type hold
    for each column that has it; those of a table are listed here.
-#}
{% macro impossible_rules(table) -%}
    {#- The rules of one table: [{reason, columns (that an example shows), holds (a condition on its row t)}]. -#}
    {%- set unknown_workflow = 'not exists (select from raw.workflow_instances as i where i.instance_id = t.instance_id)' -%}
    {{- return({
        'workflow_template_steps': [
            {'reason': 'its estimate is negative', 'columns': ['estimated_minutes'], 'holds': 't.estimated_minutes < 0'},
        ],
        'workflow_instances': [
            {'reason': 'it was completed before it started', 'columns': ['started_at', 'completed_at'],
                'holds': 't.completed_at < t.started_at'},
        ],
        'time_sessions': [
            {'reason': 'it ended before it started', 'columns': ['started_at', 'ended_at'],
                'holds': 't.ended_at < t.started_at'},
            {'reason': 'its seconds are negative', 'columns': ['total_seconds'], 'holds': 't.total_seconds < 0'},
            {'reason': 'its pause is negative', 'columns': ['total_paused_seconds'],
                'holds': 't.total_paused_seconds < 0'},
            {'reason': 'it lasts longer than 31 days', 'columns': ['started_at', 'ended_at', 'total_seconds'],
                'holds': 't.total_seconds > 31 * 86400 or t.total_seconds is null and '
                ~ seconds_between('t.started_at', 't.ended_at') ~ ' > 31 * 86400'},
            {'reason': 'nobody knows its workflow', 'columns': ['instance_id'], 'holds': unknown_workflow},
            {'reason': 'an empty user_id is no id', 'columns': ['user_id'], 'holds': "t.user_id = ''"},
        ],
        'events': [
            {'reason': 'an empty session_id is no id', 'columns': ['session_id'], 'holds': "t.session_id = ''"},
            {'reason': 'an empty user_id is no id', 'columns': ['user_id'], 'holds': "t.user_id = ''"},
        ],
        'sessions': [
            {'reason': 'it ended before it started', 'columns': ['started_at', 'ended_at'],
                'holds': 't.ended_at < t.started_at'},
        ],
        'feature_requests': [
            {'reason': 'it was completed before it was created', 'columns': ['created_at', 'completed_at'],
                'holds': 't.completed_at < t.created_at'},
        ],
        'interventions': [
            {'reason': 'it was updated before it was created', 'columns': ['created_at', 'updated_at'],
                'holds': 't.updated_at < t.created_at'},
        ],
    }.get(table, [])) -}}
{%- endmacro %}


{% macro impossible_values(type, column) -%}
    {#- The rules of a column for its type. -#}
    {%- set c = 't.' ~ adapter.quote(column) -%}
    {%- if type == 'timestamp with time zone' -%}
        {{- return([
            {'reason': column ~ ' is infinite, which is unknown', 'holds': 'not isfinite(' ~ c ~ ')'},
            {'reason': column ~ ' lies before ' ~ var('history_begins'),
                'holds': c ~ " < '" ~ var('history_begins') ~ "' and " ~ c ~ " > '-infinity'"},
            {'reason': column ~ ' lies more than 7 days ahead',
                'holds': c ~ ' > ' ~ as_of() ~ " + interval '7 days' and " ~ c ~ " < 'infinity'"},
        ]) -}}
    {%- elif type == 'date' -%}
        {{- return([
            {'reason': column ~ ' is infinite, which is unknown', 'holds': 'not isfinite(' ~ c ~ ')'},
        ]) -}}
    {%- elif type in ('numeric', 'double precision') -%}
        {{- return([
            {'reason': column ~ ' is no number that can be measured', 'holds': c ~ ' is not null and ('
                ~ known_number(c) ~ ') is null'},
        ]) -}}
    {%- endif -%}
    {{- return([]) -}}
{%- endmacro %}
