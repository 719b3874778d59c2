{% macro counts(e, identified=none) -%}
    {#-
        The condition that an event counts: no rule of excluded_users leaves it out.

        Hardly any event has an id that some rule lists, so all of its ids are asked that first, whatever the rule asks
        of them: one comparison with all patterns, where asking the id as a device and then as a user takes two. Rules
        for other properties, or by other operators, are asked of an event only if there are any.
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
    {%- set listed -%}
        case x.property
            when 'distinct_id' then {{ lists('x', e ~ '.distinct_id') }}
            else {{ lists('x', own) }}
                {%- if identified %}
                or {{ lists('x', user) }}
                {%- endif %}
        end
    {%- endset -%}
    {%- set by_id = "x.property in ('user_id', 'distinct_id') and x.operator in ('eq', 'contains')" -%}
    not {{ rare('(' ~ suspected ~ ') and ' ~ fits_exclusion(by_id, listed)) }}
    and not {{ rare(
        "(select exists (select from " ~ ref('int_exclusions__parsed') ~ " as x where not (" ~ by_id ~ "))) and "
        ~ fits_exclusion('not (' ~ by_id ~ ')', satisfied)
    ) }}
{%- endmacro %}


{% macro lists(rule, id) -%}
    {#- Whether a rule by eq or contains lists an id. -#}
    ({{ rule }}.operator = 'eq' and to_jsonb({{ id }}) = any({{ rule }}.operands)
    or {{ rule }}.operator = 'contains' and lower({{ id }}) like any({{ rule }}.patterns))
{%- endmacro %}


{% macro fits_exclusion(which, condition) -%}
    {#- Whether a condition holds for some of the exclusions x, which are read once a query. -#}
    exists (
        with rules as materialized (
            select x.*
            from {{ ref('int_exclusions__parsed') }} as x
            where {{ which }}
        )

        select
        from rules as x
        where {{ condition }}
    )
{%- endmacro %}
