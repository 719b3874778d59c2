{% macro rare(condition) -%}
    {#- A condition that holds for few rows, null taken as false. The planner would guess that it holds for half
        of them; of "is unknown" it knows that it is rare. Three guesses of a half made it sort a day's events, which
        hashing groups in four fifths of the time. -#}
    nullif(coalesce({{ condition }}, false), true) is unknown
{%- endmacro %}
