{{/* A pod of a part, which beside `root`, `name` and `values` says its `grace` in seconds. Its container follows. */}}
{{- define "cutwork.pod" -}}
metadata:
  labels:
    {{- include "cutwork.labels" . | nindent 4 }}
    {{- with .values.pod.labels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with .values.pod.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  # Otherwise a Service `cutwork-api` gives every container variables that look like settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .grace }}
  securityContext:
    runAsNonRoot: true
    {{- with .root.Values.runAsUser }}
    runAsUser: {{ . }}
    runAsGroup: {{ . }}
    fsGroup: {{ . }}
    {{- end }}
    seccompProfile: {type: RuntimeDefault}
  {{- with .root.Values.serviceAccountName }}
  serviceAccountName: {{ . }}
  {{- end }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with pick .values.pod "nodeSelector" "tolerations" "affinity" "priorityClassName" "runtimeClassName" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  volumes:
    - name: temporary
      emptyDir: {sizeLimit: {{ .values.temporary }}}
    {{- with .root.Values.extraVolumes }}{{ toYaml . | nindent 4 }}{{ end }}
    {{- with .volumes }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end -}}

{{/* Spread a part's pods of one release over machines and zones, as far as there are any. */}}
{{- define "cutwork.spread" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "cutwork.selector" $ | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* What is the same in all containers. What they run, their variables and probes follow. */}}
{{- define "cutwork.container" -}}
name: {{ .name }}
image: {{ include "cutwork.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources:
  {{- toYaml .values.resources | nindent 2 }}
volumeMounts:
  - {name: temporary, mountPath: /tmp}
  {{- with .root.Values.extraVolumeMounts }}{{ toYaml . | nindent 2 }}{{ end }}
  {{- with .volumeMounts }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end -}}

{{- define "cutwork.ports" -}}
{{- if or .root.Values.metrics.enabled (eq .name "api") -}}
ports:
  {{- if eq .name "api" }}
  - {name: http, containerPort: 8000}
  {{- end }}
  {{- if .root.Values.metrics.enabled }}
  - {name: metrics, containerPort: {{ .root.Values.metrics.port }}}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Processes that serve no requests touch a file while they are well. */}}
{{- define "cutwork.livenessFile" -}}
/tmp/alive
{{- end -}}

{{- define "cutwork.fileProbes" -}}
{{- $look := printf `test -n "$(find %s -mmin -1)"` (include "cutwork.livenessFile" .) -}}
startupProbe:
  exec: &alive {command: [sh, -c, {{ $look | squote }}]}
  periodSeconds: 5
  # A worker on a GPU tries all shapes before its first photo.
  failureThreshold: 120
livenessProbe:
  exec: *alive
  periodSeconds: 20
  timeoutSeconds: 5
  # A container that was started again finds the file of the one before.
  failureThreshold: 6
{{- end -}}
