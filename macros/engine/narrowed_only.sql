{% macro narrowed_only(condition) -%}
    {#- A condition that a delta merge asks for where it adds to counts, and that is true elsewhere. -#}
    {%- set mode = (model.get('build') or {}).get('mode') -%}
    {%- if mode == 'narrowed' -%}
        (not ($1).is_adding or ({{ condition }}))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{% macro is_consumed(xid, time, bucket) -%}
    {#- The condition, for narrowed_only, that an earlier refresh has consumed a row, and that it lies in a bucket that
        may have counted it. The bounds leave out partitions before a look-up begins, and are the bucket's own where
        only one is added to: a bucket's ends take as long as a quarter of its look-up. -#}
    {%- if not model.get('build') -%}
        {{- return('true') -}}
    {%- endif -%}
    {%- set unit = refresh_options().frozen_by.unit -%}
    {%- set edges = bucket_edges(unit, bucket) -%}
    not {{ unseen(xid) }} and {{ time }} >= ($1).counted_from and {{ time }} < ($1).counted_to
    and (($1).is_one_bucket or ({{ time }} >= {{ edges[0] }} and {{ time }} < {{ edges[1] }}))
    {%- if var('reporting_timezone') != 'UTC' %}
    and {{ bucket_start(unit, time) }} = {{ bucket }}
    {%- endif -%}
{%- endmacro %}
