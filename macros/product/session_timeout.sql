{% macro session_timeout() -%}
    {#- How long a session without an id may pause; exactly so long still stays together. -#}
    interval '{{ var("session_timeout_minutes") }} minutes'
{%- endmacro %}
