{#-
    The best of many, each of which began at some time: the texts of the kind retain_best
    (database/functions/engine/retain_best.sql runs them). The scope of such a model yields, beside the keys, from when
    on each is read again:

        reads_from   timestamptz; -infinity = from the beginning, and what stands is forgotten

    and the model says in meta.refresh, beside 'kind': 'retain_best'

        order   which of two rows is the better one; of equal ones the new one is taken
        began   the column that says when what stands began: at reads_from or later, and it may have changed, so that
                its key is read from the beginning; before that, and it competes with what was read
        best    the column that says that nothing is better: what began before, and is the best, needs no reading; may
                be left out

    It is exact where a change alters only what began at reads_from or later, for better or worse: what stands and
    began before is then the best of all that began before.
-#}
{% macro retain_best(scope_of_all, relation) -%}
    {#- {name: text}: the scope with what stands taken into account, and the statement that takes the keys whose row
        stays from the scope and from the result. -#}
    {%- set keys = config.get('unique_key') -%}
    {%- set began = adapter.quote(refresh_options().began) -%}
    {%- set scope -%}
        select
            {{ quoted_list(keys, 's') }},
            case when t.{{ began }} >= s.reads_from then '-infinity' else s.reads_from end as reads_from
        from (
            {{ scope_of_all }}
        ) as s
        left join {{ relation }} as t on {{ same_key(keys, 's', 't') }}
        where
            s is not null
            {%- if refresh_options().best %}
            and (t.{{ adapter.quote(refresh_options().best) }} and t.{{ began }} < s.reads_from) is not true
            {%- endif %}
    {%- endset -%}
    {%- set here, there = [], [] -%}
    {%- for order in refresh_options().order -%}
        {%- set column, direction = order.split(' ') -%}
        {%- set highest, lowest = (here, there) if direction == 'desc' else (there, here) -%}
        {%- do highest.append('r.' ~ adapter.quote(column)) -%}
        {%- do lowest.append('t.' ~ adapter.quote(column)) -%}
    {%- endfor -%}
    {%- set keep -%}
        with kept as (
            delete from pg_temp.affected_keys as s
            using {{ relation }} as t
            where
                s.reads_from > '-infinity'
                and {{ same_key(keys, 's', 't') }}
                and not exists (
                    select 1
                    from pg_temp.result as r
                    where {{ same_key(keys, 'r', 't') }} and ({{ here | join(', ') }}) >= ({{ there | join(', ') }})
                )
            returning s.*
        )

        delete from pg_temp.result as r
        using kept
        where {{ same_key(keys, 'r', 'kept') }}
    {%- endset -%}
    {{- return({'bettered_scope': scope, 'keep': keep}) -}}
{%- endmacro %}
