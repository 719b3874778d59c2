{#-
    Counts that grow by adding. A model over an append-only table may say

        adds={'of': 'stg_product__events', 'columns': ['event_count', 'unique_users']}

    Then a key to which only new rows of that view came, few beside those that it has counted, is not
    computed again: the model's SQL sees its new rows alone (reached), and their result is added to the
    columns of the row that stands, if one does. The first column counts the rows. Every other key is computed
    again: one with a replaced row or a re-assigned user, and those of a bucket of time (sealed_by) that is cheaper
    read than looked up. A look-up costs as much as reading `rows_per_addition` rows, and finding a stretch of buckets
    beside each other as much as reading `rows_per_stretch`.

    It is exact because a build reads one snapshot, the one that its watermark names (begin_build): a row
    is in the result of exactly one build. What cannot be added as it is, such as a user who was counted
    before, the model leaves out under narrowed_only().
-#}
{% macro find_additions(replaced, changed, tide) -%}
    {#- Creates pg_temp.tide_scope, of the keys of replaced rows, and pg_temp.tide_new, of those of all changed ones. If
        the buckets of all of them are read, whole buckets are computed again (read_whole). -#}
    {%- set found = run_query(
        scope_table(replaced) ~ '; ' ~ new_keys(changed)
        ~ '; select (select count(*) from pg_temp.tide_scope) as scoped, count(*) as new_keys,'
        ~ ' count(*) filter (where n.is_read) as read_keys from pg_temp.tide_new as n'
    ).rows[0] -%}
    {%- set all_read = found['new_keys'] > 0 and found['new_keys'] == found['read_keys'] -%}
    {%- do tide.update({
        'scoped': found['scoped'] | int,
        'new_keys': found['new_keys'] | int,
        'read_whole': all_read and not var('refresh_from'),
    }) -%}
{%- endmacro %}


{% macro new_keys(changed) -%}
    {#- Creates pg_temp.tide_new: the keys of changed rows, how many came, how many the key's row has counted (null: it
        has no row), and whether its bucket is cheaper read than looked up. -#}
    {%- set keys = config.get('unique_key') -%}
    {%- set counted = adapter.quote(config.get('adds').columns[0]) %}
    create temporary table tide_new on commit drop as
    with fresh as (
        select {{ quoted_list(keys, 's') }}, count(*) as row_count
        from (
            {{ changed }}
        ) as s
        where s is not null
        group by {{ quoted_list(keys, 's') }}
    ),

    standing as materialized (
        select {{ quoted_list(keys, 't') }}, t.{{ counted }} as row_count
        from {{ this }} as t
        where {{ added_bucket('t') }} in (select {{ added_bucket('f') }} from fresh as f)
    ),

    {{ dear_buckets() }}

    select
        {{ quoted_list(keys, 'f') }},
        f.row_count,
        s.row_count as standing,
        {{ added_bucket('f') }} in (select d.bucket from dear_buckets as d) as is_read
    from fresh as f
    left join standing as s on {{ same_key(keys, 's', 'f') }}
{%- endmacro %}


{% macro widened_scope(tide) -%}
    {#- New keys that are computed again join pg_temp.tide_scope, or their buckets take its place; pg_temp.tide_added
        are the others. -#}
    {%- set keys = config.get('unique_key') -%}
    {%- if tide.read_whole -%}
        drop table pg_temp.tide_scope;
        create temporary table tide_scope on commit drop as
        select distinct {{ added_bucket('n') }} from pg_temp.tide_new as n;
    {%- else -%}
        create temporary table tide_added on commit drop as
        select {{ quoted_list(keys, 'n') }}, n.row_count, n.standing
        from pg_temp.tide_new as n
        where not (
            n.is_read
            or ({{ quoted_list(keys, 'n') }}) in (
                select {{ quoted_list(keys, 's') }} from pg_temp.tide_scope as s
            )
            or {{ is_reopened('n', tide) }}
        );
        insert into pg_temp.tide_scope ({{ quoted_list(keys) }})
        (
            select {{ quoted_list(keys, 'n') }} from pg_temp.tide_new as n
            except
            select {{ quoted_list(keys, 'a') }} from pg_temp.tide_added as a
        )
        except
        select {{ quoted_list(keys, 's') }} from pg_temp.tide_scope as s;
    {%- endif -%}
{%- endmacro %}


{% macro hash_many_rows(tide) -%}
    {#- The planner believes that hardly any row is new, and hardly any in a span to read: all plans of a narrowed count
        cost nearly the same to it then, and of those it takes one that sorts, or looks up the identity of one event
        after the other. Where many rows come, hash tables take a third of the time; many are as many as finding a stretch
        of buckets is worth: hashing all identities has to pay too. -#}
    {%- if not tide.added -%}
        {{- return('set local enable_sort = off;') -}}
    {%- endif -%}
    {{- return(
        'set local enable_sort = off; set local enable_nestloop = off;'
        if tide.added_rows >= var('rows_per_stretch') else ''
    ) -}}
{%- endmacro %}


{% macro plan_as_usual() -%}
    {#- The end of hash_many_rows: what follows looks up keys. -#}
    set local enable_sort to default;
    set local enable_nestloop to default;
{%- endmacro %}


{% macro add_to_result(relation) -%}
    {#- What stands is added to the result's additions, whose keys are then in scope as all others. -#}
    {%- set keys = config.get('unique_key') -%}
    update pg_temp.tide_result as r
    set
        {%- for column in config.get('adds').columns %}
        {{ adapter.quote(column) }} = r.{{ adapter.quote(column) }} + t.{{ adapter.quote(column) }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from pg_temp.tide_added as a
    inner join {{ relation }} as t on {{ same_key(keys, 't', 'a') }}
    where {{ same_key(keys, 'r', 'a') }};
    insert into pg_temp.tide_scope ({{ quoted_list(keys) }})
    select {{ quoted_list(keys, 'r') }}
    from pg_temp.tide_added as a
    inner join pg_temp.tide_result as r on {{ same_key(keys, 'r', 'a') }};
{%- endmacro %}


{% macro added_sql(narrowed, tide) -%}
    {#- in_scope(added=true): rows that reached() read of keys in scope, and new rows of the others. Where whole buckets
        are read, only the bucket is asked for: its column is named `as` that of the model. -#}
    {%- set bucket = config.get('sealed_by').column -%}
    {{- return(
        modules.re.sub(
            '(?s)/[*] in scope or added: (?:.*; )?(.*) as ' ~ bucket ~ '.*? [*]/.*?/[*] end of in scope [*]/',
            '(\\g<1>) in (select scope.' ~ bucket ~ ' from scope)',
            narrowed
        ) if tide.read_whole else modules.re.sub(
            '(?s)/[*] in scope or added.*? [*]/(.*?)/[*] end of in scope [*]/', 'reached._added <> (\\g<1>)', narrowed
        )
    ) -}}
{%- endmacro %}


{% macro same_key(keys, left, right) -%}
    {%- for key in keys -%}
        {{ left }}.{{ adapter.quote(key) }} = {{ right }}.{{ adapter.quote(key) }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
