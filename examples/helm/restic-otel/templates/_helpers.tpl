{{- define "restic-otel.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- define "restic-otel.selector" -}}
app.kubernetes.io/name: restic-otel
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "restic-otel.labels" -}}
{{ include "restic-otel.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
