{% macro settle_table(relation) -%}
    {#- Indexes, grants and descriptions, where they differ from the last build's. -#}
    {%- for index in config.get('indexes', []) -%}
        {%- set plain = index.columns | join('_') | replace(' ', '_') -%}
        {%- set name = relation.identifier[:40] ~ '_' ~ local_md5(plain ~ index.get('type', ''))[:10] -%}
        {%- call statement('create_index') -%}
            create index if not exists {{ adapter.quote(name) }} on {{ relation }}
            {%- if index.type %} using {{ index.type }}{% endif %} ({{ index.columns | join(', ') }})
        {%- endcall -%}
    {%- endfor -%}
    {%- do apply_grants(relation, config.get('grants'), should_revoke=true) -%}
    {%- do persist_docs(relation, model) -%}
{%- endmacro %}
