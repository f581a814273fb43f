{{/* Values that cannot be meant; the schema has said what each of them may be. */}}
{{- define "ruled.checks" -}}
{{- if not .Values.image.repository -}}
{{- fail "\n\nimage.repository is not set: name the repository that you pushed the image to, as in --set image.repository=registry.example.com/ruled" -}}
{{- end -}}
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
