{{/* Up fast: twice as many every 15 seconds, or four more. Down slowly: a burst is often followed by another. */}}
{{- define "cutwork.scalingPace" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - {type: Percent, value: 100, periodSeconds: 15}
    - {type: Pods, value: 4, periodSeconds: 15}
scaleDown:
  stabilizationWindowSeconds: 300
  selectPolicy: Max
  policies:
    - {type: Percent, value: 10, periodSeconds: 60}
    - {type: Pods, value: 1, periodSeconds: 60}
{{- end -}}

{{/*
Jobs that wait or are worked on, counted as far as it matters, each sort in its own index. Those that are worked on count,
too: otherwise workers that have just taken all that waits would be taken away.
*/}}
{{- define "cutwork.jobsQuery" -}}
{{- $most := div (mul .maxReplicas .jobsPerPod 100) .share -}}
SELECT count(*) * {{ .share }} / 100.0::float8 FROM (
(SELECT 1 FROM jobs WHERE status = 'queued' ORDER BY created_at LIMIT {{ $most }}) UNION ALL
(SELECT 1 FROM jobs WHERE status = 'processing' ORDER BY started_at LIMIT {{ $most }})) AS live
{{- end -}}

{{/* Seconds that the oldest job has waited. */}}
{{- define "cutwork.ageQuery" -}}
SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM jobs WHERE status = 'queued'
{{- end -}}

{{/*
Where the table is. KEDA keeps one pool of connections for each host, user and database that it is told: those of all URLs
would be one.
*/}}
{{- define "cutwork.database" -}}
{{- with .Values.keda -}}
host: {{ required "keda.host: say where PostgreSQL is" .host | quote }}
port: {{ .port | quote }}
userName: {{ .user }}
dbName: {{ .database }}
sslmode: {{ .sslMode }}
{{- end -}}
{{- end -}}
