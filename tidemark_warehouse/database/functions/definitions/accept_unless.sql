create or replace function ops.accept_unless(problems text) returns boolean
language plpgsql
as $$
begin
    if problems is not null then
        raise exception '%', problems;
    end if;
    return true;
end
$$;

comment on function ops.accept_unless(text) is
'True where there is no problem; else the build of the model ends with the problems as its message.';
