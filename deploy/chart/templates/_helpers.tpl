{{/*
Names and labels. A name goes through `toYaml` where it is written: a release may be called `2024` or `true`, which YAML
does not read as text.
*/}}

{{/* At most 40 characters. What is cut ends in a hash, so that two names do not become one. */}}
{{- define "ruled.cut" -}}
{{- ternary . (printf "%s-%s" (trunc 31 . | trimSuffix "-") (sha256sum . | trunc 8)) (le (len .) 40) -}}
{{- end -}}

{{- define "ruled.name" -}}
{{- .Values.nameOverride | default .Chart.Name | include "ruled.cut" -}}
{{- end -}}

{{- define "ruled.fullname" -}}
{{- $name := include "ruled.name" . -}}
{{- $long := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $long | include "ruled.cut" -}}
{{- end -}}

{{- define "ruled.managerName" -}}{{ include "ruled.fullname" . }}-certs{{- end -}}
{{- define "ruled.caSecretName" -}}{{ include "ruled.fullname" . }}-ca{{- end -}}

{{/*
Cluster-wide objects carry the namespace too: two releases of one name may live in two namespaces. The dot is in neither
of them, so that `a-b` and `c` are not `a` and `b-c`.
*/}}
{{- define "ruled.clusterName" -}}
{{- $fullname := include "ruled.fullname" . -}}
{{- ternary $fullname (printf "%s.%s" .Release.Namespace $fullname) (eq $fullname .Release.Namespace) -}}
{{- end -}}

{{/*
What `helm test` makes, its namespace too. Helm deletes what has this name before it makes it anew, so the name must be
nobody else's: hence the hash.
*/}}
{{- define "ruled.testName" -}}
{{- printf "%s-test-%s" (include "ruled.fullname" .) (include "ruled.clusterName" . | sha256sum | trunc 8) -}}
{{- end -}}

{{- define "ruled.testNamespace" -}}
{{- .Values.test.namespace | default (include "ruled.testName" .) -}}
{{- end -}}

{{- define "ruled.rulesConfigMap" -}}
{{- .Values.rules.existingConfigMap | default (printf "%s-rules" (include "ruled.fullname" .)) -}}
{{- end -}}

{{- define "ruled.tlsSecretName" -}}
{{- if eq .Values.certificates.mode "certManager" -}}{{ include "ruled.fullname" . }}-tls
{{- else -}}{{ .Values.certificates.secretName }}{{- end -}}
{{- end -}}

{{/* What selects the pods of a component: (list $ "webhook"). */}}
{{- define "ruled.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "ruled.name" $root | toYaml }}
app.kubernetes.io/instance: {{ toYaml $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/*
All labels of an object of a component: (list $ "webhook"), and its own ones as further dictionaries. The later ones
win, and what selects above all.
*/}}
{{- define "ruled.componentLabels" -}}
{{- $root := index . 0 -}}
{{- $labels := dict
      "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_")
      "app.kubernetes.io/version" $root.Chart.AppVersion
      "app.kubernetes.io/managed-by" $root.Release.Service
      "app.kubernetes.io/part-of" (include "ruled.name" $root) -}}
{{- range concat (list $root.Values.commonLabels) (slice . 2) (list (include "ruled.selector" . | fromYaml)) -}}
{{- range $key, $value := . -}}
{{- $_ := set $labels $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
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
priorityClassName: {{ toYaml . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ toYaml . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
