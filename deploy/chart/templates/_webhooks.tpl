{{/* The namespaces that are never in scope, as JSON. */}}
{{- define "ruled.excludedNamespaces" -}}
{{- concat (.Values.scope.excludedNamespaces | default list) (list "kube-system" .Release.Namespace) | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Which namespaces: never those that are excluded, its own or opted out, whatever else is asked for. */}}
{{- define "ruled.namespaceSelector" -}}
{{- $excluded := include "ruled.excludedNamespaces" . | fromJsonArray -}}
{{- $selector := .Values.scope.namespaceSelector | default dict -}}
{{- with $selector.matchLabels }}
matchLabels: {{- toYaml . | nindent 2 }}
{{- end }}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ toJson $excluded }}
  - key: {{ toYaml .Values.scope.optOut.label }}
    operator: NotIn
    values: {{ toJson .Values.scope.optOut.values }}
  {{- with $selector.matchExpressions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Which pods and which of their changes. */}}
{{- define "ruled.podRules" -}}
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [pods]
    scope: Namespaced
  # `kubectl debug`.
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [UPDATE]
    resources: [pods/ephemeralcontainers]
    scope: Namespaced
matchConditions:
  # A mirror pod stands for what a node runs already; changing it breaks the node. A pod may have no annotations, and
  # a condition that fails on it would skip the webhook without a word.
  - name: not-a-mirror-pod
    expression: >-
      !has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)
{{- end -}}

{{/* Where a webhook is called: (list $ path). No caBundle, not even an empty one, unless the user gave it. */}}
{{- define "ruled.clientConfig" -}}
{{- $root := index . 0 -}}
clientConfig:
  service:
    namespace: {{ toYaml $root.Release.Namespace }}
    name: {{ include "ruled.fullname" $root | toYaml }}
    port: {{ $root.Values.ports.service }}
    path: {{ index . 1 }}
  {{- with $root.Values.certificates.caBundle }}
  caBundle: {{ b64enc . }}
  {{- end }}
{{- end -}}

{{- define "ruled.webhookMetadata" -}}
name: {{ include "ruled.clusterName" . | toYaml }}
# By this label `kubectl` finds the configurations of every release.
labels: {{- include "ruled.componentLabels" (list . "webhook" (dict "ruled.dev/webhook" "true")) | nindent 2 }}
{{- if eq .Values.certificates.mode "certManager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "ruled.tlsSecretName" . }}
{{- end }}
{{- end -}}
