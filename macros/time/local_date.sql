{% macro local_date(column) -%}
    {#- The date of a timestamptz in the reporting time zone, whatever the session's zone is. The first and the last days
        of the type have no date in every zone: they are its first and its last date. A model that asks of the clock
        no more than its date follows the date only. -#}
    {%- if model is defined and model.get('build') and column | trim == '($1).as_of' -%}
        {%- do model.build.update({'instants': model.build.instants - 1, 'dates': model.build.dates + 1}) -%}
    {%- endif -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        ({{ column }} at time zone 'UTC')::date
    {%- else -%}
        case
            when {{ column }} < timestamptz '4714-11-26 00:00:00+00 BC'
                then case when {{ column }} = '-infinity' then '-infinity'::date else date '4714-11-24 BC' end
            when {{ column }} >= timestamptz '294276-12-30 00:00:00+00'
                then case when {{ column }} = 'infinity' then 'infinity'::date else date '294276-12-31' end
            else ({{ column }} at time zone '{{ var("reporting_timezone") }}')::date
        end
    {%- endif -%}
{%- endmacro %}
