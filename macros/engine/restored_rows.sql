{% macro restored_rows(time, keys) -%}
    {#-
        In a scope: the keys of the model's own rows whose time was restored since the last refresh. What had been kept of
        archived rows in their place is gone, so that they are computed again. None in the plain definition. For a model
        with 'frozen_by': {'sql': true}.
    -#}
    {%- if (model.get('build') or {}).get('mode') in ('whole', 'narrowed') -%}
    (
        select t.{{ keys | join(', t.') }}
        from {{ own_rows() }} as t
        where ($1).is_frozen and t.{{ time }} <@ ($1).reopened[1]
    )
    {%- else -%}
    (select null::text as {{ keys | join(', null::text as ') }} where false)
    {%- endif -%}
{%- endmacro %}
