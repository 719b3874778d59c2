{% macro local_date(column) -%}
    {#- The date of a timestamptz in the reporting time zone, whatever the session's zone is. The first and the last
        hours of the type have no date in every zone: they belong to the date beside them. A model that asks of the clock
        no more than its date follows the date only. -#}
    {%- if model is defined and model.get('build') and column | trim == '($1).as_of' -%}
        {%- do model.build.update({'instants': model.build.instants - 1, 'dates': model.build.dates + 1}) -%}
    {%- endif -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        ({{ column }} at time zone 'UTC')::date
    {%- else -%}
        case
            when isfinite({{ column }}) then (
                least(greatest({{ column }}, timestamptz '4714-11-25 00:00:00+00 BC'), {{ latest_time() }})
                at time zone '{{ var("reporting_timezone") }}'
            )::date
            else ({{ column }} at time zone 'UTC')::date
        end
    {%- endif -%}
{%- endmacro %}
