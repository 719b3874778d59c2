{% macro counts(e, identified=none) -%}
    {#-
        The condition that an event counts: its time belongs to a date, and no rule of excluded_users leaves it out.

        e: the alias of a row of stg_product__events.
        identified: the user whom the identity of its distinct id names, null where none does; without it rules are
        not asked of whom the visitor turns out to be.

        Hardly any event has an id that some rule lists, so all of its ids are asked that first: one comparison with
        all patterns, where asking the id as a device and then as a user takes two. Rules for other properties, or by
        other operators, are read once a query, and asked of an event only if there are any.
    -#}
    {%- set own = e ~ '.user_id' -%}
    {%- set ids = [own, identified] | select | list -%}
    {%- set user = 'coalesce(' ~ identified ~ ', ' ~ e ~ '.distinct_id)' -%}
    {%- set suspected -%}
        {{ is_listed(e ~ '.distinct_id', ['distinct_id', 'user_id']) }}
        {%- for id in ids %}
        or {{ id }} is not null and {{ is_listed(id, ['user_id']) }}
        {%- endfor %}
    {%- endset -%}
    {%- set listed -%}
        {{ is_listed(e ~ '.distinct_id', ['distinct_id']) }}
        or {{ is_listed(own, ['user_id']) }}
        {%- if identified %}
        or {{ is_listed(user, ['user_id']) }}
        {%- endif %}
    {%- endset -%}
    {%- set satisfied -%}
        case x.property
            when 'user_id' then
                {{ own }} is not null and {{ satisfies('to_jsonb(' ~ own ~ ')', 'x') }}
                {%- if identified %}
                or {{ satisfies('to_jsonb(' ~ user ~ ')', 'x') }}
                {%- endif %}
            when 'distinct_id' then {{ satisfies('to_jsonb(' ~ e ~ '.distinct_id)', 'x') }}
            else {{ satisfies('coalesce(' ~ e ~ '.properties -> x.property, ' ~ e ~ '.context -> x.property)', 'x') }}
        end
    {%- endset -%}
    {%- set others -%}
        select x.*
        from {{ ref('int_exclusions__parsed') }} as x
        where x.property not in ('user_id', 'distinct_id') or x.operator not in ('eq', 'contains')
    {%- endset -%}
    {{ e }}.event_at > '-infinity'
    and {{ e }}.event_at < 'infinity'
    and not {{ rare('(' ~ suspected ~ ') and (' ~ listed ~ ')') }}
    and not {{ rare("(select exists (" ~ others ~ ")) and exists (
        with others as materialized (
            " ~ others ~ "
        )

        select
        from others as x
        where " ~ satisfied ~ "
    )") }}
{%- endmacro %}
