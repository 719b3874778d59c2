{#-
    dbt's own, one build at a time: of two at once each would add the same versions. A snapshot that another
    build has made since this one began is found, not made again.
-#}
{% materialization snapshot, adapter='postgres' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- do lock_relation(relation) -%}
    {%- if load_cached_relation(relation) is none
        and run_query("select to_regclass('" ~ relation ~ "') is not null").rows[0][0] -%}
        {%- do adapter.cache_added(relation) -%}
    {%- endif -%}
    {{ return(dbt.materialization_snapshot_default()) }}
{% endmaterialization %}
