create or replace function ops.instants_tell(times timestamptz[], masks bigint[], overlapping boolean)
returns boolean
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
begin
    for i in 1 .. cardinality(times) loop
        if masks[i] > exclusion then
            return true;
        end if;
        if
            i > 1 and times[i] = times[i - 1]
            and (overlapping or masks[i] >= exclusion or masks[i - 1] >= exclusion)
        then
            return true;
        end if;
    end loop;
    return false;
end
$$;

comment on function ops.instants_tell(timestamptz[], bigint[], boolean) is
'Whether it matters in which order events of one instant are taken, beyond that of their steps.';
