{{/* Values that cannot be meant; the schema has said what each of them may be. */}}
{{- define "ruled.checks" -}}
{{- if not .Values.image.repository -}}
{{- fail "\n\nimage.repository is not set: name the repository that you pushed the image to, as in --set image.repository=registry.example.com/ruled" -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" (include "ruled.fullname" .)) -}}
{{- fail (printf "\n\nthe objects of this release would be called `%s`; the name of a Service begins with a letter and has no dots: set fullnameOverride" (include "ruled.fullname" .)) -}}
{{- end -}}
{{- include "ruled.checkLabels" . -}}
{{- include "ruled.checkExtraArgs" . -}}
{{- if and .Values.judgeFinalObjects (not .Values.enforce) -}}
{{- fail "\n\njudgeFinalObjects goes with enforce: set enforce=true, or leave it out" -}}
{{- end -}}
{{- if and .Values.enforce .Values.scope.optOut.pods -}}
{{- fail (printf "\n\nenforce: whoever may create a pod could opt out of the rules with the label `%s`; set scope.optOut.pods=false" .Values.scope.optOut.label) -}}
{{- end -}}
{{- if and .Values.enforce (not .Values.rules.existingConfigMap) -}}
{{- range $name, $text := include "ruled.ruleFiles" . | fromJson -}}
{{- if regexMatch `(?m)^[ \t]*ignore[ \t]+pod\b` $text -}}
{{- fail (printf "\n\nenforce: `ignore pod` in %s lets whoever may create a pod opt out of the rules; take it out (copy the default rules into rules.files to edit them)" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.certificates.mode "secret") (not .Values.certificates.secretName) -}}
{{- fail "\n\ncertificates.mode is secret: name the Secret with tls.crt and tls.key in certificates.secretName" -}}
{{- end -}}
{{- if and .Values.certificates.caBundle (ne .Values.certificates.mode "secret") -}}
{{- fail "\n\ncertificates.caBundle goes with certificates.mode=secret: in the other modes somebody else keeps the bundle" -}}
{{- end -}}
{{- if has (include "ruled.testNamespace" .) (include "ruled.excludedNamespaces" . | fromJsonArray) -}}
{{- fail (printf "\n\ntest.namespace: `%s` is excluded from the webhook, so nothing would be rewritten there" (include "ruled.testNamespace" .)) -}}
{{- end -}}
{{- if eq (include "ruled.webhookPort" .) (include "ruled.adminPort" .) -}}
{{- fail "\n\nthe webhook and its health and metrics need two ports" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select must not be changed on the way to the objects. */}}
{{- define "ruled.checkLabels" -}}
{{- $own := list
      "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component"
      "ruled.dev/rules" "ruled.dev/webhook" -}}
{{- range $value, $labels := dict
      "commonLabels" .Values.commonLabels
      "metrics.serviceMonitor.labels" .Values.metrics.serviceMonitor.labels
      "metrics.alerts.labels" .Values.metrics.alerts.labels
      "metrics.dashboard.labels" .Values.metrics.dashboard.labels
      "test.namespaceLabels" .Values.test.namespaceLabels -}}
{{- range $key, $_ := $labels -}}
{{- if has $key $own -}}
{{- fail (printf "\n\n%s: objects are selected by the label `%s`, and the chart sets it; take it out" $value $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the chart says itself must not be said again, or only the program would hear of it. */}}
{{- define "ruled.checkExtraArgs" -}}
{{- $values := dict
      "--rules" "rules.files or rules.existingConfigMap"
      "--listen" "listenAddress and ports.webhook"
      "--admin-listen" "listenAddress and ports.admin"
      "--tls" "certificates.mode"
      "--tls-cert" "certificates.secretName"
      "--tls-key" "certificates.secretName"
      "--ca-secret" "certificates.mode"
      "--service-name" "fullnameOverride"
      "--namespace-labels" "watchNamespaceLabels"
      "--self-image" "image.repository"
      "--fail-closed" "enforce"
      "--drain" "drainSeconds"
      "--log-level" "log.level"
      "--log-format" "log.format" -}}
{{- range .Values.extraArgs -}}
{{- $option := splitList "=" . | first -}}
{{- with get $values $option -}}
{{- fail (printf "\n\nextraArgs: the chart sets `%s` itself; set %s instead" $option .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
