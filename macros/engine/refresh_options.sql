{% macro refresh_options(node=none) -%}
    {#-
        How a model is refreshed: its `meta: {refresh: {...}}`, with the kind filled in (docs/models.md lists kinds and
        options; refresh_option_problems() says what is wrong with them).
    -#}
    {%- set meta = node.config.meta if node else config.get('meta') -%}
    {%- set options = {'kind': 'table'} -%}
    {%- do options.update((meta or {}).get('refresh') or {}) -%}
    {{- return(options) -}}
{%- endmacro %}
