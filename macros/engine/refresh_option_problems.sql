{% macro refresh_option_problems() -%}
    {#- What is wrong with the model's refresh options, each with its file and line. -#}
    {%- set given = (config.get('meta') or {}).get('refresh', {}) -%}
    {%- set problems = [] -%}
    {%- for old, new in [('adds', "'kind': 'delta_merge'"), ('keeps_better', "'kind': 'retain_best'"), ('chunks', "'batch'"),
        ('sealed_by', "'frozen_by'"), ('reads_back_days', "'lookback_days'")] if model.config.get(old) is not none -%}
        {%- do problems.append(place_of(old) ~ old ~ " is no config of dbt's: it is " ~ new ~ ' of meta.refresh now') -%}
    {%- endfor -%}
    {%- if given is not mapping -%}
        {%- do problems.append(place_of('refresh') ~ 'meta.refresh is no mapping of options') -%}
        {{- return(problems) -}}
    {%- endif -%}

    {%- set kinds = {'table': [], 'delta_merge': ['of', 'columns'], 'retain_best': ['order', 'began', 'best']} -%}
    {%- set kind = given.get('kind', 'table') -%}
    {%- if kind not in kinds -%}
        {%- do problems.append(place_of('kind') ~ 'kind ' ~ kind ~ ' is none of ' ~ kinds | join(', ')) -%}
        {{- return(problems) -}}
    {%- endif -%}
    {%- set known = ['kind', 'batch', 'lookback_days', 'frozen_by', 'fills'] + kinds[kind] -%}
    {%- for name in given if name not in known -%}
        {%- do problems.append(
            place_of(name) ~ name ~ ' is no option of the kind ' ~ kind ~ ', which has ' ~ known | join(', ')
        ) -%}
    {%- endfor -%}
    {%- for name in kinds[kind] if name not in given and name != 'best' -%}
        {%- do problems.append(place_of('kind') ~ 'the kind ' ~ kind ~ ' needs ' ~ name) -%}
    {%- endfor -%}
    {%- if 'lookback_days' in given and (given.lookback_days is not integer or given.lookback_days < 0) -%}
        {%- do problems.append(place_of('lookback_days') ~ 'lookback_days is no whole number of days from 0') -%}
    {%- endif -%}
    {%- if 'batch' in given and given.batch not in ['day', 'week', 'month'] -%}
        {%- do problems.append(place_of('batch') ~ 'batch ' ~ given.batch ~ ' is none of day, week, month') -%}
    {%- endif -%}
    {%- if 'of' in given and given.of not in model.refs | map(attribute='name') -%}
        {%- do problems.append(place_of('of') ~ 'of names ' ~ given.of ~ ', which the model does not read') -%}
    {%- endif -%}
    {%- for name in ('columns', 'order') if name in given and (given[name] is string or given[name] is not sequence) -%}
        {%- do problems.append(place_of(name) ~ name ~ ' is no list') -%}
    {%- endfor -%}
    {%- for order in given.get('order', []) if order is not string or order.split(' ')[1:] not in (['asc'], ['desc']) -%}
        {%- do problems.append(place_of('order') ~ 'order ' ~ order ~ ' is no column with asc or desc') -%}
    {%- endfor -%}

    {%- set columns = [] -%}
    {%- for name in ('columns', 'began', 'best') -%}
        {%- for column in ([given[name]] if given.get(name) is string else given.get(name, [])) -%}
            {%- do columns.append((name, column)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for order in given.get('order', []) if order is string -%}
        {%- do columns.append(('order', order.split(' ')[0])) -%}
    {%- endfor -%}
    {%- if given.get('fills', {}) is mapping -%}
        {%- for column in given.get('fills', {}) -%}
            {%- do columns.append(('fills', column)) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do problems.append(place_of('fills') ~ 'fills is no mapping of columns to what they get') -%}
    {%- endif -%}
    {%- set frozen_by = given.get('frozen_by', {}) -%}
    {%- if frozen_by is mapping -%}
        {%- do problems.extend(frozen_by_problems(frozen_by)) -%}
        {%- for name in ('column', 'unit_column', 'key') if name in frozen_by -%}
            {%- do columns.append((name, frozen_by[name])) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do problems.append(place_of('frozen_by') ~ 'frozen_by is no mapping') -%}
    {%- endif -%}
    {%- for option, column in columns if column not in model.columns -%}
        {%- do problems.append(place_of(option) ~ option ~ ' names ' ~ column ~ ', which is no column of its contract') -%}
    {%- endfor -%}
    {%- if kind == 'delta_merge' and (frozen_by is not mapping or not frozen_by.get('unit')) -%}
        {%- do problems.append(place_of('kind') ~ 'the kind delta_merge needs frozen_by with the column and unit of its buckets') -%}
    {%- endif -%}
    {{- return(problems) -}}
{%- endmacro %}


{% macro frozen_by_problems(frozen_by) -%}
    {#- What is wrong with the option frozen_by: columns apart.

        frozen_by: the option's value. -#}
    {%- set problems = [] -%}
    {%- set forms = [['key'], ['sql'], ['column', 'unit'], ['column', 'unit_column', 'units']] -%}
    {%- set form = frozen_by | reject('in', ['while', 'expires']) | sort -%}
    {%- if frozen_by and form not in forms -%}
        {%- do problems.append(
            place_of('frozen_by') ~ 'frozen_by has ' ~ form | join(', ')
            ~ ': it is one of key; sql; column and unit; column, unit_column and units (with while and expires, if you like)'
        ) -%}
    {%- endif -%}
    {%- set units = frozen_by.get('units', {}) -%}
    {%- for unit in (units.values() if units is mapping else ['units']) | list + [frozen_by.get('unit', 'day')]
        if unit not in ['minute', 'hour', 'day', 'week', 'month', 'quarter'] -%}
        {%- do problems.append(
            place_of('unit') ~ 'unit ' ~ unit ~ ' is none of minute, hour, day, week, month, quarter'
        ) -%}
    {%- endfor -%}
    {%- if 'expires' in frozen_by and frozen_by.expires not in units -%}
        {%- do problems.append(place_of('expires') ~ 'expires ' ~ frozen_by.expires ~ ' is none of its units') -%}
    {%- endif -%}
    {{- return(problems) -}}
{%- endmacro %}


{% macro place_of(option) -%}
    {#- `file:line: ` of the first line of the model's file that names an option; of its first line, if none does.

        option: its name. -#}
    {%- set found = [] -%}
    {%- for line in model.raw_code.split('\n') if not found and ("'" ~ option ~ "'" in line or option ~ '=' in line) -%}
        {%- do found.append(model.raw_code.split('\n').index(line) + 1) -%}
    {%- endfor -%}
    {{- return(model.original_file_path ~ ':' ~ (found or [1])[0] ~ ': ') -}}
{%- endmacro %}
