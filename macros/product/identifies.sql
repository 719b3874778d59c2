{% macro identifies(e) -%}
    {#-
        The condition that an event says who its distinct id is: it names another id as the user. With the var
        events_identify any event does, else only one of type identify or alias. An infinite time is unknown and so in no
        order. ops.keep_identifications says the same of raw events.
    -#}
    {{ e }}.user_id is not null
    and {{ e }}.user_id <> {{ e }}.distinct_id
    and {{ e }}.user_id <> ''
    and {{ e }}.distinct_id <> ''
    and isfinite({{ e }}.event_at)
    {%- if not var('events_identify') %}
    and {{ e }}.event_type in ('identify', 'alias')
    {%- endif %}
{%- endmacro %}
