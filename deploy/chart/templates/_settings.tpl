{{/* What the chart decides of a part, as JSON: nobody else can set it. */}}
{{- define "cutwork.decided" -}}
{{- $decided := dict -}}
{{- if not (has .name (list "api" "setup")) -}}
{{- $_ := set $decided "CUTWORK_LIVENESS_FILE" (include "cutwork.livenessFile" .) -}}
{{- end -}}
{{- if and .root.Values.metrics.enabled (ne .name "setup") -}}
{{- $_ := set $decided "CUTWORK_METRICS_HOST" "0.0.0.0" -}}
{{- $_ := set $decided "CUTWORK_METRICS_PORT" .root.Values.metrics.port -}}
{{- end -}}
{{- toJson $decided -}}
{{- end -}}

{{/*
The settings of a part, as JSON: those of all, its own, and what the chart decides; the last one wins. Not by `merge`,
for which false and 0 are nothing.
*/}}
{{- define "cutwork.settings" -}}
{{- $settings := dict -}}
{{- range list .root.Values.settings .values.settings (include "cutwork.decided" . | fromJson) -}}
{{- range $name, $value := . -}}
{{- $_ := set $settings $name (include "cutwork.text" $value) -}}
{{- end -}}
{{- end -}}
{{- $_ := required "settings.CUTWORK_S3_ENDPOINT: say where the object store is" $settings.CUTWORK_S3_ENDPOINT -}}
{{- toJson $settings -}}
{{- end -}}

{{/* Large whole numbers come as floats, and would be written as 1e+06. */}}
{{- define "cutwork.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{/* One setting of a part, `setting`; `otherwise` where nobody gave it. */}}
{{- define "cutwork.setting" -}}
{{- get (include "cutwork.settings" . | fromJson) .setting | default .otherwise -}}
{{- end -}}

{{/*
All variables of a part. They stand in the pod itself: a pod of the release that goes may be started once more while the
next one comes, and refuses settings that it does not know. A ConfigMap that each release names anew, and Helm keeps, would
do as well, but `helm rollback` fails on what it kept.
*/}}
{{- define "cutwork.variables" -}}
{{- $names := list "CUTWORK_DATABASE_URL" "CUTWORK_S3_ACCESS_KEY" "CUTWORK_S3_SECRET_KEY" -}}
{{- if ne .name "setup" -}}
{{- $names = append $names "CUTWORK_REDIS_URL" -}}
{{- end -}}
{{- if and .root.Values.secrets.webhooks (has .name (list "api" "sweeper")) -}}
{{- $names = append $names "CUTWORK_WEBHOOK_SECRETS" -}}
{{- end -}}
{{- $secret := .values.existingSecret | default .root.Values.secrets.existingSecret -}}
{{- $secret = required "secrets.existingSecret: name the Secret with the addresses and passwords of the stores" $secret -}}
env:
  {{- /* Each key by its name: what else lies in the Secret is nobody's setting. */}}
  {{- range $names }}
  - name: {{ . }}
    valueFrom:
      secretKeyRef: {name: {{ $secret }}, key: {{ . }}}
  {{- end }}
  {{- range $name, $value := include "cutwork.settings" . | fromJson }}
  - {name: {{ $name }}, value: {{ $value | quote }}}
  {{- end }}
{{- end -}}
