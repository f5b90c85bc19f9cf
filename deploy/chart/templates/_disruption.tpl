{{/* How many pods of a part may be evicted at a time. Never none: nodes could not be drained. */}}
{{- define "cutwork.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "cutwork.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .values.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "cutwork.selector" . | nindent 6 }}
{{- end -}}
