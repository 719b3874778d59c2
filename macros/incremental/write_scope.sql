{% macro write_scope(tide) -%}
    {#- Fills pg_temp.tide_scope with the keys to compute again, unless all of them are. A key with a null
        belongs to no row of the mart. -#}
    {%- set additive = config.get('adds', {}).get('of') -%}
    {%- do tide.update({'additive': additive is not none, 'new_keys': 0, 'added': 0, 'read_whole': false}) -%}
    {%- set window = window_column() if var('refresh_from') and not tide.whole else none -%}
    {%- if var('refresh_from') and window is none -%}
        {%- do tide.update({'whole': true}) -%}
    {%- endif -%}
    {%- if tide.whole -%}
        {%- do tide.update({'scope_columns': [], 'scoped': none}) -%}
    {%- else -%}
        {%- if additive -%}
            {%- do find_additions(changed_scope(tide, only_replaced=additive), changed_scope(tide), tide) -%}
        {%- else -%}
            {%- call statement('write_scope') -%}
                {{ scope_table(changed_scope(tide)) }}
            {%- endcall -%}
            {%- do tide.update({'scoped': load_result('write_scope').response.rows_affected}) -%}
        {%- endif -%}
        {%- if window -%}
            {%- do widen_to_window(window) -%}
        {%- endif -%}
        {%- if tide.scoped or tide.new_keys or window -%}
            {%- do measure_scope(tide) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro scope_table(changed) -%}
    {#- Creates pg_temp.tide_scope. -#}
    create temporary table tide_scope on commit drop as
    {%- if config.get('keeps_better') %}
    {{ bettered_scope(changed) }}
    {%- else %}
    select distinct s.* from (
        {{ changed }}
    ) as s
    where s is not null
    {%- endif %}
{%- endmacro %}


{% macro measure_scope(tide) -%}
    {#- What pg_temp.tide_scope holds, known to the planner and to this build; for counts that grow by adding, after
        the new keys have joined it (find_additions.sql). -#}
    {%- set beside = (tide.new_keys and not tide.read_whole) -%}
    {%- set measured = run_query(
        (widened_scope(tide) if tide.new_keys else '') ~ analyzed('tide_scope')
        ~ "; select (select count(*) from pg_temp.tide_scope) as scoped, c.names"
        ~ (', s.*' if tide.additive) ~ (', a.*' if beside)
        ~ " from (select string_agg(attname, ' ' order by attnum) as names from pg_attribute"
        ~ " where attrelid = 'pg_temp.tide_scope'::regclass and attnum > 0) as c"
        ~ (' cross join (' ~ spans_to_read() ~ ') as s' if tide.additive)
        ~ (' cross join (select ' ~ added_figures() ~ ' from pg_temp.tide_added as a) as a' if beside)
    ) -%}
    {%- for name in measured.column_names -%}
        {%- do tide.update({name: measured.rows[0][name]}) -%}
    {%- endfor -%}
    {%- set columns = tide.names.split(' ') -%}
    {%- set keys = columns | reject('equalto', 'reads_from') | list -%}
    {%- do check_scope_columns(keys) -%}
    {%- do tide.update({
        'added': tide.added | int,
        'scoped': (tide.new_keys if tide.read_whole else tide.scoped + tide.added) | int,
        'scope_columns': keys,
    }) -%}
    {%- if columns | length > keys | length -%}
        {#- From when on nearly all keys are read that are not read from the beginning. -#}
        {%- do tide.update({'reads_from': run_query(
            "select coalesce(percentile_disc(0.1) within group (order by reads_from)"
            ~ " filter (where reads_from > '-infinity'), 'infinity')::text from pg_temp.tide_scope"
        ).rows[0][0]}) -%}
    {%- endif -%}
{%- endmacro %}


{% macro analyzed(name) -%}
    {#- Statistics of a table of this build: how many rows and distinct values it has, for which a tenth of the usual
        sample is enough. -#}
    set local default_statistics_target = 10;
    analyze pg_temp.{{ name }}
{%- endmacro %}


{% macro changed_scope(tide, only_replaced=none) -%}
    {#- The text of the scope with changed row versions in the place of each changed(x).
        only_replaced: the view of which only the replaced versions are asked for. -#}
    {%- set holder = {'sql': modules.re.sub(
        '/[*] changed [*]/ "[^"]+"[.]"([^"]+)"[.]"([^"]+)"', '{changed:\\g<1>.\\g<2>}', scope_sql()
    )} -%}
    {%- for parent in upstream(model).views + upstream(model).tables -%}
        {%- set marker = '{changed:' ~ relation_name(parent) ~ '}' -%}
        {%- if marker in holder.sql -%}
            {%- set rows = changed_rows(parent, tide, parent.identifier == only_replaced) -%}
            {%- do holder.update({'sql': holder.sql | replace(marker, rows)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(holder.sql) -}}
{%- endmacro %}


{% macro check_scope_columns(keys) -%}
    {%- set required = table_columns() | selectattr('required') | map(attribute='name') | list -%}
    {%- for key in keys if key not in required -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': its scope yields ' ~ key ~ ', which is no not-null column of its contract; '
            ~ 'a scope names columns of the model, so that its old rows can be found'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
