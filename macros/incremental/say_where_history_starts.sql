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
