{{/* How many connections to PostgreSQL all processes may hold at the same time. */}}
{{- define "cutwork.connections" -}}
{{- $all := 0 -}}
{{- $parts := dict "api" .Values.api "sweeper" .Values.sweeper -}}
{{- range $pool, $values := .Values.workers -}}
{{- if $values.enabled -}}
{{- $_ := set $parts (printf "worker-%s" $pool) $values -}}
{{- end -}}
{{- end -}}
{{- range $name, $values := $parts -}}
{{- $part := dict "root" $ "name" $name "values" $values -}}
{{- $kept := include "cutwork.setting" (merge (dict "setting" "CUTWORK_DATABASE_POOL_SIZE" "otherwise" "20") $part) -}}
{{- $more := include "cutwork.setting" (merge (dict "setting" "CUTWORK_DATABASE_POOL_OVERFLOW" "otherwise" "10") $part) -}}
{{- $scaling := $values.autoscaling | default dict -}}
{{- $pods := ternary $scaling.maxReplicas $values.replicas ($scaling.enabled | default false) -}}
{{- $all = add $all (mul $pods ($values.processes | default 1) (add $kept $more)) -}}
{{- end -}}
{{- $all -}}
{{- end -}}
