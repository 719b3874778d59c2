{% macro check_config() -%}
    {#- Refuses what would make a build inexact, before it touches anything. -#}
    {%- set problems = refresh_option_problems() -%}
    {%- if project_name != 'tidemark' -%}
        {%- do problems.append(
            'it is built from the project ' ~ project_name ~ ', where dbt takes its own schemas, refs and views in place'
            ~ " of Tidemark's, so that rows would go unseen. Build it from Tidemark's own project: put your models there,"
            ~ ' under models/, or read the marts as sources'
        ) -%}
    {%- endif -%}
    {%- set key = config.get('unique_key') -%}
    {%- if not config.get('contract').enforced -%}
        {%- do problems.append('its contract is not enforced') -%}
    {%- endif -%}
    {%- if not key or key is string -%}
        {%- do problems.append('unique_key must list the columns of its grain') -%}
    {%- else -%}
        {%- for column in key if column not in model.columns -%}
            {%- do problems.append('unique_key names ' ~ column ~ ', which is no column of its contract') -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if (config.get('meta') or {}).get('beat', 'slow') not in ('fast', 'slow') -%}
        {%- do problems.append('meta beat is fast or slow') -%}
    {%- endif -%}
    {%- for hook in pre_hooks + post_hooks if not hook.get('transaction', true) -%}
        {%- do problems.append('a hook with transaction: false would end the one transaction') -%}
    {%- endfor -%}
    {%- if invocation_args_dict.get('sample') -%}
        {%- do problems.append('--sample would delete the rows outside of the sample') -%}
    {%- endif -%}
    {%- if problems -%}
        {%- do exceptions.raise_compiler_error(model.name ~ ': ' ~ problems | join('; ')) -%}
    {%- endif -%}
{%- endmacro %}
