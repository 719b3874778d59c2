{% macro is_first_of_user() -%}
    {#- In a count of users that grows by adding: none of the user's events of this name was counted in this
        bucket before. For rows with bucket_start, environment, event_name, user_id: of users who count, so that only
        their ids are left to ask for. Of a key that is computed again no user was counted, nor of one that has no row
        yet. Most users are known by one id, their own: it is asked for first, and then whether it is somebody else's. -#}
    {%- set identities = ref('int_identities__resolved') -%}
    {%- set counted -%}
        select 1
        from {{ ref('int_events__counted') }} as e
        where
            e.environment = users_of_buckets.environment
            and e.event_name = users_of_buckets.event_name
            and {{ is_consumed('e._xid', 'e.event_at', 'users_of_buckets.bucket_start') }}
    {%- endset -%}
    {{ narrowed_only("
            (bucket_start, environment, event_name) in (
                select scope.bucket_start, scope.environment, scope.event_name from scope
                union all
                select added.bucket_start, added.environment, added.event_name
                from pg_temp.added_keys as added
                where added.standing is null
            )
            or not exists (
                " ~ counted ~ "
                and e.distinct_id = users_of_buckets.user_id
                and not exists (select 1 from " ~ identities ~ " as other where other.distinct_id = e.distinct_id)
            )
            and not exists (
                " ~ counted ~ "
                and e.distinct_id = any(array(
                    select i.distinct_id from " ~ identities ~ " as i where i.user_id = users_of_buckets.user_id
                ))
            )") }}
{%- endmacro %}
