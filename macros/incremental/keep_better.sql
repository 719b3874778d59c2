{#-
    A best of many that new rows can only better. The scope of such a model may yield, beside its keys, from when
    on each is read again:

        reads_from   timestamptz; -infinity = from the beginning, and nothing that stands counts

    and the model says by keeps_better=['current_step desc', 'started_at asc'] which of two rows is the better one.
    A key that is not read from the beginning keeps the row that stands, unless what was read gives one that is
    better or as good.

    It is exact where a new row changes only what began at reads_from or later, and nothing for the worse: what
    stands is then the best of all that began before. Whatever takes rows away reads from the beginning
    (was_replaced).
-#}
{% macro keep_better(relation) -%}
    {#- Takes the keys whose row stays from the scope and from the result. -#}
    {%- set keys = config.get('unique_key') -%}
    {%- set here, there = [], [] -%}
    {%- for order in config.get('keeps_better') -%}
        {%- set column, direction = order.split(' ') -%}
        {%- set highest, lowest = (here, there) if direction == 'desc' else (there, here) -%}
        {%- do highest.append('r.' ~ adapter.quote(column)) -%}
        {%- do lowest.append('t.' ~ adapter.quote(column)) -%}
    {%- endfor -%}
    {%- call statement('keep_better') -%}
        with kept as (
            delete from pg_temp.tide_scope as s
            using {{ relation }} as t
            where
                s.reads_from > '-infinity'
                and {{ same_key(keys, 's', 't') }}
                and not exists (
                    select
                    from pg_temp.tide_result as r
                    where {{ same_key(keys, 'r', 't') }} and ({{ here | join(', ') }}) >= ({{ there | join(', ') }})
                )
            returning s.*
        )

        delete from pg_temp.tide_result as r
        using kept
        where {{ same_key(keys, 'r', 'kept') }}
    {%- endcall -%}
{%- endmacro %}
