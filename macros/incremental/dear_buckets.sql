{% macro dear_buckets() -%}
    {#- CTEs: the buckets of fresh rows that are cheaper read than looked up. All that stands in a bucket would be read.
        Buckets beside each other are found together, and one without rows has nobody to look up. -#}
    {%- set span = bucket_range(config.get('sealed_by').unit, 'b.bucket') -%}
    buckets as (
        select f.bucket, f.row_count as look_ups, f.row_count + s.row_count as row_count
        from (
            select {{ added_bucket('fresh') }} as bucket, sum(row_count) as row_count
            from fresh
            group by {{ added_bucket('fresh') }}
        ) as f
        left join (
            select {{ added_bucket('standing') }} as bucket, sum(row_count) as row_count
            from standing
            group by {{ added_bucket('standing') }}
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

    dear_buckets as (
        select s.bucket
        from (select s.*, count(*) over (partition by s.stretch) as buckets from stretches as s) as s
        where
            s.look_ups * {{ var('rows_per_addition') }}
            > s.row_count + {{ var('rows_per_stretch') }} / s.buckets
    )
{%- endmacro %}


{% macro added_figures() -%}
    {#- The columns of a query over pg_temp.tide_added: how many keys it has, how many new rows are theirs, in which
        time these lie, and how many buckets have counted rows before, in which time. -#}
    {%- set bucket = added_bucket('a') -%}
    {%- set edges = bucket_edges(config.get('sealed_by').unit, bucket) %}
    count(*) as added,
    coalesce(sum(a.row_count), 0) as added_rows,
    min({{ edges[0] }})::text as added_from,
    max({{ edges[1] }})::text as added_to,
    count(distinct {{ bucket }}) filter (where a.standing is not null) as counted_buckets,
    coalesce(min({{ edges[0] }}) filter (where a.standing is not null), 'infinity')::text as counted_from,
    coalesce(max({{ edges[1] }}) filter (where a.standing is not null), '-infinity')::text as counted_to
{%- endmacro %}


{% macro spans_to_read() -%}
    {#- A query: how many stretches of time the buckets of pg_temp.tide_scope are, from when to when. -#}
    {%- set range = bucket_range(config.get('sealed_by').unit, 'b.bucket') -%}
    select count(*) as spans_to_read, min(lower(r.span))::text as read_from, max(upper(r.span))::text as read_to
    from (
        select unnest(range_agg({{ range }})) as span
        from (select distinct {{ added_bucket('s') }} as bucket from pg_temp.tide_scope as s) as b
    ) as r
{%- endmacro %}


{% macro added_bucket(alias) -%}
    {#- The bucket of time of a row that has the columns of the key. -#}
    {{- alias }}.{{ adapter.quote(config.get('sealed_by').column) -}}
{%- endmacro %}
