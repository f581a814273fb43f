{{/* Names and labels. */}}

{{- define "ruled.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ruled.fullname" -}}
{{- $name := include "ruled.name" . -}}
{{- $long := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $long | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ruled.managerName" -}}{{ include "ruled.fullname" . }}-certs{{- end -}}
{{- define "ruled.caSecretName" -}}{{ include "ruled.fullname" . }}-ca{{- end -}}
{{- define "ruled.testName" -}}{{ include "ruled.fullname" . }}-test{{- end -}}

{{/* Cluster-wide objects carry the namespace too: two releases of one name may live in two namespaces. */}}
{{- define "ruled.clusterName" -}}
{{- $fullname := include "ruled.fullname" . -}}
{{- ternary $fullname (printf "%s-%s" .Release.Namespace $fullname) (eq $fullname .Release.Namespace) -}}
{{- end -}}

{{- define "ruled.rulesConfigMap" -}}
{{- .Values.rules.existingConfigMap | default (printf "%s-rules" (include "ruled.fullname" .)) -}}
{{- end -}}

{{- define "ruled.tlsSecretName" -}}
{{- if eq .Values.certificates.mode "certManager" -}}{{ include "ruled.fullname" . }}-tls
{{- else -}}{{ .Values.certificates.secretName }}{{- end -}}
{{- end -}}

{{- define "ruled.testNamespace" -}}
{{- .Values.test.namespace | default (printf "%s-test" (include "ruled.clusterName" .)) -}}
{{- end -}}

{{- define "ruled.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ include "ruled.name" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What selects the pods of a component: (list $ "webhook"). */}}
{{- define "ruled.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "ruled.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* All labels of an object of a component. */}}
{{- define "ruled.componentLabels" -}}
{{ include "ruled.selector" . }}
{{ include "ruled.labels" (index . 0) }}
{{- end -}}

{{- define "ruled.image" -}}
{{- with .Values.image -}}
{{- .repository -}}:{{- .tag | default $.Chart.AppVersion -}}
{{- with .digest -}}@{{- . -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ruled.webhookPort" -}}
{{- ternary .Values.hostNetwork.webhookPort .Values.ports.webhook .Values.hostNetwork.enabled -}}
{{- end -}}

{{- define "ruled.adminPort" -}}
{{- ternary .Values.hostNetwork.adminPort .Values.ports.admin .Values.hostNetwork.enabled -}}
{{- end -}}

{{/* Whether the replicas ask the API server for anything, and so need a token: "true" or "". */}}
{{- define "ruled.replicasAsk" -}}
{{- if or (eq .Values.certificates.mode "managed") .Values.watchNamespaceLabels -}}true{{- end -}}
{{- end -}}

{{/* Whether there is a ValidatingWebhookConfiguration: "true" or "". */}}
{{- define "ruled.validates" -}}
{{- if or .Values.checkEdits .Values.judgeFinalObjects -}}true{{- end -}}
{{- end -}}

{{/* What holds for every container, as Pod Security "restricted" asks; the numeric user is in the image. */}}
{{- define "ruled.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "ruled.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* How every pod is placed. */}}
{{- define "ruled.placing" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
