{#-
    Counts that grow by adding: the texts of the kind delta_merge (database/functions/engine/delta_merge.sql runs them).

    A key to which only new rows of one view came, few beside those that it has counted, is not computed again: the
    model's SQL sees its new rows alone, and their result is added to the row that stands, if one does. Every other key
    is computed again: one with a replaced row or a re-assigned user, and those of a bucket of time that is cheaper
    read than looked up. A look-up costs as much as reading `rows_per_addition` rows, and finding a stretch of buckets
    beside each other as much as reading `rows_per_stretch`.
-#}
{% macro delta_merge(scope_of_all, relation) -%}
    {#- {name: text} of the statements of a delta merge: which new keys there are, which of them are added to, and what
        these and the stretches to read come to. -#}
    {%- set keys = config.get('unique_key') -%}
    {%- set unit = refresh_options().frozen_by.unit -%}
    {%- set counted = adapter.quote(refresh_options().columns[0]) -%}
    {%- set edges = bucket_edges(unit, bucket_of('a')) -%}
    {%- set stretch = bucket_range(unit, 'b.bucket') -%}
    {%- set new_keys -%}
        create temporary table new_keys on commit drop as
        with fresh as (
            select {{ quoted_list(keys, 's') }}, count(*) as row_count
            from (
                {{ scope_of_all }}
            ) as s
            where s is not null
            group by {{ quoted_list(keys, 's') }}
        ),

        standing as materialized (
            select {{ quoted_list(keys, 't') }}, t.{{ counted }} as row_count
            from {{ relation }} as t
            where {{ bucket_of('t') }} in (select {{ bucket_of('f') }} from fresh as f)
        ),

        {{ buckets_to_rescan() }}

        select
            {{ quoted_list(keys, 'f') }},
            f.row_count,
            s.row_count as standing,
            {{ bucket_of('f') }} in (select d.bucket from buckets_to_rescan as d) as is_read
        from fresh as f
        left join standing as s on {{ same_key(keys, 's', 'f') }}
    {%- endset -%}
    {%- set added_keys -%}
        create temporary table added_keys on commit drop as
        select {{ quoted_list(keys, 'n') }}, n.row_count, n.standing
        from pg_temp.new_keys as n
        where not (
            n.is_read
            or ({{ quoted_list(keys, 'n') }}) in (select {{ quoted_list(keys, 's') }} from pg_temp.affected_keys as s)
            or {{ frozen_conditions().reopened | replace('{row}', 'n') }}
        )
    {%- endset -%}
    {%- set widen -%}
        insert into pg_temp.affected_keys ({{ quoted_list(keys) }})
        (
            select {{ quoted_list(keys, 'n') }} from pg_temp.new_keys as n
            except
            select {{ quoted_list(keys, 'a') }} from pg_temp.added_keys as a
        )
        except
        select {{ quoted_list(keys, 's') }} from pg_temp.affected_keys as s
    {%- endset -%}
    {%- set figures -%}
        select
            count(*),
            coalesce(sum(a.row_count), 0),
            min({{ edges[0] }}),
            max({{ edges[1] }}),
            count(distinct {{ bucket_of('a') }}) filter (where a.standing is not null) <= 1,
            coalesce(min({{ edges[0] }}) filter (where a.standing is not null), 'infinity'),
            coalesce(max({{ edges[1] }}) filter (where a.standing is not null), '-infinity')
        from pg_temp.added_keys as a
    {%- endset -%}
    {%- set stretches -%}
        select count(*), min(lower(r.span)), max(upper(r.span))
        from (
            select unnest(range_agg({{ stretch }})) as span
            from (select distinct {{ bucket_of('s') }} as bucket from pg_temp.affected_keys as s) as b
        ) as r
    {%- endset -%}
    {%- set add -%}
        update pg_temp.result as r
        set
            {%- for column in refresh_options().columns %}
            {{ adapter.quote(column) }} = r.{{ adapter.quote(column) }} + t.{{ adapter.quote(column) }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from pg_temp.added_keys as a
        inner join {{ relation }} as t on {{ same_key(keys, 't', 'a') }}
        where {{ same_key(keys, 'r', 'a') }}
    {%- endset -%}
    {%- set widen_to_added -%}
        insert into pg_temp.affected_keys ({{ quoted_list(keys) }})
        select {{ quoted_list(keys, 'r') }}
        from pg_temp.added_keys as a
        inner join pg_temp.result as r on {{ same_key(keys, 'r', 'a') }}
    {%- endset -%}
    {{- return({
        'new_keys': new_keys, 'added_keys': added_keys, 'widen': widen, 'figures': figures, 'stretches': stretches,
        'add': add, 'widen_to_added': widen_to_added,
    }) -}}
{%- endmacro %}


{% macro reached_by_delta(relation, time, spans) -%}
    {#- reached() of a delta merge: the rows of keys that are computed again, one stretch of time or span by span, and
        the new rows of the others. Parts that a refresh does not need are folded away by their false conditions. -#}
    (select r.*, false as _added from {{ relation }} as r
    where ($1).is_one_stretch and r.{{ time }} >= ($1).read_from and r.{{ time }} < ($1).read_to
    union all
    select r.*, false as _added from {{ span_by_span(relation, none, time, spans) }} where ($1).is_span_by_span
    union all
    select a.*, true as _added from {{ relation }} as a
    where ($1).is_adding and {{ unseen('a._xid') }} and a.{{ time }} >= ($1).added_from and a.{{ time }} < ($1).added_to
    ) as reached
{%- endmacro %}


{% macro buckets_to_rescan() -%}
    {#- CTEs: the buckets of fresh rows that are cheaper read than looked up. All that stands in a bucket would be read.
        Buckets beside each other are found together, and one without rows has nobody to look up. -#}
    {%- set span = bucket_range(refresh_options().frozen_by.unit, 'b.bucket') -%}
    buckets as (
        select f.bucket, f.row_count as look_ups, f.row_count + s.row_count as row_count
        from (
            select {{ bucket_of('fresh') }} as bucket, sum(row_count) as row_count
            from fresh
            group by {{ bucket_of('fresh') }}
        ) as f
        left join (
            select {{ bucket_of('standing') }} as bucket, sum(row_count) as row_count
            from standing
            group by {{ bucket_of('standing') }}
        ) as s on f.bucket = s.bucket
    ),

    begun as (
        select
            b.*,
            lower({{ span }}) > max(upper({{ span }})) over (
                order by b.bucket rows between unbounded preceding and 1 preceding
            ) as begins
        from buckets as b
    ),

    stretches as (
        select b.*, count(*) filter (where b.begins) over (order by b.bucket) as stretch
        from begun as b
    ),

    buckets_to_rescan as (
        select s.bucket
        from (select s.*, count(*) over (partition by s.stretch) as buckets from stretches as s) as s
        where
            s.look_ups * {{ var('rows_per_addition') }}
            > s.row_count + {{ var('rows_per_stretch') }} / s.buckets
    )
{%- endmacro %}


{% macro bucket_of(alias) -%}
    {#- The bucket of time of a row that has the columns of the key. -#}
    {{- alias }}.{{ adapter.quote(refresh_options().frozen_by.column) -}}
{%- endmacro %}
