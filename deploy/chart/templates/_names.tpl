{{/* What things are called. A part of the service is a dict of `root`, `name` and `values`. */}}

{{- define "cutwork.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "cutwork.name" -}}
{{ include "cutwork.fullname" .root }}-{{ .name }}
{{- end -}}

{{/* All pods of this release. */}}
{{- define "cutwork.everyPod" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Those of one part. */}}
{{- define "cutwork.selector" -}}
{{ include "cutwork.everyPod" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "cutwork.labels" -}}
{{ include "cutwork.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "cutwork.metadata" -}}
name: {{ include "cutwork.name" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "cutwork.labels" . | nindent 2 }}
{{- end -}}

{{- define "cutwork.image" -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end -}}
{{- .values.image.repository -}}
{{- with .values.image.digest }}@{{ . }}{{ else }}:{{ $.root.Values.image.tag | default $.root.Chart.AppVersion }}{{ end -}}
{{- end -}}
