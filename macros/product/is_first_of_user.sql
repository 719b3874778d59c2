{% macro is_first_of_user(unit) -%}
    {#- In a count of users that grows by adding: none of the user's events of this name was counted in this
        bucket before. For rows with bucket_start, environment, event_name, user_id: of users who count, so that only
        their ids are left to ask for. Of a key that is computed again no user was counted, nor of one that has no row
        yet. Most users have one id, which is asked for first. -#}
    {{ narrowed_only("
            (bucket_start, environment, event_name) in (
                select scope.bucket_start, scope.environment, scope.event_name from scope
                union all
                select added.bucket_start, added.environment, added.event_name
                from pg_temp.tide_added as added
                where added.standing is null
            )
            or not exists (
                select
                from (
                    select users_of_buckets.user_id as distinct_id
                    where not exists (
                        select from " ~ ref('int_identities__resolved').render() ~ " as other
                        where other.distinct_id = users_of_buckets.user_id
                    )
                    union all
                    select i.distinct_id
                    from " ~ ref('int_identities__resolved').render() ~ " as i
                    where i.user_id = users_of_buckets.user_id
                ) as of_user
                inner join " ~ ref('int_events__counted').render() ~ " as e on of_user.distinct_id = e.distinct_id
                where
                    e.environment = users_of_buckets.environment
                    and e.event_name = users_of_buckets.event_name
                    and e.event_at >= lower(" ~ bucket_range(unit, 'users_of_buckets.bucket_start') ~ ")
                    and e.event_at < upper(" ~ bucket_range(unit, 'users_of_buckets.bucket_start') ~ ")
                    and " ~ bucket_start(unit, 'e.event_at') ~ " = users_of_buckets.bucket_start
                    and tide_consumed(e._xid, e.event_at)
            )") }}
{%- endmacro %}
