create or replace function ops.is_excluded_user(user_id text) returns boolean
language plpgsql stable
as $$
begin
    -- Before the first build nothing is known of excluded users.
    if to_regclass('intermediate.int_exclusions__parsed') is null then
        return false;
    end if;
    return exists (
        select
        from intermediate.int_exclusions__parsed as x
        where
            x.property = 'user_id'
            and ops.passes(
                jsonb_build_object('user_id', is_excluded_user.user_id),
                jsonb_build_array(jsonb_build_object(
                    'property', 'user_id', 'operator', x.operator, 'operands', to_jsonb(x.operands)
                ))
            )
    );
end
$$;

comment on function ops.is_excluded_user(text) is 'Whether excluded_users names the user.';
