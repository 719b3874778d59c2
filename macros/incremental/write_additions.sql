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
{% macro write_additions(scope, tide) -%}
    {#- Beside the scope: the keys whose new rows are added, in pg_temp.tide_added. Those with too many join
        the scope. -#}
    {%- set counted = config.get('adds').columns[0] -%}
    {%- set keys = config.get('unique_key') -%}
    {%- call statement('write_additions') -%}
        create temporary table tide_added on commit drop as
        select {{ quoted_list(keys, 'a') }}, a.row_count, t.{{ adapter.quote(counted) }} as standing
        from (
            select {{ quoted_list(keys, 's') }}, count(*) as row_count
            from (
                {{ scope }}
            ) as s
            where s is not null
            group by {{ quoted_list(keys, 's') }}
        ) as a
        left join {{ this }} as t on {{ same_key(keys, 't', 'a') }}
    {%- endcall -%}
    {%- do tide.update({'added': load_result('write_additions').response.rows_affected}) -%}
    {%- if tide.added -%}
    {%- call statement('widen_scope') -%}
        with {{ dear_buckets() }},

        many as (
            delete from pg_temp.tide_added as a
            where
                {{ added_bucket('a') }} in (select d.bucket from dear_buckets as d)
                or ({{ quoted_list(keys, 'a') }}) in (
                    select {{ quoted_list(keys, 's') }} from pg_temp.tide_scope as s
                )
                or {{ is_reopened('a', tide) }}
            returning a.*
        )

        insert into pg_temp.tide_scope ({{ quoted_list(keys) }})
        select {{ quoted_list(keys, 'm') }} from many as m
        except
        select {{ quoted_list(keys, 's') }} from pg_temp.tide_scope as s
    {%- endcall -%}
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


{% macro add_to_result(relation, tide) -%}
    {#- What stands is added to the result's additions, whose keys are then in scope as all others. -#}
    {%- set keys = config.get('unique_key') -%}
    {%- call statement('add_to_result') -%}
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
        inner join pg_temp.tide_result as r on {{ same_key(keys, 'r', 'a') }}
    {%- endcall -%}
{%- endmacro %}


{% macro added_sql(narrowed) -%}
    {#- in_scope(added=true): rows that reached() read of keys in scope, and new rows of the others. -#}
    {{- return(modules.re.sub(
        '(?s)/[*] in scope or added [*]/(.*?)/[*] end of in scope [*]/', 'reached._added <> (\\g<1>)', narrowed
    )) -}}
{%- endmacro %}


{% macro same_key(keys, left, right) -%}
    {%- for key in keys -%}
        {{ left }}.{{ adapter.quote(key) }} = {{ right }}.{{ adapter.quote(key) }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
