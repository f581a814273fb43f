{{/* The command lines of the program, here and nowhere else. */}}

{{/* Where reviews and edited rules are posted. */}}
{{- define "ruled.mutatePath" -}}/mutate{{- end -}}
{{- define "ruled.validatePath" -}}/validate{{- end -}}

{{- define "ruled.serveArgs" -}}
- serve
- --rules=/etc/ruled/rules
- --listen={{ .Values.listenAddress }}:{{ include "ruled.webhookPort" . }}
- --admin-listen={{ .Values.listenAddress }}:{{ include "ruled.adminPort" . }}
{{- if eq .Values.certificates.mode "managed" }}
- --tls=kubernetes
- --ca-secret={{ .Release.Namespace }}/{{ include "ruled.caSecretName" . }}
- --service-name={{ include "ruled.fullname" . }}
{{- else }}
- --tls=files
- --tls-cert=/etc/ruled/tls/tls.crt
- --tls-key=/etc/ruled/tls/tls.key
{{- end }}
- --namespace-labels={{ ternary "auto" "off" .Values.watchNamespaceLabels }}
- --self-image={{ .Values.image.repository }}
{{- if .Values.enforce }}
- --fail-closed
{{- end }}
- --drain={{ .Values.drainSeconds }}
{{ include "ruled.logArgs" . }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Above --drain and --request-timeout together, which is 15 s if nobody says otherwise. */}}
{{- define "ruled.graceSeconds" -}}
{{- $timeout := 15 -}}
{{- range .Values.extraArgs -}}
{{- if hasPrefix "--request-timeout=" . -}}
{{- $timeout = trimPrefix "--request-timeout=" . | float64 | ceil -}}
{{- end -}}
{{- end -}}
{{- add .Values.drainSeconds $timeout 5 -}}
{{- end -}}

{{- define "ruled.manageArgs" -}}
- certs
- manage
- --namespace={{ .Release.Namespace }}
- --admin-listen={{ .Values.listenAddress }}:{{ .Values.ports.admin }}
- --ca-secret={{ include "ruled.caSecretName" . }}
- --service-name={{ include "ruled.fullname" . }}
- --mutating-webhook={{ include "ruled.clusterName" . }}
{{- if include "ruled.validates" . }}
- --validating-webhook={{ include "ruled.clusterName" . }}
{{- end }}
{{ include "ruled.logArgs" . }}
{{- end -}}

{{- define "ruled.logArgs" -}}
- --log-level={{ .Values.log.level }}
- --log-format={{ .Values.log.format }}
{{- end -}}
